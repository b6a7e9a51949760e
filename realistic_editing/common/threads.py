"""Threads that wait do not spin: on a busy machine, a thread that spins takes the processor from the one it waits for.

PyTorch's OpenMP lets its threads spin at the end of every parallel loop, for some milliseconds each. On idle cores that saves
little; on busy ones an edit took two to four times as long (`python scripts/benchmark.py suite=busy`). OpenMP reads its
settings when it is loaded, so they are set before PyTorch is imported: by `import realistic_editing`, and so by every command
and script.
"""
import contextlib
import os
import sys
import threading
from collections.abc import Iterator, MutableMapping

# Of GNU's OpenMP, which PyTorch's packages for Linux bring, and of LLVM's and Intel's, which those for macOS and Windows do.
THREAD_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
# Who sets one of these has thought of it.
CHOSEN = (*THREAD_SETTINGS, "GOMP_SPINCOUNT")

# PyTorch has one number of threads for the process, which each thread copies when it first needs it. Who changes that number
# for a moment, or puts it back, holds this lock.
CHANGING = threading.RLock()


def wait_passively(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Ask OpenMP for threads that sleep while they wait; processes that are started from here inherit it.

    Args:
        environment: of this process; what the user has set there stays.

    Returns:
        Whether it takes effect here: not where the user has chosen, nor where PyTorch was imported before.
    """
    if any(name in environment for name in CHOSEN):
        return False
    environment.update(THREAD_SETTINGS)
    return "torch" not in sys.modules


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute by one thread: photos are too small to share between cores, and sums then round the same everywhere."""
    import cv2  # not above: this file comes before PyTorch
    import torch

    with CHANGING:
        threads, others = torch.get_num_threads(), cv2.getNumThreads()
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
    try:
        yield
    finally:
        with CHANGING:
            torch.set_num_threads(threads)
            cv2.setNumThreads(others)
