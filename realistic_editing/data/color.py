"""The colour space of a photo: what says it beside an ICC profile, and the way to sRGB, which the networks see, and back."""
import dataclasses
import functools
import io
import struct
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from realistic_editing.common.arrays import LEVELS
from realistic_editing.common.errors import InputError
from realistic_editing.data.containers import PNG, boxes, png_chunks

_D65 = (0.3127, 0.3290)
_BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
_ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
# Red, green, blue and white as (x, y), by the code points of ITU-T H.273.
_PRIMARIES = {
    1: _BT709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
_HDR = {16: "PQ", 18: "HLG"}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}  # the other transfers are shown as sRGB's by viewers
_SRGB_GAMMA = (0.447, 0.463)  # of PNG's gAMA: about 1 / 2.2, by which sRGB is meant
_SAME = 2  # a profile within two levels of 255 of sRGB is one of its many variants
Primaries = tuple[tuple[float, float], ...]


def find_profile(path: str | Path, data: bytes, embedded: bytes | None, exif: bytes | None) -> tuple[bytes | None, list[str]]:
    """The ICC profile of a photo: its own, or one that says the same as its other tags (cICP, gAMA and cHRM, nclx, DCF).

    Args:
        path: in messages.
        data: the whole file.
        embedded: its ICC profile.
        exif: its EXIF block.

    Returns:
        The profile, or None where the photo is sRGB or says nothing; and notes for the user.

    Raises:
        InputError: when the photo is HDR (PQ or HLG): its values are no levels of a display.
    """
    codes, source = coded_color(data)
    if codes is not None and not (embedded and source == "nclx"):  # PNG's cICP goes before a profile, AVIF's nclx behind it
        _refuse_hdr(path, codes[1], source)
        return _of_codes(path, codes, source, embedded)
    if embedded:
        _refuse_hdr(path, _coded_transfer(embedded), "profile")
        if not usable(embedded):
            return None, ["its colour profile is damaged or of another kind of picture; its colours are taken as sRGB"]
        return embedded, []
    chunks = dict(png_chunks(data))
    if b"sRGB" not in chunks and (b"gAMA" in chunks or b"cHRM" in chunks):
        return _of_gamma(chunks)
    if exif and b"R03\0" in exif:  # the interoperability index of DCF's option file: a camera set to Adobe RGB
        note = "Adobe RGB by its EXIF; a profile says so in the result"
        return matrix_profile("Adobe RGB (1998)", _ADOBE, 2.19921875), [note]
    return None, []


def coded_color(data: bytes) -> tuple[tuple[int, int] | None, str]:
    """The primaries and transfer that a PNG's cICP or an AVIF's or HEIC's nclx name by H.273, or None; and the tag's name."""
    if data[:8] == PNG:
        codes = dict(png_chunks(data)).get(b"cICP", b"")
        return (tuple(codes[:2]) if len(codes) == 4 else None), "cICP"
    if data[4:8] == b"ftyp":
        meta = dict(boxes(data)).get(b"meta", b"")
        place = meta.find(b"colrnclx")
        if 0 <= place and place + 12 <= len(meta):
            return struct.unpack_from(">HH", meta, place + 8), "nclx"
    return None, ""


def _refuse_hdr(path: str | Path, transfer: int, source: str) -> None:
    if transfer in _HDR:
        raise InputError(
            f"{path}: is HDR ({_HDR[transfer]}, by its {source}), which cannot be judged or edited as it looks; convert it to "
            "a standard colour space, such as sRGB or Display P3"
        )


def _of_codes(path: str | Path, codes: tuple[int, int], source: str, embedded: bytes | None) -> tuple[bytes | None, list[str]]:
    primaries, transfer = codes
    if primaries == 2 and transfer == 2:  # unspecified
        return embedded, []
    if primaries not in _PRIMARIES and primaries != 2:
        return embedded, [f"its {source} names colour primaries ({primaries}) that are not known here; taken as sRGB's"]
    space = _PRIMARIES.get(primaries, _BT709)
    gamma = _GAMMAS.get(transfer)
    if space == _BT709 and gamma is None:
        return None, []
    name = f"H.273 primaries {primaries}, transfer {transfer}"
    return matrix_profile(name, space, gamma), [f"its colour space, by {source} ({name}), is an ICC profile in the result"]


def _of_gamma(chunks: dict[bytes, bytes]) -> tuple[bytes | None, list[str]]:
    """PNG's older tags: the exponent that encoded the samples, and the chromaticities."""
    gamma = struct.unpack(">I", chunks[b"gAMA"][:4])[0] / 100000 if len(chunks.get(b"gAMA", b"")) >= 4 else 0.45455
    space = _BT709
    if len(chunks.get(b"cHRM", b"")) >= 32:
        values = [value / 100000 for value in struct.unpack(">8I", chunks[b"cHRM"][:32])]
        white, *colors = zip(values[::2], values[1::2], strict=True)
        found = (*colors, white)
        if all(y > 0 for _, y in found) and np.abs(np.array(found) - np.array(_BT709)).max() > 0.005:
            space = found
    alike = _SRGB_GAMMA[0] <= gamma <= _SRGB_GAMMA[1]
    if gamma <= 0 or (alike and space == _BT709):
        return None, []
    words = f"gamma {1 / gamma:.2f}" + ("" if space == _BT709 else " and chromaticities of its own")
    note = f"its colour space, by gAMA and cHRM ({words}), is an ICC profile in the result"
    return matrix_profile(f"PNG, {words}", space, 1 / gamma), [note]


def _coded_transfer(profile: bytes) -> int:
    """The transfer that an ICC profile's cicp tag names, 2 (unspecified) where it has none."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for place in range(132, 132 + 12 * min(count, 100), 12):
            name, start, _ = struct.unpack_from(">4sII", profile, place)
            if name == b"cicp":
                return profile[start + 9]
    except (struct.error, IndexError):
        pass
    return 2


def matrix_profile(name: str, primaries: Primaries, gamma: float | None) -> bytes:
    """An ICC profile, version 4, of three primaries and one curve.

    Args:
        name: that programs show.
        primaries: (x, y) of red, green, blue and white.
        gamma: of the curve; None for that of sRGB.
    """
    white = _xyz(*primaries[3])
    matrix = np.stack([_xyz(*one) for one in primaries[:3]], axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    d50 = np.array([0.9642, 1, 0.8249])
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])  # Bradford
    adapt = np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ white)) @ cone
    matrix = adapt @ matrix
    shape = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045) if gamma is None else (gamma,)
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3 if gamma is None else 0, 0) + _fixed(shape)
    tags = [(b"desc", _text(name)), (b"cprt", _text("CC0")), (b"wtpt", b"XYZ \0\0\0\0" + _fixed(d50))]
    tags += [(b"chad", b"sf32\0\0\0\0" + _fixed(adapt.reshape(-1)))]
    tags += [(tag, b"XYZ \0\0\0\0" + _fixed(matrix[:, i])) for i, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))]
    tags += [(tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")]
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, value in tags:
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    size = struct.pack(">I", start + len(body))
    head = size + bytes(4) + b"\x04\x20\0\0mntrRGB XYZ " + struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp"
    head = head.ljust(68, b"\0") + _fixed(d50)
    return head.ljust(128, b"\0") + table + body


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1, (1 - x - y) / y])


def _fixed(values) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


@functools.lru_cache(maxsize=64)
def usable(profile: bytes) -> bool:
    """Whether colours can be converted from a profile's space to sRGB."""
    return profile[16:20] == b"RGB " and _joined(profile, None)


@functools.lru_cache(maxsize=64)
def reversible(profile: bytes) -> bool:
    """Whether colours can be converted back into a profile's space; not so for scanners and cameras."""
    return _joined(None, profile)


def _joined(source: bytes | None, target: bytes | None) -> bool:
    """Whether Little CMS makes a way between profiles of RGB; libvips would take sRGB for one that is damaged."""
    try:
        _way(source, target)
    except (ImageCms.PyCMSError, OSError):
        return False
    return True


def _way(source: bytes | None, target: bytes | None) -> ImageCms.ImageCmsTransform:
    """From a profile's space to another's, 8 bits a channel; None is sRGB."""
    srgb = ImageCms.createProfile("sRGB")
    both = [ImageCms.ImageCmsProfile(io.BytesIO(one)) if one is not None else srgb for one in (source, target)]
    relative, black = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    return ImageCms.buildTransform(*both, "RGB", "RGB", relative, black)


@functools.lru_cache(maxsize=64)
def is_srgb(profile: bytes | None) -> bool:
    """Whether a profile's space is sRGB, within two levels of 255. None means sRGB."""
    if profile is None:
        return True
    grid = _grid()
    return int(np.abs(to_srgb_bytes(grid, profile).astype(np.int16) - grid).max()) <= _SAME


def to_srgb_bytes(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """As `to_srgb`, at 8 bits and without libvips, which may not run in forked workers: (H, W, 3) uint8."""
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), _way(profile, None)))


def to_srgb(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """Colours as a viewer shows them, relative to white, with black point compensation.

    Args:
        pixels: (H, W, 3) uint8 or uint16 in the profile's space.
        profile: ICC.

    Returns:
        (H, W, 3) sRGB of the same dtype; what lies outside sRGB is clipped.
    """
    seen = _converted(_deep(pixels), profile, None)
    return seen if pixels.dtype == np.uint16 else np.rint(seen / np.float32(257)).astype(np.uint8)


def from_srgb(edited: np.ndarray, seen: np.ndarray, pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """An edit made in sRGB, in the photo's own space.

    What an edit adds in sRGB is added in the photo's space: pixels that it leaves come back bit for bit, and colours outside
    sRGB keep what lies beyond it.

    Args:
        edited: (H, W, 3) sRGB of the dtype of `pixels`.
        seen: of `pixels`, as `to_srgb` gives it.
        pixels: (H, W, 3) uint8 or uint16 in the profile's space.
        profile: ICC.

    Returns:
        (H, W, 3) of the dtype of `pixels`.
    """
    changed = (edited != seen).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    result = pixels.copy()
    if not len(rows):
        return result
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    after, before = (_converted(_deep(one[box]), None, profile).astype(np.int32) for one in (edited, seen))
    scale, most = 65535 // LEVELS[pixels.dtype], LEVELS[pixels.dtype]
    moved = np.clip(np.rint(pixels[box] + (after - before) / scale), 0, most).astype(pixels.dtype)
    result[box] = np.where(changed[box][:, :, None], moved, pixels[box])
    return result


def _deep(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * 257


def _grid() -> np.ndarray:
    levels = np.linspace(0, 255, 18).round().astype(np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(18, 324, 3)


def _converted(pixels: np.ndarray, source: bytes | None, target: bytes | None) -> np.ndarray:
    """(H, W, 3) uint16 from one profile's space to another's; None is sRGB.

    Spaces of a matrix and curves are computed here: Little CMS goes through a coarse table where the input has 16 bits, which
    moves dark colours by up to 4 levels of 255.
    """
    spaces = [_space(source), _space(target)]
    if None not in spaces:
        return _by_matrix(pixels, *spaces)
    import pyvips  # not in workers that only read 8-bit photos

    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation="rgb16")
    with tempfile.TemporaryDirectory() as folder:  # libvips takes profiles as files
        names = []
        for number, profile in enumerate((source, target)):
            names.append("srgb" if profile is None else str(Path(folder) / f"{number}.icc"))
            if profile is not None:
                Path(names[-1]).write_bytes(profile)
        options = {"intent": "relative", "black_point_compensation": True, "depth": 16, "embedded": False}
        return image.icc_transform(names[1], input_profile=names[0], **options).numpy()


def _by_matrix(pixels: np.ndarray, source: "_Space", target: "_Space") -> np.ndarray:
    matrix = (np.linalg.inv(target.matrix) @ source.matrix).astype(np.float32)
    result = np.empty_like(pixels)
    step = max(1, (1 << 20) // pixels.shape[1])
    for start in range(0, len(pixels), step):
        rows = pixels[start : start + step]
        light = np.stack([source.light[i][rows[:, :, i]] for i in range(3)], axis=-1) @ matrix.T
        places = np.rint(np.sqrt(np.clip(light, 0, 1)) * 65535).astype(np.uint16)
        for i in range(3):
            result[start : start + step, :, i] = target.levels[i][places[:, :, i]]
    return result


@dataclasses.dataclass(frozen=True)
class _Space:
    """A space of a matrix and curves: light of each level, the level of each root of light, RGB to XYZ of D50."""

    light: list[np.ndarray]
    levels: list[np.ndarray]
    matrix: np.ndarray


@functools.lru_cache(maxsize=8)
def _space(profile: bytes | None) -> _Space | None:
    """What a profile says, None where it says it by tables."""
    profile = matrix_profile("sRGB", _BT709, None) if profile is None else profile
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        entries = (struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(min(count, 100)))
        tags = {name: profile[start : start + size] for name, start, size in entries}
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        columns = [np.array(struct.unpack_from(">3i", tags[name], 8)) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (KeyError, ValueError, struct.error):
        return None
    ramp = np.linspace(0, 1, 65536)
    levels = [np.rint(np.interp(ramp**2, curve, ramp) * 65535).astype(np.uint16) for curve in curves]
    return _Space([curve.astype(np.float32) for curve in curves], levels, np.stack(columns, axis=1))


def _curve(tag: bytes) -> np.ndarray:
    """The light, 0 to 1, of each of 65536 levels. Raises ValueError for a kind of curve that is not known."""
    ramp = np.linspace(0, 1, 65536)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count > 1:
            values = np.frombuffer(tag, ">u2", count, 12) / 65535
            return np.maximum.accumulate(np.interp(ramp, np.linspace(0, 1, count), values))
        return ramp ** (struct.unpack_from(">H", tag, 12)[0] / 256 if count else 1)
    kind = struct.unpack_from(">H", tag, 8)[0] if tag[:4] == b"para" else -1
    sizes = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
    if kind not in sizes:
        raise ValueError("a curve of no known kind")
    g, a, b, c, d, e, f = (*(np.array(struct.unpack_from(f">{sizes[kind]}i", tag, 12)) / 65536), *(0.0,) * (7 - sizes[kind]))
    if kind == 0:
        return ramp**g
    if kind in (1, 2):
        return np.clip(np.where(ramp >= -b / a, np.maximum(a * ramp + b, 0) ** g, 0) + (c if kind == 2 else 0), 0, 1)
    bent = np.maximum(a * ramp + b, 0) ** g + (e if kind == 4 else 0)
    return np.clip(np.where(ramp >= d, bent, c * ramp + (f if kind == 4 else 0)), 0, 1)
