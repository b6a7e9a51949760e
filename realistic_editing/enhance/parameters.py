"""29 free numbers and a recipe: what a network's last layer gives, and what an optimiser moves."""
import math

import torch

from realistic_editing.ops.recipe import KNOTS, PARAMETERS, RANGES, Recipe

SHAPES = {"white_balance": (3,), "color_curve": (3, KNOTS), "saturation": (), "exposure": ()}
SIZES = {name: math.prod(shape) for name, shape in SHAPES.items()}
FREE = sum(SIZES.values())


def bounded(order: torch.Tensor, logits: torch.Tensor, blend: str = "final") -> Recipe:
    """Squeeze free numbers into the ranges of the paper's supplement by a sigmoid.

    Args:
        order: (B, 4) integers.
        logits: (B, 29): white balance 3, the curve's knots 24 (red first), saturation, exposure.
        blend: of the recipe.

    Returns:
        B edits, float32 or wider: a recipe is a value for the user, and half precision would round exposure to steps of
        0.001 and more.
    """
    share = logits.to(torch.promote_types(logits.dtype, torch.float32)).sigmoid()
    parts = share.split([SIZES[name] for name in PARAMETERS], dim=1)
    values = {}
    for name, part in zip(PARAMETERS, parts, strict=True):
        low, high = RANGES[name]
        values[name] = (low + (high - low) * part).reshape(-1, *SHAPES[name])
    return Recipe(order, **values, blend=blend)


def free(recipe: Recipe, margin: float = 1e-3) -> torch.Tensor:
    """The inverse of `bounded`: B edits -> (B, 29).

    White balance and each channel's knots, whose common scale means nothing, are first moved to the middle of their
    range, where the sigmoid is steepest.

    Args:
        recipe: inside `RANGES` but for that scale.
        margin: how far from the ends of a range the values are kept, as a share of it; at the ends the numbers are
            infinite.
    """
    logits = []
    for name in PARAMETERS:
        low, high = RANGES[name]
        value = getattr(recipe, name).flatten(1) if SHAPES[name] else getattr(recipe, name)[:, None]
        if SHAPES[name]:
            value = value.unflatten(1, SHAPES[name] if len(SHAPES[name]) > 1 else (1, *SHAPES[name]))
            middle = value.amax(dim=2, keepdim=True).add(value.amin(dim=2, keepdim=True)) / 2
            value = (value * ((low + high) / 2 / middle)).flatten(1)
        share = ((value - low) / (high - low)).clamp(margin, 1 - margin)
        logits.append(share.logit())
    return torch.cat(logits, dim=1)


def unchanged(order: torch.Tensor) -> torch.Tensor:
    """The free numbers of the edit that changes nothing: (B, 4) orders -> (B, 29)."""
    return free(Recipe.identity(order))
