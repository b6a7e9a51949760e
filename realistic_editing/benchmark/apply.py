"""The suite "apply": a recipe on a large photo, beside plain code and a copy of the photo."""
import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from realistic_editing.benchmark import plain
from realistic_editing.benchmark.memory import extra_bytes
from realistic_editing.benchmark.timing import Measured, in_turn
from realistic_editing.common.arrays import LEVELS
from realistic_editing.common.errors import InputError
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.photo import apply_to_photo

Edit = Callable[[np.ndarray, np.ndarray, Recipe], np.ndarray]


def applying(
    megapixels: Sequence[float],
    shares: Sequence[float],
    depths: Sequence[int],
    orders: Sequence[Sequence[int]],
    seconds: float,
    seed: int,
    plain_up_to: float,
    say: Callable[[str], None] = print,
) -> list[Measured]:
    """Time one recipe on photos of noise, with a rectangle as mask.

    Args:
        megapixels: sizes of photos, 4:3.
        shares: how much of the photo is under the mask.
        depths: bits of photo and mask, 8 or 16.
        orders: of the operators.
        seconds: for each case, warming up not counted.
        seed: of photos and parameters.
        plain_up_to: megapixels from which on the plain and the differentiable path are left out, for they take too long.
        say: gets a line on what comes next.

    Returns:
        Plain first in each case where it is there; extra memory, and how far each result is from the first.

    Raises:
        InputError: for another depth.
    """
    if set(depths) - {8, 16}:
        raise InputError(f"apply.depths is {list(depths)}; use 8 and 16")
    found = []
    for size in megapixels:
        for depth in depths:
            photo = _noise(size, depth, seed)
            for share in shares:
                mask = _rectangle(photo, share)
                for order in orders:
                    case = f"{size:g} megapixels, {depth} bit, {share:.0%} under the mask, order {''.join(map(str, order))}"
                    say(case)
                    found += _compared(case, photo, mask, middling_recipe(order, seed), seconds, size <= plain_up_to)
    return found


def _compared(
    case: str, photo: np.ndarray, mask: np.ndarray, recipe: Recipe, seconds: float, with_plain: bool
) -> list[Measured]:
    edits: dict[str, Edit] = {}
    if with_plain:
        edits |= {"plain": plain_apply, "differentiable path": _differentiable}
    edits |= {"this project": apply_to_photo, "limit: a copy of the photo": lambda photo, mask, recipe: photo.copy()}
    works = {name: lambda _, edit=edit: edit(photo, mask, recipe) for name, edit in edits.items()}
    found = in_turn(case, works, 1, "photos", seconds, least=2)  # the plain way takes seconds a call
    noted: list[Measured] = []
    first: np.ndarray | None = None
    for one, edit in zip(found, edits.values(), strict=True):
        kept: list[np.ndarray] = []  # one call gives the memory and the result
        memory = extra_bytes(lambda edit=edit, kept=kept: kept.append(edit(photo, mask, recipe)))
        note = ""
        if first is None:
            first = kept[0]
        elif not one.contender.startswith("limit"):
            apart = int(np.abs(kept[0].astype(np.int32) - first.astype(np.int32)).max())
            note = f"at most {apart} level from the first"
        noted.append(dataclasses.replace(one, extra_bytes=memory, per_photo=photo.nbytes, note=note))
    return noted


def plain_apply(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> np.ndarray:
    """The recipe as the authors' release applies it: float32, a pass for each operator, a trip through HSV."""
    levels = LEVELS[photo.dtype]
    image = torch.from_numpy(photo.astype(np.float32) / levels).permute(2, 0, 1)[None]
    region = torch.from_numpy(mask.astype(np.float32) / LEVELS[mask.dtype])[None, None]
    for operator in recipe.order[0].tolist():
        image = plain.edit(image, region, operator, plain.parameter_of(recipe, operator))
    return (image[0].permute(1, 2, 0).numpy() * levels).round().astype(photo.dtype)


def _differentiable(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> np.ndarray:
    levels = LEVELS[photo.dtype]
    image = torch.from_numpy(photo.astype(np.float32) / levels).permute(2, 0, 1)[None]
    region = torch.from_numpy(mask.astype(np.float32) / LEVELS[mask.dtype])[None, None]
    return (apply(image, region, recipe)[0].permute(1, 2, 0).numpy() * levels).round().astype(photo.dtype)


def _noise(megapixels: float, depth: int, seed: int) -> np.ndarray:
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(megapixels * 1e6 / width)
    dtype = {8: np.uint8, 16: np.uint16}[depth]
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True)


def _rectangle(photo: np.ndarray, share: float) -> np.ndarray:
    """A mask of the photo's depth, in the middle and of the photo's shape."""
    height, width = photo.shape[:2]
    inner_height, inner_width = (round(side * share**0.5) for side in (height, width))
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    mask = np.zeros((height, width), photo.dtype)
    mask[top : top + inner_height, left : left + inner_width] = np.iinfo(photo.dtype).max
    return mask


def middling_recipe(order: Sequence[int], seed: int) -> Recipe:
    """An edit of middling strength."""
    generator = torch.Generator().manual_seed(seed)
    balance, curve, factors = (torch.rand(1, *shape, generator=generator) for shape in ((3,), (3, 8), (2,)))
    saturation, exposure = 0.6 + 0.2 * factors[:, 0], 0.8 + 0.1 * factors[:, 1]
    return Recipe(torch.tensor([list(order)]), 0.7 + 0.3 * balance, 0.7 + 0.6 * curve, saturation, exposure)
