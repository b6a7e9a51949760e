"""Processes that work for another."""
import multiprocessing
import os
import threading


def leave_with_parent() -> None:
    """Make this worker process end when its parent is killed; by itself it would wait for work for ever."""

    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
