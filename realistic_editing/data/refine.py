"""Rough masks: move their border to the border in the photo."""
import functools

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_mask, check_photo, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.grabcut import cut
from realistic_editing.data.masks import intersection_over_union
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.select import IN_DOUBT
from realistic_editing.data.selector import Looks, enlarged

_BAND = 0.15  # of sqrt(area): how far the border of a rough mask may be from the true one, for GrabCut
# A mended mask that overlaps the given one by less (intersection over union) has lost the thing. The network knows things, and
# may find one of twice the size.
_NEAR, _TRUST = 0.4, 0.6
_CRUMB, _KEPT = 0.05, 0.3  # of a mask: smaller parts are crumbs; and of a part: as much must be found again
_HELD = 0.2  # of a part that was found: a mask that holds less of it does not mean it


def refine_mask(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Move the border of a rough mask to the border in the photo, see `refine_region`, and soften it as a matte.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types, rough: grown, shrunk, shifted or jagged.

    Returns:
        (H, W) uint8. Where no thing is found, the mask's own border, softened.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    return alpha_matte(as_bytes(check_photo(photo)), refine_region(photo, mask))


def refine_region(photo: np.ndarray, mask: np.ndarray, beyond: float = 0.0) -> np.ndarray:
    """Move the border of a rough mask to the border in the photo.

    The network that selects finds the thing that is meant; where it is not sure, or finds another, GrabCut looks for one of the
    mask's colours. A part of the mask that is not found again stays as it is.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: as for `refine_mask`.
        beyond: how much farther than usual its border may be from the true one, as a share of the photo's longer side. More
            finds the thing of a mask that holds half of it, and more often another one.

    Returns:
        (H, W) bool. Where neither finds a thing, what the mask selects by half or more.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    rough = to_unit(check_mask(mask, photo))
    given = rough >= 0.5
    if not given.any():
        raise InputError("mask selects no pixel by half or more; mark the region white")
    pixels = as_bytes(photo)
    for find, trust in ((functools.partial(_found_by_network, beyond=beyond), _NEAR), (_found_by_colour, _TRUST)):
        found = find(pixels, rough)
        if intersection_over_union(found, given) > trust:
            return found | _lost_parts(found, given)
    return given


def _found_by_network(pixels: np.ndarray, rough: np.ndarray, beyond: float) -> np.ndarray:
    """What the network takes a rough mask (H, W) in [0, 1] to mean: (H, W) bool, nothing where it is in doubt."""
    found = Looks(pixels).mend(rough, beyond)
    if found.iou < IN_DOUBT:
        return np.zeros(rough.shape, bool)
    touched = cv2.resize(rough, found.probability.shape[::-1], interpolation=cv2.INTER_AREA) >= 0.5
    labels = cv2.connectedComponents((found.probability >= 0.5).astype(np.uint8))[1]
    sizes, held = np.bincount(labels.ravel()), np.bincount(labels[touched], minlength=labels.max() + 1)
    beside = (held <= _HELD * sizes)[labels]  # a like thing, which the mask touches at most
    return enlarged(np.where(beside, 0, found.probability), pixels.shape)


def _lost_parts(found: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The parts of a mask (H, W) bool, crumbs apart, that were not found again: two things may be meant, and one found."""
    labels = cv2.connectedComponents(given.astype(np.uint8))[1]
    sizes, kept = np.bincount(labels.ravel()), np.bincount(labels[found], minlength=labels.max() + 1)
    lost = (sizes > _CRUMB * given.sum()) & (kept <= _KEPT * sizes)
    lost[0] = False  # what the mask leaves
    return lost[labels]


def _found_by_colour(pixels: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """What GrabCut finds within a band about the border of a rough mask (H, W) in [0, 1]: (H, W) bool, or nothing."""
    given = rough >= 0.5
    width = _BAND * np.sqrt(given.sum())
    inner, outer = (cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 3) for side in (given, ~given))
    marks = np.where(given, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[inner > min(width, inner.max() / 2)], marks[outer > width] = cv2.GC_FGD, cv2.GC_BGD
    try:
        return cut(pixels, marks, "the mask")
    except InputError:
        return np.zeros(marks.shape, bool)
