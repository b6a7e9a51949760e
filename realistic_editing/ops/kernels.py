"""The loops over a photo's pixels behind `ops.photo`, compiled to vector instructions."""
from functools import partial

import numpy as np

from realistic_editing.common.compiled import compiled
from realistic_editing.ops.orders import COLOR_CURVE, SATURATION, WHITE_BALANCE

CHUNK = 256  # pixels; ten buffers of them are 10 kB of float32, which stay in the first-level cache

# Threads of our own instead of numba's: no clash with PyTorch's OpenMP after a fork, and half the compile time.
# NaN cannot occur (inputs are checked), and without it min and max become single instructions.
machine_code = partial(compiled, fastmath={"contract", "nnan", "nsz"})

# In all of these, loops go over plain rows with unit stride, because only those become vector instructions, and constants
# come as an array of the arithmetic's dtype, because a literal would raise float32 to float64.


@machine_code
def edit_once(source, mask, target, table, gains, bends, curve_first, saturation, levels, mask_scale, constants, planes, mixed):
    """Edit rows of `source` (h, 3 w) where `mask` (h, w) is not 0, into `target`, its copy, blending after the last operator.

    All operators but saturation work on each channel by itself, so those before it and those after it are one curve each:
    a gain and its cap, the colour curve on one of the sides, a gain and its cap.

    Args:
        table: (3, levels + 1) the curve before saturation for each level; empty: it is worked out.
        gains: (4, 2, 3): before and after the curve of the first side, then of the second, gain and cap of each channel.
        bends: (3, 8) slope of the colour curve and its changes at each eighth.
        curve_first: whether the curve comes before saturation.
        planes, mixed: (7, CHUNK) and (3 CHUNK,) buffers.
    """
    one, half = constants[1], constants[2]
    scale, rounds = one / levels, levels > one
    red, green, blue, weight = planes[0], planes[1], planes[2], planes[3]
    for row in range(mask.shape[0]):
        first, stop = _span(mask[row])
        for start in range(first, stop, CHUNK):
            n = min(CHUNK, stop - start)
            pixels, chunk = source[row, 3 * start : 3 * (start + n)], mask[row, start : start + n]
            if not _any(chunk):
                continue
            least = chunk[0]
            for i in range(n):
                least = min(least, chunk[i])
            whole = least * mask_scale >= one
            if table.shape[1]:
                for i in range(n):
                    # Unsigned, or each index would be tested for being negative.
                    red[i] = table[0, np.uintp(pixels[3 * i])]
                    green[i] = table[1, np.uintp(pixels[3 * i + 1])]
                    blue[i] = table[2, np.uintp(pixels[3 * i + 2])]
            else:
                _spread(pixels, scale, mixed, planes[:3], n)
                _one_curve(planes, gains[:2], bends, curve_first, constants, n)
            _saturate(red, green, blue, saturation, constants, n)
            _one_curve(planes, gains[2:], bends, not curve_first, constants, n)
            if not whole:
                for i in range(n):
                    weight[i] = chunk[i] * mask_scale
                _spread(pixels, scale, mixed, planes[4:], n)
                for channel in range(3):
                    plane, kept = planes[channel], planes[4 + channel]
                    for i in range(n):
                        plane[i] = kept[i] + weight[i] * (plane[i] - kept[i])
            _write(target[row, 3 * start : 3 * (start + n)], red, green, blue, mixed, levels, half, rounds, n)


@machine_code
def edit_each(source, mask, target, order, gain, slopes, saturation, exposure, levels, mask_scale, constants, planes, mixed):
    """The same, blending after every operator, as the authors' release does.

    Args:
        order: (4,) of the operators.
        gain: (3,) of white balance.
        slopes: (3, 8) knots of the colour curve that sum to 1.
    """
    one, half = constants[1], constants[2]
    scale, rounds = one / levels, levels > one
    red, green, blue, weight = planes[0], planes[1], planes[2], planes[3]
    for row in range(mask.shape[0]):
        first, stop = _span(mask[row])
        for start in range(first, stop, CHUNK):
            n = min(CHUNK, stop - start)
            pixels, chunk = source[row, 3 * start : 3 * (start + n)], mask[row, start : start + n]
            if not _any(chunk):
                continue
            _spread(pixels, scale, mixed, planes[:3], n)
            for i in range(n):
                weight[i] = chunk[i] * mask_scale
            for place in range(4):
                operator = order[place]
                for channel in range(3):
                    plane, kept = planes[channel], planes[4 + channel]
                    for i in range(n):
                        kept[i] = plane[i]
                if operator == SATURATION:
                    _saturate(red, green, blue, saturation, constants, n)
                elif operator == COLOR_CURVE:
                    _curve(planes, slopes, constants, n)
                else:
                    for channel in range(3):
                        plane = planes[channel]
                        factor = gain[channel] if operator == WHITE_BALANCE else exposure
                        for i in range(n):
                            plane[i] = min(plane[i] * factor, one)
                for channel in range(3):
                    plane, kept = planes[channel], planes[4 + channel]
                    for i in range(n):
                        plane[i] = kept[i] + weight[i] * (plane[i] - kept[i])
            _write(target[row, 3 * start : 3 * (start + n)], red, green, blue, mixed, levels, half, rounds, n)


@machine_code
def selected_rows(mask):
    """The first row in which a pixel is selected, and the one after the last; some pixel of (h, w) must be."""
    first, stop = 0, mask.shape[0]
    while not _any(mask[first]):
        first += 1
    while not _any(mask[stop - 1]):
        stop -= 1
    return first, stop


@machine_code
def _any(selected):
    touched = False  # no early exit: the loop would not be vectorised
    for i in range(selected.size):
        touched |= selected[i] != 0
    return touched


@machine_code
def _span(selected):
    """The first pixel of a row that is selected, and the one after the last; (w, w) where none is."""
    first = stop = selected.size
    if _any(selected):
        first = 0
        while selected[first] == 0:
            first += 1
        while selected[stop - 1] == 0:
            stop -= 1
    return first, stop


@machine_code
def _spread(pixels, scale, mixed, planes, n):
    """Pixels side by side -> three planes in [0, 1]."""
    red, green, blue = planes[0], planes[1], planes[2]
    for i in range(3 * n):
        mixed[i] = pixels[i] * scale
    for i in range(n):
        red[i], green[i], blue[i] = mixed[3 * i], mixed[3 * i + 1], mixed[3 * i + 2]


@machine_code
def _saturate(red, green, blue, saturation, constants, n):
    zero = constants[0]
    for i in range(n):
        value = max(max(red[i], green[i]), blue[i])
        red[i] = max(value + saturation * (red[i] - value), zero)
        green[i] = max(value + saturation * (green[i] - value), zero)
        blue[i] = max(value + saturation * (blue[i] - value), zero)


@machine_code
def _one_curve(planes, gains, bends, with_curve, constants, n):
    """A gain and its cap, the colour curve where it is on this side, a gain and its cap."""
    zero, one, _, eight = constants
    eighth = one / eight
    for channel in range(3):
        plane = planes[channel]
        gain, cap = gains[0, 0, channel], gains[0, 1, channel]
        if with_curve:
            b0, b1, b2, b3 = bends[channel, 0], bends[channel, 1], bends[channel, 2], bends[channel, 3]
            b4, b5, b6, b7 = bends[channel, 4], bends[channel, 5], bends[channel, 6], bends[channel, 7]
            last_gain, last_cap = gains[1, 0, channel], gains[1, 1, channel]
            for i in range(n):
                # Its slope changes at each eighth; unrolled by hand: an inner loop would not be vectorised.
                x = min(plane[i] * gain, cap)
                total = b0 * x
                x -= eighth
                total += b1 * max(x, zero)
                x -= eighth
                total += b2 * max(x, zero)
                x -= eighth
                total += b3 * max(x, zero)
                x -= eighth
                total += b4 * max(x, zero)
                x -= eighth
                total += b5 * max(x, zero)
                x -= eighth
                total += b6 * max(x, zero)
                x -= eighth
                total += b7 * max(x, zero)
                plane[i] = min(total * last_gain, last_cap)
        elif gain != one or cap != one:
            for i in range(n):
                plane[i] = min(plane[i] * gain, cap)


@machine_code
def _curve(planes, slopes, constants, n):
    """sum_k s_k clip(8 x - k, 0, 1), as the operator has it."""
    zero, one, _, eight = constants
    for channel in range(3):
        plane = planes[channel]
        s0, s1, s2, s3 = slopes[channel, 0], slopes[channel, 1], slopes[channel, 2], slopes[channel, 3]
        s4, s5, s6, s7 = slopes[channel, 4], slopes[channel, 5], slopes[channel, 6], slopes[channel, 7]
        for i in range(n):
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


@machine_code
def _write(edited, red, green, blue, mixed, levels, half, rounds, n):
    """Three planes in [0, 1] -> pixels side by side; integers are rounded to the nearest."""
    for i in range(n):
        mixed[3 * i], mixed[3 * i + 1], mixed[3 * i + 2] = red[i], green[i], blue[i]
    if rounds:
        for i in range(3 * n):
            edited[i] = np.int32(mixed[i] * levels + half)
    else:
        for i in range(3 * n):
            edited[i] = mixed[i]
