"""Measured rows on disk, so that an interrupted run goes on where it stopped."""
import csv
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from realistic_editing.common.files import replacing

ROWS, OLD, SETTINGS = "rows.csv", "rows.old.csv", "settings.json"
TEXT = ("name", "part", "task", "photo", "category", "method", "stamp")
EVERY = 5.0  # seconds between two writings of all rows


class RowStore:
    """The rows of a run, a photo and a method each, beside the settings that they were measured with.

    Rows measured with other settings are put aside as rows.old.csv: `note` then says which settings differ. Files appear whole
    or not at all.

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
        if kept is not None and rows.is_file():
            changed = [name for name in sorted({*kept, *settings}) if kept.get(name) != settings.get(name)]
            if changed:
                said = ", ".join(f"{name} ({kept.get(name)} -> {settings.get(name)})" for name in changed)
                self.note = f"{rows}: measured with other settings: {said}; measuring anew"
            else:
                self._take(rows)
        elif rows.is_file():
            self.note = f"{rows}: says not which settings it was measured with; measuring anew"
        if not self._rows:
            if rows.is_file():  # before the settings, so that old rows never stand beside new settings
                rows.replace(self.folder / OLD)
            with replacing(self.folder / SETTINGS) as temporary:
                temporary.write_text(json.dumps(dict(settings), indent=2) + "\n")

    def _settings(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / SETTINGS).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _take(self, rows: Path) -> None:
        try:
            with rows.open(newline="") as file:
                self.add([_parsed(row) for row in csv.DictReader(file, strict=True)])
        except (ValueError, KeyError, AttributeError, csv.Error) as error:
            self._rows, self.note = {}, f"{rows}: damaged ({error}); measuring anew"
        if not self._rows and not self.note:
            self.note = f"{rows}: holds no rows; measuring anew"

    def __len__(self) -> int:
        return len(self._rows)

    def has(self, name: str, method: str, stamp: str) -> bool:
        """Whether a method's result of a photo was measured, from the same files."""
        return self._rows.get((name, method), {}).get("stamp") == stamp

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows, each with "name", "method" and "stamp"; one of the same photo and method is replaced."""
        self._rows |= {(row["name"], row["method"]): dict(row) for row in rows}

    def save(self, now: bool = True) -> None:
        """Write all rows; without `now`, only where some seconds have passed since the last time."""
        if now or time.monotonic() - self._written > EVERY:
            with replacing(self.folder / ROWS) as temporary:
                pd.DataFrame(list(self._rows.values())).to_csv(temporary, index=False, lineterminator="\n")
            self._written = time.monotonic()

    def table(self, wanted: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
        """The rows of (photo's name, method, stamp), in that order; those that `has` denies are left out."""
        return pd.DataFrame([self._rows[name, method] for name, method, stamp in wanted if self.has(name, method, stamp)])


def _parsed(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of text as it was before; by hand, because 0012 and NA are names here and numbers must keep their last bit."""
    return {name: value if name in TEXT else _number(value) for name, value in row.items()}


def _number(text: str) -> int | float:
    if not text:
        return float("nan")
    return int(text) if text.lstrip("-").isdigit() else float(text)
