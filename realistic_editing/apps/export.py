"""Carry an edit into other programs: a look-up table with its mask, and layers."""
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from realistic_editing.common.arrays import LEVELS, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.data.layers import write_layers
from realistic_editing.ops import Recipe
from realistic_editing.ops.lut import interpolation_error, write_cube
from realistic_editing.ops.photo import apply_to_photo


def export(options: Mapping[str, Any]) -> list[Path]:
    """Write NAME.cube and NAME_mask.png, and NAME.ora with the photo and the edit as layers; NAME is the recipe's.

    Args:
        options: recipe, the JSON file that an edit left; image and mask, that it was made for; strength; size, points of the
            table along each axis; output, a folder, or None for that of the recipe.

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
        words = "the recipe blends after every operator; where the mask is soft, table and layers differ from it a little"
        print(f"note: {words}", file=sys.stderr)
    source = Path(options["recipe"])
    base = Path(options["output"] or source.parent) / source.stem
    cube, selection, layers = base.with_suffix(".cube"), base.with_name(f"{base.name}_mask.png"), base.with_suffix(".ora")
    table = write_cube(cube, recipe, options["size"], base.name)
    inside = to_unit(photo.pixels)[mask > 0]
    print(f"{interpolation_error(table, recipe, inside)}, on the photo's own colours inside the mask")
    write_mask(selection, mask)
    whole = apply_to_photo(photo.pixels, np.full_like(mask, LEVELS[mask.dtype]), recipe)
    write_layers(layers, photo.pixels, [("edit", whole, mask)])
    print(f"table: {cube}\nmask: {selection}\nlayers: {layers}")
    return [cube, selection, layers]


def write_mask(path: Path, mask: np.ndarray) -> None:
    """A mask as a grey PNG of 16 bits, which keeps what either depth holds."""
    wide = mask if mask.dtype == np.uint16 else mask.astype(np.uint16) * 257
    with replacing(path) as temporary:
        pyvips.Image.new_from_array(wide).copy(interpretation="grey16").pngsave(str(temporary))
