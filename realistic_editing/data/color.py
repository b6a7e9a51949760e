"""The colour space of a photo: what says it beside an ICC profile, and the way to sRGB, which the networks see, and back."""
import functools
import io
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from realistic_editing.common.arrays import LEVELS
from realistic_editing.common.errors import InputError
from realistic_editing.data.containers import PNG, boxes, png_chunks
from realistic_editing.data.icc import BT709_SPACE, D50, D65, Space, coded_transfer, is_space, matrix_profile, space_of

_ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65)
SRGB = matrix_profile("sRGB", BT709_SPACE, None)
# Red, green, blue and white as (x, y), by the code points of ITU-T H.273.
_PRIMARIES = {
    1: BT709_SPACE,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}
_HDR = {16: "PQ", 18: "HLG"}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}  # the other transfers are shown as sRGB's by viewers
_SRGB_GAMMA = (0.447, 0.463)  # of PNG's gAMA: about 1 / 2.2, by which sRGB is meant
_GAMMA_RANGE = (0.1, 10)  # of the same, beyond which no file means it
_BEND = 6 / 29  # of CIELAB's curve, where its cube root begins
_SAME = 2  # a profile within two levels of 255 of sRGB is one of its many variants


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
    if source == "cICP" and codes is not None and not dict(png_chunks(data))[b"cICP"][3]:
        raise InputError(f"{path}: holds video levels (16 to 235, by its cICP), which are not read; convert it to full range")
    if codes is not None and not (embedded and source == "nclx"):  # PNG's cICP goes before a profile, AVIF's nclx behind it
        _refuse_hdr(path, codes[1], source)
        return _of_codes(path, codes, source, embedded)
    if embedded:
        _refuse_hdr(path, coded_transfer(embedded), "profile")
        if not usable(embedded):
            return None, ["its colour profile is damaged or of another kind of picture; its colours are taken as sRGB"]
        return embedded, []
    chunks = dict(png_chunks(data))
    if b"sRGB" not in chunks and (b"gAMA" in chunks or b"cHRM" in chunks):
        return _of_gamma(chunks)
    if is_adobe_by_exif(exif):
        note = "Adobe RGB by its EXIF; a profile says so in the result"
        return matrix_profile("Adobe RGB (1998)", _ADOBE, 2.19921875), [note]
    return None, []


def is_adobe_by_exif(exif: bytes | None) -> bool:
    """Whether it has the interoperability index of DCF's option file: of a camera set to Adobe RGB."""
    return b"R03\0" in (exif or b"")


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
    space = _PRIMARIES.get(primaries, BT709_SPACE)
    gamma = _GAMMAS.get(transfer)
    if space == BT709_SPACE and gamma is None:
        return None, []
    name = f"H.273 primaries {primaries}, transfer {transfer}"
    return matrix_profile(name, space, gamma), [f"its colour space, by {source} ({name}), is an ICC profile in the result"]


def _of_gamma(chunks: dict[bytes, bytes]) -> tuple[bytes | None, list[str]]:
    """PNG's older tags: the exponent that encoded the samples, and the chromaticities."""
    gamma = struct.unpack(">I", chunks[b"gAMA"][:4])[0] / 100000 if len(chunks.get(b"gAMA", b"")) >= 4 else 0.45455
    space, unreal = BT709_SPACE, "its colour space, by gAMA and cHRM, cannot be real; taken as sRGB"
    if len(chunks.get(b"cHRM", b"")) >= 32:
        values = [value / 100000 for value in struct.unpack(">8I", chunks[b"cHRM"][:32])]
        white, *colors = zip(values[::2], values[1::2], strict=True)
        found = (*colors, white)
        if not is_space(found):
            return None, [unreal]
        if np.abs(np.array(found) - np.array(BT709_SPACE)).max() > 0.005:
            space = found
    if not _GAMMA_RANGE[0] <= gamma <= _GAMMA_RANGE[1]:
        return None, [unreal]
    if _SRGB_GAMMA[0] <= gamma <= _SRGB_GAMMA[1] and space == BT709_SPACE:
        return None, []
    words = f"gamma {1 / gamma:.2f}" + ("" if space == BT709_SPACE else " and chromaticities of its own")
    note = f"its colour space, by gAMA and cHRM ({words}), is an ICC profile in the result"
    return matrix_profile(f"PNG, {words}", space, 1 / gamma), [note]


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
    intent, black = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    names = (source or b"")[128:1332]
    if b"A2B0" in names and b"A2B1" not in names:  # tables for the perceptual intent alone, of which libvips asks then too
        intent = ImageCms.Intent.PERCEPTUAL
    return ImageCms.buildTransform(*both, "RGB", "RGB", intent, black)


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

    Spaces of a matrix and curves are computed here, and those of tables as far as Lab by Little CMS: from one to the other, it
    goes through a coarse table of its own where the input has 16 bits, which moves dark colours by up to 4 levels of 255.
    """
    spaces = [space_of(source), space_of(target)]
    if None not in spaces:
        return _by_matrix(pixels, *spaces)
    lab = _lab_of(pixels, spaces[0]) if spaces[0] else _through(pixels, source, "rgb16", "icc_import")
    return _of_lab(lab, spaces[1]) if spaces[1] else _through(lab, target, "lab", "icc_export", depth=16)


def _through(pixels: np.ndarray, profile: bytes, interpretation: str, step: str, **options: int) -> np.ndarray:
    """(H, W, 3) uint16 of a profile to float Lab by libvips's `icc_import`, or back by its `icc_export`."""
    import pyvips  # not in workers that only read 8-bit photos

    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation=interpretation)
    with tempfile.TemporaryDirectory() as folder:  # libvips takes profiles as files
        path = Path(folder) / "profile.icc"
        path.write_bytes(profile)
        options |= {"input_profile": str(path), "embedded": False} if step == "icc_import" else {"output_profile": str(path)}
        return getattr(image, step)(pcs="lab", intent="relative", black_point_compensation=True, **options).numpy()


def _lab_of(pixels: np.ndarray, space: Space) -> np.ndarray:
    """(H, W, 3) float32 CIELAB of D50."""
    result = np.empty(pixels.shape, np.float32)
    for rows in _strips(pixels):
        light = np.stack([space.light[i][pixels[rows, :, i]] for i in range(3)], axis=-1)
        ratio = light @ (space.matrix / D50[:, None]).T.astype(np.float32)
        x, y, z = np.moveaxis(np.where(ratio > _BEND**3, np.cbrt(ratio), ratio / (3 * _BEND**2) + 4 / 29), -1, 0)
        result[rows] = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return result


def _of_lab(lab: np.ndarray, space: Space) -> np.ndarray:
    """(H, W, 3) uint16 in a space of a matrix and curves; what lies outside is clipped."""
    result, matrix = np.empty(lab.shape, np.uint16), (np.linalg.inv(space.matrix) * D50).astype(np.float32)
    for rows in _strips(lab):
        y = (lab[rows, :, 0] + 16) / 116
        roots = np.stack([y + lab[rows, :, 1] / 500, y, y - lab[rows, :, 2] / 200], axis=-1)
        ratio = np.where(roots > _BEND, roots**3, (roots - 4 / 29) * (3 * _BEND**2))
        result[rows] = _encoded(ratio @ matrix.T, space)
    return result


def _strips(pixels: np.ndarray) -> Iterator[slice]:
    """Rows, about a million pixels at a time."""
    step = max(1, (1 << 20) // pixels.shape[1])
    return (slice(start, start + step) for start in range(0, len(pixels), step))


def _encoded(light: np.ndarray, space: Space) -> np.ndarray:
    """(..., 3) uint16 of linear light."""
    places = np.rint(np.sqrt(np.clip(light, 0, 1)) * 65535).astype(np.uint16)
    return np.stack([space.levels[i][places[..., i]] for i in range(3)], axis=-1)


def _by_matrix(pixels: np.ndarray, source: Space, target: Space) -> np.ndarray:
    matrix = (np.linalg.inv(target.matrix) @ source.matrix).astype(np.float32)
    result = np.empty_like(pixels)
    for rows in _strips(pixels):
        result[rows] = _encoded(np.stack([source.light[i][pixels[rows, :, i]] for i in range(3)], axis=-1) @ matrix.T, target)
    return result
