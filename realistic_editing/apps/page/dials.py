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
DECIMALS = {
    "exposure": 2, "saturation": 0, "temperature": 0, "tint": 0, "shadows": 1, "midtones": 1, "highlights": 1,
}  # fmt: skip
LIMITS = {"saturation": (-100.0, math.inf), "temperature": (-1000.0, 1000.0), "tint": (-1000.0, 1000.0)}
HALF_STOP = 200  # of temperature and tint that make a stop of one channel: 100 gives red half a stop, and takes it from blue


@dataclasses.dataclass(frozen=True)
class Dials:
    """One edit; all 0 = no edit.

    Args:
        exposure: in stops.
        saturation: in per cent more, -100 = grey.
        temperature: white balance from cooler to warmer: 100 gives red half a stop against green, and takes as much from blue.
        tint: white balance from greener to more magenta: 100 gives red and blue half a stop each against green.
        shadows, midtones, highlights: where the colour curve moves the tones 1/8, 1/2 and 7/8, in per cent of the full
            range, the mean over the channels.
    """

    exposure: float = 0.0
    saturation: float = 0.0
    temperature: float = 0.0
    tint: float = 0.0
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
    red, blue = _gains(recipe)
    below = _shares(recipe).cumsum(dim=1)[:, :3].mean(dim=0)  # what lies below the three tones
    tones = (100 * (below - torch.tensor([0.125, 0.5, 0.875], dtype=torch.float64))).tolist()
    values = (
        math.log2(recipe.exposure.item()),
        100 * (recipe.saturation.item() - 1),
        HALF_STOP / 2 * (red - blue),
        HALF_STOP / 2 * (red + blue),
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
    warmer, pinker = dials.temperature - shown.temperature, dials.tint - shown.tint
    if warmer or pinker:
        balance = recipe.white_balance.clone()
        balance[0, 0] /= 2 ** ((pinker + warmer) / HALF_STOP)
        balance[0, 2] /= 2 ** ((pinker - warmer) / HALF_STOP)
        fields["white_balance"] = balance
    shift = [(getattr(dials, name) - getattr(shown, name)) / 100 for name in ("shadows", "midtones", "highlights")]
    if any(shift):
        fields["color_curve"] = _shifted(recipe, shift)
    return dataclasses.replace(recipe, **fields)


def in_words(dials: Dials, most: int = 3) -> str:
    """What an edit does, as a photographer would say it, what matters most first: "darker, less colour, warmer".

    Args:
        dials: of the edit.
        most: how many words.
    """
    return ", ".join(_said(dials, most, 1.0)) or "hardly any change"


def compared(dials: Dials, other: Dials, most: int = 2) -> str:
    """What an edit does more than another one, in the same words: "a little darker"."""
    fields = dataclasses.asdict(dials)
    difference = Dials(**{name: value - getattr(other, name) for name, value in fields.items()})
    words = _said(difference, most, 1.0)
    if words:
        return ", ".join(words)
    slight = _said(difference, most, 0.2)
    return f"a little {', '.join(slight)}" if slight else "much the same"


def _said(dials: Dials, most: int, least: float) -> list[str]:
    """Words for what is at least `least` times what is just seen, the strongest first."""
    tones = (
        ("lighter shadows", "deeper shadows"),
        ("lighter midtones", "darker midtones"),
        ("brighter highlights", "softer highlights"),
    )
    said = [  # how strong, in units of what is just seen, and the words for more and less
        (dials.exposure / 0.1, "lighter", "darker"),
        (dials.saturation / 8, "more colour", "less colour"),
        (dials.temperature / 10, "warmer", "cooler"),
        (dials.tint / 10, "more magenta", "greener"),
        *((value / 2, *words) for value, words in zip((dials.shadows, dials.midtones, dials.highlights), tones, strict=True)),
    ]
    strong = sorted((one for one in said if abs(one[0]) >= least), key=lambda one: -abs(one[0]))
    return [more if value > 0 else less for value, more, less in strong[:most]]


def _gains(recipe: Recipe) -> tuple[float, float]:
    """By how many stops red and blue rise against green."""
    red, green, blue = recipe.white_balance[0].tolist()
    return math.log2(green / red), math.log2(green / blue)


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
        low, high = LIMITS.get(name, (-math.inf, math.inf))
        if not (math.isfinite(value) and low <= value <= high):
            bounds = f" from {low:g} to {high:g}" if math.isfinite(high) else ""
            bounds = bounds or (f" of {low:g} or more" if math.isfinite(low) else "")
            raise InputError(f"{name} is {value}; use a number{bounds}")
