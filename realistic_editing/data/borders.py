"""How far a region's colours differ from those beside it, along its border: next to nothing where a mask cuts through a sky."""
import math

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_mask, check_photo, to_unit
from realistic_editing.data.pixels import resize

_LONGEST = 640  # pixels of the longer side at which borders are looked at
_FEWEST = 40  # pixels of a border that say something
_RIM, _BAND, _ALONG = 1, 4, 6.0  # pixels: what is too close to a border, what is beside it, and along how much of it
_KNOWN = 0.02  # of what is near a place: less on one side, as in a line of a pixel, says nothing
_EDGE = 4  # pixels along the photo's own border, which is none of the region's


def small_copy(photo: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A photo as (h, w, 3) uint8, and a mask as (h, w) float32 in [0, 1], at the size at which borders are looked at."""
    shrink = min(1.0, _LONGEST / max(mask.shape))
    size = tuple(max(1, round(side * shrink)) for side in mask.shape)
    return as_bytes(resize(photo, size)), to_unit(resize(mask, size))


def lab_of(image: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 -> CIELAB, float32, without the finest grain."""
    return cv2.GaussianBlur(cv2.cvtColor(image * np.float32(1 / 255), cv2.COLOR_RGB2Lab), (0, 0), 1.0)


def difference_across(photo: np.ndarray, mask: np.ndarray) -> float:
    """How far the colours beside a mask's border differ from one side to the other, at the middle one of its places.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types, hard at its middle.

    Returns:
        In units of CIELAB; nan where there is too little border to tell.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    image, region = small_copy(photo, check_mask(mask, photo))
    found, border = differences_along(lab_of(image), region >= 0.5)
    return float(np.median(found[border])) if np.count_nonzero(border) >= _FEWEST else math.nan


def differences_along(lab: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far colours differ from one side of a border to the other, at each of its places.

    Args:
        lab: (h, w, 3) CIELAB.
        region: (h, w) bool.

    Returns:
        (h, w) float32 in units of CIELAB, and (h, w) bool, where that is known: on the border, without the photo's own, where
        there is enough on either side.
    """
    hard = region.astype(np.uint8)
    border = cv2.morphologyEx(hard, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    border[:_EDGE] = border[-_EDGE:] = border[:, :_EDGE] = border[:, -_EDGE:] = False
    (inside, near), (outside, beyond) = (_beside(lab, side) for side in (hard, 1 - hard))
    return np.linalg.norm(inside - outside, axis=2), border & (near > _KNOWN) & (beyond > _KNOWN)


def _beside(lab: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean colour near each place, of what lies on one side (h, w) of the border and close to it, and how much there is."""
    kernel = np.ones((3, 3), np.uint8)
    band = (cv2.erode(side, kernel, iterations=_RIM) > 0) & (cv2.erode(side, kernel, iterations=_BAND) == 0)
    weight = band.astype(np.float32)
    total = cv2.GaussianBlur(lab * weight[:, :, None], (0, 0), _ALONG)
    share = cv2.GaussianBlur(weight, (0, 0), _ALONG)
    return total / (share[:, :, None] + 1e-4), share
