"""The options of the commands that find distractors: suggest and clean."""
import argparse
from collections.abc import Callable

from realistic_editing.apps.writing import add_writing


def add_suggestions(
    commands: argparse._SubParsersAction, help_format: type, add_judges: Callable[..., None], add_json: Callable[..., None]
) -> None:
    """Add `suggest` and `clean`.

    Args:
        commands: to add them to.
        help_format: of their help.
        add_judges, add_json: add the options that these commands share with others.
    """
    suggest = commands.add_parser("suggest", help="what draws the eye away from the subject", formatter_class=help_format)
    suggest.add_argument("image", help="the photo")
    _add_suggesting(suggest)
    suggest.add_argument("--output", help="a folder for masks, preview and report; outputs/NAME_suggest when not given")
    suggest.add_argument("--saliency", default="lite_saliency", help="bundled weights or a .safetensors file")
    add_json(suggest)

    clean = commands.add_parser("clean", help="calm what draws the eye away from the subject", formatter_class=help_format)
    clean.add_argument("image", help="the photo")
    _add_suggesting(clean, 3)
    clean.add_argument("--lift", action="store_true", help="lift the subject too; --subject X,Y lifts that one")
    clean.add_argument("--output", help="a folder for the result, its steps and the sheet; outputs/NAME_clean when not given")
    add_writing(clean)
    add_judges(clean)
    clean.add_argument("--suggest-by", default="lite_saliency", help="what suggests: bundled weights or a .safetensors file")
    add_json(clean)


def _add_suggesting(parser: argparse.ArgumentParser, count: int = 5) -> None:
    """What is suggested."""
    parser.add_argument("--subject", metavar="X,Y", help="a point in the subject; the most attended thing near the middle")
    parser.add_argument("--count", default=count, metavar="NUMBER", help="the most suggestions")
    parser.add_argument("--people", action="store_true", help="suggest people too")
