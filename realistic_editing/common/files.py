"""Write files so that a reader never sees half of one."""
import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from realistic_editing.common.errors import InputError

STRAY = re.compile(r"\.(.+)\.[a-z0-9_]{8}(\.[^.]*|)")  # as mkstemp names the temporary files of `replacing`


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed to `path` when the block ends without an error.

    Args:
        path: the file to write. Its folder is made when absent. The temporary name keeps the suffix, because image
            writers choose the format by it.

    Raises:
        InputError: when the folder cannot be made or written, or a folder has the file's name.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(
            f"{path}: cannot write into the folder {path.parent} ({error.strerror}); choose another output folder"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files private; a result is an ordinary file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_strays(paths: Iterable[str | Path]) -> None:
    """Remove what processes that were killed inside `replacing` left beside these files; none may be inside it now.

    Args:
        paths: the files that were to be written.
    """
    names: dict[Path, set[tuple[str, str]]] = {}
    for path in map(Path, paths):
        names.setdefault(path.parent, set()).add((path.stem, path.suffix))
    for folder, known in names.items():
        for entry in os.scandir(folder) if folder.is_dir() else ():
            found = STRAY.fullmatch(entry.name)
            if found and found.groups() in known:
                Path(entry).unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, renamed to `path` when the block ends without an error, else removed.

    Args:
        path: the folder to make; absent, or empty.

    Raises:
        InputError: when it cannot be made, or has content, which is never removed.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise InputError(
            f"{path}: cannot write into the folder {path.parent} ({error.strerror}); choose another output folder"
        ) from error
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        try:
            os.replace(temporary, path)
        except OSError as error:
            raise InputError(f"{path}: is there already, and not an empty folder; name a new one") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def alone_in(folder: Path, lock: str, who: str) -> Iterator[None]:
    """Keep others out of a folder of results, as long as this process lives: each would replace the other's rows.

    Args:
        folder: made where it is absent.
        lock: name of the file by which it is held.
        who: what the others are, for the message.

    Raises:
        InputError: when another is in it, or it cannot be written.
    """
    held = FileLock(folder / lock)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=0)
    except Timeout as error:
        raise InputError(f"{folder}: another {who} writes there; wait for it, or choose another output") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another output folder") from error
    try:
        yield
    finally:
        (folder / lock).unlink(missing_ok=True)
        held.release()
