"""What a photo's file says beside its pixels: read from any format, freed of what an edit makes false, put into another."""
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyvips

from realistic_editing.data.containers import PNG, embedded_profile, gif_extensions, jpeg_end, jpeg_segments, png_chunks
from realistic_editing.data.packets import clean_packet, merged_packets, split_packet
from realistic_editing.data.tiff_exif import add_tiff_exif, read_tiff_exif, read_tiff_tags, with_size, without_thumbnail

PHOTOSHOP = b"Photoshop 3.0\0"
_XMP, _MORE_XMP = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_IIM, _RESOURCES = 33723, 34377  # tags of TIFF: IPTC, and Photoshop's resources
_IPTC, _DIGEST, _PATHS = 0x0404, 0x0425, range(2000, 3000)
_TRUE = {_IPTC, _DIGEST, 0x040A, 0x040B}  # and whether there is a copyright, and its address
_SEGMENT = 65000  # bytes that a JPEG's segment holds for certain
_LARGE = 1 << 16  # bytes behind a JPEG's picture from which they are told
_PROFILES = ("Raw profile type ", "XML:com.adobe.xmp", "icc")


def read_kept(data: bytes, image: pyvips.Image, size: tuple[int, int], notes: list[str]) -> dict[str, Any]:
    """All that a photo's result is to keep.

    Args:
        data: the whole file.
        image: of libvips, not yet decoded.
        size: (height, width) of the photo upright, for what names it.
        notes: takes what is not kept, or is no longer true.

    Returns:
        exif-data, icc-profile-data and xmp-data as libvips calls them; iptc-data, Photoshop's resources with IPTC, as JPEG
        holds them; text, pairs of a key and a text as PNG holds them; xres, yres and resolution-unit.
    """
    found: dict[str, Any] = {"xres": image.xres, "yres": image.yres}
    if image.get_typeof("resolution-unit"):
        found["resolution-unit"] = image.get("resolution-unit")
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else embedded_profile(data)
    found |= {"icc-profile-data": profile} if profile else {}
    turned = image.get_typeof("orientation") and image.get("orientation") in range(2, 9)
    exif, packet = _exif(data, image, size, notes), _packet(data, image)
    hidden = _hidden(data, packet or b"", image)
    if packet:
        try:
            packet, dropped = clean_packet(packet, size, bool(turned))
            notes += dropped
        except ValueError as error:
            packet, hidden = None, [*hidden, f"its XMP is damaged and is not kept ({error})"]
    resources = photoshop_resources(data, bool(turned), notes)
    text = _texts(data)
    found |= {"exif-data": exif} if exif else {}
    found |= {"xmp-data": packet} if packet else {}
    found |= {"text": text} if text else {}
    if resources:
        found["iptc-data"] = resources
        if _resource(resources, _IPTC):
            notes.append("has IPTC (caption, credit, keywords): JPEG, TIFF and PNG hold it, WebP has no place for it")
    notes += hidden
    return found


def _exif(data: bytes, image: pyvips.Image, size: tuple[int, int], notes: list[str]) -> bytes | None:
    block = image.get("exif-data") if image.get_typeof("exif-data") else None
    try:
        if image.get_typeof("vips-loader") and image.get("vips-loader").startswith("tiff"):
            block = read_tiff_exif(data)
        return with_size(without_thumbnail(block), size) if block else None
    except ValueError as error:
        notes.append(f"its EXIF is damaged and is not kept ({error})")
        return None


def _packet(data: bytes, image: pyvips.Image) -> bytes | None:
    """The XMP, in one piece."""
    if data[:2] == b"\xff\xd8":
        bodies = [body for marker, body in jpeg_segments(data) if marker == 0xE1]
        main = next((body[len(_XMP) :] for body in bodies if body.startswith(_XMP)), None)
        more: dict[bytes, dict[int, bytes]] = {}
        for body in bodies:
            if body.startswith(_MORE_XMP) and len(body) > len(_MORE_XMP) + 40:
                guid, offset = body[len(_MORE_XMP) :][:32], struct.unpack_from(">I", body, len(_MORE_XMP) + 36)[0]
                more.setdefault(guid, {})[offset] = body[len(_MORE_XMP) + 40 :]
        parts = {guid: b"".join(pieces[place] for place in sorted(pieces)) for guid, pieces in more.items()}
        return merged_packets(main, parts) if main else None
    if b"XMP DataXMP" in (gif := dict(gif_extensions(data))):
        return gif[b"XMP DataXMP"][:-258]  # without the trailer that lets other readers skip it
    return image.get("xmp-data") if image.get_typeof("xmp-data") else None


def _hidden(data: bytes, packet: bytes, image: pyvips.Image) -> list[str]:
    """Notes on pictures and sound beside the photo, which a result has not."""
    notes = []
    apple = b"HDRGainMap" in packet or b"hdrgainmap" in data[:65536]
    if b"http://ns.adobe.com/hdr-gain-map/" in packet or apple or b"urn:iso:std:iso:ts:21496" in data[:65536]:
        notes.append("has a gain map for HDR screens, which is not kept: the result is the standard picture")
    if b"MotionPhoto" in packet or b"MicroVideo" in packet:
        notes.append("is a motion photo; the result is its still picture, without the clip")
    elif data[:2] == b"\xff\xd8" and not notes and (behind := len(data) - jpeg_end(data)) > _LARGE:
        notes.append(f"holds {behind // 1024} kB behind its picture (previews, a second picture or a clip), which are not kept")
    if data[:8] == PNG and any(name == b"acTL" for name, _ in png_chunks(data)):
        notes.append("is animated; the first picture is used")
    return notes


def photoshop_resources(data: bytes, turned: bool, notes: list[str]) -> bytes | None:
    """Photoshop's resources that stay true, IPTC among them, as a JPEG holds them; None where there are none.

    Thumbnails, the settings of screen and print and copies of what the file holds elsewhere are left out, and paths where the
    photo is turned, because they count from its stored corner.
    """
    found: dict[int, bytes] = {}
    if data[:2] == b"\xff\xd8":
        bodies = (body for marker, body in jpeg_segments(data) if marker == 0xED and body.startswith(PHOTOSHOP))
        found = _split(b"".join(body[len(PHOTOSHOP) :] for body in bodies))
    elif data[:4] in (b"II*\0", b"MM\0*"):
        try:
            tags = read_tiff_tags(data, {_IIM, _RESOURCES})
        except ValueError:
            return None  # EXIF's note says so
        found = _split(tags.get(_RESOURCES, b""))
        if iim := tags.get(_IIM):
            swapped = b"".join(iim[i : i + 4][::-1] for i in range(0, len(iim), 4))  # longs of a big-endian file
            kept = iim if iim[:1] == b"\x1c" else swapped
            found |= {_IPTC: kept.rstrip(b"\0")} if kept[:1] == b"\x1c" else _split(iim)  # some wrote resources there
    elif data[:8] == PNG:
        for key, text in _png_texts(data):
            if key.removeprefix(_PROFILES[0]) in ("iptc", "8bim"):
                block = _unhexed(text)
                found |= {_IPTC: block} if block[:1] == b"\x1c" else _split(block.removeprefix(PHOTOSHOP))
    if _IPTC in found and (sound := _sound_iptc(found[_IPTC])) != found[_IPTC].rstrip(b"\0"):
        notes.append("its IPTC is damaged and is not kept" + (" whole" if sound else ""))
        del found[_IPTC]
        found = {one: value for one, value in found.items() if one != _DIGEST} | ({_IPTC: sound} if sound else {})
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


def _resource(resources: bytes, number: int) -> bytes | None:
    return _split(resources.removeprefix(PHOTOSHOP)).get(number)


def _png_texts(data: bytes) -> list[tuple[str, str]]:
    """The texts of a PNG in all its chunks for them; libvips cuts a key at its first space."""
    found = []
    for name, body in png_chunks(data, pixels=True) if data[:8] == PNG else ():
        key, _, rest = body.partition(b"\0")
        try:
            if name == b"tEXt":
                found.append((key.decode("latin-1"), rest.decode("latin-1")))
            elif name == b"zTXt":
                found.append((key.decode("latin-1"), zlib.decompress(rest[1:]).decode("latin-1")))
            elif name == b"iTXt":
                text = rest[2:].split(b"\0", 2)[2]
                found.append((key.decode("latin-1"), (zlib.decompress(text) if rest[0] else text).decode()))
        except (zlib.error, IndexError, UnicodeDecodeError):
            continue  # damaged
    return found


def _png_text(key: str, text: str) -> bytes:
    """A chunk for a text: Latin-1 where it is enough, compressed where it is long."""
    try:
        name, body = b"tEXt", text.encode("latin-1")
        if len(body) > 1000:
            name, body = b"zTXt", b"\0" + zlib.compress(body)
    except UnicodeEncodeError:
        name, body = b"iTXt", bytes(4) + text.encode()  # not compressed, of no language
    body = key.encode("latin-1") + b"\0" + body
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _texts(data: bytes) -> tuple[tuple[str, str], ...]:
    """The texts of a PNG, and the comments of a JPEG; not those that hold profiles in hexadecimal."""
    if data[:2] == b"\xff\xd8":
        comments = (body.rstrip(b"\0") for marker, body in jpeg_segments(data) if marker == 0xFE)
        return tuple(("Comment", _decoded(comment)) for comment in comments if comment)
    if data[:3] == b"GIF":
        return tuple(("Comment", _decoded(body)) for name, body in gif_extensions(data) if not name and body)
    return tuple((key, text) for key, text in _png_texts(data) if not key.startswith(_PROFILES))


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _unhexed(text: str) -> bytes:
    """A profile of ImageMagick's custom: its name, its length, and hexadecimal digits."""
    try:
        return bytes.fromhex("".join(text.split("\n", 3)[3].split()))
    except (ValueError, IndexError):
        return b""


def lost_in(kind: str, kept: Mapping[str, Any]) -> list[str]:
    """Notes on what a format has no place for.

    Args:
        kind: JPEG, PNG, TIFF or WebP.
        kept: of `read_kept`.
    """
    held = {"PNG": None, "JPEG": {"Comment"}}.get(kind, set())
    lost = [key for key, _ in kept.get("text", ()) if held is not None and key not in held]
    return [f"its text ({', '.join(dict.fromkeys(lost))}) has no place in {kind} and is not kept"] if lost else []


def attach(image: pyvips.Image, kind: str, kept: Mapping[str, Any]) -> None:
    """Give an image what libvips writes of a photo's metadata; `complete` adds the rest to the file."""
    blobs = {name: kept[name] for name in ("exif-data", "icc-profile-data", "xmp-data") if name in kept}
    if kind == "JPEG":
        blobs.pop("xmp-data", None)  # libvips drops what is longer than a segment
    for name, value in blobs.items():
        image.set_type(pyvips.GValue.blob_type, name, value)
    if "resolution-unit" in kept:
        image.set_type(pyvips.GValue.gstr_type, "resolution-unit", kept["resolution-unit"])
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)


def complete(path: Path, kind: str, kept: Mapping[str, Any]) -> None:
    """Add to a file just written what libvips leaves out."""
    if kind == "JPEG":
        data = path.read_bytes()
        segments = b"".join(_segment(marker, body) for marker, body in _jpeg_blocks(kept))
        place = _after_exif(data)
        path.write_bytes(data[:place] + segments + data[place:])
    elif kind == "PNG":
        data, texts = path.read_bytes(), list(kept.get("text", ()))
        if "iptc-data" in kept:
            block = kept["iptc-data"].removeprefix(PHOTOSHOP)
            digits = block.hex()
            lines = "\n".join(digits[place : place + 72] for place in range(0, len(digits), 72))
            texts.append((f"{_PROFILES[0]}iptc", f"\niptc\n{len(block):8d}\n{lines}\n"))
        place = 8 + 25  # behind the header
        path.write_bytes(data[:place] + b"".join(_png_text(*text) for text in texts) + data[place:])
    elif kind == "TIFF":
        resources = kept.get("iptc-data", b"")
        iim = _resource(resources, _IPTC)
        more = {_IIM: iim} if iim else {}
        more |= {_RESOURCES: resources.removeprefix(PHOTOSHOP)} if resources else {}
        if more or "exif-data" in kept:
            add_tiff_exif(path, kept.get("exif-data"), more)


def _jpeg_blocks(kept: Mapping[str, Any]) -> Iterable[tuple[int, bytes]]:
    if "xmp-data" in kept:
        main, more, guid = split_packet(kept["xmp-data"], _SEGMENT)
        yield 0xE1, _XMP + main
        for place in range(0, len(more), _SEGMENT):
            head = _MORE_XMP + guid + struct.pack(">II", len(more), place)
            yield 0xE1, head + more[place : place + _SEGMENT]
    block = kept.get("iptc-data", b"").removeprefix(PHOTOSHOP)
    for place in range(0, len(block), _SEGMENT):
        yield 0xED, PHOTOSHOP + block[place : place + _SEGMENT]
    for key, text in kept.get("text", ()):
        if key == "Comment":
            yield 0xFE, text.encode()[:_SEGMENT]


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def _after_exif(data: bytes) -> int:
    """Behind the JFIF and EXIF segments, which readers look for first."""
    place = 2
    while data[place : place + 2] == b"\xff\xe0" or (
        data[place : place + 2] == b"\xff\xe1" and data[place + 4 : place + 8] == b"Exif"
    ):
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return place


def stripped(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Without what may name a place, a person or a device: of EXIF, XMP, IPTC, texts, profile and resolution, the last two."""
    return {name: value for name, value in kept.items() if name in ("icc-profile-data", "xres", "yres", "resolution-unit")}


