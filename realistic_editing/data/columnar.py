"""Values of a dataclass as columns: a hundred thousand of them are a few arrays, which processes share.

Python writes to an object whenever it is looked at, to count who holds it. So a forked process that reads a list of objects
comes to own a copy of each; of arrays and one string it reads without writing.
"""
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")

NUMBERS = {int: np.int64, float: np.float64}


def _path_or_none(text: str) -> Path | None:
    return Path(text) if text else None


TEXTS: dict[Any, Callable[[str], Any]] = {str: str, Path: Path, Path | None: _path_or_none}


class Columnar(Sequence[Item]):
    """A sequence whose items are made anew each time that they are asked for; slices are such sequences too.

    Args:
        kind: a dataclass with fields of the types in NUMBERS and TEXTS.
        columns: the values of each field. Numbers may be given as text.
    """

    def __init__(self, kind: type[Item], columns: Mapping[str, Iterable[Any]]) -> None:
        self.kind = kind
        self._arrays: dict[str, np.ndarray] = {}  # of a text: its number in _texts
        self._texts: dict[str, _Texts] = {}
        for field in dataclasses.fields(kind):
            if field.type in NUMBERS:
                values = [field.type(value) for value in columns[field.name]]
                self._arrays[field.name] = np.array(values, NUMBERS[field.type])
            else:
                numbers: dict[str, int] = {}
                texts = ("" if value is None else str(value) for value in columns[field.name])
                self._arrays[field.name] = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int32)
                self._texts[field.name] = _Texts(numbers, TEXTS[field.type])

    @classmethod
    def of(cls, kind: type[Item], items: Sequence[Item]) -> "Columnar[Item]":
        """The same items, as columns."""
        return cls(kind, {field.name: [getattr(item, field.name) for item in items] for field in dataclasses.fields(kind)})

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def __getitem__(self, index: int | slice) -> "Item | Columnar[Item]":
        if isinstance(index, slice):
            return self._taken(index)
        return self.kind(**{name: self._value(name, array.item(index)) for name, array in self._arrays.items()})

    def where(self, field: str, keep: Callable[[Any], bool]) -> "Columnar[Item]":
        """Those items whose value of a field is to be kept; `keep` is asked once about each value."""
        values, places = np.unique(self._arrays[field], return_inverse=True)
        return self._taken(np.array([keep(self._value(field, value)) for value in values.tolist()], bool)[places])

    def at(self, places: np.ndarray) -> "Columnar[Item]":
        """The items at some places: (N,) int, in their order."""
        return self._taken(places)

    def numbered(self, field: str) -> np.ndarray:
        """Which items have the same value of a field: (length,) int64, from 0 up, without a gap."""
        return np.unique(self._arrays[field], return_inverse=True)[1]

    @property
    def nbytes(self) -> int:
        """What the columns take in memory."""
        return sum(column.nbytes for column in (*self._arrays.values(), *self._texts.values()))

    def _value(self, name: str, stored: int | float) -> Any:
        return self._texts[name][stored] if name in self._texts else stored

    def _taken(self, rows: slice | np.ndarray) -> "Columnar[Item]":
        taken = object.__new__(type(self))
        taken.kind, taken._texts = self.kind, self._texts
        taken._arrays = {name: array[rows] for name, array in self._arrays.items()}
        return taken


class _Texts:
    """Values made of strings, which lie in one buffer, by their number."""

    def __init__(self, texts: Iterable[str], make: Callable[[str], Any]) -> None:
        encoded = [text.encode("utf-8", "surrogateescape") for text in texts]  # names of files may be any bytes
        self._buffer, self._make = b"".join(encoded), make
        self._ends = np.cumsum([0, *map(len, encoded)])

    def __getitem__(self, number: int) -> Any:
        part = self._buffer[self._ends.item(number) : self._ends.item(number + 1)]
        return self._make(part.decode("utf-8", "surrogateescape"))

    @property
    def nbytes(self) -> int:
        return len(self._buffer) + self._ends.nbytes


def select(items: Sequence[Item], field: str, keep: Callable[[Any], bool]) -> Sequence[Item]:
    """Those items whose value of a field is to be kept: of columns as columns, of any other sequence as a list."""
    if isinstance(items, Columnar):
        return items.where(field, keep)
    return [item for item in items if keep(getattr(item, field))]
