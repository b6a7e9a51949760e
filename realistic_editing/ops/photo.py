"""Apply one recipe to a full-size photo: the fast path, in numbers the same as `apply`.

The photo is copied, and meanwhile threads go once over the rows of the copy that the mask touches, in chunks that stay in
the processor's cache, each step a loop that the compiler turns into vector instructions.
"""
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np
import torch

from realistic_editing.common.arrays import LEVELS, check_mask, check_photo
from realistic_editing.ops.orders import COLOR_CURVE, SATURATION, WHITE_BALANCE, parse_order
from realistic_editing.ops.recipe import KNOTS, PARAMETERS, Recipe

_PIXELS_PER_TASK = 1 << 17  # about a millisecond of work: shares the load evenly and hides the cost of a task
_BYTES_PER_COPY = 1 << 24  # large blocks go past the cache, and others can edit the first while the next is copied


def apply_to_photo(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Edit the masked region of a photo at its own size and depth, on the CPU.

    Within rounding, the result is that of `apply`. The arithmetic is float32 (float64 for a float64 photo); integers
    are rounded to the nearest. It edits with as many threads as PyTorch has (`torch.set_num_threads`), and takes no memory of
    note beside the result; but a photo or mask that does not lie in memory row by row, without gaps, is copied first. The
    first call for a dtype compiles for some seconds; the outcome is cached on disk.

    Args:
        photo: (H, W, 3) RGB as displayed: uint8, uint16, or float32 or float64 in [0, 1]; left unchanged.
        mask: (H, W) bool, uint8, uint16 or float in [0, 1], whatever the photo's type; soft or hard.
        recipe: a batch of exactly one, on any device.

    Returns:
        A new array of the photo's shape and dtype; bit-identical to it where the mask is 0.

    Raises:
        InputError: when photo or mask is not as above, or the mask is 0 everywhere.
        ValueError: when the recipe is not one edit, or a parameter has the wrong sign or is more than the arithmetic holds.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo, keep_bool=True)
    unit = 1 if mask.dtype == bool else 1 / LEVELS[mask.dtype]
    mask = mask.view(np.uint8) if mask.dtype == bool else mask
    edit_rows = _once(recipe, photo, unit) if recipe.blend == "final" else _each(recipe, photo, unit)
    height, width = mask.shape
    result = np.empty_like(photo)
    # Read-only views: the kernel is compiled once, whether or not the caller's arrays can be written.
    source, selection = photo.reshape(height, 3 * width), mask.view()
    source.flags.writeable = selection.flags.writeable = False
    target = result.reshape(height, 3 * width)

    def edit(rows: slice) -> None:
        edit_rows(source[rows], selection[rows], target[rows])

    top, bottom = _kernels().selected_rows(selection)
    step = max(1, _PIXELS_PER_TASK // width)
    threads = min(torch.get_num_threads(), -(-(bottom - top) // step))
    if threads == 1:
        np.copyto(target, source)
        edit(slice(top, bottom))
        return result
    block = max(1, height * _BYTES_PER_COPY // photo.nbytes)
    with ThreadPoolExecutor(threads) as pool:
        edits = []
        # One thread copies: several that touch new memory at once wait for each other. The rest edits what is copied.
        for start in range(0, height, block):
            stop = start + block
            target[start:stop] = source[start:stop]
            last = min(stop, bottom)
            edits += [pool.submit(edit, slice(row, min(row + step, last))) for row in range(max(start, top), last, step)]
        for one in edits:
            one.result()  # raises what a task raised
    return result


Rows = Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def _once(recipe: Recipe, photo: np.ndarray, unit: float) -> Rows:
    """The kernel for a recipe that is blended at the end, with what it asks for of all but the rows.

    Args:
        unit: the value of the mask that means 1.
    """
    order, gain, slopes, saturation, exposure = _parameters(recipe)
    work = _arithmetic(photo)
    at = order.index(SATURATION)
    sides = order[:at], order[at + 1 :]
    gains = np.stack([_gains(part, gain, exposure) for side in sides for part in _around_curve(side)])  # (4, 2, 3)
    bends = KNOTS * np.diff(slopes, axis=1, prepend=0)
    curve_first = COLOR_CURVE in sides[0]
    levels = LEVELS[photo.dtype]
    table = np.empty((3, 0))
    if levels == 255:
        table = _side(np.linspace(0, 1, 256), gains[:2], slopes, curve_first)
    gains = _cast(gains, work, "white_balance and exposure")
    fixed = (table.astype(work), gains, bends.astype(work), curve_first, _cast(saturation, work, "saturation"))
    shared = _shared(photo, unit)
    kernel = _kernels().edit_once
    return lambda source, selection, target: kernel(source, selection, target, *fixed, *shared, *_buffers(work))


def _each(recipe: Recipe, photo: np.ndarray, unit: float) -> Rows:
    """The same for a recipe that is blended after every operator."""
    order, gain, slopes, saturation, exposure = _parameters(recipe)
    work = _arithmetic(photo)
    gain, exposure = _cast(gain, work, "white_balance"), _cast(exposure, work, "exposure")
    fixed = (np.array(order), gain, slopes.astype(work), _cast(saturation, work, "saturation"), exposure)
    shared = _shared(photo, unit)
    kernel = _kernels().edit_each
    return lambda source, selection, target: kernel(source, selection, target, *fixed, *shared, *_buffers(work))


def _kernels() -> ModuleType:
    """Imported with the first photo: numba takes half a second, for which a proposal does not wait."""
    from realistic_editing.ops import kernels

    return kernels


def _arithmetic(photo: np.ndarray) -> np.dtype:
    return np.dtype(np.float64 if photo.dtype == np.float64 else np.float32)


def _cast(value: np.ndarray | float, work: np.dtype, name: str) -> np.ndarray | np.floating:
    """The value in the arithmetic's dtype, refused where that does not hold it."""
    with np.errstate(over="ignore"):
        found = np.asarray(value).astype(work)
    if not np.isfinite(found).all():
        raise ValueError(
            f"recipe.{name} come to {np.abs(value).max():.3g}, and {work} holds {np.finfo(work).max:.3g} at most; use smaller "
            "values, or a photo of float64"
        )
    return found[()]


def _shared(photo: np.ndarray, unit: float) -> tuple:
    work = _arithmetic(photo)
    return work.type(LEVELS[photo.dtype]), work.type(unit), np.array([0, 1, 0.5, 8], work)


def _buffers(work: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    chunk = _kernels().CHUNK
    return np.empty((7, chunk), work), np.empty(3 * chunk, work)


def _around_curve(side: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """The operators of one side of saturation before and after the colour curve; all before it where it is on the other."""
    at = side.index(COLOR_CURVE) if COLOR_CURVE in side else len(side)
    return side[:at], side[at + 1 :]


def _gains(operators: Sequence[int], balance: np.ndarray, exposure: float) -> np.ndarray:
    """Gains that follow each other, each clipped at 1, as one gain and its cap: (2, 3).

    min(g min(f x, 1), 1) = min(g f x, min(g, 1)).
    """
    gain, cap = np.ones(3), np.ones(3)
    for operator in operators:
        factor = balance if operator == WHITE_BALANCE else exposure
        gain, cap = gain * factor, np.minimum(cap * factor, 1)
    return np.stack([gain, cap])


def _side(values: np.ndarray, gains: np.ndarray, slopes: np.ndarray, with_curve: bool) -> np.ndarray:
    """All operators of one side on some values: (N,) in [0, 1] -> (3, N)."""
    first, last = gains[:, :, :, None]  # (2, 3, 1) each
    x = np.minimum(values * first[0], first[1])
    if not with_curve:
        return x
    curve = sum(np.clip(KNOTS * x - knot, 0, 1) * slopes[:, knot, None] for knot in range(KNOTS))
    return np.minimum(curve * last[0], last[1])


def _parameters(recipe: Recipe) -> tuple[tuple[int, ...], np.ndarray, np.ndarray, float, float]:
    """Order, white-balance gains (3,), curve slopes (3, 8) summing to 1, saturation, exposure; float64."""
    if len(recipe) != 1:
        raise ValueError(f"recipe holds {len(recipe)} edits; expected one: pass recipe[i]")
    recipe = recipe.detach().to("cpu", torch.float64)
    for name in PARAMETERS:
        value = getattr(recipe, name)
        if not bool((value.isfinite() & (value >= 0)).all()) or (name != "saturation" and not bool((value > 0).all())):
            sign = ">= 0" if name == "saturation" else "> 0"
            raise ValueError(f"recipe.{name} is {value[0].tolist()}; expected finite values {sign}")
    balance, curve = recipe.white_balance[0].numpy(), recipe.color_curve[0].numpy()
    return (
        parse_order(recipe.order[0].tolist()),
        balance[1] / balance,
        curve / curve.sum(axis=1, keepdims=True),
        recipe.saturation.item(),
        recipe.exposure.item(),
    )
