"""Say what a recipe does in words a photographer knows."""
import math

import torch

from realistic_editing.common.readable import percent
from realistic_editing.ops import OPERATORS, Recipe, operators

_NAMES = {"white_balance": "white balance", "color_curve": "colour curve", "saturation": "saturation", "exposure": "exposure"}


def describe(recipe: Recipe) -> list[str]:
    """One line for each operator of a single edit, in the order they are applied.

    Args:
        recipe: a batch of one.

    Returns:
        Four lines: exposure in stops, saturation in per cent, white balance as red and blue against green, and where the
        curve moves shadows, midtones and highlights, in per cent of the full range.
    """
    lines = {
        "exposure": f"{math.log2(float(recipe.exposure[0])):+.2f} stops",
        "saturation": percent(float(recipe.saturation[0]) - 1),
        "white_balance": _white_balance(recipe.white_balance[0].tolist()),
        "color_curve": _curve(recipe.color_curve),
    }
    names = [OPERATORS[index] for index in recipe.order[0].tolist()]
    return [f"{place}. {_NAMES[name]:<14} {lines[name]}" for place, name in enumerate(names, start=1)]


def _white_balance(w: list[float]) -> str:
    red, blue = (w[1] / w[channel] - 1 for channel in (0, 2))
    warmth = "warmer" if red > blue else "cooler"
    tint = "greener" if red + blue < 0 else "more magenta"
    words = ([warmth] if abs(red - blue) >= 0.02 else []) + ([tint] if abs(red + blue) >= 0.04 else [])
    return f"red {percent(red)}, blue {percent(blue)} against green ({' and '.join(words) or 'neutral'})"


def _curve(t: torch.Tensor) -> str:
    tested = torch.tensor([0.125, 0.5, 0.875])
    grey = tested[None, None, None].expand(1, 3, 1, 3)  # a photo of three grey pixels
    moved = 100 * (operators.color_curve(grey, t.detach().float().cpu()) - grey)[0, :, 0]  # (3 channels, 3 tones)
    mean = moved.mean(dim=0).tolist()
    tones = zip(("shadows", "midtones", "highlights"), mean, strict=True)
    text = ", ".join(f"{name} {percent(value / 100)}" for name, value in tones)
    cast = (moved - moved.mean(dim=0)).abs().max()
    red, green, blue = (f"{value:+.0f}" for value in moved[:, 1].tolist())
    return text + (f" (midtones by channel: R {red}, G {green}, B {blue})" if cast >= 1 else "")
