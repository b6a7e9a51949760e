"""What an edit does to skin, fur, wood, plants and food, whose colours nature fixes: an eye sees when they are off."""
import dataclasses
import math
from typing import NamedTuple

import torch

from realistic_editing.ops import Recipe, apply
from realistic_editing.region_statistics.color_statistics import rgb_to_lab


class Limits(NamedTuple):
    """What colours may change by: degrees of CIELAB hue, a share of chroma, and a factor of lightness, up or down.

    `vividness` is the share that chroma may gain over lightness where that falls: skin in the shade is no more colourful.
    """

    hue: float
    chroma: float
    lightness: float = math.inf
    vividness: float = math.inf


# People's skin, which in the shade is still the same person's; animals, plants and food; other things.
PERSON_LIMITS, FIXED_LIMITS, OTHER_LIMITS = Limits(4.0, 0.15, 1.4, 0.25), Limits(10.0, 0.3), Limits(12.0, 0.45)
# Colours in CIELAB, from and to: hue in degrees, chroma and lightness.
_LIGHTNESS, _COLORED = (12.0, 97.0), (8.0, math.inf)
_SKIN = ((15.0, 85.0), (8.0, 60.0), _LIGHTNESS)  # of all tones, in any light
LIKELY_SKIN = ((30.0, 68.0), (10.0, 36.0), (20.0, 92.0))  # narrower; some wood and sand has such colours too
_LEAVES, _ANY = ((95.0, 160.0), _COLORED, _LIGHTNESS), ((0.0, 360.0), _COLORED, _LIGHTNESS)
# How probable a thing that comes in any colour must be to be free of limits, and below which all its colours have them.
FREE_FROM, FIXED_UP_TO = 0.7, 0.15
_LEAST_SHARE, _LARGE_SHARE = 0.02, 0.2  # of a region's pixels, from which a colour is no chance; of a thing of any colour
_PIXELS = 400  # that stand for all of them


@dataclasses.dataclass(frozen=True)
class Skin:
    """The skin of one region, or what else must keep its colours, such as fur, wood, plants and food; here all is called skin.

    Args:
        pixels: (1, 3, 1, K) RGB in [0, 1].
        limits: what they may change by.
        other_pixels: as `pixels`, of another colour that keeps to the limits by itself, such as leaves about a face; or None.
    """

    pixels: torch.Tensor
    limits: Limits
    other_pixels: torch.Tensor | None = None

    def change(self, recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
        """What edits do to the mean colour of the skin, or of its lighter half where they do more; differentiable.

        Args:
            recipe: B edits.

        Returns:
            The change of CIELAB hue in degrees, and that of chroma as a share: (B,) each, not negative.
        """
        hue, chroma = self._most(recipe)[:, :2].unbind(1)
        return self.limits.hue * hue, self.limits.chroma * chroma

    def in_limits(self, recipe: Recipe) -> torch.Tensor:
        """The changes in units of their limits, signed: within -1 and 1 where skin keeps its look.

        The lighter half is what an eye goes to, and a curve may turn it one way and the shadows the other.

        Args:
            recipe: B edits.

        Returns:
            (B, 8): hue of all skin and of its lighter half, chroma of both, lightness and vividness of both; twice as many
            where there is another colour, hue of all and of the lighter half of each, and so on. Lightness and vividness are
            left out where they have no limit.
        """
        groups = [pixels for pixels in (self.pixels, self.other_pixels) if pixels is not None]
        changes = [change for pixels in groups for change in _changes(pixels.to(recipe.exposure), recipe)]
        hue, chroma, lightness, vividness = self.limits
        kinds = zip(zip(*changes, strict=True), (hue, chroma, math.log(lightness), vividness), strict=True)
        return torch.cat([torch.stack(values, dim=1) / limit for values, limit in kinds if limit < math.inf], dim=1)

    def _most(self, recipe: Recipe) -> torch.Tensor:
        """(B, 2 to 4): of hue, chroma and so on, in units of their limits, the greater of all skin and its lighter half."""
        kinds = sum(limit < math.inf for limit in self.limits)
        return self.in_limits(recipe).abs().unflatten(1, (kinds, -1)).amax(dim=2)

    def excess(self, recipe: Recipe) -> torch.Tensor:
        """How far edits go beyond the limits, in units of them: (B,), 0 within."""
        return (self._most(recipe) - 1).relu().sum(dim=1)

    def is_spared(self, recipe: Recipe) -> bool:
        """Whether one edit, on any device, stays within the limits."""
        return float(self.excess(recipe.to(self.pixels.device))) == 0


def is_free(any_color: float | None, human: bool) -> bool:
    """Whether a region is taken for a thing that comes in any colour: by that probability, and by whether it is a person."""
    return any_color is not None and any_color >= FREE_FROM and not human


def find_skin(
    image: torch.Tensor, mask: torch.Tensor, human: bool = True, any_color: float | None = None, fades: bool = True
) -> Skin | None:
    """The pixels of a region that must keep their colours.

    Of a person they are those that have a colour of skin; of an animal, a plant or food all that are not grey; of a car or a
    balloon none. But a plate of salad, a plant in its pot or a face under a cap is easily taken for a thing, so that much
    green, and much of the colour of skin, keeps it there as well. What may be a flower or a ball fades by half at most. To
    more attention, what comes in any colour, or may, keeps what has a colour of skin: made vivid, wood and fur show what is
    done to them.

    Args:
        image: (1, 3, H, W) RGB in [0, 1].
        mask: (1, 1, H, W) in [0, 1].
        human: whether the region is a person, whose skin may change less than fur or wood.
        any_color: how probable it is that the region comes in any colour, in [0, 1]; None = nobody knows, and skin counts
            alone. Of a person it does not count.
        fades: whether the region is to draw less attention.

    Returns:
        Them; None where there are next to none.
    """
    colors, limits, least = [_SKIN], PERSON_LIMITS if human else OTHER_LIMITS, _LEAST_SHARE
    if is_free(any_color, human) and fades:
        colors, least = [_LEAVES, LIKELY_SKIN], _LARGE_SHARE
    elif not human and any_color is not None and any_color <= FIXED_UP_TO:
        colors, limits = [_ANY], FIXED_LIMITS
    elif not human and any_color is not None and fades:
        colors = [_ANY]
    inside = image[0][:, mask[0, 0] > 0.5]  # (3, N)
    lab = (100 * rgb_to_lab(inside[None, :, None]))[0, :, 0]
    these = [inside[:, has_color(lab, color)] for color in colors]
    groups = [_thinned(found) for found in these if found.shape[1] >= max(1, least * inside.shape[1])]
    return Skin(groups[0], limits, *groups[1:]) if groups else None


def _thinned(pixels: torch.Tensor) -> torch.Tensor:
    """(3, N) as (1, 3, 1, K), K of them, evenly spaced."""
    count = pixels.shape[1]
    picked = torch.linspace(0, count - 1, min(count, _PIXELS), device=pixels.device).round().long()
    return pixels[:, picked][None, :, None]


def has_color(lab: torch.Tensor, color: tuple[tuple[float, float], ...]) -> torch.Tensor:
    """Which pixels have a colour.

    Args:
        lab: (3, ...) CIELAB, L from 0 to 100.
        color: the least and most of hue in degrees, of chroma, and of L, as LIKELY_SKIN has them.

    Returns:
        (...) bool.
    """
    light, a, b = lab
    found = torch.ones_like(light, dtype=torch.bool)
    for values, (low, high) in zip((torch.rad2deg(torch.atan2(b, a)) % 360, torch.hypot(a, b), light), color, strict=True):
        found &= (values >= low) & (values <= high)
    return found


def _changes(pixels: torch.Tensor, recipe: Recipe) -> list[tuple[torch.Tensor, ...]]:
    """What B edits do to (1, 3, 1, K) pixels and to their lighter half: `_change` of each."""
    lighter = pixels.mean(dim=1).flatten().topk(-(-pixels.shape[-1] // 2)).indices
    pixels = pixels.expand(len(recipe), -1, -1, -1)
    edited = apply(pixels, torch.ones_like(pixels[:, :1]), recipe)
    return [_change(pixels[..., part], edited[..., part]) for part in (slice(None), lighter)]


def _change(before: torch.Tensor, after: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Of the mean colour of (B, 3, 1, K) pixels: hue in degrees, chroma as a share, the log of lightness, vividness; (B,)."""
    means = [100 * rgb_to_lab(pixels).mean(dim=(2, 3)) for pixels in (before, after)]
    light = [mean[:, 0].clamp(min=1.0) for mean in means]
    before, after = (mean[:, 1:] for mean in means)
    lengths = [color.square().sum(dim=1).clamp(min=1e-8).sqrt() for color in (before, after)]
    turned = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    hue = torch.rad2deg(torch.atan2(turned, (before * after).sum(dim=1)))
    chroma, lightness = lengths[1] / lengths[0], light[1] / light[0]
    return hue, chroma - 1, lightness.log(), (chroma / lightness.clamp(max=1) - 1).relu()
