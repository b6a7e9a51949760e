"""This process's memory: given back, and by how much a piece of work raised it."""
import contextlib
import ctypes
import gc
import os
from collections.abc import Callable
from pathlib import Path

_MMAP_THRESHOLD = -3  # of mallopt
_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def give_back() -> None:
    """Let the C library return what it keeps of freed memory, or that would be used again unseen."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # other C libraries have no such function
        ctypes.CDLL(None).malloc_trim(0)


def greatest_rise(work: Callable[[], object]) -> float:
    """The MiB by which this process's memory is highest above where it was, while `work` is done.

    Memory that is free in the process counts too, because it is given back before.

    Args:
        work: is done twice, so that what is loaded or compiled once does not count; not at all where nothing is reported.

    Returns:
        At least 0; nan where the system reports nothing (all but Linux).
    """
    if not (_STATUS.is_file() and os.access(_FORGET, os.W_OK)):
        return float("nan")
    # Large arrays, each by itself, come from the system and go back to it: else the holes that others left decide.
    _each_by_itself_from(128 << 10)
    try:
        work()
        give_back()
        _FORGET.write_text("5")  # the peak until now
        before = _mebibytes("VmRSS")
        work()
        return max(0.0, _mebibytes("VmHWM") - before)  # Linux counts some pages late
    finally:
        _each_by_itself_from(32 << 20)  # where the C library's own growing bound ends in a process with large arrays


def _each_by_itself_from(size: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, size)


def _mebibytes(name: str) -> float:
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return float(fields[name].split()[0]) / 1024
