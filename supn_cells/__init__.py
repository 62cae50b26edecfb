__version__ = "0.1.0"

import os
import platform
import sys

import lazy_loader

# PyTorch's threads wait for each other in a loop. Where another program keeps a core busy, long loops make two threads 5
# to 40 times slower than one (lab/bench_threads measures it), so the loops are kept short: in GNU's runtime (Linux) 1,000
# turns for 300,000, in Intel's and LLVM's (Windows, Intel Macs) 1 ms for 200. On Apple's processors LLVM does not loop.
_SHORT_WAITS = ('GOMP_SPINCOUNT', '1000') if sys.platform == 'linux' else ('KMP_BLOCKTIME', '1')
_chosen = {_SHORT_WAITS[0], 'OMP_WAIT_POLICY'} & os.environ.keys()
if 'torch' not in sys.modules and not _chosen and (sys.platform, platform.machine()) != ('darwin', 'arm64'):
    os.environ[_SHORT_WAITS[0]] = _SHORT_WAITS[1] # OpenMP reads it when PyTorch is loaded

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
    'detector.profile': ['ProfileDetector'],
    'detector.learn': ['Taught'],
    'context.export': ['ContextDetector'],
    'paper.vae': ['load_model'],
    'paper.scores': ['SampledVAE', 'RestoredVAE', 'MatchedVAE'],
    'patches.spade': ['SPADE'],
    'patches.padim': ['PaDiM'],
    'patches.patchcore': ['PatchCore'],
    'frames.frames': ['Detector', 'FrameResult'],
    'explorer.explorer': ['open_explorer'],
})
