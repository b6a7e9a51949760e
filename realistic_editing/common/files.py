"""Write files so that a reader never sees half of one."""
import contextlib
import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from realistic_editing.common.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}  # what a disk says that takes no more
_LONGEST_STEM = 100  # characters of a name that its temporary one begins with: file systems take 255 bytes in all
STRAY = re.compile(r"\.(.+)\.[a-z0-9_]{8}(\.[^.]*|)")  # as mkstemp names the temporary files of `replacing`


def check_regular(path: str | Path) -> None:
    """Refuse what can never be a file that is read: a pipe or device, which would be waited for, and a name that none has.

    Args:
        path: of a file or folder; what is absent passes, because whoever opens it says so.

    Raises:
        InputError: naming the path and what it is.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # of a null character, or half of a surrogate pair
        raise InputError(f"{str(path)!r}: is no name that a file can have ({error}); check the path") from error
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES):
            raise InputError(f"{_short(path)}: cannot be used ({error.strerror}); check the path") from error
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{path}: is a pipe, a device or a socket, not a file; copy what it holds into a file")


def _short(path: str | Path) -> str:
    text = str(path)
    return text if len(text) <= 120 else f"{text[:60]}...{text[-40:]} ({len(text)} characters)"


@contextlib.contextmanager
def full_disk_is_named(path: str | Path) -> Iterator[None]:
    """Turn what a full disk answers while `path` is written into the user's error.

    Raises:
        InputError: naming the file; what was there under its name is as it was.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); free some disk space, or choose another place. What was there "
            "stays as it was"
        ) from error


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed to `path` when the block ends without an error.

    Args:
        path: the file to write. Its folder is made when absent. The temporary name keeps the suffix, because image
            writers choose the format by it.

    Raises:
        InputError: when the folder cannot be made or written, the disk is full, or a folder, a device or a pipe has the file's
            name, or none can.
    """
    path = Path(path)
    check_regular(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:_LONGEST_STEM]}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(
            f"{path}: cannot write into the folder {path.parent} ({error.strerror}); choose another output folder"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        with full_disk_is_named(path):
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
        names.setdefault(path.parent, set()).add((path.stem[:_LONGEST_STEM], path.suffix))
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
    check_regular(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name[:_LONGEST_STEM]}.", dir=path.parent))
    except OSError as error:
        raise InputError(
            f"{path}: cannot write into the folder {path.parent} ({error.strerror}); choose another output folder"
        ) from error
    try:
        with full_disk_is_named(path):
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


_TAKEN = "{folder}: another {who} writes there; wait for it, or choose another output"


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
    check_regular(folder)
    held = FileLock(folder / lock)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=0)
    except Timeout as error:
        raise InputError(_TAKEN.format(folder=folder, who=who)) from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another output folder") from error
    try:
        yield
    finally:
        (folder / lock).unlink(missing_ok=True)
        held.release()


def refuse_taken(folder: Path, lock: str, who: str) -> None:
    """Refuse a folder that another process keeps by `alone_in`; for what is looked at, or deleted, before it is taken.

    Args:
        folder, lock, who: as for `alone_in`.

    Raises:
        InputError: when another is in it.
    """
    if not (folder / lock).is_file():
        return
    held = FileLock(folder / lock)
    try:
        held.acquire(timeout=1)  # another that looks is soon done
    except Timeout as error:
        raise InputError(_TAKEN.format(folder=folder, who=who)) from error
    except OSError:
        return  # whoever writes there says why that cannot be
    held.release()

