"""Borders of masks as paths that a browser draws."""
import cv2
import numpy as np

from realistic_editing.common.arrays import to_unit
from realistic_editing.data.pixels import resize

_SMOOTH = 0.6  # pixels that an outline may be off, so that it has few points
_MOST_LINES = 300  # of one outline


def outline(mask: np.ndarray, size: tuple[int, int]) -> str:
    """The border of a mask as an SVG path, in pixels of a picture of `size` (height, width)."""
    inside = (to_unit(resize(mask, size)) >= 0.5).astype(np.uint8)
    lines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    longest = sorted(lines, key=len, reverse=True)[:_MOST_LINES]
    smooth = [cv2.approxPolyDP(line, _SMOOTH, True)[:, 0].tolist() for line in longest]
    return "".join("M" + "L".join(f"{x + 0.5:g} {y + 0.5:g}" for x, y in line) + "Z" for line in smooth)
