"""A temporary folder that goes with its process, or at the next start where the process was killed."""
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PREFIX = "realistic-editing-page-"
LOCK = ".in-use"  # locked as long as the process lives, however it ends


@contextlib.contextmanager
def own_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder in the system's temporary one, after those of dead processes are removed."""
    parent = parent or Path(tempfile.gettempdir())
    clear_dead(parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True) as folder:
        lock = Path(folder) / LOCK
        with open(lock.with_suffix(".new"), "w") as file:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX)
                lock.with_suffix(".new").rename(lock)  # so that whoever clears never finds it unlocked
            yield Path(folder)


def clear_dead(parent: Path) -> None:
    """Remove the folders whose lock nobody holds; one without a lock is left alone, since it may be about to get one."""
    for lock in parent.glob(f"{PREFIX}*/{LOCK}") if fcntl else ():
        with contextlib.suppress(OSError), open(lock) as file:  # held by another process, or of another user
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
