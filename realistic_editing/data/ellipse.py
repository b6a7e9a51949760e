"""The ellipse that is nearest to a mask: the region as programs without bitmap masks can hold it."""
import dataclasses
import math

import numpy as np
from scipy.optimize import minimize

from realistic_editing.common.arrays import to_unit
from realistic_editing.data.pixels import resize

SEEN = 96  # longer side in pixels of the mask that is fitted
WORTH_TURNING = 0.02  # of IoU; programs agree on upright ellipses, and less on turned ones


@dataclasses.dataclass(frozen=True)
class Ellipse:
    """A soft ellipse in a photo.

    Args:
        x, y: its centre in pixels, from the photo's upper left corner.
        across, along: half its axes in pixels, before it is turned: horizontal and vertical.
        angle: in degrees, clockwise as seen.
        feather: 0 (hard) to 100: the weight falls from 1 to 0 between 1 - f and 1 + f / 2 of the radius, f = feather / 100.
    """

    x: float
    y: float
    across: float
    along: float
    angle: float = 0.0
    feather: float = 0.0

    def weights(self, height: int, width: int) -> np.ndarray:
        """(H, W) float64 in [0, 1]."""
        turn = math.radians(self.angle)
        down, right = np.mgrid[:height, :width] + 0.5 - np.array([self.y, self.x])[:, None, None]
        u = (right * math.cos(turn) + down * math.sin(turn)) / self.across
        v = (down * math.cos(turn) - right * math.sin(turn)) / self.along
        radius, soft = np.hypot(u, v), max(self.feather, 1) / 100  # an edge of no width at all would depend on rounding
        share = np.clip((1 + soft / 2 - radius) / (1.5 * soft), 0, 1)
        return share * share * (3 - 2 * share)

    def scaled(self, right: float, down: float) -> "Ellipse":
        """The same in a photo so many times as wide and as high; nearly, where the two differ and the ellipse is turned."""
        across, along = (right, down) if abs(self.angle) < 45 else (down, right)
        return Ellipse(
            self.x * right, self.y * down, self.across * across, self.along * along, self.angle, self.feather
        )


def as_stored(ellipse: Ellipse, size: tuple[int, int], orientation: int) -> tuple[Ellipse, tuple[int, int]]:
    """An ellipse of an upright photo, on the picture as its file stores it.

    Args:
        ellipse: in pixels.
        size: (height, width) of the photo upright.
        orientation: 1 to 8, by EXIF.

    Returns:
        The ellipse and the (height, width) of the stored picture.
    """
    height, width = size
    x, y, across, along, angle = ellipse.x, ellipse.y, ellipse.across, ellipse.along, ellipse.angle
    if orientation in (3, 4, 7, 8):
        y, angle = height - y, -angle
    if orientation in (2, 3, 6, 7):
        x, angle = width - x, -angle
    if orientation in (5, 6, 7, 8):  # rows are columns
        x, y, across, along, angle, size = y, x, along, across, -angle, (width, height)
    return Ellipse(x, y, across, along, angle, ellipse.feather), size


def fit_ellipse(mask: np.ndarray) -> tuple[Ellipse, float]:
    """Find the soft ellipse with the largest intersection over union with a mask.

    Args:
        mask: (H, W) uint8, uint16, or float in [0, 1], not 0 everywhere.

    Returns:
        The ellipse, upright where turning it gains less than `WORTH_TURNING`, and its IoU: the sum of the smaller of the two
        weights of each pixel by that of the larger, in [0, 1].
    """
    height, width = mask.shape
    side = min(1.0, SEEN / max(mask.shape))
    small = to_unit(resize(mask, (max(1, round(height * side)), max(1, round(width * side))))).astype(np.float64)
    if not small.any():
        small = to_unit(mask).astype(np.float64)  # a region too thin to survive
    start, turned = _start(small)
    upright, best = _polished(small, start, free=5), _polished(small, turned, free=6)
    chosen = best if overlap(best, small) > overlap(upright, small) + WORTH_TURNING else upright
    full = chosen.scaled(width / small.shape[1], height / small.shape[0])
    return full, overlap(full, to_unit(mask))


def overlap(ellipse: Ellipse, mask: np.ndarray) -> float:
    """Intersection over union of an ellipse and a mask (H, W) in [0, 1], both soft."""
    weights = ellipse.weights(*mask.shape)
    return float(np.minimum(weights, mask).sum() / np.maximum(weights, mask).sum())


def _start(mask: np.ndarray) -> tuple[Ellipse, Ellipse]:
    """Two ellipses of the mask's own moments: upright, and turned along its longer axis."""
    down, right = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5
    share = mask / mask.sum()
    x, y = float((share * right).sum()), float((share * down).sum())
    # A twelfth of a pixel squared is the variance within one pixel: a line has a width.
    xx, yy = ((share * (axis - mean) ** 2).sum() + 1 / 12 for axis, mean in ((right, x), (down, y)))
    xy = (share * (right - x) * (down - y)).sum()
    (small, large), vectors = np.linalg.eigh([[xx, xy], [xy, yy]])
    angle = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1]))
    angle = (angle + 90) % 180 - 90  # half a turn changes nothing
    # A filled ellipse's variance along an axis is a quarter of the half axis squared.
    upright = Ellipse(x, y, 2 * math.sqrt(xx), 2 * math.sqrt(yy), 0, 20)
    if abs(angle) > 45:  # the same ellipse, named by its other axis, so that angles stay small
        return upright, Ellipse(x, y, 2 * math.sqrt(small), 2 * math.sqrt(large), angle - math.copysign(90, angle), 20)
    return upright, Ellipse(x, y, 2 * math.sqrt(large), 2 * math.sqrt(small), angle, 20)


def _polished(mask: np.ndarray, start: Ellipse, free: int) -> Ellipse:
    """Search from `start` for a larger overlap; of the six numbers the last, the angle, is free or not."""

    def ellipse(numbers: np.ndarray) -> Ellipse:
        x, y, across, along, feather = numbers[:5]
        angle = numbers[5] if free == 6 else start.angle
        return Ellipse(x, y, math.exp(across), math.exp(along), float(np.clip(angle, -89, 89)), float(np.clip(feather, 0, 100)))

    first = [start.x, start.y, math.log(start.across), math.log(start.along), start.feather, start.angle][:free]
    steps = np.diag([0.2 * start.across, 0.2 * start.along, 0.2, 0.2, 30, 10][:free])
    simplex = np.vstack([first, first + steps])
    found = minimize(
        lambda numbers: -overlap(ellipse(numbers), mask), first, method="Nelder-Mead",
        options={"initial_simplex": simplex, "maxfev": 600, "xatol": 1e-3, "fatol": 1e-5},
    )  # fmt: skip
    return ellipse(found.x)
