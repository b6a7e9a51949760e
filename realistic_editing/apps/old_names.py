"""Options that were renamed: their old names work for one release more, with a warning."""
import argparse
import sys
from collections.abc import Sequence
from typing import Any


class _OldName(argparse.Action):
    """Does what the option's new name does, and says so on stderr."""

    def __init__(self, option_strings: Sequence[str], dest: str, renamed: argparse.Action, **others: Any) -> None:
        super().__init__(option_strings, renamed.dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **others)
        self.renamed = renamed

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        new = self.renamed.option_strings[0]
        print(f"warning: {option_string} is called {new} now; the next release will not know the old name", file=sys.stderr)
        self.renamed(parser, namespace, values, option_string)


def add_old_name(parser: argparse.ArgumentParser, old: str, new: str) -> None:
    """Let an option be given by its old name too; help does not show that name.

    Args:
        parser: which has the option `new`.
        old, new: such as "--anyway" and "--allow-conflicts".
    """
    renamed = next(action for action in parser._actions if new in action.option_strings)
    parser.add_argument(old, action=_OldName, renamed=renamed, nargs=renamed.nargs, type=renamed.type)
