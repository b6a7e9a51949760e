"""Users that are played: where somebody would click who sees a region and a guess at it."""
import cv2
import numpy as np

MOST_POINTS = 8


def deepest(region: np.ndarray) -> tuple[float, float] | None:
    """The point furthest from a region's border, where people click (Xu et al., CVPR 2016).

    Args:
        region: (H, W) bool.

    Returns:
        x, y in pixels; None where the region is empty.
    """
    if not region.any():
        return None
    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(x) + 0.5, float(y) + 0.5


def within(region: np.ndarray, generator: np.random.Generator) -> tuple[float, float] | None:
    """A random point of a region, away from its border: deeper than a random share of the greatest depth."""
    if not region.any():
        return None
    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= depth.max() * generator.uniform(0.15, 0.9))
    chosen = generator.integers(len(rows))
    return float(columns[chosen]) + 0.5, float(rows[chosen]) + 0.5


def next_click(meant: np.ndarray, guess: np.ndarray) -> tuple[float, float, int] | None:
    """The click that mends a guess's largest mistake.

    Args:
        meant, guess: (H, W) bool.

    Returns:
        x, y in pixels, and 1 where the region was missed or -1 where something else was taken; None where nothing is wrong.
    """
    best = None
    for mistake, kind in ((meant & ~guess, 1), (guess & ~meant, -1)):
        count, labels, found, _ = cv2.connectedComponentsWithStats(mistake.astype(np.uint8))
        if count > 1:
            largest = 1 + int(found[1:, cv2.CC_STAT_AREA].argmax())
            area = found[largest, cv2.CC_STAT_AREA]
            if best is None or area > best[0]:
                best = area, (*deepest(labels == largest), kind)
    return None if best is None else best[1]


def box_of(region: np.ndarray) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of a region (H, W) bool, in pixels; None where it is empty."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
