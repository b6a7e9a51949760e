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

_THUMBNAIL = 256  # longer side in pixels, as the format asks
Layer = tuple[str, np.ndarray, np.ndarray]
_PRESENT = (1980, 1, 1, 0, 0, 0)  # of every entry, so that equal content makes equal files


def write_layers(
    path: str | Path,
    photo: np.ndarray,
    layers: Sequence[Layer],
    profile: bytes | None = None,
    alpha: np.ndarray | None = None,
) -> None:
    """Write an OpenRaster file (version 0.0.5): the photo below, and above it each edit, cut out by its mask.

    Where a mask is soft, a pixel must be what the edit makes of it at full strength: the layer's opacity then blends it.

    Args:
        path: ending in .ora; the file appears whole or not at all.
        photo: (H, W, 3) uint8 or uint16.
        layers: (name, pixels, mask) from the lowest to the highest; pixels as `photo`, mask (H, W).
        profile: the photo's ICC profile, where it has one; every picture in the file bears it.
        alpha: the photo's transparency, (H, W) in its depth, where it has some; the whole has the same.

    Raises:
        InputError: when an array or the path cannot be used.
    """
    if Path(path).suffix.lower() != ".ora":
        raise InputError(f"{path}: layers are written as OpenRaster; end the name in .ora")
    photo, cut = _checked(photo, layers, alpha)
    merged = photo
    for layer in cut:
        merged = _over(layer, merged)
    base, merged = (part if alpha is None else np.dstack([part, alpha]) for part in (photo, merged))
    height, width = photo.shape[:2]
    side = min(1.0, _THUMBNAIL / max(height, width))
    small = resize(merged, (max(1, round(side * height)), max(1, round(side * width))))
    entries = {f"data/{len(cut) - index}.png": layer for index, layer in enumerate(reversed(cut))} | {"data/0.png": base}
    names = [*(name for name, *_ in reversed(layers)), "photo"]  # in the file the highest layer comes first
    seen_through = alpha is not None and alpha.min() < np.iinfo(alpha.dtype).max
    stack = _stack(names, list(entries), (width, height), "src-atop" if seen_through else "src-over")
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as file:
        _add(file, "mimetype", b"image/openraster")  # first, and not compressed, so that the kind of file is recognised
        _add(file, "stack.xml", stack.encode())
        for name, pixels in (entries | {"mergedimage.png": merged, "Thumbnails/thumbnail.png": small}).items():
            _add(file, name, _picture(pixels, profile).pngsave_buffer())


def _stack(names: Sequence[str], sources: Sequence[str], size: tuple[int, int], blend: str) -> str:
    """The XML of layers from the highest to the lowest; atop, an edit leaves the transparency below as it is."""
    shown = "".join(
        f"<layer name={quoteattr(name)} src={quoteattr(source)} x=\"0\" y=\"0\" opacity=\"1.0\" visibility=\"visible\""
        f" composite-op=\"svg:{blend if source != sources[-1] else 'src-over'}\"/>"
        for name, source in zip(names, sources, strict=True)
    )
    image = f'<image version="0.0.5" w="{size[0]}" h="{size[1]}"><stack>{shown}</stack></image>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{image}'


def write_pages(
    path: str | Path,
    photo: np.ndarray,
    layers: Sequence[Layer],
    profile: bytes | None = None,
    alpha: np.ndarray | None = None,
) -> None:
    """Write a TIFF of several pages: first the photo, then each edit with its mask as alpha (not premultiplied).

    Args:
        path: ending in .tif or .tiff; the file appears whole or not at all.
        photo, layers, alpha: as for `write_layers`; the names are not kept. A photo without `alpha` is opaque.
        profile: the photo's ICC profile, where it has one.

    Raises:
        InputError: when an array or the path cannot be used.
    """
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"{path}: pages are written as TIFF; end the name in .tif")
    photo, cut = _checked(photo, layers, alpha)
    opacity = np.full(photo.shape[:2], np.iinfo(photo.dtype).max, photo.dtype) if alpha is None else alpha
    # libvips takes the pages one below the other, all with as many channels.
    image = _picture(np.concatenate([np.dstack([photo, opacity]), *cut]), profile)
    image.set_type(pyvips.GValue.gint_type, "page-height", photo.shape[0])
    with replacing(path) as temporary:
        try:
            image.tiffsave(str(temporary), compression="deflate", predictor="horizontal")
        except pyvips.Error as error:
            raise InputError(f"{path}: cannot be written as TIFF ({error}); free some disk space") from error


def _checked(
    photo: np.ndarray, layers: Sequence[Layer], alpha: np.ndarray | None
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The photo, and (H, W, 4) of each layer: its mask as opacity, and none where the photo is not there at all."""
    photo, cut = check_photo(photo), []
    if alpha is not None and (alpha.shape != photo.shape[:2] or alpha.dtype != photo.dtype):
        wanted = f"{photo.dtype} {photo.shape[:2]}"
        raise InputError(f"alpha is {alpha.dtype} {alpha.shape}; give the photo's, which is {wanted}")
    for name, pixels, mask in layers:
        pixels, mask = check_photo(pixels, name), check_mask(mask, photo)
        most, given = np.iinfo(pixels.dtype).max, np.iinfo(mask.dtype).max if mask.dtype.kind == "u" else 1
        opacity = np.rint(mask * (most / given)).astype(pixels.dtype)
        cut.append(np.dstack([pixels, opacity if alpha is None else np.where(alpha > 0, opacity, 0)]))
    return photo, cut


def _over(layer: np.ndarray, below: np.ndarray) -> np.ndarray:
    opacity = layer[..., 3:].astype(np.float64) / np.iinfo(layer.dtype).max
    return np.rint(layer[..., :3] * opacity + below * (1 - opacity)).astype(below.dtype)


def _picture(pixels: np.ndarray, profile: bytes | None) -> pyvips.Image:
    depth = "srgb" if pixels.dtype == np.uint8 else "rgb16"
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation=depth)
    if profile is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


def _add(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    file.writestr(zipfile.ZipInfo(name, _PRESENT), data)
