"""Files for visitors to take away: each in a folder of its own that nobody can guess, gone with the visitor's session."""
import secrets
import shutil
from collections import defaultdict
from collections.abc import Hashable
from pathlib import Path
from threading import Lock

KEPT = 4  # exports of one visitor; older ones go, since the browser has long taken them


class Downloads:
    """The folders that visitors' exports lie in.

    Args:
        folder: in which they are made; the server serves what lies there by its whole path.
    """

    def __init__(self, folder: Path):
        self._folder, self._lock = folder, Lock()
        self._of: dict[Hashable, list[Path]] = defaultdict(list)

    def new(self, visitor: Hashable) -> Path:
        """An empty folder for one export; 256 random bits are its name, since whoever knows it may read what it holds."""
        folder = self._folder / secrets.token_urlsafe(32)
        folder.mkdir(parents=True, mode=0o700)
        with self._lock:
            self._of[visitor].append(folder)
            old, self._of[visitor] = self._of[visitor][:-KEPT], self._of[visitor][-KEPT:]
        _remove(old)
        return folder

    def drop(self, visitor: Hashable) -> None:
        """Remove all that a visitor exported."""
        with self._lock:
            folders = self._of.pop(visitor, [])
        _remove(folders)


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
