"""HEIC, as phones take photos: decoded by pillow-heif, an extra, because libvips comes without a decoder for HEVC."""
from pathlib import Path

import numpy as np
import pyvips

from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.data import limits

_BLOBS = {"exif": "exif-data", "xmp": "xmp-data", "icc_profile": "icc-profile-data"}


def open_heic(path: str | Path, data: bytes) -> tuple[pyvips.Image, list[str]]:
    """A HEIC's main picture, upright, with its EXIF, XMP and profile as libvips names them; and notes for the user.

    Raises:
        InputError: without the extra, or when the file is damaged.
    """
    found, notes = _opened(path, data), []
    import pillow_heif  # there, or the line before has refused

    pixels = _pixels(found)
    pillow_heif.set_orientation(found.info)  # to 1 in its EXIF and XMP: the decoder has turned the pixels
    image = pyvips.Image.new_from_array(pixels)
    image = image.copy(interpretation="srgb" if pixels.dtype == np.uint8 else "rgb16")
    for name, field in _BLOBS.items():
        if found.info.get(name):
            image.set_type(pyvips.GValue.blob_type, field, bytes(found.info[name]))
    if any("gainmap" in str(kind).lower() for kind in found.info.get("aux", ())):
        notes.append("has a gain map for HDR screens, which is not kept: the result is the standard picture")
    if found.info.get("depth_images"):
        notes.append("holds a depth map, which is not kept")
    return image, notes


def heic_pixels(path: str | Path, data: bytes) -> np.ndarray:
    """A HEIC's main picture, upright: (H, W, 3) uint8, in its own colour space. Raises InputError as `open_heic`."""
    pixels = _pixels(_opened(path, data))[:, :, :3]
    return pixels if pixels.dtype == np.uint8 else np.rint(pixels / 257).astype(np.uint8)


def _opened(path: str | Path, data: bytes):
    try:
        import pillow_heif
    except ImportError as error:
        raise InputError(
            f"{path}: is a HEIC, read with an extra: {how_to_install('heif')}; or convert it to JPEG or PNG"
        ) from error
    try:
        found = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        limits.check_pixel_count(Path(path), *found.size)
        np.asarray(found)  # decodes
    except InputError:
        raise
    except (ValueError, EOFError, RuntimeError, OSError, SyntaxError) as error:
        raise InputError(
            f"{path}: is a HEIC that cannot be decoded ({error}); copy it again, or convert it to JPEG or PNG"
        ) from error
    return found


def _pixels(found) -> np.ndarray:
    """(H, W, 3 or 4) uint8 or uint16; of 10 and 12 bits pillow-heif makes 16."""
    pixels = np.asarray(found)
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
