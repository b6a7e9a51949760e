"""Write masks, compare them, and damage them as users draw them: too large or small, off their place, ragged (Figure 11)."""
from pathlib import Path

import cv2
import numpy as np
import pyvips

from realistic_editing.common.files import replacing

DAMAGES = ("grown", "shrunk", "shifted", "jagged")
REACH = (0.008, 0.03)  # of a damage, as shares of the photo's shorter side


def damaged(mask: np.ndarray, kind: str, generator: np.random.Generator) -> np.ndarray:
    """Damage a mask by a random distance.

    Args:
        mask: (H, W) uint8, soft or hard.
        kind: one of DAMAGES.
        generator: the source of all randomness.

    Returns:
        A new array of the same shape; `mask` itself where nothing of it would be left.

    Raises:
        ValueError: for another kind.
    """
    side = min(mask.shape)
    reach = max(1, round(generator.uniform(*REACH) * side))
    if kind in ("grown", "shrunk"):
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        result = (cv2.dilate if kind == "grown" else cv2.erode)(mask, disc)
    elif kind == "shifted":
        angle = generator.uniform(0, 2 * np.pi)
        move = np.float32([[1, 0, reach * np.cos(angle)], [0, 1, reach * np.sin(angle)]])
        result = cv2.warpAffine(mask, move, mask.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    elif kind == "jagged":
        # The edge wanders by the reach, in waves about twice as long.
        waves = max(2, round(side / (2 * reach)))
        noise = cv2.resize(generator.uniform(-1, 1, (waves, waves)).astype(np.float32), mask.shape[::-1])
        edge = (mask >= 128).astype(np.uint8)
        inside, outside = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (edge, 1 - edge))
        result = (np.clip(inside - outside + reach * noise + 0.5, 0, 1) * 255).round().astype(np.uint8)
    else:
        raise ValueError(f"kind is {kind!r}; use one of {DAMAGES}")
    return result if result.max() >= 128 else mask


def intersection_over_union(one: np.ndarray, other: np.ndarray) -> float:
    """How far two masks overlap: what both select over what either does.

    Args:
        one, other: (H, W) bool, or uint8, 255 = selected, and then hard at its middle.

    Returns:
        In [0, 1]; 0 where neither selects a pixel.
    """
    first, second = (mask if mask.dtype == bool else mask >= 128 for mask in (one, other))
    return float((first & second).sum() / max((first | second).sum(), 1))


def write_mask(path: str | Path, mask: np.ndarray, wide: bool = True) -> None:
    """Write a mask as a grey PNG.

    Args:
        path: of the PNG.
        mask: (H, W) uint8 or uint16.
        wide: whether 8 bits are written as 16, which other programs multiply more exactly; else, read again, the mask gives the
            same edit to the last bit.

    Raises:
        InputError: when the file cannot be written.
    """
    written = mask.astype(np.uint16) * 257 if wide and mask.dtype == np.uint8 else mask
    interpretation = "grey16" if written.dtype == np.uint16 else "b-w"
    with replacing(path) as temporary:
        temporary.write_bytes(pyvips.Image.new_from_array(written).copy(interpretation=interpretation).pngsave_buffer())
