"""The parser of the command line: defaults in --help, and of a mistake one line."""
import argparse
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from realistic_editing.apps.main import leave
from realistic_editing.common.hints import did_you_mean


def mask_among(left: Sequence[str]) -> tuple[str | None, list[str]]:
    """The mask among words that argparse left, and the others.

    A mask may come anywhere after its photo, which argparse does not allow of what may be absent; or as --mask, as `video`
    takes it.
    """
    words = ["--mask", *left[0].split("=", 1)[1:]] if len(left) == 1 and left[0].startswith("--mask=") else list(left)
    if len(words) == 2 and words[0] == "--mask":
        words = words[1:]
    found = words[0] if len(words) == 1 and not words[0].startswith("-") else None
    return (None, list(left)) if found is None else (found, [])


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
        if "--mask" in options and any(action.dest == "mask" for action in self._actions):
            leave(f"unknown: {' '.join(words)}; name the mask once, behind its photo")
        leave(f"unknown: {' '.join(words)}; {did_you_mean(options, known, f'{self.prog} --help tells how it is used')}")
