"""What a misspelt name may have meant."""
import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """The remedy for an unknown name.

    Args:
        name: what was given.
        known: the names that there are.
        otherwise: the remedy where none of them looks like it.

    Returns:
        "did you mean X?", or `otherwise`.
    """
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise
