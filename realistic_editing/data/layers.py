"""A photo and its edit as layers that GIMP and Krita open: OpenRaster, and TIFF with a page for each."""
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pyvips

from realistic_editing.common.arrays import check_mask, check_photo
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.pixels import resize

THUMBNAIL = 256  # longer side in pixels, as the format asks
_PRESENT = (1980, 1, 1, 0, 0, 0)  # of every entry, so that equal content makes equal files


def write_layers(path: str | Path, photo: np.ndarray, layers: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Write an OpenRaster file (version 0.0.3): the photo below, and above it each edit, cut out by its mask.

    Where a mask is soft, a pixel must be what the edit makes of it at full strength: the layer's opacity then blends it.

    Args:
        path: ending in .ora; the file appears whole or not at all.
        photo: (H, W, 3) uint8 or uint16.
        layers: (name, pixels, mask) from the lowest to the highest; pixels as `photo`, mask (H, W).

    Raises:
        InputError: when an array or the path cannot be used.
    """
    if Path(path).suffix.lower() != ".ora":
        raise InputError(f"{path}: layers are written as OpenRaster; end the name in .ora")
    photo = check_photo(photo)
    height, width = photo.shape[:2]
    cut = [(name, _cut_out(check_photo(pixels, name), check_mask(mask, photo))) for name, pixels, mask in layers]
    merged = photo
    for _, layer in cut:
        merged = _over(layer, merged)
    side = min(1.0, THUMBNAIL / max(height, width))
    small = resize(merged, (max(1, round(side * height)), max(1, round(side * width))))
    names = [*(name for name, _ in reversed(cut)), "photo"]  # in the file the highest layer comes first
    entries = {f"data/{len(cut) - index}.png": layer for index, (_, layer) in enumerate(reversed(cut))} | {"data/0.png": photo}
    shown = "".join(
        f"<layer name={quoteattr(name)} src={quoteattr(source)} x=\"0\" y=\"0\" opacity=\"1.0\" visibility=\"visible\"/>"
        for name, source in zip(names, entries, strict=True)
    )
    image = f'<image version="0.0.3" w="{width}" h="{height}"><stack>{shown}</stack></image>'
    stack = f'<?xml version="1.0" encoding="UTF-8"?>\n{image}'
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as file:
        _add(file, "mimetype", b"image/openraster")  # first, and not compressed, so that the file's kind can be told
        _add(file, "stack.xml", stack.encode())
        for name, pixels in (entries | {"mergedimage.png": merged, "Thumbnails/thumbnail.png": small}).items():
            _add(file, name, _png(pixels))


def write_pages(
    path: str | Path, photo: np.ndarray, layers: Sequence[tuple[str, np.ndarray, np.ndarray]], profile: bytes | None = None
) -> None:
    """Write a TIFF of several pages: first the photo, opaque, then each edit with its mask as alpha (not premultiplied).

    Args:
        path: ending in .tif or .tiff; the file appears whole or not at all.
        photo, layers: as for `write_layers`; the names are not kept.
        profile: the photo's ICC profile, where it has one.

    Raises:
        InputError: when an array or the path cannot be used.
    """
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"{path}: pages are written as TIFF; end the name in .tif")
    photo = check_photo(photo)
    opaque = np.full(photo.shape[:2], np.iinfo(photo.dtype).max, photo.dtype)
    cut = [_cut_out(check_photo(pixels, name), check_mask(mask, photo)) for name, pixels, mask in layers]
    # libvips takes the pages one below the other, all with as many channels.
    image = _picture(np.concatenate([np.dstack([photo, opaque]), *cut])).copy()
    image.set_type(pyvips.GValue.gint_type, "page-height", photo.shape[0])
    if profile is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    with replacing(path) as temporary:
        try:
            image.tiffsave(str(temporary), compression="deflate", predictor="horizontal")
        except pyvips.Error as error:
            raise InputError(f"{path}: cannot be written as TIFF ({error}); free some disk space") from error


def _cut_out(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(H, W, 4): the mask as opacity, in the depth of the pixels."""
    most, given = np.iinfo(pixels.dtype).max, np.iinfo(mask.dtype).max if mask.dtype.kind == "u" else 1
    opacity = np.rint(mask * (most / given)).astype(pixels.dtype)
    return np.dstack([pixels, opacity])


def _over(layer: np.ndarray, below: np.ndarray) -> np.ndarray:
    opacity = layer[..., 3:].astype(np.float64) / np.iinfo(layer.dtype).max
    return np.rint(layer[..., :3] * opacity + below * (1 - opacity)).astype(below.dtype)


def _picture(pixels: np.ndarray) -> pyvips.Image:
    depth = "srgb" if pixels.dtype == np.uint8 else "rgb16"
    return pyvips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation=depth)


def _png(pixels: np.ndarray) -> bytes:
    return _picture(pixels).pngsave_buffer()


def _add(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    file.writestr(zipfile.ZipInfo(name, _PRESENT), data)
