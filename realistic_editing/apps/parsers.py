"""The parser of the command line: defaults in --help, and of a mistake one line."""
import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from realistic_editing.apps.main import leave
from realistic_editing.common.hints import did_you_mean

NAMED_MASK = "named_mask"  # what --mask is called among the options


def add_mask(parser: argparse.ArgumentParser, means: str) -> None:
    """A mask behind its photo, or anywhere as --mask; `take_mask` finds which."""
    parser.add_argument("mask", nargs="?", help=means)
    parser.add_argument(
        "--mask", dest=NAMED_MASK, action="append", metavar="MASK", help="the mask as an option, in place of a word"
    )


def take_mask(options: dict[str, Any], left: Sequence[str]) -> list[str]:
    """Put the mask in its place among the options, in place; where none is given, None.

    Args:
        options: that argparse found.
        left: words that it left: it does not allow what may be absent behind an option.

    Returns:
        Those of them that are no mask.
    """
    named, left = options.pop(NAMED_MASK) or [], list(left)
    found = [mask for mask in (options["mask"], *named) if mask is not None]
    if (named or not found) and len(left) == 1 and not left[0].startswith("-"):
        found.append(left.pop())
    if len(found) > 1:
        leave(f"two masks, {found[0]} and {found[1]}; name one")
    options["mask"] = found[0] if found else None
    return left


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Says a default where there is one: not of what is required, nor of a switch, nor where nothing is the default."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        silent = action.required or action.nargs == 0 or action.default in (None, argparse.SUPPRESS)
        return action.help if silent else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """Says of a mistake what it is, what may be meant, and where the options are told; argparse shows all thirty of them."""

    def error(self, message: str) -> NoReturn:
        """Say it, and leave with code 2; whoever says nothing at all is told of all commands."""
        if message.endswith("are required: COMMAND"):
            self.print_help(sys.stderr)
            sys.exit(2)
        wrong = re.match(r"argument COMMAND: invalid choice: '(.*?)'", message)
        how = f"{self.prog} --help tells how it is used"
        remedy = did_you_mean(wrong[1], self._commands(), how) if wrong else how
        leave(f"{message}; {remedy}" if remedy == how else f"no command {wrong[1]!r}; {remedy}")

    def _commands(self) -> list[str]:
        return [name for action in self._actions if isinstance(action.choices, dict) for name in action.choices]

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """Leave because of words that mean nothing here, naming the options that look like them."""
        known = [name for name in self._option_string_actions if name.startswith("--")]
        options = [word.split("=")[0] for word in words if word.startswith("-")]
        leave(f"unknown: {' '.join(words)}; {did_you_mean(options, known, f'{self.prog} --help tells how it is used')}")
