"""Measured rows on disk, so that an interrupted run goes on where it stopped."""
import csv
import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from realistic_editing.common.files import replacing

ROWS, _SETTINGS, PICTURES = "rows.csv", "settings.json", "pictures"
_TEXT = ("name", "part", "task", "photo", "category", "method", "stamp")
EVERY = 5.0  # seconds between two writings of all rows


class RowStore:
    """The rows of a run, a photo and a method each, beside the settings that they were measured with.

    Rows measured with other settings, and the small pictures beside them, are put aside under a name that those settings
    decide, such as rows.old-1a2b3c4d.csv, and taken back when the settings return: `note` then says which differ. Files appear
    whole or not at all, and no row is overwritten by one measured with other settings.

    Args:
        folder: that holds rows.csv and settings.json, or will.
        settings: all that decides a row, as JSON can hold it.

    Raises:
        InputError: when the folder cannot be written.
    """

    def __init__(self, folder: str | Path, settings: Mapping[str, Any]) -> None:
        self.folder, self.note = Path(folder), ""
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._written = time.monotonic()
        rows, kept = self.folder / ROWS, self._settings()
        if kept is not None:
            changed = [name for name in sorted({*kept, *settings}) if kept.get(name) != settings.get(name)]
            if changed:
                said = ", ".join(f"{name} ({kept.get(name)} -> {settings.get(name)})" for name in changed)
                self._leave(_digest(kept), f"measured with other settings: {said}")
        elif rows.is_file():
            self._put_aside("says not which settings it was measured with")
        if kept != dict(settings):  # between leaving and taking, so that rows never lie beside settings of others
            with replacing(self.folder / _SETTINGS) as temporary:
                temporary.write_text(json.dumps(dict(settings), indent=2) + "\n")
        self._take_back(_digest(settings))
        if rows.is_file():
            self._take(rows)
        if self.note:
            self.note += f"; {len(self)} rows of these settings are taken up again" if self._rows else "; measuring anew"

    def _settings(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / _SETTINGS).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _leave(self, settings: str, why: str) -> None:
        """Put a run's rows and pictures aside under its settings."""
        pictures = self.folder / PICTURES
        aside = _aside(pictures, settings)
        if pictures.is_dir() and not aside.exists():
            pictures.rename(aside)  # before the rows: killed in between, the next run finds them where it looks for them
        self._put_aside(why, settings)

    def _put_aside(self, why: str, settings: str | None = None) -> None:
        """Put rows.csv aside: under its settings, or, where they are unknown or the name is taken, under its content."""
        rows = self.folder / ROWS
        content = rows.read_bytes() if rows.is_file() else b""
        if not content.strip():  # nothing was measured
            rows.unlink(missing_ok=True)
            return
        aside = _aside(rows, settings or _hash(content))
        aside = _aside(rows, _hash(content)) if aside.exists() else aside
        rows.replace(aside)
        self.note = f"{rows}: {why}; put aside as {aside.name}"

    def _take_back(self, settings: str) -> None:
        for path in (self.folder / PICTURES, self.folder / ROWS):
            if _aside(path, settings).exists() and not path.exists():
                _aside(path, settings).rename(path)

    def _take(self, rows: Path) -> None:
        try:
            with rows.open(newline="") as file:
                self.add([_parsed(row) for row in csv.DictReader(file, strict=True)])
        except (ValueError, KeyError, AttributeError, csv.Error) as error:
            self._rows = {}
            self._put_aside(f"damaged ({error})")
        else:
            if not self._rows:
                self._put_aside("holds no rows")

    def __len__(self) -> int:
        return len(self._rows)

    def has(self, name: str, method: str, stamp: str) -> bool:
        """Whether a method's result of a photo was measured, from the same files."""
        return self._rows.get((name, method), {}).get("stamp") == stamp

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows, each with "name", "method" and "stamp"; one of the same photo and method is replaced."""
        self._rows |= {(row["name"], row["method"]): dict(row) for row in rows}

    def save(self, now: bool = True) -> None:
        """Write all rows, if there are any; without `now`, only where some seconds have passed since the last time."""
        if self._rows and (now or time.monotonic() - self._written > EVERY):
            with replacing(self.folder / ROWS) as temporary:
                pd.DataFrame(list(self._rows.values())).to_csv(temporary, index=False, lineterminator="\n")
            self._written = time.monotonic()

    def table(self, wanted: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
        """The rows of (photo's name, method, stamp), in that order; those that `has` denies are left out."""
        return pd.DataFrame([self._rows[name, method] for name, method, stamp in wanted if self.has(name, method, stamp)])


def _digest(settings: Mapping[str, Any]) -> str:
    return _hash(json.dumps(dict(settings), sort_keys=True).encode())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _aside(path: Path, name: str) -> Path:
    return path.with_name(f"{path.stem}.old-{name}{path.suffix}")


def _parsed(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of text as it was before; by hand, because 0012 and NA are names here and numbers must keep their last bit."""
    return {name: value if name in _TEXT else _number(value) for name, value in row.items()}


def _number(text: str) -> int | float:
    if not text:
        return float("nan")
    return int(text) if text.lstrip("-").isdigit() else float(text)
