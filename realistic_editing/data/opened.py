"""Open image files with libvips, whatever their format, and decode them: pixels as stored, or turned as EXIF says."""
import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pyvips

from realistic_editing.common.errors import InputError
from realistic_editing.data import limits
from realistic_editing.data.containers import is_hevc, refuse_raw
from realistic_editing.data.heif import open_heic
from realistic_editing.data.whole import is_whole, scan_is_whole

_READABLE = "JPEG, PNG, TIFF, WebP, GIF, AVIF, HEIC or BMP"


def open_image(path: str | Path) -> tuple[bytes, pyvips.Image, list[str]]:
    """The file's bytes, an image that is decoded when it is used, and a list for notes."""
    path = Path(path)
    try:
        limits.check_file_size(path)
        data = path.read_bytes()
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name one file in it") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({os.strerror(error.errno)}); check the path") from error
    if not data:
        raise InputError(f"{path}: is empty (0 bytes); copy the file again")
    limits.check_is_no_drawing(path, data)
    refuse_raw(path, data)
    if not limits.is_picture(data):
        raise _foreign(path)
    try:
        # From memory: libvips would take brackets in a file name for options, and remember a file that has since
        # changed. Sequential: nothing is decoded ahead into a temporary file. On error: a TIFF cut short is no less.
        options = {"access": "sequential", "fail_on": "error"}
        if is_hevc(data):
            image, found = open_heic(path, data)
            return data, image, found
        if data[:2] == b"BM":
            return data, _bitmap(path, data), []
        if data[:2] == b"\xff\xd8":  # by its own loader: that of Ultra HDR would drop XMP and IPTC
            image = pyvips.Image.jpegload_buffer(data, **options)
        else:
            image = pyvips.Image.new_from_buffer(data, "", **options)
    except pyvips.Error as error:
        if "known format" in str(error):
            raise _foreign(path) from error
        raise _damaged(path, error) from error
    limits.check_pixel_count(path, image.width, image.height)
    _check_kind(path, image)
    pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
    return data, image, [f"the first of {pages} pages is used"] if pages > 1 else []


def _foreign(path: Path) -> InputError:
    return InputError(
        f"{path}: holds no {_READABLE}, whatever its name, or one cut short; convert it, or copy the file again"
    )


def _bitmap(path: Path, data: bytes) -> pyvips.Image:
    """A BMP, which libvips does not know."""
    if len(data) < 26 or not is_whole(data):
        raise InputError(f"{path}: is damaged or cut short; copy or export the file again")
    if data[14:18] == (12).to_bytes(4, "little"):  # of OS/2
        width, height = struct.unpack("<HH", data[18:22])
    else:
        width, height = struct.unpack("<ii", data[18:26])
    limits.check_pixel_count(path, abs(width), abs(height))
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise _foreign(path)
    return pyvips.Image.new_from_array(np.ascontiguousarray(pixels[:, :, ::-1])).copy(interpretation="srgb")


def _check_kind(path: Path, image: pyvips.Image) -> None:
    """Refuse what is neither 8 nor 16 bits, nor grey, RGB or CMYK with at most one alpha channel."""
    if image.format not in ("uchar", "ushort"):
        words = "floating-point numbers" if image.format in ("float", "double") else f"of type {image.format}"
        raise InputError(f"{path}: its pixels are {words}, which are not edited; convert it to 8 or 16 bits a channel")
    colors = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb": 3, "rgb16": 3, "cmyk": 4}.get(image.interpretation)
    if colors is None or image.bands - colors not in (0, 1):
        raise InputError(
            f"{path}: holds {image.bands} channels of {image.interpretation}; convert it to RGB, with or without alpha"
        )


def decoded(path: str | Path, image: pyvips.Image) -> np.ndarray:
    """(H, W, bands) uint8 or uint16."""
    try:
        return image.numpy().reshape(image.height, image.width, image.bands)
    except pyvips.Error as error:
        raise _damaged(path, error) from error


def whole_pixels(path: str | Path, data: bytes, pixels: np.ndarray) -> np.ndarray:
    """The pixels, where a JPEG's reach its end."""
    if data[:2] == b"\xff\xd8" and not scan_is_whole(data, pixels):
        raise InputError(f"{path}: is damaged: its pixels break off before its end; copy or export the file again")
    return pixels


def _damaged(path: str | Path, error: pyvips.Error) -> InputError:
    if "samples out of range" in str(error):
        return InputError(f"{path}: its pixels are of a depth that is not edited; convert it to 8 or 16 bits a channel")
    if "bad labq" in str(error):
        return InputError(f"{path}: its colours are CIELAB, which is not edited; convert it to RGB")
    return InputError(f"{path}: is damaged or cut short ({reason(error)}); copy or export the file again")


def reason(error: pyvips.Error) -> str:
    return error.detail.strip().splitlines()[-1] if error.detail.strip() else error.message


def to_srgb(path: str | Path, image: pyvips.Image) -> pyvips.Image:
    depth = 16 if image.format == "ushort" else 8
    fallback = {"input_profile": "cmyk"} if image.interpretation == "cmyk" else {}
    try:
        return image.icc_transform("srgb", embedded=True, depth=depth, **fallback)
    except pyvips.Error as error:
        raise InputError(
            f"{path}: cannot be converted to sRGB through its profile ({reason(error)}); convert it to RGB first"
        ) from error


def repeat_grey(image: pyvips.Image) -> pyvips.Image:
    return image[0].bandjoin([image[0], image[0], *([image[1]] if image.bands == 2 else [])])


def orientation_of(image: pyvips.Image) -> int:
    """By which the stored pixels are to be turned, 1 to 8 by EXIF; 1 where it says nothing, or nonsense."""
    found = image.get("orientation") if image.get_typeof("orientation") else 1
    return found if found in range(1, 9) else 1


def upright_size(image: pyvips.Image) -> tuple[int, int]:
    swapped = orientation_of(image) in (5, 6, 7, 8)
    return (image.width, image.height) if swapped else (image.height, image.width)


def upright(image: pyvips.Image, pixels: np.ndarray) -> np.ndarray:
    """Turn pixels as the EXIF orientation of their file says."""
    orientation = orientation_of(image)
    if orientation in (5, 6, 7, 8):  # the stored rows are columns of the photo
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
