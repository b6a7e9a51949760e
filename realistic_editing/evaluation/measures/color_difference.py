"""CIEDE2000, the CIE's difference of two colours as people see it (Sharma, Wu and Dalal, 2005)."""
import math

import torch

_FADE = 25.0**7  # the chroma at which the formula's corrections for grey and for blue set in, to its seventh power


def delta_e_2000(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The CIEDE2000 difference, with k_L = k_C = k_H = 1; about 1 is just seen in plain patches side by side.

    Written out because no dependency of this package has it, and scikit-image would bring six more for this formula.

    Args:
        first, second: (B, 3, H, W) CIELAB, L in [0, 100].

    Returns:
        (B, H, W) float64, >= 0, symmetric.
    """
    (light_1, a_1, b_1), (light_2, a_2, b_2) = (colour.double().unbind(dim=1) for colour in (first, second))
    stretch = 1.5 - 0.5 * _beyond((torch.hypot(a_1, b_1) + torch.hypot(a_2, b_2)) / 2)
    chroma_1, chroma_2 = torch.hypot(stretch * a_1, b_1), torch.hypot(stretch * a_2, b_2)
    hue_1, hue_2 = (torch.atan2(b, stretch * a) % (2 * math.pi) for a, b in ((a_1, b_1), (a_2, b_2)))
    # Grey has no hue: the difference is then 0, and the mean the other colour's.
    grey = chroma_1 * chroma_2 == 0
    turn = (hue_2 - hue_1 + math.pi) % (2 * math.pi) - math.pi
    turn = torch.where(grey, 0, turn)
    far = (hue_1 - hue_2).abs() > math.pi
    hue = (hue_1 + hue_2) / 2 + torch.where(far, torch.where(hue_1 + hue_2 < 2 * math.pi, math.pi, -math.pi), 0)
    hue = torch.where(grey, hue_1 + hue_2, hue)
    light, chroma = (light_1 + light_2) / 2, (chroma_1 + chroma_2) / 2

    weight = 1 - 0.17 * _cos(hue, 1, -30) + 0.24 * _cos(hue, 2, 0) + 0.32 * _cos(hue, 3, 6) - 0.20 * _cos(hue, 4, -63)
    middle = (light - 50).square()
    by_light = (light_2 - light_1) / (1 + 0.015 * middle / (20 + middle).sqrt())
    by_chroma = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    by_hue = 2 * (chroma_1 * chroma_2).sqrt() * (turn / 2).sin() / (1 + 0.015 * chroma * weight)
    blue = math.radians(60) * (-((torch.rad2deg(hue) - 275) / 25).square()).exp()
    rotated = -2 * _beyond(chroma) * blue.sin() * by_chroma * by_hue
    return (by_light.square() + by_chroma.square() + by_hue.square() + rotated).clamp(min=0).sqrt()


def _beyond(chroma: torch.Tensor) -> torch.Tensor:
    return (chroma**7 / (chroma**7 + _FADE)).sqrt()


def _cos(hue: torch.Tensor, times: int, degrees: float) -> torch.Tensor:
    return (times * hue + math.radians(degrees)).cos()
