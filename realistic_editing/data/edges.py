"""Hard masks: how much of each pixel along their border is the thing's, so that an edit leaves no steps and no crumbs."""
import math

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_mask, check_photo, to_unit
from realistic_editing.data.pixels import resize

_NEAR = 2.5  # pixels from the border, to either side, that may be of both; masks drawn by hand are no better
_SURE = 1.5  # pixels from it, from which on a pixel is of one side alone
_REACH = 5  # pixels within which the colours of either side are looked for
_ALIKE = 0.06  # a difference of colours, of RGB in [0, 1], below which they say little
_SMOOTH = 0.6  # pixels: sigma of the Gaussian that takes noise out of what is found
_LONGEST = 1500  # pixels of the thing's longer side at which it is found; in larger photos a border is as much softer
_MOST = 150_000  # pixels near a border that are compared, in a second or two; a longer border is only smoothed
_LEVELS = 5  # of 255: what is nearer to black or white is that
_HARD = 0.1  # a mask with more soft pixels than this for one of its border is soft already


def soften_hard(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A hard mask with a border as soft as the photo's own, found within 2.5 pixels of it; a soft mask as it is.

    A camera mixes the colours of a thing and of what is behind it along the thing's border. Each pixel there is compared with
    the nearest colours that are surely of one side and of the other: it is the thing's as far as it is nearer to the thing's
    (as in matting by sampling, such as Wang and Cohen, 2007, but of the closest colour alone). Where both sides look alike, the
    border is only smoothed; what is thinner than 3 pixels, such as a wire, and gaps as thin stay as they are.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        mask: (H, W) of the same types.

    Returns:
        (H, W): the mask itself where it is soft or full, and else uint8, which is as before further than 2.5 pixels from the
        border; of a thing of more than 1,500 pixels, these and the 3 above are pixels of what it is shrunk to.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo)
    levels = as_bytes(mask)
    hard = cv2.threshold(levels, 127, 255, cv2.THRESH_BINARY)[1]
    left, top, width, height = cv2.boundingRect(hard)
    if not width or not _is_hard(levels, hard):
        return mask
    # Beside the thing as much as may change, and as is looked at for it.
    margin = math.ceil((_NEAR + _REACH) * max(1, max(width, height) / _LONGEST)) + 2
    part = np.s_[max(0, top - margin) : top + height + margin, max(0, left - margin) : left + width + margin]
    found, within = levels.copy(), hard[part]
    shrink = min(1.0, _LONGEST / max(within.shape))
    size = tuple(max(1, round(side * shrink)) for side in within.shape)
    alpha, near = _alpha(to_unit(resize(photo[part], size)), resize(within, size) >= 128)
    places = cv2.resize(near.astype(np.uint8), within.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    soft = np.abs(levels[part].astype(np.int16) - within) > _LEVELS  # on purpose
    places &= ~soft & ~_around_thin(within, shrink)
    found[part][places] = resize(np.rint(255 * alpha).astype(np.uint8), within.shape)[places]
    return found


def _is_hard(levels: np.ndarray, hard: np.ndarray) -> bool:
    """Whether a mask (H, W) uint8 has a border, and hardly a pixel between; hard: the same, 0 or 255."""
    border = cv2.countNonZero(cv2.morphologyEx(hard, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    soft = cv2.countNonZero(cv2.inRange(levels, _LEVELS + 1, 254 - _LEVELS))
    return border > 0 and soft <= _HARD * border / 2


def _around_thin(hard: np.ndarray, shrink: float) -> np.ndarray:
    """Where a mask (h, w), 0 or 255, has parts or gaps too thin to hold a pixel that is surely of one side: (h, w) bool."""

    def square(reach: float) -> np.ndarray:
        return np.ones((2 * math.ceil(reach / shrink) + 1,) * 2, np.uint8)

    found = np.zeros(hard.shape, np.uint8)
    for side in (hard, 255 - hard):
        thick = cv2.dilate(cv2.erode(side, square(_SURE - 0.5)), square(_SURE + _NEAR))
        found |= side & ~thick
    return cv2.dilate(found, square(_NEAR)) > 0


def _alpha(image: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel is the thing's, and where that was looked for.

    Args:
        image: (h, w, 3) float32 RGB in [0, 1].
        inside: (h, w) bool.

    Returns:
        (h, w) float32 in [0, 1], and (h, w) bool.
    """
    depth, beyond = (
        cv2.distanceTransform(np.pad(side, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        for side in (inside, ~inside)
    )
    signed = np.where(inside, depth - 0.5, 0.5 - beyond)  # pixels from the border, positive inside
    near = np.abs(signed) <= _NEAR
    rows, columns = np.nonzero(near)
    own = signed[rows, columns]
    found = np.clip(0.5 + own / 2, 0, 1)  # smooth
    if len(rows) <= _MOST:
        to_thing, to_rest = _nearest(image, signed, rows, columns)
        known = np.isfinite(to_thing) & np.isfinite(to_rest)
        rows, columns, own, found = rows[known], columns[known], own[known], found[known]
        to_thing, to_rest = to_thing[known], to_rest[known]
        most = np.maximum(to_thing, to_rest) ** 2
        trust = most / (most + _ALIKE**2)
        found = trust * to_rest / np.maximum(to_thing + to_rest, 1e-6) + (1 - trust) * found
        near = np.zeros_like(near)
        near[rows, columns] = True
    end = np.clip(np.abs(own) - (_NEAR - 1), 0, 1)  # no step where the border's surroundings end
    alpha = inside.astype(np.float32)
    alpha[rows, columns] = (1 - end) * found + end * (own > 0)
    return np.where(near, cv2.GaussianBlur(alpha, (0, 0), _SMOOTH), alpha), near


def _nearest(
    image: np.ndarray, signed: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far the colours of pixels (N,) are from the nearest in reach that is the thing's, and the nearest that is not."""
    image = np.pad(image, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), mode="edge")
    signed = np.pad(signed, _REACH, mode="edge")
    own = image[rows + _REACH, columns + _REACH]
    thing, rest = (np.full(len(rows), np.inf, np.float32) for _ in range(2))
    for down, across in np.ndindex(2 * _REACH + 1, 2 * _REACH + 1):
        if (down - _REACH) ** 2 + (across - _REACH) ** 2 <= _REACH**2:
            at = rows + down, columns + across
            apart, side = np.square(image[at] - own).sum(axis=1), signed[at]
            thing = np.where(side >= _SURE, np.minimum(thing, apart), thing)
            rest = np.where(side <= -_SURE, np.minimum(rest, apart), rest)
    return np.sqrt(thing), np.sqrt(rest)
