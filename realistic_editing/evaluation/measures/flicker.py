"""How much an edit of a clip flickers."""
from collections import deque

import numpy as np

from realistic_editing.common.arrays import LEVELS


class Flicker:
    """Gather the flicker of an edit, frame by frame.

    What the edit adds to a frame is d_t = edited_t - input_t. A steady edit adds the same, one that drifts adds evenly more,
    and neither is seen; what is seen is a change of the change: the second difference d_(t+1) - 2 d_t + d_(t-1). Taking d, and
    not the edited frames, leaves out the light and motion of the scene itself. Two means of its absolute value are kept, over
    the pixels inside the mask of all three frames, the channels and the frames, in levels of 255:

    `region`: of the region's mean d. The region pulses as a whole, which the eye sees first; texture that moves through the
    region averages out.

    `pixels`: of d pixel by pixel. Beside pulses it counts noise of the camera and moving texture, which the edit scales: a
    steady edit of a moving thing has much of it. Compare it among edits of one clip only.
    """

    def __init__(self) -> None:
        self._changes: deque = deque(maxlen=3)
        self._region: list[float] = []
        self._pixels: list[float] = []

    def add(self, frame: np.ndarray, edited: np.ndarray, mask: np.ndarray) -> None:
        """Take the next frame.

        Args:
            frame, edited: (H, W, 3) of one dtype, as `check_photo` has it.
            mask: (H, W) uint8 or uint16; inside is what is half selected or more.
        """
        level = 255 / LEVELS[frame.dtype]
        change = (edited.astype(np.float32) - frame.astype(np.float32)) * np.float32(level)
        self._changes.append((change, mask >= LEVELS[mask.dtype] / 2))
        if len(self._changes) < 3:
            return
        (first, a), (second, b), (third, c) = self._changes
        inside = a & b & c
        if inside.any():
            bend = first[inside] - 2 * second[inside] + third[inside]
            self._region.append(float(np.abs(bend.mean(axis=0)).mean()))
            self._pixels.append(float(np.abs(bend).mean()))

    def cut(self) -> None:
        """Say that the next frame does not follow the last one."""
        self._changes.clear()

    def result(self) -> dict[str, float | int] | None:
        """region and pixels, in levels of 255, and the number of triples of frames; None where there was none."""
        if not self._region:
            return None
        return {"region": float(np.mean(self._region)), "pixels": float(np.mean(self._pixels)), "triples": len(self._region)}
