"""What the values of options may be: one check for networks, trainings and scripts, in one form of words."""
import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from realistic_editing.common.errors import InputError

_SHORT = 120  # characters of a value that a message shows whole
_PLAIN = r"[\w./~-]{1,100}"  # a word that Hydra reads in a list as it is


@dataclasses.dataclass(frozen=True)
class Number:
    """A number in a closed range; nan and infinity are never in it, and true and false are no numbers.

    Args:
        least, most: the range; `most` infinite where there is no bound.
        whole: whether it must be an int.
        above: whether `least` itself is left out.
        below: whether `most` itself is left out.
    """

    least: float = -math.inf
    most: float = math.inf
    whole: bool = False
    above: bool = False
    below: bool = False

    def fits(self, value: Any) -> bool:
        """Whether a value is such a number."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        try:
            number = float(value)
        except OverflowError:  # of an int
            return False
        low = number > self.least if self.above else number >= self.least
        return math.isfinite(number) and low and (number < self.most if self.below else number <= self.most)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        low = f"above {_plain(self.least)}" if self.above else f"of {_plain(self.least)} or more"
        if math.isinf(self.most):
            return kind if math.isinf(self.least) else f"{kind} {low}"
        return f"{kind} {low}, {'below' if self.below else 'at most'} {_plain(self.most)}"


@dataclasses.dataclass(frozen=True)
class Flag:
    """True or false, as such: 0 and "no" are neither."""

    def fits(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "true or false"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def fits(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        return f"one of {', '.join(self.words)}"


@dataclasses.dataclass(frozen=True)
class Text:
    """A text, of a pattern where there is one, which `words` puts into words."""

    pattern: str = "(?s:.*)"
    words: str = "text"

    def fits(self, value: Any) -> bool:
        """Whether a value is such a text."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def __str__(self) -> str:
        return self.words


@dataclasses.dataclass(frozen=True)
class Many:
    """A list of one kind of values; `count` of them, or any number from `least` on."""

    each: Any
    count: int | None = None
    least: int = 0

    def fits(self, value: Any) -> bool:
        """Whether a value is such a list."""
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            return False
        counted = len(value) >= self.least if self.count is None else len(value) == self.count
        return counted and all(self.each.fits(one) for one in value)

    def __str__(self) -> str:
        count = f"{self.count} values" if self.count is not None else f"{self.least} or more values" if self.least else "values"
        return f"a list of {count}, each {self.each}"


@dataclasses.dataclass(frozen=True)
class Either:
    """What fits one of several; None stands for null."""

    kinds: tuple[Any, ...]

    def fits(self, value: Any) -> bool:
        """Whether a value fits one of them."""
        return any(value is None if kind is None else kind.fits(value) for kind in self.kinds)

    def __str__(self) -> str:
        return ", or ".join("null" if kind is None else str(kind) for kind in self.kinds)


def optional(kind: Any) -> Either:
    """What may also be null."""
    return Either((kind, None))


def check(name: str, value: Any, allowed: Any) -> None:
    """Refuse a value that an option cannot have.

    Args:
        name: of the option, as the user writes it.
        value: what is given.
        allowed: `Number`, `Flag`, `Choice`, `Text`, `Many`, or `Either` of them.

    Raises:
        InputError: naming the option, the value, and what it may be.
    """
    if not allowed.fits(value):
        listed = isinstance(value, str) and re.fullmatch(_PLAIN, value) and allowed.fits([value])
        raise InputError(f"{name} is {shown(value)}; use {f'a list: {name}=[{value}]' if listed else allowed}")


def check_all(values: Mapping[str, Any], allowed: Mapping[str, Any], prefix: str = "") -> None:
    """Check the values that `allowed` knows by name; others are left alone. Raises InputError as `check`."""
    for name, kind in allowed.items():
        if name in values:
            check(prefix + name, values[name], kind)


def _plain(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"


def shown(value: Any) -> str:
    """A value in a message, in short."""
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python writes
        text = "a number of very many digits"
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."
