"""What lies beside the pixels in JPEG, PNG, WebP, TIFF and HEIF files, and what kind of file it is, by its bytes alone."""
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from realistic_editing.common.errors import InputError
from realistic_editing.data.tiff_exif import STARTS, read_tiff_tags

PNG = b"\x89PNG\r\n\x1a\n"
RAW_SUFFIXES = (
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef",
    ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
)  # fmt: skip
_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR")
_NEW_SUBFILE, _PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION, _ICC = 254, 262, 330, 50706, 34675
_SENSOR = (32803, 34892)  # a colour filter array, and linear raw
LARGEST = 1 << 25  # bytes of a deflated profile, or of all texts of a PNG: a small file may claim gigabytes
HEVC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs")


def inflated(packed: bytes, most: int = LARGEST) -> bytes:
    """What was deflated. Raises zlib.error where it is damaged, or would take more than `most` bytes."""
    stream = zlib.decompressobj()
    found = stream.decompress(packed, most)
    if not stream.eof:
        raise zlib.error("cut short, or too large")
    return found


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker and body of each segment of a JPEG before its first scan."""
    place = 2 if data[:2] == b"\xff\xd8" else len(data)
    while place + 4 <= len(data):
        if data[place] != 0xFF:  # stray bytes, which readers skip
            place += 1
            continue
        marker = data[place + 1]
        if marker in (0xDA, 0xD9):
            return
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        (size,) = struct.unpack_from(">H", data, place + 2)
        yield marker, data[place + 4 : place + 2 + size]
        place += 2 + max(size, 2)


def jpeg_end(data: bytes) -> int:
    """The place behind the end marker of a JPEG's picture, or the file's length where it has none."""
    place = 2
    while place + 4 <= len(data):
        if data[place] == 0xFF and data[place + 1] == 0xDA:
            end = data.find(b"\xff\xd9", place)
            return len(data) if end < 0 else end + 2
        if data[place] != 0xFF or data[place + 1] in (0xFF, 0x00, 0x01) or 0xD0 <= data[place + 1] <= 0xD8:
            place += 1
            continue
        place += 2 + max(struct.unpack_from(">H", data, place + 2)[0], 2)
    return len(data)


def png_chunks(data: bytes, pixels: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG before its pixels, or with `pixels` all of them but these."""
    place = len(PNG) if data[:8] == PNG else len(data)
    while place + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        if name == b"IDAT" and not pixels:
            return
        if name != b"IDAT":
            yield name, data[place + 8 : place + 8 + size]
        place += 12 + size


def gif_extensions(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The extensions of a GIF: the name of an application, or b"" for a comment, and what it holds; XMP with its trailer."""
    if data[:3] != b"GIF" or len(data) < 13:
        return
    place = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while place + 2 < len(data) and data[place] in (0x21, 0x2C):
        picture, label = data[place] == 0x2C, data[place + 1]
        if picture:
            flags = data[place + 9] if place + 9 < len(data) else 0
            place += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            place += 2
        name = b"" if picture or label != 0xFF else data[place + 1 : place + 12]
        place += 12 if name else 0
        start, parts = place, []
        while place < len(data) and data[place]:
            parts.append(data[place + 1 : place + 1 + data[place]])
            place += 1 + data[place]
        place += 1
        if name or (not picture and label == 0xFE):
            yield name, data[start:place] if name == b"XMP DataXMP" else b"".join(parts)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a HEIF or AVIF, at its top."""
    place = 0 if data[4:8] == b"ftyp" else len(data)
    while place + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        if size == 1 and place + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, place + 8)
        size = size or len(data) - place
        yield name, data[place : place + size]
        place += max(size, 8)


def heif_turns(data: bytes) -> list[tuple[bytes, int]]:
    """How the main picture of a HEIF or AVIF is turned, whatever its EXIF says.

    Returns:
        In this order: (b"irot", quarter turns to the left), or (b"imir", the axis that is mirrored: 0 rows, 1 columns).
    """
    try:
        parts = dict(_inside(dict(boxes(data)).get(b"meta", bytes(12)), 12))
        main = parts[b"pitm"]
        item = int.from_bytes(main[12:16] if main[8] else main[12:14], "big")
        inner = dict(_inside(parts[b"iprp"], 8))
        properties = list(_inside(inner[b"ipco"], 8))
        return [
            (name, box[8] & 3 if name == b"irot" else box[8] & 1)
            for name, box in (properties[number - 1] for number in _associated(inner[b"ipma"], item))
            if name in (b"irot", b"imir")
        ]
    except (KeyError, IndexError, struct.error):
        return []


def _inside(box: bytes, head: int) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a box, behind its head."""
    place = head
    while place + 8 <= len(box):
        size, name = struct.unpack_from(">I4s", box, place)
        yield name, box[place : place + size]
        place += max(size, 8)


def _associated(box: bytes, item: int) -> list[int]:
    """The numbers, from 1, of the properties of an item, by the box ipma."""
    version, wide = box[8], box[11] & 1
    (count,) = struct.unpack_from(">I", box, 12)
    place = 16
    for _ in range(count):
        (found,) = struct.unpack_from(">I" if version else ">H", box, place)
        place += 4 if version else 2
        size, place = box[place] * (2 if wide else 1), place + 1
        if found == item:
            numbers = struct.unpack_from(f">{box[place - 1]}{'H' if wide else 'B'}", box, place)
            return [number & (0x7FFF if wide else 0x7F) for number in numbers if number & (0x7FFF if wide else 0x7F)]
        place += size
    return []


def is_avif(data: bytes) -> bool:
    """Whether a file is HEIF, but of another codec than HEVC."""
    return data[4:8] == b"ftyp" and not is_hevc(data)


def embedded_profile(data: bytes) -> bytes | None:
    """The ICC profile of a JPEG, PNG, WebP, TIFF, HEIC or AVIF; None where there is none that can be read."""
    try:
        if data[:2] == b"\xff\xd8":
            mark = b"ICC_PROFILE\0"
            parts = {body[12]: body[14:] for marker, body in jpeg_segments(data) if marker == 0xE2 and body[:12] == mark}
            return b"".join(parts[number] for number in sorted(parts)) or None
        if data[:8] == PNG:
            packed = dict(png_chunks(data)).get(b"iCCP")
            return None if packed is None else inflated(packed[packed.index(b"\0") + 2 :])
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return dict(_riff(data)).get(b"ICCP")
        if data[:4] in STARTS:
            return read_tiff_tags(data, {_ICC}).get(_ICC)
        if data[:3] == b"GIF":
            return dict(gif_extensions(data)).get(b"ICCRGBG1012")
        place = (meta := dict(boxes(data)).get(b"meta", b"")).find(b"colrprof")
        return None if place < 4 else meta[place + 8 : place - 4 + struct.unpack_from(">I", meta, place - 4)[0]]
    except (ValueError, IndexError, struct.error, zlib.error):
        return None


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        yield name, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def refuse_raw(path: str | Path, data: bytes) -> None:
    """Refuse a camera raw file, whatever its name: what other readers find in it first is its thumbnail.

    Raises:
        InputError: naming the file and what to do.
    """
    if _is_raw(Path(path).suffix.lower(), data):
        raise InputError(
            f"{path}: is a camera raw file, whose first picture is only a thumbnail; develop it to a TIFF of 16 bits or a "
            "JPEG, in your raw converter or the camera, and edit that"
        )


def _is_raw(suffix: str, data: bytes) -> bool:
    if data.startswith(_RAW_STARTS) or data[8:10] == b"CR" or data[4:12] == b"ftypcrx ":
        return True
    if data[:4] not in STARTS:
        return False
    try:
        tags = read_tiff_tags(data, {_NEW_SUBFILE, _PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION})
    except ValueError:
        return False
    number = {tag: int.from_bytes(value[:4], "little") for tag, value in tags.items()}
    if suffix in RAW_SUFFIXES or _DNG_VERSION in tags or number.get(_PHOTOMETRIC) in _SENSOR:
        return True
    return number.get(_NEW_SUBFILE, 0) & 1 == 1 and _SUB_IFDS in tags  # a thumbnail before the picture


def is_hevc(data: bytes) -> bool:
    """Whether a file is a HEIC: HEIF of HEVC, as phones take photos."""
    return data[4:8] == b"ftyp" and (data[8:12] in HEVC_BRANDS or (data[8:12] in (b"mif1", b"msf1") and b"hvc1" in data[:4096]))
