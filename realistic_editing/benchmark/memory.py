"""How much memory a piece of work takes beside what is there before it."""
import threading
from collections.abc import Callable
from pathlib import Path

from realistic_editing.common.memory import give_back

_STATUS = Path("/proc/self/status")


def extra_bytes(work: Callable[[], object]) -> int | None:
    """The largest growth of this process's memory while it works.

    Watched from outside about a thousand times a second, so that it counts whatever library takes the memory.

    Args:
        work: to be done once; best done before, so that what is loaded or compiled once does not count.

    Returns:
        Bytes; None where the system does not report it. The work is done in either case.
    """
    if not _STATUS.exists():
        work()
        return None
    give_back()
    before = highest = _resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.001):
            highest = max(highest, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = work()
        highest = max(highest, _resident())  # with the result still there
        del result
    finally:
        done.set()
        watcher.join()
    return highest - before


def _resident() -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return 1024 * int(line.split()[1])
