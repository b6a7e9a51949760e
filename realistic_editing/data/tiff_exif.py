"""What libvips leaves undone with EXIF: carrying it in and out of TIFF files, and cutting its thumbnail off.

A TIFF keeps the fields of EXIF in its own directories (IFDs); elsewhere EXIF is a "block", a small TIFF of its own.
"""
import struct
from pathlib import Path

# Tag -> (type, count, value). The value is little-endian bytes, or a directory where the tag points to one.
Directory = dict[int, tuple[int, int, "bytes | Directory"]]

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # of a TIFF in either byte order, and of a BigTIFF, for files above 4 GB
# Bytes of each TIFF type.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WORDS = {3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8, 16: 8, 17: 8, 18: 8}  # the unit that byte order reverses
_EXIF, _GPS, _INTEROPERABILITY = 34665, 34853, 40965
_CHILDREN = {_EXIF: {_INTEROPERABILITY: {}}, _GPS: {}}
# Description, make, model, software, date, artist, host, rating, rating in percent, copyright. The other tags of the
# first directory describe how the pixels are stored, and belong to the file.
_DESCRIPTIVE = {270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, _EXIF, _GPS}
_PREFIX = b"Exif\0\0"  # of blocks that come from JPEG


def read_tiff_exif(data: bytes) -> bytes | None:
    """The EXIF block of a TIFF file.

    Args:
        data: the whole file.

    Returns:
        A block to store in any photo, or None when the file has no EXIF.

    Raises:
        ValueError: when the directories are damaged.
    """
    directory = _fields(data)
    return b"II*\0\x08\0\0\0" + _written(directory, 8, "<") if directory else None


def read_tiff_tags(data: bytes, tags: set[int]) -> dict[int, bytes]:
    """The values of tags of a TIFF's first directory, numbers in little-endian order.

    Raises:
        ValueError: when the directory is damaged.
    """
    order, first = _header(data)
    return {tag: value for tag, (_, _, value) in _read(data, first, order, {}).items() if tag in tags}


def without_thumbnail(block: bytes) -> bytes:
    """The block without its thumbnail, which would show the photo unedited.

    The link to the thumbnail is cut and nothing moves, because notes of camera makers point to places in the block.

    Args:
        block: EXIF, with or without the prefix it has in JPEG.

    Raises:
        ValueError: when its directories are damaged.
    """
    block = block.removeprefix(_PREFIX)
    order, first = _header(block)
    _read(block, first, order, _CHILDREN)
    link = first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0]
    return block[:link] + bytes(4) + block[link + 4 :]


def with_size(block: bytes, size: tuple[int, int]) -> bytes:
    """The block with the size of a picture in the place of another, such as that of the picture not yet turned.

    Args:
        block: EXIF without the prefix it has in JPEG, sound.
        size: (height, width).
    """
    order, first = _header(block)
    changed = bytearray(block)
    places = _places(block, first, order)
    if _EXIF in places:
        (child,) = struct.unpack_from(order + "I", block, places.pop(_EXIF)[1])
        places |= _places(block, child, order)
    for tag, value in ((256, size[1]), (257, size[0]), (40962, size[1]), (40963, size[0])):
        if tag in places:
            kind, place = places[tag]
            short = kind == 3 and value < 1 << 16
            struct.pack_into(order + ("HH" if short else "I"), changed, place, *((value, 0) if short else (value,)))
            struct.pack_into(order + "H", changed, place - 6, 3 if short else 4)
    return bytes(changed)


def _places(block: bytes, directory: int, order: str) -> dict[int, tuple[int, int]]:
    """Tag -> its type, and the place of its value or pointer."""
    try:
        (count,) = struct.unpack_from(order + "H", block, directory)
        entries = (struct.unpack_from(order + "HH", block, directory + 2 + 12 * index) for index in range(count))
        return {tag: (kind, directory + 2 + 12 * index + 8) for index, (tag, kind) in enumerate(entries)}
    except struct.error:
        return {}


def add_tiff_exif(path: str | Path, block: bytes | None, more: dict[int, bytes] | None = None) -> None:
    """Add the fields of an EXIF block to a TIFF file, in place: a new first directory is appended.

    Args:
        path: a TIFF of at most 4 GB, just written.
        block: EXIF, with or without the prefix it has in JPEG; None where there is none.
        more: other tags, each of bytes without a type of their own.

    Raises:
        ValueError: when the block or the file is damaged, or the file is a BigTIFF.
    """
    fields = _fields(block.removeprefix(_PREFIX)) if block else {}
    fields |= {tag: (7, len(value), value) for tag, value in (more or {}).items()}
    with open(path, "r+b") as file:
        data = file.read()
        order, first = _header(data)
        if _is_big(data):
            raise ValueError("a BigTIFF, which is not written here")
        end = len(data) + len(data) % 2  # directories start at even offsets
        added = _written({**fields, **_read(data, first, order, {})}, end, order)
        file.seek(end)
        file.write(added)
        file.seek(4)
        file.write(struct.pack(order + "I", end))


def _fields(data: bytes) -> Directory:
    order, first = _header(data)
    return {tag: entry for tag, entry in _read(data, first, order, _CHILDREN).items() if tag in _DESCRIPTIVE}


def _header(data: bytes) -> tuple[str, int]:
    """Byte order as `struct` writes it, and the offset of the first directory."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16 or data[:4] not in STARTS:
        raise ValueError(f"not a TIFF structure: it starts with {data[:4]!r}")
    return order, struct.unpack_from(*((order + "Q", data, 8) if _is_big(data) else (order + "I", data, 4)))[0]


def _is_big(data: bytes) -> bool:
    """Whether places and counts in a TIFF have 8 bytes instead of 4."""
    return data[:4] in STARTS[2:]


def _read(data: bytes, offset: int, order: str, children: dict) -> Directory:
    directory: Directory = {}
    counts, place, room = ("Q", "Q", 8) if _is_big(data) else ("H", "I", 4)
    head, entry = struct.calcsize("<" + counts), 4 + 2 * room
    try:
        (count,) = struct.unpack_from(order + counts, data, offset)
        for position in range(offset + head, min(offset + head + entry * count, len(data)), entry):
            tag, kind, number = struct.unpack_from(order + "HH" + place, data, position)
            if kind not in _SIZES:
                continue  # a reader must skip types it does not know, says TIFF
            size = _SIZES[kind] * number
            (pointer,) = struct.unpack_from(order + place, data, position + entry - room)
            if tag in children:
                directory[tag] = (4, 1, _read(data, pointer, order, children[tag]))
                continue
            start = position + entry - room if size <= room else pointer
            if start + size > len(data):
                continue  # cameras and editors leave such fields; the others are sound
            directory[tag] = (kind, number, _ordered(data[start : start + size], kind, order))
    except struct.error as error:
        raise ValueError(f"a directory at {offset} is cut short") from error
    return directory


def _written(directory: Directory, offset: int, order: str) -> bytes:
    """The directory as it stands at `offset` of a file: its table, then long values and child directories."""
    table = struct.pack(order + "H", len(directory))
    after = offset + 2 + 12 * len(directory) + 4
    values = b""
    for tag, (kind, number, value) in sorted(directory.items()):  # TIFF asks for ascending tags
        position = after + len(values)
        if isinstance(value, dict):
            values += _written(value, position, order)
            inline = struct.pack(order + "I", position)
        else:
            inline = _ordered(value, kind, order)
            if len(inline) > 4:
                values += inline
                inline = struct.pack(order + "I", position)
        values += b"\0" * (len(values) % 2)
        table += struct.pack(order + "HHI", tag, kind, number) + inline.ljust(4, b"\0")
    return table + struct.pack(order + "I", 0) + values  # 0: no directory follows


def _ordered(value: bytes, kind: int, order: str) -> bytes:
    """Turn little-endian into `order`, or back."""
    word = _WORDS.get(kind, 1)
    if order == "<" or word == 1:
        return value
    return b"".join(value[i : i + word][::-1] for i in range(0, len(value), word))
