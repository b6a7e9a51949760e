"""Carry an edit into other programs: a look-up table with its mask, layers, and the sliders of raw converters."""
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.mask import region_of
from realistic_editing.apps.results import refuse_overwriting, replaced, reporting, say
from realistic_editing.common.arrays import LEVELS, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.ellipse import fit_ellipse
from realistic_editing.data.images import Photo, read_photo
from realistic_editing.data.layers import Layer, write_layers, write_pages
from realistic_editing.data.masks import write_mask
from realistic_editing.data.xmp import write_xmp
from realistic_editing.enhance.options import check_strength
from realistic_editing.ops import Recipe
from realistic_editing.ops.lut import interpolation_error, write_cube
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.sliders import fit_sliders


def export(options: Mapping[str, Any]) -> list[Path]:
    """Write an edit in the formats that are asked for; the files are called as the recipe.

    Args:
        options: recipe, the JSON file that an edit left; image and mask, that it was made for; label and invert, as for an
            edit; strength; formats: "cube" writes NAME.cube and NAME_mask.png, "ora" NAME.ora and "tiff" NAME_layers.tif,
            the photo and the edit as layers, "xmp" NAME.xmp, sliders with an ellipse; size, points of the table along each
            axis; output, a folder, or None for that of the recipe; json.

    Returns:
        The files.

    Raises:
        InputError: when an option or a file cannot be used, or a file would be written over one that is read.
    """
    recipe = Recipe.load(options["recipe"])
    if len(recipe) != 1:
        raise InputError(f"{options['recipe']}: holds {len(recipe)} edits; give a file with one")
    recipe = recipe.at_strength(check_strength(float(options["strength"])))
    source = Path(options["recipe"])
    base = Path(options["output"] or source.parent) / source.stem
    wanted = [name for name in WRITERS if name in options["formats"]]
    files = [path for name in wanted for path in paths_of(base, name)]
    refuse_overwriting(files, [options["recipe"], options["image"], options["mask"]])
    photo = read_photo(options["image"])
    region = {name: options.get(name) for name in ("mask", "label", "invert")} | {"keep_mask": options.get("keep_mask") or None}
    mask, notes = region_of(photo, region)
    say((*photo.notes, *notes, *(note for file in files for note in replaced(file))), options["image"])
    if recipe.blend != "final":
        words = "the recipe blends after every operator; where the mask is soft, what is exported differs from it a little"
        say([words], options["recipe"])
    edited = Edited(recipe, photo, mask, base.name, options["size"])
    with reporting(options) as found:
        found |= {"recipe": options["recipe"], "strength": float(options["strength"]), "files": files, "formats": {}}
        for name in wanted:
            WRITERS[name](paths_of(base, name), edited)
            found["formats"][name] = paths_of(base, name)
    return files


def paths_of(base: Path, name: str) -> list[Path]:
    """The files of a format; the whole of a recipe's name is kept, which may hold dots."""
    return [base.with_name(base.name + ending) for ending in ENDINGS[name]]


@dataclasses.dataclass(frozen=True)
class Edited:
    """What is exported: an edit, the photo and mask that it is for, its name, and the points of a table along each axis."""

    recipe: Recipe
    photo: Photo
    mask: np.ndarray
    name: str
    size: int

    @functools.cached_property
    def layers(self) -> list[Layer]:
        """The edit at full strength everywhere; its mask is the layer's opacity."""
        everywhere = np.full_like(self.mask, LEVELS[self.mask.dtype])
        whole = apply_to_photo(self.photo.srgb, everywhere, self.recipe)
        return [("edit", self.photo.from_srgb(whole), self.mask)]


def _table(paths: Sequence[Path], edited: Edited) -> None:
    cube, selection = paths
    table = write_cube(cube, edited.recipe, edited.size, edited.name)
    inside = to_unit(edited.photo.srgb)[edited.mask > 0]
    print(f"{interpolation_error(table, edited.recipe, inside)}, on the photo's own colours inside the mask")
    write_mask(selection, edited.mask)
    print(f"table: {cube}\nmask: {selection}")


def _layered(paths: Sequence[Path], edited: Edited) -> None:
    """OpenRaster or TIFF, by the path."""
    photo = edited.photo
    write, word = (write_layers, "layers") if paths[0].suffix == ".ora" else (write_pages, "pages")
    write(paths[0], photo.pixels, edited.layers, photo.metadata.get("icc-profile-data"), photo.alpha)
    print(f"{word}: {paths[0]}")


def _sidecar(paths: Sequence[Path], edited: Edited) -> None:
    """Fit sliders where the mask is at least half, and say what they leave."""
    weights = to_unit(edited.mask)
    fit = fit_sliders(edited.recipe, to_unit(edited.photo.srgb)[weights >= min(0.5, weights.max())])
    ellipse, found = fit_ellipse(edited.mask)
    write_xmp(paths[0], fit.sliders, ellipse, edited.mask.shape, edited.name, edited.photo.orientation)
    chosen = fit.sliders
    print(f"sliders, by a plain model of what they do: exposure {chosen.exposure:+.2f}, temperature {chosen.temperature:+d}, "
          f"tint {chosen.tint:+d}, saturation {chosen.saturation:+d}, and a curve for each channel")  # fmt: skip
    print("inside the mask, in levels of 255, mean (and 95th percentile):")
    print(f"  the edit moves         {fit.edit}")
    print(f"  sliders alone miss it  {fit.without_curves}")
    print(f"  with the curves        {fit.with_curves}")
    print(f"ellipse for the mask: intersection over union {found:.2f}\nsidecar: {paths[0]}")


# Format -> who writes it, and the ends of its files' names.
WRITERS = {"cube": _table, "ora": _layered, "tiff": _layered, "xmp": _sidecar}
ENDINGS = {"cube": (".cube", "_mask.png"), "ora": (".ora",), "tiff": ("_layers.tif",), "xmp": (".xmp",)}
