"""Edits under soft borders: of the thing's own colours, so that what shows through from behind it leaves no rim."""
import dataclasses
import importlib.util
import math

import cv2
import numpy as np

from realistic_editing.common.arrays import LEVELS, check_mask, check_photo, to_unit
from realistic_editing.common.extras import how_to_install
from realistic_editing.data.matte import ALONE, foreground_estimator
from realistic_editing.data.pixels import resize
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.recipe import Recipe

_SURE = 0.02  # from 0 and from 1: a mask nearer to either mixes no two colours that can be told apart
# How wide a soft border may be, as a share of the root of the area: twice a whole band of a matte. From half of it on, less and
# less is taken for a border: what is softer shades an edit off, and does not part two things.
_WIDEST = 0.2
_LEAST = 4  # pixels that a border may be wide, of however small a thing
_LONGEST = 640  # pixels of the longer side at which colours are estimated: finer ones come from the photo itself
_PIXELS = 1 << 14  # of a border that are edited at once: OpenCV takes no more than 32767 rows


@dataclasses.dataclass(frozen=True, eq=False)
class Colours:
    """Colours before and behind a soft border, of a part of a photo, small; of whatever edit they hold.

    Args:
        corner: top and left of the part in the photo.
        scale: pixels of it for a pixel of the photo, down and across.
        layers: (h, w, 3), (h, w, 3) and (h, w) float32: foreground, background, and how far this is a border, in [0, 1].
    """

    corner: tuple[int, int]
    scale: tuple[float, float]
    layers: tuple[np.ndarray, np.ndarray, np.ndarray]


def apply_to_foreground(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Edit the masked region of a photo as `apply_to_photo`, but at soft borders the region's own colours alone.

    There a photo is I = M F + (1 - M) B, of colours F of the region and B behind it. Both are estimated (Germer et al., 2020),
    and the result is M edit(F) + (1 - M) B. What is soft without being a border, such as a mask that is grey all over or one
    that shades off slowly, is edited as by `apply_to_photo`. Without a soft border this costs a look at the mask.

    Args:
        photo, mask, recipe: as for `apply_to_photo`. A recipe that blends after every operator has no say at a soft border.

    Returns:
        A new array of the photo's shape and dtype; bit-identical to it where the mask is 0, and to what `apply_to_photo` makes
        where it is within 2 % of 0 or 1. The latter everywhere where the extra `tools` is absent.

    Raises:
        InputError, ValueError: as `apply_to_photo`.
    """
    return apply_with_colours(photo, mask, recipe, estimate_colours(photo, mask))


def apply_with_colours(
    photo: np.ndarray,
    mask: np.ndarray,
    recipe: Recipe,
    colours: Colours | None,
    corner: tuple[int, int] = (0, 0),
    scale: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """The same with colours that are at hand, for many edits of one region, and for parts of its photo.

    Args:
        photo, mask, recipe: as for `apply_to_photo`: the photo, a part of it, or the whole of it smaller.
        colours: of the whole photo, see `estimate_colours`; None edits as `apply_to_photo`.
        corner: top and left of the part, in pixels of the photo.
        scale: pixels of the photo for a pixel of the smaller one, down and across.

    Returns:
        A new array of the photo's shape and dtype.

    Raises:
        InputError, ValueError: as `apply_to_photo`.
    """
    result = apply_to_photo(photo, mask, recipe)
    soft = None if colours is None else _soft(mask)
    if soft is None:
        return result
    levels, unit, places = LEVELS[photo.dtype], LEVELS[mask.dtype], np.flatnonzero(soft)
    work = np.float64 if photo.dtype == np.float64 else np.float32
    # Flat views: the result's memory has no gaps.
    pixels, shares, edited = photo.reshape(-1, 3), mask.reshape(-1), result.reshape(-1, 3)
    for start in range(0, len(places), _PIXELS):
        part = places[start : start + _PIXELS]
        before, share = pixels[part].astype(work) / work(levels), (shares[part].astype(work) / work(unit))[:, None]
        thing, behind, border = _at(colours, np.divmod(part, photo.shape[1]), corner, scale)
        # The nearest pair of colours that makes up the pixel: it brings back the detail that the small estimate lacks.
        missing = before - share * thing - (1 - share) * behind
        thing = thing + missing * share / (share**2 + (1 - share) ** 2)
        thing = np.clip(before + border * (thing - before), 0, 1)
        stored = _stored(thing * levels, photo.dtype)
        everywhere = np.full((1, len(part)), unit, mask.dtype)  # of the mask's type, for which the kernel is compiled already
        after = apply_to_photo(stored[None], everywhere, recipe)[0]
        moved = share * (after.astype(work) - stored)  # 0 where the recipe changes nothing: then the photo stays as it is
        edited[part] = _stored(np.clip(pixels[part] + moved, 0, levels), photo.dtype)
    return result


def _stored(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return (np.rint(values) if LEVELS[dtype] > 1 else values).astype(dtype)


def foreground_notes(mask: np.ndarray) -> tuple[str, ...]:
    """A note where a mask (H, W) has soft borders, and what estimates colours there is absent."""
    if _soft(mask) is None or importlib.util.find_spec("pymatting") is not None:
        return ()
    return (f"at soft borders a rim of the old colours may stay; what removes it is absent: {how_to_install('tools')}",)


def _soft(mask: np.ndarray) -> np.ndarray | None:
    """(H, W) uint8, 255 where a mask is soft; None where that is nowhere."""
    if mask.dtype == bool:
        return None
    levels = LEVELS[mask.dtype]
    low, high = _SURE * levels, (1 - _SURE) * levels
    soft = cv2.inRange(mask, *((low, high) if levels == 1 else (math.ceil(low), math.floor(high))))
    return soft if cv2.countNonZero(soft) else None


def estimate_colours(photo: np.ndarray, mask: np.ndarray) -> Colours | None:
    """The colours before and behind the soft borders of a region (Germer et al., 2020), for `apply_with_colours`.

    Args:
        photo, mask: as for `apply_to_photo`.

    Returns:
        None where nothing is soft, what is soft is no border, or the extra `tools` is absent.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo, keep_bool=True)
    soft = _soft(mask)
    if soft is None:
        return None
    left, top, width, height = cv2.boundingRect(soft)
    margin = math.ceil(_WIDEST / 2 * max(width, height)) + _LEAST  # colours of either side
    top, bottom = max(0, top - margin), min(mask.shape[0], top + height + margin)
    left, right = max(0, left - margin), min(mask.shape[1], left + width + margin)
    height, width = bottom - top, right - left
    shrink = min(1.0, _LONGEST / max(height, width))
    size = max(1, round(height * shrink)), max(1, round(width * shrink))
    alpha = to_unit(resize(mask[top:bottom, left:right], size)).astype(np.float64)
    border = _border(alpha)
    if not border.any():
        return None
    image = to_unit(resize(photo[top:bottom, left:right], size)).astype(np.float64)
    with ALONE:
        try:
            estimate = foreground_estimator()
        except ModuleNotFoundError:
            return None
        thing, behind = estimate(image, alpha, return_background=True)
    layers = tuple(np.ascontiguousarray(layer, np.float32) for layer in (thing, behind, border))
    return Colours((top, left), (size[0] / height, size[1] / width), layers)


def _border(alpha: np.ndarray) -> np.ndarray:
    """How far a mask (h, w) in [0, 1] is a border: 1 close to what is inside and to what is outside, 0 far from either."""
    inside, outside = alpha >= 1 - 2 * _SURE, alpha <= 2 * _SURE
    if not inside.any() or not outside.any():
        return np.zeros(alpha.shape, np.float32)
    reach = max(_LEAST, _WIDEST * math.sqrt(alpha.sum()))
    far = [cv2.distanceTransform((~side).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for side in (inside, outside)]
    return np.clip(2 - 2 * np.maximum(*far) / reach, 0, 1)  # fades, because the end of a border is none itself


def _at(
    colours: Colours, places: tuple[np.ndarray, np.ndarray], corner: tuple[int, int], scale: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Foreground and background (N, 3), and border (N, 1), at rows and columns (N,) of a part, see `apply_with_colours`."""
    at = [
        (((places[axis] + 0.5) * scale[axis] + corner[axis] - colours.corner[axis]) * colours.scale[axis] - 0.5)
        .astype(np.float32)[:, None]
        for axis in range(2)
    ]
    layers = [
        cv2.remap(layer, at[1], at[0], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for layer in colours.layers
    ]
    thing, behind, border = (layer.reshape(len(at[0]), -1) for layer in layers)
    return thing, behind, border
