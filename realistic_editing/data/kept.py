"""What a photo's file says beside its pixels: read from any format, freed of what an edit makes false, put into another."""
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyvips

from realistic_editing.data.containers import PNG, embedded_profile, gif_extensions, jpeg_end, jpeg_segments, png_chunks
from realistic_editing.data.iptc import (
    IIM,
    IPTC,
    PHOTOSHOP,
    RAW_PROFILE,
    RESOURCES,
    photoshop_resources,
    png_texts,
    raw_profile,
    resource,
)
from realistic_editing.data.opened import orientation_of
from realistic_editing.data.packets import clean_packet, merged_packets, split_packet
from realistic_editing.data.tiff_exif import add_tiff_exif, read_tiff_exif, with_size, without_thumbnail

_XMP, _MORE_XMP = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_SEGMENT = 65000  # bytes that a JPEG's segment holds for certain
_LARGE = 1 << 16  # bytes behind a JPEG's picture from which a note names them
_PROFILES = (RAW_PROFILE, "XML:com.adobe.xmp", "icc")


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
    orientation = orientation_of(image)
    exif, packet = _exif(data, image, size, notes), _packet(data, image)
    hidden = _hidden(data, packet or b"", image)
    if packet:
        try:
            packet, dropped = clean_packet(packet, size, orientation)
            notes += dropped
        except ValueError as error:
            packet, hidden = None, [*hidden, f"its XMP is damaged and is not kept ({error})"]
    resources = photoshop_resources(data, orientation != 1, notes)
    text = _texts(data, notes)
    found |= {"exif-data": exif} if exif else {}
    found |= {"xmp-data": packet} if packet else {}
    found |= {"text": text} if text else {}
    if resources:
        found["iptc-data"] = resources
        if resource(resources, IPTC):
            notes.append("has IPTC (caption, credit, keywords): JPEG, TIFF and PNG hold it, WebP has no place for it")
    notes += hidden
    return found


def _exif(data: bytes, image: pyvips.Image, size: tuple[int, int], notes: list[str]) -> bytes | None:
    block = image.get("exif-data") if image.get_typeof("exif-data") else raw_profile(data, ("exif", "APP1"), b"Exif\0\0")
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
    if image.get_typeof("xmp-data"):
        return image.get("xmp-data")
    return raw_profile(data, ("xmp",)) or None


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


def _texts(data: bytes, notes: list[str]) -> tuple[tuple[str, str], ...]:
    """The texts of a PNG, and the comments of a JPEG; not those that hold profiles in hexadecimal."""
    if data[:2] == b"\xff\xd8":
        comments = (body.rstrip(b"\0") for marker, body in jpeg_segments(data) if marker == 0xFE)
        return tuple(("Comment", _decoded(comment)) for comment in comments if comment)
    if data[:3] == b"GIF":
        return tuple(("Comment", _decoded(body)) for name, body in gif_extensions(data) if not name and body)
    return tuple((key, text) for key, text in png_texts(data, notes) if not key.startswith(_PROFILES))


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def lost_in(kind: str, kept: Mapping[str, Any]) -> list[str]:
    """Notes on what a format has no place for.

    Args:
        kind: JPEG, PNG, TIFF or WebP.
        kept: of `read_kept`.
    """
    held = {"PNG": None, "JPEG": {"Comment"}}.get(kind, set())
    lost = [key for key, _ in kept.get("text", ()) if held is not None and key not in held]
    notes = [f"its text ({', '.join(dict.fromkeys(lost))}) has no place in {kind} and is not kept"] if lost else []
    if kind == "JPEG" and any(len(text.encode()) > _SEGMENT for key, text in kept.get("text", ()) if key == "Comment"):
        notes.append(f"its comment is cut after {_SEGMENT} bytes, since JPEG holds no longer one")
    if kind != "TIFF" and len(kept.get("exif-data", b"")) > _SEGMENT:  # by libvips, whatever the format
        notes.append(f"its EXIF has {len(kept['exif-data'])} bytes; what does not fit into {_SEGMENT} is not kept in {kind}")
    return notes


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
        _insert(path, b"".join(_segment(marker, body) for marker, body in _jpeg_blocks(kept)), _after_exif)
    elif kind == "PNG":
        texts = list(kept.get("text", ()))
        if "iptc-data" in kept:
            block = kept["iptc-data"].removeprefix(PHOTOSHOP)
            digits = block.hex()
            lines = "\n".join(digits[place : place + 72] for place in range(0, len(digits), 72))
            texts.append((f"{RAW_PROFILE}iptc", f"\niptc\n{len(block):8d}\n{lines}\n"))
        _insert(path, b"".join(_png_text(*text) for text in texts), lambda _: 8 + 25)  # behind the header
    elif kind == "TIFF":
        resources = kept.get("iptc-data", b"")
        iim = resource(resources, IPTC)
        more = {IIM: iim} if iim else {}
        more |= {RESOURCES: resources.removeprefix(PHOTOSHOP)} if resources else {}
        if more or "exif-data" in kept:
            add_tiff_exif(path, kept.get("exif-data"), more)


def _insert(path: Path, more: bytes, place_in: Callable[[bytes], int]) -> None:
    """Write a file anew with more at the place that is found in it; its bytes are not copied."""
    if not more:
        return
    data = path.read_bytes()
    place = place_in(data)
    with path.open("wb") as file:
        file.writelines((memoryview(data)[:place], more, memoryview(data)[place:]))


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
            yield 0xFE, text.encode()[:_SEGMENT].decode(errors="ignore").encode()  # no letter is cut in two


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
