__version__ = "0.1.0"

import os

if os.environ.get('IN_TEST') and 'OMP_NUM_THREADS' not in os.environ:
    # nbdev_test runs a notebook on each core: one thread for each of them, and for the programs it starts
    os.environ['OMP_NUM_THREADS'] = '1'  # read by libraries that are not loaded yet
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)
