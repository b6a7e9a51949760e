"""The 24 orders of the four operators."""
import itertools

import torch

from realistic_editing.common.orders import COLOR_CURVE, EXPOSURE, OPERATORS, SATURATION, WHITE_BALANCE, parse_order

__all__ = [
    "ALL_ORDERS", "COLOR_CURVE", "EXPOSURE", "OPERATORS", "SATURATION", "WHITE_BALANCE", "all_orders", "parse_order",
    "random_orders",
]  # fmt: skip
ALL_ORDERS = tuple(itertools.permutations(range(4)))


def all_orders(device: torch.device | str | None = None) -> torch.Tensor:
    """All orders, (24, 4) int64, in lexicographic order."""
    return torch.tensor(ALL_ORDERS, device=device)


def random_orders(batch: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Uniform random orders, (B, 4) int64, on the generator's device."""
    device = generator.device if generator is not None else None
    return torch.rand(batch, 4, generator=generator, device=device).argsort(dim=1)
