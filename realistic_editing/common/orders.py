"""How users name the orders of the four operators; apart from `ops`, which brings PyTorch."""
from realistic_editing.common.errors import InputError

# The numbering of the authors' release.
WHITE_BALANCE, COLOR_CURVE, SATURATION, EXPOSURE = range(4)
OPERATORS = ("white_balance", "color_curve", "saturation", "exposure")


def parse_order(text: str | tuple[int, ...] | list[int]) -> tuple[int, int, int, int]:
    """Read an order such as "3,1,0,2" or (3, 1, 0, 2).

    Raises:
        InputError: unless it is a permutation of 0, 1, 2, 3.
    """
    try:
        parts = text.split(",") if isinstance(text, str) else list(text)
        order = tuple(int(part) for part in parts)
    except (TypeError, ValueError):
        order = ()
    if sorted(order) != [0, 1, 2, 3]:
        raise InputError(
            f"order {text!r} is unknown; use best_effect, best_realism, best_saliency, random, or a permutation such as "
            "3,1,0,2 (0 white balance, 1 colour curve, 2 saturation, 3 exposure)"
        )
    return order
