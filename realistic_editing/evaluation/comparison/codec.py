"""Results as others published theirs: every published result of Mechrez is a JPEG of quality 70, with chroma at half the size.

Beside such files a result without loss is measured otherwise than it would be among them, so ours is coded the same way first.
"""
import cv2
import numpy as np

_QUALITY = 70
PUBLISHED = ("mechrez",)  # sources of regions whose published results were saved so


def as_published(pixels: np.ndarray, source: str) -> np.ndarray:
    """A result of ours as the published results beside it were saved.

    Args:
        pixels: (H, W, 3) uint8, RGB.
        source: of the region, as `Region.source`; results of other sets are as their files.

    Returns:
        The same shape: through a JPEG of quality 70, 4:2:0, where the published results are; else `pixels`.
    """
    if source not in PUBLISHED:
        return pixels
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    _, code = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), options)
    return np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
