"""Between the RGB of photos and what video files store: luma and chroma by a matrix that the file names, or leaves to custom.

FFmpeg's scaler rounds each colour down by a level; here the matrix is computed exactly, with 10 bits for luma and chroma, so
that RGB of 8 bits comes back as it was. The scaler only brings chroma to the size of luma.
"""
from typing import Any

import cv2
import numpy as np

# ITU-T H.273's code of a matrix -> weights of red and blue in luma.
WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
WEIGHTS[10] = WEIGHTS[9]
BT709, BT601 = 1, 6
HD = 720  # lines from which players take a clip that names no matrix for BT.709
TRANSFERS = {16: "PQ", 18: "HLG"}  # of high dynamic range
_LIMITED = 1  # FFmpeg's code of the range 16 to 235
_OFFSET, _SPAN = np.array([64, 512, 512], np.float32), np.array([876, 896, 896], np.float32) / 255


def matrix_of(code: int, lines: int) -> int:
    """The matrix that players use: the one that a clip names, or BT.709 from 720 lines, BT.601 below."""
    return code if code in WEIGHTS else BT709 if lines >= HD else BT601


def to_rgb(frame: Any) -> np.ndarray:
    """The colours of a decoded frame (av.VideoFrame): (H, W, 3) uint8, upright as stored."""
    if frame.format.is_rgb or len(frame.format.components) < 3:  # also palettes and grey
        return frame.to_ndarray(format="rgb24")
    # One matrix for both, whatever it is: the scaler then leaves the values alone.
    wide = frame.reformat(format="yuv444p10le", src_colorspace=BT709, dst_colorspace=BT709, dst_color_range=_LIMITED)
    stored = np.dstack([_values(plane, wide.width) for plane in wide.planes]).astype(np.float32)
    inverse = np.linalg.inv(_matrix(matrix_of(int(frame.colorspace), frame.height)))
    rgb = cv2.transform((stored - _OFFSET) / _SPAN, inverse)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def from_rgb(pixels: np.ndarray, matrix: int) -> Any:
    """A frame (av.VideoFrame, yuv444p10le, limited range) of (H, W, 3) uint8 RGB; the inverse of `to_rgb`."""
    import av

    frame = av.VideoFrame(pixels.shape[1], pixels.shape[0], "yuv444p10le")
    stored = np.rint(cv2.transform(pixels.astype(np.float32), _matrix(matrix)) * _SPAN + _OFFSET).astype("<u2")
    for channel, plane in enumerate(frame.planes):
        _values(plane, plane.line_size // 2)[:, : frame.width] = stored[..., channel]
    frame.colorspace, frame.color_range = matrix, _LIMITED
    return frame


def _matrix(code: int) -> np.ndarray:
    """From RGB in any unit to luma and chroma in the same unit, chroma about 0: (3, 3)."""
    red, blue = WEIGHTS[code]
    luma = np.array([red, 1 - red - blue, blue])
    rows = [luma, (np.array([0, 0, 1]) - luma) / (2 * (1 - blue)), (np.array([1, 0, 0]) - luma) / (2 * (1 - red))]
    return np.stack(rows).astype(np.float64)


def _values(plane: Any, width: int) -> np.ndarray:
    """A plane of 16-bit values, without copying: (H, width); lines may be padded."""
    return np.frombuffer(plane, "<u2").reshape(plane.height, plane.line_size // 2)[:, :width]
