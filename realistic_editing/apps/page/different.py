"""Of the network's 24 proposals, the few that differ most to the eye: most orders give nearly the same picture."""
import cv2
import numpy as np

from realistic_editing.common.arrays import to_unit
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.view import Candidates
from realistic_editing.ops.photo import apply_to_photo

COUNT = 6
COMPARED_SIDE = 64  # pixels of the region's surroundings that are compared


def most_different(
    pixels: np.ndarray, mask: np.ndarray, candidates: Candidates, first: int, count: int = COUNT
) -> tuple[int, ...]:
    """Proposals that look unlike each other: each next one is farthest from those before it, by CIELAB within the region.

    Those that move attention as asked come before others, however different these are.

    Args:
        pixels: (h, w, 3) sRGB around the region.
        mask: (h, w) of it.
        candidates: the proposals.
        first: index of the one to begin with, such as the most realistic.
        count: how many.

    Returns:
        Indices, `first` first.
    """
    shrink = min(1.0, COMPARED_SIDE / max(mask.shape))
    size = tuple(max(1, round(side * shrink)) for side in mask.shape)
    pixels, mask = resize(pixels, size), resize(mask, size)
    mask = mask if mask.any() else np.full_like(mask, np.iinfo(mask.dtype).max)  # a region too thin for the small picture
    looks = np.stack([_lab(apply_to_photo(pixels, mask, edit.recipe)) for edit in candidates])  # (N, h, w, 3)
    weight = to_unit(mask)[..., None] / to_unit(mask).sum()
    distance = np.array([[_difference(one, other, weight) for other in looks] for one in looks])
    found = [first]
    for asked in (True, False):
        left = [index for index, edit in enumerate(candidates) if (edit.gain > 0) is asked and index not in found]
        while left and len(found) < count:
            found.append(left.pop(int(distance[np.ix_(found, left)].min(axis=0).argmax())))
    return tuple(found)


def _lab(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(to_unit(pixels), cv2.COLOR_RGB2LAB)


def _difference(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> float:
    """The mean CIE76 difference within the region."""
    return float((np.sqrt(((one - other) ** 2).sum(axis=-1, keepdims=True)) * weight).sum())
