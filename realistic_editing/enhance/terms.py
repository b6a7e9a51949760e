"""Our own terms of the enhancer's loss, beside eqs. 3 to 6: bounded changes of saliency, and what this critic misses."""
from collections.abc import Sequence

import torch

from realistic_editing.ops import Recipe, apply
from realistic_editing.region_statistics.color_statistics import rgb_to_lab
from realistic_editing.saliency.measures import region_mean

_NEAR_WHITE = 0.92  # from here on the brightest channel counts, more and more up to 1
_LUMA, _SHADE, _PIXELS = (0.299, 0.587, 0.114), 0.1, 200  # Rec. 601; a tenth darker or lighter; pixels that stand for a region
_WHITE_FROM, _WHITE_AT = 0.7, 0.85  # the darkest channel of a pixel that counts as white not at all, and in full
_FEW_WHITES = 0.01  # of a region: so many count for half
# Of CIELAB: the chroma at which a pixel is no longer grey, and the L below which no tint is seen; and of a region, as above.
_GREY_TO, _DARK_TO, _FEW_GREYS = 8.0, 10.0, 0.02
_NEAR_BLACK = 0.04  # added to the sum of two brightnesses: near black no eye sees differences
_FAINT_SHADE = 0.01  # of the share between lighter and darker, of which 0.1 is usual
_OF_GUARD = 0.4  # of the guard's number, on the scale of logits, that dR itself keeps to: -0.1 by default
FAINT = 0.003  # a saliency that nobody would notice, in [0, 1]; a typical region has 0.06


def log_saliency_ratio(
    before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, epsilon: float = 1e-8
) -> torch.Tensor:
    """The log of the region's mean saliency before over after: (B,). Same sign as S, and bounded in practice."""
    return ((region_mean(before, mask) + epsilon) / (region_mean(after, mask) + epsilon)).log()


def log_saliency_both(
    before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, epsilon: float = 1e-8
) -> torch.Tensor:
    """Half `log_saliency_ratio`, and half the mean log ratio of the region's pixels, those below FAINT counting less: (B,)."""
    pixels = region_mean(((before + FAINT) / (after + FAINT)).log(), mask)
    return (log_saliency_ratio(before, after, mask, epsilon) + pixels) / 2


def color_cast(recipe: Recipe) -> torch.Tensor:
    """What an edit makes of grey: the mean CIELAB chroma of seven greys after it.

    Args:
        recipe: B edits.

    Returns:
        (B,), 0 for an edit that keeps grey grey; about 5 is seen at once beside an unedited grey.
    """
    lab = _greys(recipe, torch.linspace(0.125, 0.875, 7))
    return 100 * (lab[:, 1:].square().sum(dim=1) + 1e-8).sqrt().mean(dim=1)  # a finite slope at grey


def shadow_lift(recipe: Recipe) -> torch.Tensor:
    """What an edit makes of near-black: how much it brightens a grey of 0.125, whose CIELAB L is 12.

    Args:
        recipe: B edits.

    Returns:
        (B,) in units of L; negative where it darkens. One stop of exposure gives 14; above about 8, a dark jacket looks
        as if seen through mist.
    """
    tone = torch.tensor([0.125])
    before = rgb_to_lab(tone.to(recipe.exposure).expand(1, 3, 1, 1))[0, 0, 0, 0]
    return 100 * (_greys(recipe, tone)[:, 0, 0] - before)


def blown_out(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The share of a region where a channel is at its end or close to it, so that texture and hue are lost.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].
        mask: (B, 1, H, W) in [0, 1].

    Returns:
        (B,) in [0, 1].
    """
    return region_mean(((image.amax(dim=1, keepdim=True) - _NEAR_WHITE) / (1 - _NEAR_WHITE)).relu(), mask)


def dulled_whites(image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """By how much the whites of a region darken: white that is to be grey has no texture to show, and reads as paper.

    Args:
        image, edited: (B, 3, H, W) RGB in [0, 1], photos and their edits.
        mask: (B, 1, H, W) in [0, 1].

    Returns:
        (B,) in [0, 1], the mean loss of brightness of near-white pixels, times w / (w + 0.01), w their share of the region; 0
        where there are none.
    """
    weight = mask * ((image.amin(dim=1, keepdim=True) - _WHITE_FROM) / (_WHITE_AT - _WHITE_FROM)).clamp(0, 1)
    loss = ((image - edited) * image.new_tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True).relu()
    whites, pixels = (one.flatten(1).sum(dim=1) for one in (weight, mask))
    return (weight * loss).flatten(1).sum(dim=1) / (whites + _FEW_WHITES * pixels).clamp(min=1e-6)


def tinted_greys(image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """How much colour the greys and whites of a region take on: a white helmet that turns mint is seen at once.

    What a grey has of a tint already may stay or fade.

    Args:
        image, edited: (B, 3, H, W) RGB in [0, 1], photos and their edits.
        mask: (B, 1, H, W) in [0, 1].

    Returns:
        (B,) in units of CIELAB, the mean over pixels, each by how grey it was, times w / (w + 0.02), w their weighted share of
        the region; 0 where there are none.
    """
    (light, before), (_, after) = ((100 * part for part in rgb_to_lab(photo).split([1, 2], dim=1)) for photo in (image, edited))
    size = before.square().sum(dim=1, keepdim=True)
    chroma, seen = size.clamp(min=1e-12).sqrt(), ((light - _DARK_TO) / _DARK_TO).clamp(0, 1)  # black shows no tint
    grey = (1 - chroma / _GREY_TO).clamp(min=0) * seen
    kept = ((before * after.detach()).sum(dim=1, keepdim=True) / size.clamp(min=1e-6)).clamp(0, 1) * before
    tint = ((after - kept).square().sum(dim=1, keepdim=True) + 1e-8).sqrt()
    weight = mask * grey
    greys, pixels = (one.flatten(1).sum(dim=1) for one in (weight, mask))
    return (weight * tint).flatten(1).sum(dim=1) / (greys + _FEW_GREYS * pixels).clamp(min=1e-6)


def lost_shading(image: torch.Tensor, mask: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """How much of a region's shading an edit takes, at pixels that stand for the region.

    Shading is by how large a share the result darkens where the photo is darker by one. Shade keeps it; a curve that is flat
    takes some; a channel that comes to its end, be it in the middle of an edit, takes all.

    Args:
        image: (B, 3, H, W) RGB in [0, 1], the photos.
        mask: (B, 1, H, W) in [0, 1].
        recipe: B edits.

    Returns:
        (B, K) in [0, 1]: 0 where all is kept or there is none, 1 where nothing is left.
    """
    pixels = _pixels_of(image, mask)
    lighter, darker = (pixels * (1 + _SHADE)).clamp(max=1), pixels * (1 - _SHADE)
    inside = torch.ones_like(pixels[:, :1])
    both = apply(torch.cat([lighter, darker], dim=3), torch.cat([inside, inside], dim=3), recipe)
    before, after = _shares((_luma(lighter), _luma(darker)), [_luma(one) for one in both.chunk(2, dim=3)])
    seen = (before > _FAINT_SHADE).to(before.dtype)  # black has none to lose
    return (seen * (1 - after / before.clamp(min=_FAINT_SHADE))).clamp(0, 1).flatten(1)


def lost_contrast(image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The share of its contrast that a region loses: by how much neighbouring pixels differ, relative to their brightness.

    Args:
        image, edited: (B, 3, H, W) RGB in [0, 1], photos and their edits.
        mask: (B, 1, H, W) in [0, 1]; pixels where it is at least 0.5 count.

    Returns:
        (B,), at most 1; 0 where there is hardly any contrast to lose, negative where it grows.
    """
    inside, lumas = mask >= 0.5, (_luma(image), _luma(edited))
    sums = []
    for axis in (2, 3):
        first, second = ([part.narrow(axis, start, part.shape[axis] - 1) for part in (inside, *lumas)] for start in (0, 1))
        both = first[0] & second[0]
        shares = _shares((first[1], second[1]), (first[2], second[2]))
        sums.append(torch.stack([(part * both).flatten(1).sum(dim=1) for part in (*(one.abs() for one in shares), both)]))
    before, after, pairs = sums[0] + sums[1]
    return torch.where(before > _FAINT_SHADE * pairs, 1 - after / before.clamp(min=1e-6), 0.0)


def flattened(lost: torch.Tensor) -> torch.Tensor:
    """How much of a region is flat: (B, K) of `lost_shading` -> (B,) in [0, 1].

    It is 0 where half of the shading or more is kept everywhere, and 1 where nothing is left of any: a balloon is then a patch.
    """
    return (2 * lost - 1).relu().mean(dim=1)


def veiled(shading: torch.Tensor, contrast: torch.Tensor) -> torch.Tensor:
    """How much of its contrast a region loses, as behind mist: of its shading where it is smooth, between pixels elsewhere.

    Grey keeps all shading, and takes what hues differ by; between the pixels of a balloon is hardly any contrast.

    Args:
        shading: (B, K) of `lost_shading`.
        contrast: (B,) of `lost_contrast`.

    Returns:
        (B,) in [0, 1], the greater of both.
    """
    return torch.maximum(shading.mean(dim=1), contrast)


def _luma(image: torch.Tensor) -> torch.Tensor:
    """The brightness of (B, 3, H, W) RGB: (B, 1, H, W)."""
    return (image * image.new_tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True)


def _shares(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """By what share two brightnesses differ, before an edit and after it; what is darkened alone keeps its share."""
    (one, other), (edited, edited_too) = before, after
    total, total_after = one + other, edited + edited_too
    darkened = (total_after / total.clamp(min=1e-6)).clamp(max=1)
    return (one - other) / (total + _NEAR_BLACK), (edited - edited_too) / (total_after + _NEAR_BLACK * darkened).clamp(min=1e-6)


def _pixels_of(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Pixels that stand for each region, evenly spread by its mask: (B, 3, 1, K)."""
    weights = mask.flatten(1).float().cumsum(dim=1)
    at = (torch.arange(_PIXELS, device=mask.device, dtype=weights.dtype) + 0.5) / _PIXELS * weights[:, -1:]
    index = torch.searchsorted(weights, at).clamp(max=weights.shape[1] - 1)
    return image.flatten(2).gather(2, index[:, None].expand(-1, 3, -1))[:, :, None]


def _greys(recipe: Recipe, tones: torch.Tensor) -> torch.Tensor:
    """What edits make of greys: B edits and (N,) in [0, 1] -> (B, 3, N), Lab as `rgb_to_lab` gives it."""
    grey = tones.to(recipe.exposure).expand(len(recipe), 3, 1, -1)
    return rgb_to_lab(apply(grey, torch.ones_like(grey[:, :1]), recipe))[:, :, 0]


def logit_change(before: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    """What an edit does to R on the scale of logits: the dR that the same evidence makes where a photo scores one half.

    Where R is near 0 or 1, dR hardly sees what an edit does.

    Args:
        before: (B,) R of the photos, in [0, 1].
        change: (B,) dR of eq. 2.

    Returns:
        (B,) a quarter of the change of R's logit.
    """
    after, before = (_precise(score).logit() for score in (before + change, before))
    return ((after - before) / 4).to(change.dtype)


def least_change(before: torch.Tensor, guard: float) -> torch.Tensor:
    """The least dR that the guard lets through.

    On the scale of logits it is the guard's number, which sees more than dR where a photo scores nearly 1. In between, where
    the same evidence makes the most of dR, it is `_OF_GUARD` of that number by dR itself, as a verdict goes by dR.

    Args:
        before: (B,) R of the photos, in [0, 1].
        guard: the least `logit_change`, 0 or below.

    Returns:
        (B,) dR of eq. 2.
    """
    score = _precise(before)
    return ((score.logit() + 4 * guard).sigmoid() - score).clamp(_OF_GUARD * guard, 0.0).to(before.dtype)


def _precise(score: torch.Tensor) -> torch.Tensor:
    """Scores in [0, 1] as logits want them: in double precision, where there is one, and off the ends."""
    wide = torch.float32 if score.device.type == "mps" else torch.float64  # Apple's GPUs have no more
    return score.to(wide).clamp(1e-6, 1 - 1e-6)
