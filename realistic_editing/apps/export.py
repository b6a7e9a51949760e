"""Carry an edit into other programs: a look-up table with its mask, layers, and the sliders of raw converters."""
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from realistic_editing.common.arrays import LEVELS, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.ellipse import fit_ellipse
from realistic_editing.data.images import Photo, read_mask, read_photo
from realistic_editing.data.layers import write_layers, write_pages
from realistic_editing.data.xmp import write_xmp
from realistic_editing.ops import Recipe
from realistic_editing.ops.lut import interpolation_error, write_cube
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.sliders import fit_sliders


def export(options: Mapping[str, Any]) -> list[Path]:
    """Write an edit in the formats that are asked for; the files are called as the recipe.

    Args:
        options: recipe, the JSON file that an edit left; image and mask, that it was made for; strength; formats: "cube"
            writes NAME.cube and NAME_mask.png, "ora" NAME.ora and "tiff" NAME_layers.tif, the photo and the edit as layers,
            "xmp" NAME.xmp, sliders with an ellipse; size, points of the table along each axis; output, a folder, or None for
            that of the recipe.

    Returns:
        The files.

    Raises:
        InputError: when an option or a file cannot be used.
    """
    recipe = Recipe.load(options["recipe"])
    if len(recipe) != 1:
        raise InputError(f"{options['recipe']}: holds {len(recipe)} edits; give a file with one")
    recipe = recipe.at_strength(float(options["strength"]))
    photo = read_photo(options["image"])
    mask, notes = read_mask(options["mask"], photo.pixels.shape[:2])
    for note in (*photo.notes, *notes):
        print(f"note: {note}", file=sys.stderr)
    if recipe.blend != "final":
        words = "the recipe blends after every operator; where the mask is soft, what is exported differs from it a little"
        print(f"note: {words}", file=sys.stderr)
    source = Path(options["recipe"])
    base = Path(options["output"] or source.parent) / source.stem
    formats = options["formats"]
    files = _table(base, recipe, photo, mask, options["size"]) if "cube" in formats else []
    if "ora" in formats or "tiff" in formats:
        layers = [("edit", apply_to_photo(photo.pixels, np.full_like(mask, LEVELS[mask.dtype]), recipe), mask)]
    if "ora" in formats:
        files.append(base.with_suffix(".ora"))
        write_layers(files[-1], photo.pixels, layers)
        print(f"layers: {files[-1]}")
    if "tiff" in formats:
        files.append(base.with_name(f"{base.name}_layers.tif"))
        write_pages(files[-1], photo.pixels, layers, photo.metadata.get("icc-profile-data"))
        print(f"pages: {files[-1]}")
    return files + (_sidecar(base, recipe, photo, mask) if "xmp" in formats else [])


def _table(base: Path, recipe: Recipe, photo: Photo, mask: np.ndarray, size: int) -> list[Path]:
    cube, selection = base.with_suffix(".cube"), base.with_name(f"{base.name}_mask.png")
    table = write_cube(cube, recipe, size, base.name)
    inside = to_unit(photo.pixels)[mask > 0]
    print(f"{interpolation_error(table, recipe, inside)}, on the photo's own colours inside the mask")
    write_mask(selection, mask)
    print(f"table: {cube}\nmask: {selection}")
    return [cube, selection]


def _sidecar(base: Path, recipe: Recipe, photo: Photo, mask: np.ndarray) -> list[Path]:
    """Fit sliders where the mask is at least half, and say what they leave."""
    path = base.with_suffix(".xmp")
    weights = to_unit(mask)
    fit = fit_sliders(recipe, to_unit(photo.pixels)[weights >= min(0.5, weights.max())])
    ellipse, found = fit_ellipse(mask)
    write_xmp(path, fit.sliders, ellipse, mask.shape, base.name)
    chosen = fit.sliders
    print(f"sliders, by a plain model of what they do: exposure {chosen.exposure:+.2f}, temperature {chosen.temperature:+d}, "
          f"tint {chosen.tint:+d}, saturation {chosen.saturation:+d}, and a curve for each channel")  # fmt: skip
    print("inside the mask, in levels of 255, mean (and 95th percentile):")
    print(f"  the edit moves         {fit.edit}")
    print(f"  sliders alone miss it  {fit.without_curves}")
    print(f"  with the curves        {fit.with_curves}")
    print(f"ellipse for the mask: intersection over union {found:.2f}\nsidecar: {path}")
    return [path]


def write_mask(path: Path, mask: np.ndarray) -> None:
    """A mask as a grey PNG of 16 bits, which keeps what either depth holds."""
    wide = mask if mask.dtype == np.uint16 else mask.astype(np.uint16) * 257
    with replacing(path) as temporary:
        pyvips.Image.new_from_array(wide).copy(interpretation="grey16").pngsave(str(temporary))
