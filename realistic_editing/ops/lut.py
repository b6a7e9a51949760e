"""A recipe as a three-dimensional look-up table (.cube): the edit inside the mask, for programs that know no recipes."""
import dataclasses
from pathlib import Path

import numpy as np
import torch
from scipy.interpolate import interpn

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.ops.apply import apply
from realistic_editing.ops.recipe import Recipe

_SIZES = (17, 129)  # the least and the most points along each axis that are offered; programs agree on 17, 33 and 65
PROBES = 1 << 16  # colours that measure the error, when no photo does


@dataclasses.dataclass(frozen=True)
class LutError:
    """What a table's interpolation costs, in levels of 255.

    Args:
        mean, worst: over colours and channels.
    """

    mean: float
    worst: float

    def __str__(self) -> str:
        return f"interpolation differs from the edit by {self.mean:.3f} levels of 255 on average, {self.worst:.1f} at most"


def lookup_table(recipe: Recipe, size: int = 33) -> np.ndarray:
    """What a recipe makes of a grid of colours, where the mask is 1.

    Composited with the mask, the table is the edit itself for `blend="final"`; with "each", only where the mask is 0 or 1.

    Args:
        recipe: a batch of one.
        size: points along each axis, 17 to 129.

    Returns:
        (size, size, size, 3) float32 in [0, 1], RGB (sRGB); axes are blue, green and red, so that red varies fastest, as in
        a .cube file.

    Raises:
        InputError: when the size is not one that programs read.
        ValueError: when the recipe is not one edit.
    """
    if len(recipe) != 1:
        raise ValueError(f"recipe holds {len(recipe)} edits; expected one: pass recipe[i]")
    if not _SIZES[0] <= size <= _SIZES[1]:
        raise InputError(f"size is {size}; use a number of points from {_SIZES[0]} to {_SIZES[1]}, such as 33")
    steps = torch.linspace(0, 1, size, dtype=torch.float64)
    blue, green, red = torch.meshgrid(steps, steps, steps, indexing="ij")
    return recolored(torch.stack([red, green, blue], dim=-1).reshape(-1, 3), recipe).reshape(size, size, size, 3)


def write_cube(path: str | Path, recipe: Recipe, size: int = 33, title: str = "realistic-editing") -> np.ndarray:
    """Write a recipe as a .cube file (Adobe's Cube LUT specification 1.0); it appears whole or not at all.

    Args:
        path: of the file.
        recipe, size: as for `lookup_table`.
        title: shown by some programs.

    Returns:
        The table.

    Raises:
        InputError: as `lookup_table`, and when the file cannot be written.
    """
    table = lookup_table(recipe, size)
    name = title.replace('"', "'").replace("\n", " ")
    # ImageMagick 7 takes every line after LUT_3D_SIZE for a row of the table. 0 to 1 is the domain where none is named.
    head = f'TITLE "{name}"\nLUT_3D_SIZE {size}\n'
    with replacing(path) as temporary, open(temporary, "w", encoding="ascii", errors="replace") as file:
        file.write(head)
        np.savetxt(file, table.reshape(-1, 3), fmt="%.7f")
    return table


def interpolation_error(table: np.ndarray, recipe: Recipe, photo: np.ndarray | None = None) -> LutError:
    """How far trilinear interpolation in a table is from the recipe itself.

    Args:
        table: of `lookup_table`.
        recipe: that it was made from.
        photo: (H, W, 3) float RGB in [0, 1], of whose colours a sample is asked; None: colours drawn evenly.
    """
    rng = np.random.default_rng(0)
    colours = rng.random((PROBES, 3)) if photo is None else photo.reshape(-1, 3)
    if len(colours) > PROBES:
        colours = colours[rng.choice(len(colours), PROBES, replace=False)]
    exact = recolored(torch.from_numpy(np.ascontiguousarray(colours, np.float64)), recipe)
    gap = 255 * np.abs(apply_table(table, colours) - exact)
    return LutError(float(gap.mean()), float(gap.max()))


def apply_table(table: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Look colours up by trilinear interpolation.

    Args:
        table: (N, N, N, 3), axes blue, green, red.
        colours: (..., 3) RGB in [0, 1].

    Returns:
        (..., 3) float32.
    """
    colours = np.asarray(colours, np.float64)
    steps = np.linspace(0, 1, len(table))
    return interpn((steps,) * 3, table, colours[..., ::-1]).reshape(colours.shape).astype(np.float32)


def recolored(colours: torch.Tensor, recipe: Recipe) -> np.ndarray:
    """What a recipe makes of colours where the mask is 1: (N, 3) float64 RGB in [0, 1] -> (N, 3) float32."""
    image = colours.T[None, :, :, None]  # (1, 3, N, 1)
    edited = apply(image, torch.ones_like(image[:, :1]), recipe.detach().to("cpu", torch.float64))
    return edited[0, :, :, 0].T.float().numpy()
