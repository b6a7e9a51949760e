"""The 24 orders of the four operators, and how users name them."""
import itertools

import torch

from realistic_editing.common.errors import InputError

# The numbering of the authors' release.
WHITE_BALANCE, COLOR_CURVE, SATURATION, EXPOSURE = range(4)
OPERATORS = ("white_balance", "color_curve", "saturation", "exposure")
ALL_ORDERS = tuple(itertools.permutations(range(4)))


def all_orders(device: torch.device | str | None = None) -> torch.Tensor:
    """All orders, (24, 4) int64, in lexicographic order."""
    return torch.tensor(ALL_ORDERS, device=device)


def random_orders(batch: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Uniform random orders, (B, 4) int64, on the generator's device."""
    device = generator.device if generator is not None else None
    return torch.rand(batch, 4, generator=generator, device=device).argsort(dim=1)


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
