"""Loose masks: whether a mask's border lies on a border in the photo, and mending it where it does not."""
import math
from collections.abc import Callable

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_mask, check_photo, to_unit
from realistic_editing.data.borders import lab_of, small_copy
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.select import refine_mask

# A border that is less than this much steeper than what lies beside it is loose; of masks of public sets, few are.
LOOSE = 1.4
# How much steeper than the given one a mended border must be, where that is loose and where it is not: who draws well is not
# to be corrected. And how much steeper the mask's own, softened to a matte, must be to be taken instead.
_GAIN, _CLEAR_GAIN, _SOFT_GAIN = 1.1, 1.5, 1.1
_AFAR = 0.01  # of the photo's longer side, see `refine_mask`; by damaged masks of COCO's split val
_REACH = 0.04  # of the shorter side: how far beside a border the photo is looked at, to each side
_NEAR, _BESIDE = 1, 3  # pixels: what is on the border, and what is no longer
_FEWEST = 40  # pixels of a border that say something
_FEWEST_ACROSS = 16  # pixels of a photo's side
_MOST = 20000  # pixels of a border that are looked at
_FEATHER = 12.0  # pixels: a border that is softer on average was meant to be; of mattes of COCO's things, few are
_HARD = 1.5  # pixels: a border that is softer is a matte already
_WHOLE = 0.98  # a mask that selects nothing wholly asks for less than an edit, which no mended mask does


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


def mend_if_loose(photo: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """Mend a mask where its border lies on none in the photo, or follows it worse than a better one would.

    The better one is what `refine_mask` finds; else a matte about the mask's own border, which leaves the border where it is
    and lets it follow the photo within a few pixels.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types.

    Returns:
        (H, W) uint8; None where the mask is to stay: it follows the photo, it is soft on purpose, or mending finds nothing that
        follows the photo clearly better.

    Raises:
        InputError: when photo or mask cannot be used.
        ModuleNotFoundError: where a mask is loose and the extra `tools` is absent.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo)
    image, region = small_copy(photo, mask)
    softness = _softness(region)
    if region.max() < _WHOLE or softness > _FEATHER:
        return None
    before = _firmness(lab_of(image), region >= 0.5)
    if math.isnan(before):
        return None
    try:
        mend = _better(image, region, before, softness < _HARD)  # on the small copy, which takes a fraction of the time
    except ModuleNotFoundError:
        if before < LOOSE:
            raise
        return None  # it does without
    return None if mend is None else mend(photo, mask)


def _better(
    image: np.ndarray, region: np.ndarray, before: float, hard: bool
) -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    """What makes a border follow the photo clearly better: the first of several ways, or None.

    Args:
        image: (h, w, 3) uint8 RGB.
        region: (h, w) float32 in [0, 1].
        before: the border's firmness.
        hard: whether it is hard.
    """
    ways = [(refine_mask, _GAIN), (_mended_from_afar, _GAIN)] if before < LOOSE else [(refine_mask, _CLEAR_GAIN)]
    if hard:
        ways.append((_own_matte, _SOFT_GAIN))
    lab = lab_of(image)
    for mend, gain in ways:
        if _firmness(lab, mend(image, region) >= 128) >= max(LOOSE, gain * before):
            return mend
    return None


def _mended_from_afar(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What `refine_mask` finds where it may look farther from the mask's border."""
    return refine_mask(photo, mask, _AFAR)


def _own_matte(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A matte about a mask's own border; as for `refine_mask`."""
    return alpha_matte(as_bytes(photo), to_unit(mask) >= 0.5)


def _softness(region: np.ndarray) -> float:
    """How many pixels of (h, w) in [0, 1] are soft for one of its border."""
    hard = (region >= 0.5).astype(np.uint8)
    length = cv2.countNonZero(cv2.morphologyEx(hard, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))) / 2
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
