"""Photos and masks of users, in and out of files, with depth, EXIF, ICC profile, XMP, resolution and alpha kept."""
import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from realistic_editing.common.arrays import check_photo
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data import color
from realistic_editing.data.kept import attach, complete, lost_in, read_kept, stripped
from realistic_editing.data.labels import doubts, of_label
from realistic_editing.data.opened import (
    decoded,
    open_image,
    orientation_of,
    reason,
    repeat_grey,
    to_srgb,
    upright,
    upright_size,
    whole_pixels,
)
from realistic_editing.data.pixels import resize, selection

_FORMATS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WebP",
}  # fmt: skip
# 4:4:4 and a high quality, because a result is often edited again; the other formats lose nothing at all.
_JPEG = {"Q": 95, "subsample_mode": "off", "optimize_coding": True}
# The compression that measures best for whoever waits: half the time of libvips's own choice, for a tenth more or less bytes.
_PNG = {8: {"compression": 1, "filter": "up"}, 16: {"compression": 1}}  # the lower byte of 16 bits is noise, filtered or not
_TIFF = {"compression": "deflate", "predictor": "horizontal", "level": 1}
_ASPECT_TOLERANCE = 0.02


@dataclasses.dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Photo:
    """A photo as read from a file.

    Args:
        pixels: (H, W, 3) uint8 or uint16, RGB, turned as EXIF says, in the colour space of its ICC profile (sRGB where it has
            none).
        alpha: (H, W) of the same dtype, 0 transparent; None when opaque by format.
        metadata: what libvips calls the EXIF, ICC, XMP and IPTC blocks and the resolution, with their values.
        path: where it was read.
        notes: what was changed in reading, as sentences for the user.
        orientation: by which the stored pixels were turned, 1 to 8 by EXIF.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    metadata: Mapping[str, Any]
    path: Path
    notes: tuple[str, ...] = ()
    orientation: int = 1

    @functools.cached_property
    def srgb(self) -> np.ndarray:
        """(H, W, 3) sRGB, what a viewer shows: the space in which photos are judged and edited.

        It is `pixels` itself where the photo is in sRGB, or says nothing of its space; else see `color.to_srgb`.
        """
        profile = self.metadata.get("icc-profile-data")
        return self.pixels if color.is_srgb(profile) else color.to_srgb(self.pixels, profile)

    def shown(self, pixels: np.ndarray) -> np.ndarray:
        """Other pixels in the photo's space, such as those of `from_srgb`, as `srgb` gives the photo's own."""
        return pixels if self.srgb is self.pixels else dataclasses.replace(self, pixels=pixels).srgb

    def from_srgb(self, edited: np.ndarray) -> np.ndarray:
        """An edit of `srgb` in the photo's own space and depth, as `write_photo` takes it; see `color.from_srgb`."""
        if self.srgb is self.pixels:
            return edited
        return color.from_srgb(edited, self.srgb, self.pixels, self.metadata["icc-profile-data"])


def read_photo(path: str | Path) -> Photo:
    """Read a JPEG, PNG, TIFF, WebP, GIF, AVIF, HEIC or BMP of 8 or 16 bits: grey, RGB, palette or CMYK, with or without alpha.

    Grey becomes RGB, CMYK becomes sRGB through its profile, and of several pages the first is taken, each with a note.

    Raises:
        InputError: naming the file, what was found and the remedy: when it is absent, a folder, empty, of another
            format, damaged, or cut short.
    """
    data, image, notes = open_image(path)
    metadata = read_kept(data, image, upright_size(image), notes)
    kind = image.interpretation
    has_profile = metadata.get("icc-profile-data", b"")[16:20] in ((b"CMYK",) if kind == "cmyk" else (b"GRAY", b"RGB "))
    if kind == "cmyk" or (kind in ("b-w", "grey16") and has_profile):
        image = to_srgb(path, image)
        metadata["icc-profile-data"] = image.get("icc-profile-data")
        via = "its profile" if has_profile else "a standard CMYK profile, because it has none of its kind"
        notes.append(f"{'CMYK' if kind == 'cmyk' else 'grey'} converted to sRGB through {via}")
    elif kind in ("b-w", "grey16"):
        image = repeat_grey(image)
        notes.append("grey photo; the result is RGB")
    notes += _set_profile(Path(path), data, metadata)
    pixels = upright(image, whole_pixels(path, data, decoded(path, image)))
    alpha = np.ascontiguousarray(pixels[:, :, 3]) if pixels.shape[2] == 4 else None
    colors = np.ascontiguousarray(pixels[:, :, :3])
    profile = metadata.get("icc-profile-data")
    if profile is not None and not color.is_srgb(profile) and not color.reversible(profile):
        colors = color.to_srgb(colors, profile)
        _set_srgb(metadata)
        notes.append("converted to sRGB, because its profile, of a scanner or camera, does not lead back")
    return Photo(colors, alpha, metadata, Path(path), tuple(notes), orientation_of(image))


def _set_profile(path: Path, data: bytes, metadata: dict[str, Any]) -> list[str]:
    """Put the profile that a photo's colours are in into its metadata, whatever says it; notes for the user."""
    profile, notes = color.find_profile(path, data, metadata.pop("icc-profile-data", None), metadata.get("exif-data"))
    if profile is None:
        _set_srgb(metadata)
    else:
        metadata["icc-profile-data"] = profile
    return notes


def _set_srgb(metadata: dict[str, Any]) -> None:
    """Say that colours are sRGB: by no profile, but where EXIF would then mean Adobe RGB, by one."""
    metadata.pop("icc-profile-data", None)
    if color.is_adobe_by_exif(metadata.get("exif-data")):
        metadata["icc-profile-data"] = color.SRGB


def write_photo(
    path: str | Path, photo: Photo, pixels: np.ndarray, quality: int | None = None, strip: bool = False
) -> None:
    """Write `pixels` in place of those of `photo`, with all else that it has; the file appears whole or not at all.

    PNG, TIFF (deflate) and WebP are written without loss, JPEG at quality 95 without chroma subsampling. EXIF's
    orientation becomes 1 and its thumbnail is dropped, because the pixels are upright and edited.

    Args:
        path: .jpg, .jpeg, .png, .tif, .tiff or .webp; the suffix chooses the format.
        photo: as read.
        pixels: of the size and dtype of `photo.pixels`.
        quality: of JPEG, 1 to 100; 95 when None.
        strip: leave out EXIF, XMP, IPTC and texts, which may name places, persons and devices.

    Raises:
        InputError: when the format is unknown or cannot hold the photo's depth or alpha, when the pixels do not belong
            to the photo, or when the file cannot be written.
    """
    path = Path(path)
    pixels = check_photo(pixels, "pixels")
    if pixels.shape != photo.pixels.shape or pixels.dtype != photo.pixels.dtype:
        raise InputError(
            f"pixels are {pixels.dtype} {pixels.shape}, and {photo.path} is {photo.pixels.dtype} {photo.pixels.shape}; "
            "keep the photo's size and dtype"
        )
    kind = check_format(path, photo)
    image = pyvips.Image.new_from_array(pixels)
    if photo.alpha is not None and kind != "JPEG":
        image = image.bandjoin(pyvips.Image.new_from_array(photo.alpha))
    depth = "srgb" if pixels.dtype == np.uint8 else "rgb16"
    image = image.copy(interpretation=depth, xres=photo.metadata["xres"], yres=photo.metadata["yres"])
    kept = stripped(photo.metadata) if strip else photo.metadata
    attach(image, kind, kept)

    with replacing(path) as temporary:
        try:
            if kind == "JPEG":
                image.jpegsave(str(temporary), **_JPEG | ({} if quality is None else {"Q": quality}))
            elif kind == "PNG":
                image.pngsave(str(temporary), **_PNG[8 * pixels.itemsize])
            elif kind == "WebP":
                image.webpsave(str(temporary), lossless=True, exact=True)
            else:
                image.tiffsave(str(temporary), **_TIFF)
        except pyvips.Error as error:
            raise InputError(
                f"{path}: cannot be written as {kind} ({reason(error)}); free some disk space, or choose .tif for a "
                "photo with more pixels on a side than the format allows"
            ) from error
        complete(Path(temporary), kind, kept)


def read_mask(
    path: str | Path,
    photo_size: tuple[int, int],
    empty: bool = False,
    faint: bool = False,
    label: int | None = None,
    invert: bool = False,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read the mask of a photo: white or opaque is selected, grey in part.

    A mask with transparency (a cut-out) is its alpha; otherwise a colour mask is its luminance (Rec. 709 weights of the
    stored values). Another size is resized, without aliasing, where the proportions agree within 2 %.

    Args:
        path: a file as for `read_photo`.
        photo_size: (H, W) of the photo as displayed.
        empty: whether the mask may select nothing, as in a frame of a clip that the region has left.
        faint: whether it may hold only 0 and 1, as where a fade ends.
        label: select this index or grey value of a label map, in the place of brightness.
        invert: select what it leaves.

    Returns:
        (H, W) uint8 or uint16, and notes for the user: what was made of it, and what it may not mean (see `labels.doubts`).

    Raises:
        InputError: as `read_photo`; when the proportions differ; when the mask selects nothing, or holds only 0 and 1.
    """
    data, image, notes = open_image(path)
    if image.interpretation == "cmyk":
        image = to_srgb(path, image)
    stored = whole_pixels(path, data, decoded(path, image))
    stored = stored if label is None else of_label(path, data, stored, label)
    mask, found = selection(upright(image, stored))
    notes += found
    mask = _fit(path, np.ascontiguousarray(mask), photo_size, notes)
    mask = np.iinfo(mask.dtype).max - mask if invert else mask
    largest = mask.max()
    if largest <= 1 and not (empty if largest == 0 else faint):
        found = "0 everywhere, so nothing is selected" if largest == 0 else "only 0 and 1, nearly black"
        raise InputError(f"{path}: the mask is {found}; paint the region white ({np.iinfo(mask.dtype).max}) on black")
    return mask, (*notes, *doubts(mask))


def _fit(path: str | Path, mask: np.ndarray, photo_size: tuple[int, int], notes: list[str]) -> np.ndarray:
    (height, width), (photo_height, photo_width) = mask.shape, photo_size
    if mask.shape == tuple(photo_size):
        return mask
    if abs(width * photo_height / (height * photo_width) - 1) > _ASPECT_TOLERANCE:
        turned = abs(height * photo_height / (width * photo_width) - 1) <= _ASPECT_TOLERANCE
        remedy = (
            "its sides are swapped: make it from the photo as displayed, turned as its EXIF orientation says"
            if turned
            else "make it from this photo, uncropped"
        )
        raise InputError(
            f"{path}: the mask is {width} x {height} and the photo {photo_width} x {photo_height} (width x height); "
            f"{remedy}"
        )
    notes.append(f"the mask was resized from {width} x {height} to {photo_width} x {photo_height}")
    return resize(mask, photo_size)


def check_format(path: Path, photo: Photo) -> str:
    """The format that a path's suffix means for a photo: JPEG, PNG, TIFF or WebP.

    Raises:
        InputError: when it is unknown, or cannot hold the photo's depth or alpha.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        folder = "" if path.suffix else f", or {path}/ for a folder"
        raise InputError(f"{path}: cannot write the format {path.suffix or '(no suffix)'}; use {', '.join(_FORMATS)}{folder}")
    if kind in ("JPEG", "WebP") and photo.pixels.dtype == np.uint16:
        raise InputError(f"{path}: {kind} holds 8 bits a channel and {photo.path} has 16; write .tif or .png")
    if kind == "JPEG" and photo.alpha is not None and photo.alpha.min() < np.iinfo(photo.alpha.dtype).max:
        raise InputError(f"{path}: JPEG holds no transparency and {photo.path} has some; write .png, .tif or .webp")
    return kind


def lost(path: Path, photo: Photo) -> list[str]:
    """Notes on what of a photo the format of a result has no place for. Raises InputError as `check_format`."""
    return lost_in(check_format(path, photo), photo.metadata)
