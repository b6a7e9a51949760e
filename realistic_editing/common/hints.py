"""What a misspelt name may have meant."""
import difflib
from collections.abc import Iterable


def did_you_mean(names: str | Iterable[str], known: Iterable[str], otherwise: str) -> str:
    """The remedy for an unknown name, or several.

    Args:
        names: what was given.
        known: the names that there are.
        otherwise: the remedy where none of them looks like it.

    Returns:
        "did you mean X, Y?", or `otherwise`.
    """
    found = [like(name, known) for name in ([names] if isinstance(names, str) else names)]
    near = list(dict.fromkeys(name for name in found if name is not None))
    return f"did you mean {', '.join(near)}?" if near else otherwise


def like(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like a name; None where none does."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1)), None)
