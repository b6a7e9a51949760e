"""IPTC and Photoshop's resources of a photo, and the texts of PNG in which they may lie."""
import struct
import zlib

from realistic_editing.data.containers import LARGEST, PNG, inflated, jpeg_segments, png_chunks
from realistic_editing.data.tiff_exif import STARTS, read_tiff_tags

PHOTOSHOP = b"Photoshop 3.0\0"
IIM, RESOURCES, IPTC = 33723, 34377, 0x0404  # tags of TIFF: IPTC, and Photoshop's resources; IPTC among these
RAW_PROFILE = "Raw profile type "
_DIGEST, _PATHS = 0x0425, range(2000, 3000)
_TRUE = {IPTC, _DIGEST, 0x040A, 0x040B}  # and whether there is a copyright, and its address


def photoshop_resources(data: bytes, turned: bool, notes: list[str]) -> bytes | None:
    """Photoshop's resources that stay true, IPTC among them, as a JPEG holds them; None where there are none.

    Thumbnails, the settings of screen and print and copies of what the file holds elsewhere are left out, and paths where the
    photo is turned, because they count from its stored corner.
    """
    found: dict[int, bytes] = {}
    if data[:2] == b"\xff\xd8":
        bodies = (body for marker, body in jpeg_segments(data) if marker == 0xED and body.startswith(PHOTOSHOP))
        found = _split(b"".join(body[len(PHOTOSHOP) :] for body in bodies))
    elif data[:4] in STARTS:
        try:
            tags = read_tiff_tags(data, {IIM, RESOURCES})
        except ValueError:
            return None  # EXIF's note says so
        found = _split(tags.get(RESOURCES, b""))
        if iim := tags.get(IIM):
            swapped = b"".join(iim[i : i + 4][::-1] for i in range(0, len(iim), 4))  # longs of a big-endian file
            kept = iim if iim[:1] == b"\x1c" else swapped
            found |= {IPTC: kept} if kept[:1] == b"\x1c" else _split(iim)  # some wrote resources there
    elif data[:8] == PNG:
        for key, text in png_texts(data):
            if key.removeprefix(RAW_PROFILE) in ("iptc", "8bim"):
                block = _unhexed(text)
                found |= {IPTC: block} if block[:1] == b"\x1c" else _split(block.removeprefix(PHOTOSHOP))
    if (block := found.pop(IPTC, None)) is not None:
        sound = _sound_iptc(block)
        if block[len(sound) :].strip(b"\0"):  # what fills a block up is no damage
            notes.append("its IPTC is damaged and is not kept" + (" whole" if sound else ""))
            found.pop(_DIGEST, None)
        found |= {IPTC: sound} if sound else {}
    kept = {one: value for one, value in found.items() if one in _TRUE or (one in _PATHS and not turned)}
    return PHOTOSHOP + b"".join(_block(one, value) for one, value in sorted(kept.items())) if kept else None


def _split(block: bytes) -> dict[int, bytes]:
    found, place = {}, 0
    while block[place : place + 4] == b"8BIM" and place + 7 <= len(block):
        (number,) = struct.unpack_from(">H", block, place + 4)
        start = place + 6 + (1 + block[place + 6] + 1) // 2 * 2  # behind a name, of even length with its count
        if start + 4 > len(block):
            break
        (size,) = struct.unpack_from(">I", block, start)
        found[number] = block[start + 4 : start + 4 + size]
        place = start + 4 + size + size % 2
    return found


def _sound_iptc(block: bytes) -> bytes:
    """The entries of IPTC up to the first that is cut short or none."""
    place = 0
    while block[place : place + 1] == b"\x1c" and place + 5 <= len(block):
        (size,) = struct.unpack_from(">H", block, place + 3)
        head = 5
        if size & 0x8000:  # the size of the size
            head += size & 0x7FFF
            size = int.from_bytes(block[place + 5 : place + head], "big")
        if place + head + size > len(block):
            break
        place += head + size
    return block[:place]


def _block(number: int, value: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(value)) + value + b"\0" * (len(value) % 2)


def resource(resources: bytes, number: int) -> bytes | None:
    return _split(resources.removeprefix(PHOTOSHOP)).get(number)


def _unhexed(text: str) -> bytes:
    """A profile of ImageMagick's custom: its name, its length, and hexadecimal digits."""
    try:
        return bytes.fromhex("".join(text.split("\n", 3)[3].split()))
    except (ValueError, IndexError):
        return b""


def raw_profile(data: bytes, names: tuple[str, ...], start: bytes = b"") -> bytes | None:
    """A profile of a PNG in ImageMagick's custom, from before PNG had a place for EXIF; None where there is none."""
    wanted = {f"{RAW_PROFILE}{name}" for name in names}
    return next((found for key, text in png_texts(data) if key in wanted and (found := _unhexed(text)).startswith(start)), None)


def png_texts(data: bytes, notes: list[str] | None = None) -> list[tuple[str, str]]:
    """The texts of a PNG in all its chunks for them; libvips cuts a key at its first space. `notes` takes what is left out."""
    found, left = [], LARGEST
    for name, body in png_chunks(data, pixels=True) if data[:8] == PNG else ():
        key, _, rest = body.partition(b"\0")
        try:
            if name == b"tEXt":
                text = rest.decode("latin-1")
            elif name == b"zTXt":
                text = inflated(rest[1:], left).decode("latin-1")
            elif name == b"iTXt":
                packed = rest[2:].split(b"\0", 2)[2]
                text = (inflated(packed, left) if rest[0] else packed).decode()
            else:
                continue
        except (zlib.error, IndexError, UnicodeDecodeError):
            if notes is not None:
                notes.append(f"its text {key.decode('latin-1')} is damaged or too large and is not kept")
            continue
        found.append((key.decode("latin-1"), text))
        left = max(left - len(text), 1)
    return found
