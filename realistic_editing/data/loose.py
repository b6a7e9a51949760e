"""Loose masks: whether a mask's border lies on a border in the photo, and mending it where it does not."""
import dataclasses
import math
from collections.abc import Callable

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_mask, check_photo, to_unit
from realistic_editing.data.borders import differences_along, lab_of, small_copy
from realistic_editing.data.masks import intersection_over_union
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.refine import refine_region

# A border that is less than this much steeper than what lies beside it is loose; of masks of public sets, few are.
LOOSE = 1.4
# How much steeper than the given one a mended border must be, where that is loose and where it is not: who draws well is not
# to be corrected: with 1.25, a flag's pale stripe before a pale wall was lost. And how much steeper the mask's own, softened
# to a matte, must be to be taken instead.
_GAIN, _CLEAR_GAIN, _SOFT_GAIN = 1.1, 1.5, 1.1
_AFAR = 0.01  # of the photo's longer side, see `refine_region`; by damaged masks of COCO's split val
_REACH = 0.04  # of the shorter side: how far beside a border the photo is looked at, to each side
_NEAR, _BESIDE = 1, 3  # pixels: what is on the border, and what is no longer
_FEWEST = 40  # pixels of a border that say something
_FEWEST_ACROSS = 16  # pixels of a photo's side
_MOST = 20000  # pixels of a border that are looked at
_FEATHER = 12.0  # pixels: a border that is softer on average was meant to be; of mattes of COCO's things, few are
_HARD = 1.5  # pixels: a border that is softer is a matte already
_WHOLE = 0.98  # a mask that selects nothing wholly asks for less than an edit, which no mended mask does
_DENT = 0.75  # pixels of depth, on average along a border, that are none: a slanting line of pixels is a staircase
_FEW_PARTS = 8  # that straight lines cut a photo into; crumbs are more
_ALIKE = 16.0  # CIELAB units from one side of a border to the other, below which it is no full border
_FADE = 0.05  # of the root of a region's area: the sigma by which it is blurred there
_SEEN = 0.1  # of full: a mask that changes by less anywhere is as it was
REFINED, SOFTENED, FADED = "refined", "softened", "faded"


@dataclasses.dataclass(frozen=True, eq=False)
class Mended:
    """A mask that was mended.

    Args:
        mask: (H, W) uint8.
        way: REFINED, its border lies elsewhere, see `refine_region`; SOFTENED, it got a matte about its own border, so that it
            follows the photo within a few pixels; FADED, see `faded`.
        overlap: with the given mask (intersection over union), each hard at its middle.
    """

    mask: np.ndarray
    way: str
    overlap: float


def firmness(photo: np.ndarray, mask: np.ndarray) -> float:
    """How much steeper a photo is across a mask's border than across lines beside it: 1 where it follows nothing.

    Along the normals of the border the change of CIELAB is taken at every pixel; the mean on the border is divided by that
    beside it. The photo's own border counts for nothing.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types, hard at its middle.

    Returns:
        Above 2 for most masks that follow a thing; nan where there is too little border to tell.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    image, region = small_copy(photo, check_mask(mask, photo))
    return _firmness(lab_of(image), region >= 0.5)


def mend_if_loose(photo: np.ndarray, mask: np.ndarray) -> Mended | None:
    """Mend a mask where its border lies on none in the photo, or follows it worse than a better one would.

    The better one is what `refine_region` finds; else a matte about the mask's own border, which leaves the border where it is
    and lets it follow the photo within a few pixels. Where both sides of a border are alike, one that is moved, or one that
    follows nothing and for which no better one is found, fades out.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types.

    Returns:
        None where the mask is to stay: it follows the photo, is soft on purpose, or is cut off by straight lines from edge to
        edge, as the upper third of a sky.

    Raises:
        InputError: when photo or mask cannot be used.
        ModuleNotFoundError: where a mask is loose and the extra `tools` is absent.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo)
    image, region = small_copy(photo, mask)
    softness = _softness(region)
    if region.max() < _WHOLE or softness > _FEATHER or _is_cut_off(region >= 0.5):
        return None
    before = _firmness(lab_of(image), region >= 0.5)
    if math.isnan(before):
        return None
    try:
        return _mended(photo, mask, before, softness < _HARD)
    except ModuleNotFoundError:
        if before < LOOSE:
            raise
        return None  # it does without


def _mended(photo: np.ndarray, mask: np.ndarray, before: float, hard: bool) -> Mended | None:
    """A mask whose border follows the photo clearly better, by the best of several ways, or one that fades out, or None.

    The ways are compared on a small copy, which takes a fraction of the time; what is taken must hold in the photo itself.

    Args:
        photo, mask: as for `mend_if_loose`.
        before: the border's firmness.
        hard: whether it is hard.
    """
    small, loose = small_copy(photo, mask), before < LOOSE
    least = max(LOOSE, before * (_GAIN if loose else _CLEAR_GAIN))
    reached = [(firmness(small[0], refine(*small)), refine) for refine in (_REFINING if loose else _REFINING[:1])]
    steepest, refine = max(reached, key=lambda one: np.nan_to_num(one[0]))
    if steepest >= least and firmness(photo, found := _matte(photo, refine(photo, mask))) >= least:
        return _result(faded(photo, found), mask, REFINED)
    if hard and firmness(photo, found := _matte(photo, to_unit(mask) >= 0.5)) >= max(LOOSE, _SOFT_GAIN * before):
        return _result(found, mask, SOFTENED)
    if not loose:
        return None
    found = faded(photo, mask)
    return _result(found, mask, FADED) if np.abs(to_unit(found) - to_unit(mask)).max() >= _SEEN else None


def _result(found: np.ndarray, mask: np.ndarray, way: str) -> Mended:
    return Mended(found, way, intersection_over_union(found >= 128, to_unit(mask) >= 0.5))


def faded(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A mask that fades out where both sides of its border are alike, and stays as it is where they differ.

    An edit that ends in the middle of a lawn leaves a step there, however good the rest of the border is.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types.

    Returns:
        (H, W) uint8.
    """
    image, region = small_copy(photo, mask)
    differences, border = differences_along(lab_of(image), region >= 0.5)
    alike = np.where(border, (1 - differences / _ALIKE).clip(0, 1), 0)
    sigma = max(1.0, _FADE * math.sqrt(np.count_nonzero(region >= 0.5)))
    found, places = (cv2.GaussianBlur(part.astype(np.float32), (0, 0), 2 * sigma) for part in (alike, border))
    change = found / np.maximum(places, 1e-6) * (cv2.GaussianBlur(region, (0, 0), sigma) - region)
    given = to_unit(check_mask(mask, photo))
    return as_bytes((given + cv2.resize(change, given.shape[::-1], interpolation=cv2.INTER_LINEAR)).clip(0, 1))


def _from_afar(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What `refine_region` finds where it may look farther from the mask's border."""
    return refine_region(photo, mask, _AFAR)


def _twice(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What `refine_region` finds from what it found: the second look starts closer."""
    return refine_region(photo, refine_region(photo, mask))


def _twice_from_afar(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """As `_twice`, each time from afar."""
    return _from_afar(photo, _from_afar(photo, mask))


# What may find the border of a loose mask: each is best for some. Of one that is not loose the first alone is tried.
_REFINING: tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], ...] = (refine_region, _from_afar, _twice, _twice_from_afar)


def _matte(photo: np.ndarray, region: np.ndarray) -> np.ndarray:
    """(H, W) bool -> (H, W) uint8, softened as the photo is."""
    return alpha_matte(as_bytes(photo), region)


def _is_cut_off(region: np.ndarray) -> bool:
    """Whether straight lines from edge to edge of the photo cut a region (H, W) bool off: then each side of them is convex."""
    allowed = _DENT * _border_length(region.astype(np.uint8))
    for side in (region, ~region):
        count, labels = cv2.connectedComponents(side.astype(np.uint8), connectivity=4)
        if count > _FEW_PARTS or sum(_dent((labels == part).astype(np.uint8)) for part in range(1, count)) > allowed:
            return False
    return True


def _dent(part: np.ndarray) -> int:
    """How many pixels of its convex hull a part (H, W) uint8, 0 or 1, leaves out."""
    points = np.concatenate(cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0])
    return cv2.countNonZero(cv2.fillConvexPoly(np.zeros_like(part), cv2.convexHull(points), 1)) - cv2.countNonZero(part)


def _border_length(hard: np.ndarray) -> float:
    """How many pixels long the border of a mask (H, W) uint8, 0 or 1, is, without the photo's own."""
    return cv2.countNonZero(cv2.morphologyEx(hard, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))) / 2


def _softness(region: np.ndarray) -> float:
    """How many pixels of (h, w) in [0, 1] are soft for one of its border."""
    length = _border_length((region >= 0.5).astype(np.uint8))
    return np.count_nonzero((region > 0.02) & (region < 0.98)) / max(length, 1)


def _firmness(lab: np.ndarray, region: np.ndarray) -> float:
    """`firmness` of CIELAB (h, w, 3) and a region (h, w) bool."""
    if min(region.shape) < _FEWEST_ACROSS:
        return math.nan
    depth, beyond = (
        cv2.distanceTransform(np.pad(side, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        for side in (region, ~region)
    )
    signed = np.where(region, depth - 0.5, 0.5 - beyond)
    down, across = np.gradient(cv2.GaussianBlur(signed, (0, 0), 1.5))
    length = np.hypot(down, across) + 1e-6
    rows, columns = np.nonzero(region & (depth < 1.5))
    inner = (rows > 2) & (columns > 2) & (rows < region.shape[0] - 3) & (columns < region.shape[1] - 3)
    rows, columns = rows[inner], columns[inner]
    if len(rows) < _FEWEST:
        return math.nan
    if len(rows) > _MOST:
        rows, columns = (part[:: len(rows) // _MOST + 1] for part in (rows, columns))
    reach = math.ceil(max(_BESIDE + 1, _REACH * min(region.shape)))
    steps = np.arange(-reach - 1, reach + 2)
    at = [
        (place[:, None] + steps * (slope / length)[rows, columns][:, None]).astype(np.float32)
        for place, slope in ((columns, across), (rows, down))
    ]
    colours = cv2.remap(lab, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # (N, steps, 3)
    steep = np.linalg.norm(colours[:, 2:] - colours[:, :-2], axis=2).mean(axis=0)
    far = np.abs(steps[1:-1])
    return float(steep[far <= _NEAR].mean() / max(steep[far > _BESIDE].mean(), 1e-6))
