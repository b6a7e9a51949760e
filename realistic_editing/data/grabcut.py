"""GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004), which knows colours and no things; OpenCV's."""
import cv2
import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import resize

_LONGEST = 640  # pixels of the longer side while GrabCut looks; the border is then found again in the photo itself
_ITERATIONS = 5


def cut(pixels: np.ndarray, marks: np.ndarray, what: str) -> np.ndarray:
    """Tell a region from the rest by its colours.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        marks: (H, W) uint8, GrabCut's four kinds: surely or probably in the region, or not.
        what: names the region in errors.

    Returns:
        (H, W) bool.

    Raises:
        InputError: when the marks leave nothing to tell the region from, or nothing is found.
    """
    shrink = min(1.0, _LONGEST / max(marks.shape))
    size = tuple(max(1, round(side * shrink)) for side in marks.shape)
    small = cv2.resize(marks, size[::-1], interpolation=cv2.INTER_NEAREST)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    known = np.isin(small, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if known.all() or not known.any():
        raise InputError(f"{what}: leaves nothing to tell the region from; make it smaller, or larger")
    cv2.setRNGSeed(0)  # its colour models start at random
    bgr = np.ascontiguousarray(resize(pixels, size)[..., ::-1])
    cv2.grabCut(bgr, small, None, *models, _ITERATIONS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(small, (cv2.GC_FGD, cv2.GC_PR_FGD))
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(bool)
    if not found.any():
        raise InputError(f"{what}: nothing stands out there; draw it closer, or paint a mask")
    return resize(found.astype(np.uint8) * 255, marks.shape) >= 128
