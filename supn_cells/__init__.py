__version__ = "0.1.0"

import os
import sys

import lazy_loader

# PyTorch's threads wait for each other in a loop. Where another program keeps a core busy, that loop costs 5 to 40 times
# the work itself, so it is kept short (lab/bench_threads). OpenMP reads these when PyTorch is loaded.
_short_waits = ('GOMP_SPINCOUNT', '1000') if sys.platform == 'linux' else ('KMP_BLOCKTIME', '1')
if 'torch' not in sys.modules and not {_short_waits[0], 'OMP_WAIT_POLICY'} & os.environ.keys():
    os.environ[_short_waits[0]] = _short_waits[1]

if os.environ.get('IN_TEST') and 'OMP_NUM_THREADS' not in os.environ:
    # nbdev_test runs a notebook on each core: one thread for each of them, and for the programs it starts
    os.environ['OMP_NUM_THREADS'] = '1'  # read by libraries that are not loaded yet
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)

# The main names, each from the module in which it is complete: `Detector` with `predict_frames`, `ContextDetector` with
# `export`, `StructuredNormal` with `condition`. Nothing is imported before a name is used.
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    'gaussian.condition': ['StructuredNormal', 'ConditionedNormal'],
    'cells.cells': ['CellSet', 'Preparation'],
    'cells.reading': ['load_cells', 'read_frame'],
    'cells.public': ['load_fl'],
    'cells.drawn': ['synthetic_cells', 'synthetic_frame'],
    'detector.detector': ['AnomalyResult', 'compare'],
    'detector.classical': ['BlobFilter', 'PCADetector'],
    'context.export': ['ContextDetector'],
    'paper.vae': ['load_model'],
    'paper.scores': ['SampledVAE', 'RestoredVAE', 'MatchedVAE'],
    'patches.spade': ['SPADE'],
    'patches.padim': ['PaDiM'],
    'patches.patchcore': ['PatchCore'],
    'frames.frames': ['Detector', 'FrameResult'],
    'explorer.explorer': ['open_explorer'],
})
