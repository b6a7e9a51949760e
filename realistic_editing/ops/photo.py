"""Apply one recipe to a full-size photo: the fast path, in numbers the same as `apply`.

One pass over the rows that the mask touches, in chunks that stay in the processor's cache, each step a loop that the
compiler turns into vector instructions. Rows are shared among threads.
"""
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from realistic_editing.common.arrays import LEVELS, check_mask, check_photo
from realistic_editing.common.compiled import compiled
from realistic_editing.ops.orders import COLOR_CURVE, SATURATION, WHITE_BALANCE, parse_order
from realistic_editing.ops.recipe import PARAMETERS, Recipe

_CHUNK = 256  # pixels; ten buffers of them are 10 kB of float32, which stay in the first-level cache
_PIXELS_PER_TASK = 1 << 17  # about a millisecond of work: shares the load evenly and hides the cost of a task


def apply_to_photo(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Edit the masked region of a photo at its own size and depth, on the CPU.

    Within rounding, the result is that of `apply`. The arithmetic is float32 (float64 for a float64 photo); integers
    are rounded to the nearest. It uses as many threads as PyTorch does (`torch.set_num_threads`), and no memory of note
    beside the result. The first call for a dtype compiles for some seconds; the outcome is cached on disk.

    Args:
        photo: (H, W, 3) RGB as displayed: uint8, uint16, or float32 or float64 in [0, 1]; left unchanged.
        mask: (H, W) bool, uint8, uint16 or float in [0, 1], whatever the photo's type; soft or hard.
        recipe: a batch of exactly one, on any device.

    Returns:
        A new array of the photo's shape and dtype; bit-identical to it where the mask is 0.

    Raises:
        InputError: when photo or mask is not as above, or the mask is 0 everywhere.
        ValueError: when the recipe is not one edit, or a parameter is not finite or has the wrong sign.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo)
    order, gain, slopes, saturation, exposure = _parameters(recipe)
    work = np.dtype(np.float64 if photo.dtype == np.float64 else np.float32)
    number = work.type
    height, width = mask.shape
    result = np.empty_like(photo)
    # Read-only views: the kernel is compiled once, whether or not the caller's arrays can be written.
    source, selection = photo.reshape(height, 3 * width), mask.view()
    source.flags.writeable = selection.flags.writeable = False
    target = result.reshape(height, 3 * width)

    def edit(rows: slice) -> None:
        target[rows] = source[rows]
        _edit_rows(
            source[rows],
            selection[rows],
            target[rows],
            order,
            gain.astype(work),
            slopes.astype(work),
            number(saturation),
            number(exposure),
            recipe.blend == "each",
            number(LEVELS[photo.dtype]),
            number(1 / LEVELS[mask.dtype]),
            np.array([0, 1, 0.5, 8], work),
            np.empty((7, _CHUNK), work),
            np.empty(3 * _CHUNK, work),
        )

    step = max(1, _PIXELS_PER_TASK // width)
    tasks = [slice(start, start + step) for start in range(0, height, step)]
    threads = min(torch.get_num_threads(), len(tasks))
    if threads == 1:
        for rows in tasks:
            edit(rows)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(edit, tasks))  # the list raises what a task raised
    return result


def _parameters(recipe: Recipe) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, float]:
    """Order (4,), white-balance gains (3,), curve slopes (3, 8) summing to 1, saturation, exposure; float64."""
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
        np.array(parse_order(recipe.order[0].tolist())),
        balance[1] / balance,
        curve / curve.sum(axis=1, keepdims=True),
        recipe.saturation.item(),
        recipe.exposure.item(),
    )


# Threads of our own instead of numba's: no clash with PyTorch's OpenMP after a fork, and half the compile time.
# NaN cannot occur (inputs are checked), and without it min and max become single instructions.
_compiled = partial(compiled, fastmath={"contract", "nnan", "nsz"})


@_compiled
def _edit_rows(
    source, mask, target, order, gain, slopes, saturation, exposure, each, levels, mask_scale, constants, planes, mixed
):
    """Edit rows of `source` (h, 3 w) where `mask` (h, w) is not 0, into `target`.

    `planes` (7, n) and `mixed` (3 n,) are buffers of the arithmetic's dtype. So are all numbers: a literal would raise
    float32 to float64. Loops go over plain rows with unit stride, because only those become vector instructions.
    """
    zero, one, half, eight = constants
    scale = one / levels
    rounds = levels > one
    red, green, blue, weight = planes[0], planes[1], planes[2], planes[3]
    for row in range(mask.shape[0]):
        selected = mask[row]
        touched = False
        for i in range(selected.size):
            touched |= selected[i] != 0
        if not touched:
            continue
        first, stop = 0, selected.size
        while selected[first] == 0:
            first += 1
        while selected[stop - 1] == 0:
            stop -= 1
        for start in range(first, stop, weight.size):
            n = min(weight.size, stop - start)
            pixels = source[row, 3 * start : 3 * (start + n)]
            for i in range(3 * n):
                mixed[i] = pixels[i] * scale
            for i in range(n):
                red[i], green[i], blue[i] = mixed[3 * i], mixed[3 * i + 1], mixed[3 * i + 2]
            chunk = selected[start : start + n]
            for i in range(n):
                weight[i] = chunk[i] * mask_scale

            for place in range(4):
                operator = order[place]
                if each or place == 0:  # what the mask keeps
                    for channel in range(3):
                        plane, kept = planes[channel], planes[4 + channel]
                        for i in range(n):
                            kept[i] = plane[i]
                if operator == SATURATION:
                    for i in range(n):
                        value = max(max(red[i], green[i]), blue[i])
                        red[i] = max(value + saturation * (red[i] - value), zero)
                        green[i] = max(value + saturation * (green[i] - value), zero)
                        blue[i] = max(value + saturation * (blue[i] - value), zero)
                elif operator == COLOR_CURVE:
                    for channel in range(3):
                        plane = planes[channel]
                        s0, s1, s2, s3 = slopes[channel, 0], slopes[channel, 1], slopes[channel, 2], slopes[channel, 3]
                        s4, s5, s6, s7 = slopes[channel, 4], slopes[channel, 5], slopes[channel, 6], slopes[channel, 7]
                        for i in range(n):
                            # sum_k s_k clip(8x - k, 0, 1), unrolled by hand: an inner loop would not be vectorised.
                            x = plane[i] * eight
                            total = s0 * min(x, one)
                            x -= one
                            total += s1 * min(max(x, zero), one)
                            x -= one
                            total += s2 * min(max(x, zero), one)
                            x -= one
                            total += s3 * min(max(x, zero), one)
                            x -= one
                            total += s4 * min(max(x, zero), one)
                            x -= one
                            total += s5 * min(max(x, zero), one)
                            x -= one
                            total += s6 * min(max(x, zero), one)
                            x -= one
                            total += s7 * max(x, zero)
                            plane[i] = min(total, one)
                else:
                    for channel in range(3):
                        plane = planes[channel]
                        factor = gain[channel] if operator == WHITE_BALANCE else exposure
                        for i in range(n):
                            plane[i] = min(plane[i] * factor, one)
                if each or place == 3:
                    for channel in range(3):
                        plane, kept = planes[channel], planes[4 + channel]
                        for i in range(n):
                            plane[i] = kept[i] + weight[i] * (plane[i] - kept[i])

            for i in range(n):
                mixed[3 * i], mixed[3 * i + 1], mixed[3 * i + 2] = red[i], green[i], blue[i]
            edited = target[row, 3 * start : 3 * (start + n)]
            if rounds:
                for i in range(3 * n):
                    edited[i] = np.int32(mixed[i] * levels + half)
            else:
                for i in range(3 * n):
                    edited[i] = mixed[i]
