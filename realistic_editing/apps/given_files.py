"""Refuse a file that is not there before the job that would read it is imported, which takes seconds."""
import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realistic_editing.common.errors import InputError

_ADDRESS = re.compile("[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # a Path keeps one slash of two; one letter is a drive of Windows

# Command -> its options that name files or folders to read.
FILES_READ = {
    "enhance": ("image", "mask"),
    "batch": ("photos", "masks"),
    "plan": ("image", "plan"),
    "video": ("clip", "mask"),
    "score": ("image", "mask", "edited"),
    "recipe": ("recipe", "apply"),
    "mask": ("image", "mask"),
    "suggest": ("image",),
    "clean": ("image",),
    "export": ("recipe", "image", "mask"),
    "convert": ("checkpoints",),
}


def check_given_files(command: str, options: Mapping[str, Any]) -> None:
    """Refuse the first file or folder that is not there; whether it can be used, the job finds out.

    Args:
        command: a key of `main.JOBS`; one that reads no files passes.
        options: of the command; paths as str or Path, several as a list, None where none is given.

    Raises:
        InputError: naming the path.
    """
    for name in FILES_READ.get(command, ()):
        given = options.get(name)
        for path in given if isinstance(given, list | tuple) else [given]:
            if not path or _is_there(Path(path)):
                continue
            if _ADDRESS.match(str(path)):
                raise InputError(f"{path}: is an address; download it first, and give the path of what you have")
            raise InputError(f"{path}: cannot be read ({os.strerror(errno.ENOENT)}); check the path")


def _is_there(path: Path) -> bool:
    """Whether something has this name. What the system refuses to look at for another reason passes: the job says which."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        pass
    return True
