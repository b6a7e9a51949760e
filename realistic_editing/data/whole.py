"""Whether an image file is whole: decoders fill what a file cut short lacks, and say nothing."""
import io
import struct
import warnings

import numpy as np
from PIL import Image

from realistic_editing.data.containers import PNG
from realistic_editing.data.tiff_exif import STARTS, read_tiff_tags

_MOST = 1 << 17  # bytes that stand in for what a scan lacks: more than its next row needs
_STAND_IN = bytes(np.random.default_rng(0).integers(0, 255, _MOST, np.uint8))  # none is 255, with which markers begin
_WIDTH, _HEIGHT = 256, 257  # tags of TIFF
_USUAL = Image.MAX_IMAGE_PIXELS


def is_whole(data: bytes) -> bool:
    """Whether an image file reaches its own end; what follows that end, as some cameras append, does not matter.

    Args:
        data: of the file. JPEG, PNG, WebP and BMP are looked into; all else is taken to be whole.
    """
    if data[:2] == b"\xff\xd8":
        return _jpeg_ends(data)
    if data[:8] == PNG:
        return _png_ends(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return 8 + int.from_bytes(data[4:8], "little") <= len(data)
    if data[:2] == b"BM":
        return int.from_bytes(data[2:6], "little") <= len(data)
    return True


def _jpeg_ends(data: bytes) -> bool:
    """Whether the end marker follows the first scan; before it, the one of a thumbnail may stand."""
    place = data.find(b"\xff", 2)
    while 0 <= place and place + 4 <= len(data):
        marker = data[place + 1]
        if marker == 0xDA:  # a scan, whose pixels never hold the end marker
            return data.find(b"\xff\xd9", place) >= 0
        # A byte of 255 more only fills up.
        place += 1 if marker == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        place = data.find(b"\xff", place)
    return False


def scan_is_whole(data: bytes, pixels: np.ndarray) -> bool:
    """Whether the pixels of a JPEG reach its end marker, which recovered and repaired files have put where they break off.

    A decoder goes on from there with flat blocks. Only where a corner is flat, or the file is progressive, it is decoded twice
    more: with other bytes before the end marker a whole picture stays as it is.

    Args:
        data: of a JPEG that has its end marker.
        pixels: (H, W, ...) of it, turned or not.
    """
    scan = data.find(b"\xff\xda")
    end = data.find(b"\xff\xd9", max(scan, 0))
    progressive = b"\xff\xc2" in data[: max(scan, 0)]
    corners = (pixels[rows, columns] for rows in (slice(4), slice(-4, None)) for columns in (slice(4), slice(-4, None)))
    if scan < 0 or end < 0 or not (progressive or any(np.ptp(corner, axis=(0, 1)).max() <= 1 for corner in corners)):
        return True
    try:
        first, second = (_brightness(one, progressive) for one in (data, data[:end] + _stand_in(data[scan:end]) + data[end:]))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True  # whoever reads it says why it cannot be
    return np.array_equal(first, second)


def _stand_in(scan: bytes) -> bytes:
    """Bytes for what a scan may lack; where it holds restart markers (0 to 7, over and over), with those that come next."""
    last = max(range(8), key=lambda number: scan.rfind(bytes([0xFF, 0xD0 + number])))
    if scan.rfind(bytes([0xFF, 0xD0 + last])) < 0:
        return _STAND_IN
    pieces = (_STAND_IN[place : place + 256] for place in range(0, _MOST, 256))
    return b"".join(piece + bytes([0xFF, 0xD0 + (last + 1 + number) % 8]) for number, piece in enumerate(pieces))


def _brightness(data: bytes, full: bool) -> np.ndarray:
    """The picture's brightness, at an eighth of its size unless `full`: the later scans hold details only."""
    with opened_quietly(data, ["JPEG"]) as image:
        scale = 1 if full else 8
        image.draft("L", (max(1, image.width // scale), max(1, image.height // scale)))
        return np.asarray(image)


def opened_quietly(data: bytes, formats: list[str]) -> Image.Image:
    """A picture by Pillow, without its warning of many pixels: `limits` has let them in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=formats)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height by a picture's header, before anything is decoded; None where the header says nothing."""
    try:
        if data[:4] in STARTS:  # Pillow opens only some kinds of TIFF
            found = read_tiff_tags(data, {_WIDTH, _HEIGHT})
            sides = [int.from_bytes(found[tag][:8], "little") for tag in (_WIDTH, _HEIGHT) if tag in found]
            return (sides[0], sides[1]) if len(sides) == 2 else None
        Image.MAX_IMAGE_PIXELS = None  # or Pillow would refuse, and not say the size
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, struct.error):
        return None
    finally:
        Image.MAX_IMAGE_PIXELS = _USUAL


def _png_ends(data: bytes) -> bool:
    place = len(PNG)
    while place + 12 <= len(data):
        if data[place + 4 : place + 8] == b"IEND":
            return True
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    return False
