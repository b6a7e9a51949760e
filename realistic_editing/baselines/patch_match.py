"""Nearest patches within a restricted part of a photo, by PatchMatch, and the photo that they vote for.

PatchMatch: Barnes et al., "PatchMatch: a randomized correspondence algorithm for structural image editing", SIGGRAPH 2009.
"""
from functools import partial

import numpy as np

from realistic_editing.common.compiled import compiled


def nearest_patches(
    image: np.ndarray,
    source: np.ndarray,
    targets: np.ndarray,
    allowed: np.ndarray,
    patch: int = 7,
    sweeps: int = 5,
    seed: int = 0,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """For each target, look for the most similar patch among those allowed: the smallest sum of squared differences.

    Each sweep asks a pixel's two neighbours for their match, one pixel on, and then tries places drawn at random: one of
    all that are allowed, and some in a window around the match that halves each time.

    Args:
        image: (H, W, C) float32; the patches around its targets are looked up. Patches repeat the pixels at the border.
        source: (h, w, C) float32, where they are looked for.
        targets: (H, W) bool.
        allowed: (h, w) bool, the centres of the patches that may be taken; at least one.
        patch: side of a patch in pixels, odd.
        sweeps: over the image, in turn from its first pixel and from its last.
        seed: of the draws; the same arguments give the same matches.
        start: (H, W, 2) int, matches to begin with, such as an earlier result; what is not allowed is drawn anew.

    Returns:
        (H, W, 2) int32 row and column of each target's match, other pixels keep `start` (or 0), and (H, W) float32 the
        distance, 0 for other pixels.

    Raises:
        ValueError: when no patch is allowed, or the patch has no centre.
    """
    if patch < 1 or patch % 2 == 0:
        raise ValueError(f"patch is {patch}; expected an odd number of pixels")
    places = np.argwhere(allowed).astype(np.int32)
    if not len(places):
        raise ValueError("no patch is allowed; mark at least one pixel")
    around = patch // 2
    generator = np.random.default_rng(seed)
    field = np.zeros((*targets.shape, 2), np.int32) if start is None else start.astype(np.int32)
    row, column = np.clip(field[..., 0], 0, allowed.shape[0] - 1), np.clip(field[..., 1], 0, allowed.shape[1] - 1)
    missing = targets & (~allowed[row, column] if start is not None else True)
    field[missing] = places[generator.integers(len(places), size=int(missing.sum()))]
    distance = np.zeros(targets.shape, np.float32)
    flat = [_bordered(photo, around).reshape(photo.shape[0] + 2 * around, -1) for photo in (image, source)]
    draws = int(generator.integers(2**31))
    _search(*flat, image.shape[2], targets, allowed, places, field, distance, patch, sweeps, draws)
    return field, distance


def vote(source: np.ndarray, field: np.ndarray, patch: int = 7, region: np.ndarray | None = None) -> np.ndarray:
    """Lay each pixel's matched patch over it, and take the mean of all that cover a pixel.

    Args:
        source: (h, w, C) float32.
        field: (H, W, 2) int, row and column in `source` for every pixel, as from `nearest_patches`.
        patch: side of a patch in pixels, odd.
        region: (H, W) bool; patches with their centre in it vote in it, and the others outside. None: all vote everywhere.

    Returns:
        (H, W, C) float32.
    """
    region = np.zeros(field.shape[:2], bool) if region is None else region
    return _vote(_bordered(source, patch // 2), field.astype(np.int32), region, patch)


def _bordered(image: np.ndarray, around: int) -> np.ndarray:
    return np.ascontiguousarray(np.pad(image, ((around, around), (around, around), (0, 0)), mode="edge"), np.float32)


# Sums may be reordered, so that a row of a patch is compared in vectors; on one machine the result is always the same.
@partial(compiled, fastmath={"reassoc", "contract"})
def _distance(image, source, row, start, match_row, match_start, patch, length, bound):
    """Sum of squared differences of two patches by their first values in flattened rows; stops above `bound`."""
    total = np.float32(0)
    for y in range(patch):
        one = image[row + y, start : start + length]
        other = source[match_row + y, match_start : match_start + length]
        for x in range(length):
            step = one[x] - other[x]
            total += step * step
        if total >= bound:
            break
    return total


@compiled
def _search(image, source, channels, targets, allowed, places, field, distance, patch, sweeps, seed):
    np.random.seed(seed)
    height, width = targets.shape
    rows, columns = allowed.shape
    length = patch * channels  # of a patch's row
    for row in range(height):
        for column in range(width):
            if targets[row, column]:
                y, x = field[row, column]
                distance[row, column] = _distance(
                    image, source, row, column * channels, y, x * channels, patch, length, np.float32(np.inf)
                )
    for sweep in range(sweeps):
        step = 1 if sweep % 2 == 0 else -1
        for i in range(height):
            row = i if step == 1 else height - 1 - i
            for j in range(width):
                column = j if step == 1 else width - 1 - j
                if not targets[row, column]:
                    continue
                best, y, x = distance[row, column], field[row, column, 0], field[row, column, 1]
                first = column * channels
                for side in range(2):  # the neighbour above (below), and the one to the left (right)
                    near_row, near_column = (row - step, column) if side == 0 else (row, column - step)
                    if not (0 <= near_row < height and 0 <= near_column < width and targets[near_row, near_column]):
                        continue
                    try_y = field[near_row, near_column, 0] + row - near_row
                    try_x = field[near_row, near_column, 1] + column - near_column
                    if 0 <= try_y < rows and 0 <= try_x < columns and allowed[try_y, try_x]:
                        found = _distance(image, source, row, first, try_y, try_x * channels, patch, length, best)
                        if found < best:
                            best, y, x = found, try_y, try_x
                try_y, try_x = places[np.random.randint(len(places))]
                found = _distance(image, source, row, first, try_y, try_x * channels, patch, length, best)
                if found < best:
                    best, y, x = found, try_y, try_x
                radius = max(rows, columns)
                while radius >= 1:
                    try_y = min(max(y + np.random.randint(-radius, radius + 1), 0), rows - 1)
                    try_x = min(max(x + np.random.randint(-radius, radius + 1), 0), columns - 1)
                    if allowed[try_y, try_x]:
                        found = _distance(image, source, row, first, try_y, try_x * channels, patch, length, best)
                        if found < best:
                            best, y, x = found, try_y, try_x
                    radius //= 2
                distance[row, column], field[row, column, 0], field[row, column, 1] = best, y, x


@compiled
def _vote(source, field, region, patch):
    height, width = region.shape
    around = patch // 2
    result = np.zeros((height, width, source.shape[2]), np.float32)
    for row in range(height):
        for column in range(width):
            count = 0
            for y in range(max(row - around, 0), min(row + around + 1, height)):
                for x in range(max(column - around, 0), min(column + around + 1, width)):
                    if region[y, x] != region[row, column]:
                        continue
                    count += 1
                    for channel in range(source.shape[2]):
                        result[row, column, channel] += source[
                            field[y, x, 0] + row - y + around, field[y, x, 1] + column - x + around, channel
                        ]
            for channel in range(source.shape[2]):
                result[row, column, channel] /= count
    return result
