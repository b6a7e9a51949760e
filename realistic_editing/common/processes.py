"""Processes that work for another."""
import multiprocessing
import os
import signal
import threading


def leave_with_parent() -> None:
    """Make this worker process end when its parent is killed; by itself it would wait for work for ever."""

    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def begin_worker() -> None:
    """What a process that computes beside others begins with: one thread, and no interrupt but its parent's.

    The keyboard's interrupt goes to all processes; the one that keeps the results decides.
    """
    import cv2  # not above: workers that only read photos need no PyTorch
    import torch

    leave_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
