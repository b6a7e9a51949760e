"""An edit in a photographer's units, as the page's sliders show it, and back."""
import dataclasses
import math

import torch

from realistic_editing.common.errors import InputError
from realistic_editing.ops import Recipe

# The knots whose slopes lie below, between and above the tones 1/8, 1/2 and 7/8: the curve passes these tones at knots, so
# that scaling the slopes of a part moves its ends and nothing else.
PARTS = (slice(0, 1), slice(1, 4), slice(4, 7), slice(7, 8))
FLAT = 0.005  # share of the full range that each part keeps, so that a curve never becomes flat
# Decimals that the page shows. A dial that shows what the recipe has leaves it as it is, to the last bit.
DECIMALS = {"exposure": 2, "saturation": 0, "red": 1, "blue": 1, "shadows": 1, "midtones": 1, "highlights": 1}


@dataclasses.dataclass(frozen=True)
class Dials:
    """One edit; all 0 = no edit.

    Args:
        exposure: in stops.
        saturation: in per cent more, -100 = grey.
        red, blue: against green, in per cent more (white balance).
        shadows, midtones, highlights: where the colour curve moves the tones 1/8, 1/2 and 7/8, in per cent of the full
            range, the mean over the channels.
    """

    exposure: float = 0.0
    saturation: float = 0.0
    red: float = 0.0
    blue: float = 0.0
    shadows: float = 0.0
    midtones: float = 0.0
    highlights: float = 0.0


def read_dials(recipe: Recipe) -> Dials:
    """What the dials show of a recipe.

    Args:
        recipe: a batch of one.

    Returns:
        Values rounded to `DECIMALS`.
    """
    recipe = recipe.detach().to("cpu", torch.float64)
    red, green, blue = recipe.white_balance[0].tolist()
    below = _shares(recipe).cumsum(dim=1)[:, :3].mean(dim=0)  # what lies below the three tones
    tones = (100 * (below - torch.tensor([0.125, 0.5, 0.875], dtype=torch.float64))).tolist()
    values = (
        math.log2(recipe.exposure.item()),
        100 * (recipe.saturation.item() - 1),
        100 * (green / red - 1),
        100 * (green / blue - 1),
        *tones,
    )
    # + 0.0: no negative zero on the page.
    return Dials(*(round(value, places) + 0.0 for value, places in zip(values, DECIMALS.values(), strict=True)))


def turned(recipe: Recipe, dials: Dials) -> Recipe:
    """A recipe with the dials set to other values.

    Its order stays, and so does every parameter whose dial shows what the recipe has already. The curve keeps its shape
    between the tones, and its differences between the channels.

    Args:
        recipe: a batch of one, such as the network's proposal.
        dials: the values wanted.

    Returns:
        The recipe; where the curve would have to fall, the nearest that rises.

    Raises:
        InputError: when a value is not finite, or stands for no edit.
    """
    _check(dials)
    shown, fields = read_dials(recipe), {}
    if dials.exposure != shown.exposure:
        fields["exposure"] = torch.full_like(recipe.exposure, 2.0**dials.exposure)
    if dials.saturation != shown.saturation:
        fields["saturation"] = torch.full_like(recipe.saturation, 1 + dials.saturation / 100)
    balance = recipe.white_balance.clone()
    for channel, name in ((0, "red"), (2, "blue")):
        if getattr(dials, name) != getattr(shown, name):
            balance[0, channel] = balance[0, 1] / (1 + getattr(dials, name) / 100)
    fields["white_balance"] = balance
    shift = [(getattr(dials, name) - getattr(shown, name)) / 100 for name in ("shadows", "midtones", "highlights")]
    if any(shift):
        fields["color_curve"] = _shifted(recipe, shift)
    return dataclasses.replace(recipe, **fields)


def _shares(recipe: Recipe) -> torch.Tensor:
    """Which share of the full range each part of each channel's curve covers: (3, 4), rows sum to 1."""
    curve = recipe.color_curve[0]
    return torch.stack([curve[:, part].sum(dim=1) for part in PARTS], dim=1) / curve.sum(dim=1, keepdim=True)


def _shifted(recipe: Recipe, shift: list[float]) -> torch.Tensor:
    """The knots (1, 3, 8), with what lies below the three tones moved by `shift` in every channel."""
    wide = recipe.detach().to(dtype=torch.float64)
    old = _shares(wide)
    below = old.cumsum(dim=1)[:, :3] + torch.tensor(shift, dtype=torch.float64)
    edges = torch.nn.functional.pad(below, (1, 1))
    edges[:, -1] = 1
    new = edges.diff(dim=1).clamp(min=FLAT)
    new = new / new.sum(dim=1, keepdim=True)
    knots = wide.color_curve.clone()
    for index, part in enumerate(PARTS):
        knots[0, :, part] *= (new / old)[:, index : index + 1]
    return knots.to(recipe.color_curve.dtype)


def _check(dials: Dials) -> None:
    for name, value in dataclasses.asdict(dials).items():
        low = {"saturation": -100.0, "red": -99.0, "blue": -99.0}.get(name, -math.inf)
        if not (math.isfinite(value) and value >= low):
            least = f" of {low:g} or more" if math.isfinite(low) else ""
            raise InputError(f"{name} is {value}; use a number{least}")
