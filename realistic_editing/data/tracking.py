"""Carry a mask from the first frame of a clip through the others, by the motion of what it selects."""
import dataclasses

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import resize

_SIDE = 640  # longer side, in pixels, at which motion is estimated; the mask itself is carried at its full size
UP = 2.0  # how far a small clip is enlarged for that: points keep their distance from the edge, in pixels
_POINTS = 400  # that are followed from a frame to the next
_MARGIN = 5  # pixels of that size by which points keep away from the mask's edge, where the background moves otherwise
SLACK = 0.7  # pixels by which a point may miss when it is followed to the next frame and back
OUTLIER = 2.0  # pixels off the common affine motion, beyond which a point counts as another thing's
_FEWEST = 6  # points that show a motion
FOUND = 0.3  # share of the points that must be found again
CORRECTED = 0.5  # share of points found in the first frame itself, above which the place is corrected by it
LIKE = 0.5  # correlation with what the region looked like a frame before, below which it is another thing
_LEAST = 0.04  # of the first mask's area, below which the region counts as gone
COARSE = 4  # pixels of that size to one of the field that the points spread
_WINDOW = {"winSize": (15, 15), "maxLevel": 4}


@dataclasses.dataclass(frozen=True, eq=False)
class Track:
    """The mask of one frame, and how sure it is.

    Args:
        mask: (H, W) uint8.
        found: share of the points in the region, 0 to 1, that lead from the frame before to this one and back again.
        likeness: correlation, -1 to 1, of the region's grey values with those of the frame before, brought to this frame.
        lost: why the track ends here; None while it holds.
    """

    mask: np.ndarray
    found: float
    likeness: float
    lost: str | None = None


class MaskTracker:
    """Follow the region of a first frame from frame to frame.

    Points inside the region are followed by Lucas and Kanade's method, there and back. An affine motion is fitted to those
    that return, and what they do beside it is spread over their neighbourhood: so the region's own motion also carries its
    edge, whatever the background does. (Dense flow, which mixes both motions at the edge, loses a moving thing's outline
    within a second.) What is kept from frame to frame is where each pixel lay in the first frame: the first mask is looked up
    there, once, so that its edge does not blur; and, while the region still looks as it did at first, that place is corrected
    against the first frame itself, so that small errors do not add up.

    Args:
        frame: (H, W, 3) uint8 or uint16, RGB: the first.
        mask: (H, W) uint8 or uint16 of the first frame.

    Raises:
        InputError: when the mask selects nothing by more than half, or its size is not the frame's.
    """

    def __init__(self, frame: np.ndarray, mask: np.ndarray) -> None:
        if mask.shape != frame.shape[:2]:
            raise InputError(f"the mask is {mask.shape[1]} x {mask.shape[0]} and the frame {frame.shape[1]} x {frame.shape[0]}")
        self._first_mask = np.rint(255 * to_unit(mask)).astype(np.uint8)
        self._area = int((self._first_mask >= 128).sum())
        if self._area == 0:
            raise InputError("the mask of the first frame selects nothing by more than half; paint the region white")
        scale = min(UP, _SIDE / max(mask.shape))
        self._size = tuple(max(32, round(side * scale)) for side in mask.shape)
        self._first = self._before = self._shrunk(frame)
        self._origin = _grid(self._size)  # (h, w, 2): x, y in the first frame of each pixel, at the estimation's size
        self._region = resize(self._first_mask, self._size)

    def step(self, frame: np.ndarray) -> Track:
        """The mask of the next frame.

        Args:
            frame: (H, W, 3), of the first one's size and dtype.

        Returns:
            Its mask. Where that is lost, the mask is not to be used, and the tracker not to be asked again.
        """
        grey = self._shrunk(frame)
        motion, found = _motion(self._before, grey, self._region)
        if motion is None:
            return Track(self._first_mask, found, 0.0, f"only {100 * found:.0f} % of its points are found again")
        self._origin = cv2.remap(self._origin, motion, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        carried = cv2.remap(self._region, motion, None, cv2.INTER_LINEAR)
        likeness = _correlation(grey, cv2.remap(self._before, motion, None, cv2.INTER_LINEAR), carried >= 128)
        self._correct(grey, carried)
        self._before = grey
        mask = self._looked_up()
        self._region = resize(mask, self._size)
        return Track(mask, found, likeness, self._why_lost(mask, found, likeness))

    def _correct(self, grey: np.ndarray, region: np.ndarray) -> None:
        """Move `_origin` so that the first frame, looked up there, falls on this frame."""
        expected = cv2.remap(self._first, self._origin, None, cv2.INTER_LINEAR)
        motion, found = _motion(expected, grey, region)
        if motion is not None and found > CORRECTED:
            self._origin = cv2.remap(self._origin, motion, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def _why_lost(self, mask: np.ndarray, found: float, likeness: float) -> str | None:
        if (mask >= 128).sum() < _LEAST * self._area:
            return "it has left the picture, or shrunk to nearly nothing"
        if found < FOUND:
            return f"only {100 * found:.0f} % of its points are found again"
        if likeness < LIKE:
            return f"it no longer looks like the frame before (correlation {likeness:.2f})"
        return None

    def _looked_up(self) -> np.ndarray:
        """The first mask where each pixel of this frame lay in the first frame: (H, W) uint8."""
        height, width = self._first_mask.shape
        # Displacements, not places, are enlarged: at the borders, places would be replicated and so bent.
        moved = cv2.resize(self._origin - _grid(self._size), (width, height), interpolation=cv2.INTER_LINEAR)
        moved *= np.float32([width / self._size[1], height / self._size[0]])
        return cv2.remap(self._first_mask, _grid((height, width)) + moved, None, cv2.INTER_LINEAR)

    def _shrunk(self, frame: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(resize(as_bytes(frame), self._size), cv2.COLOR_RGB2GRAY)


def _grid(size: tuple[int, int]) -> np.ndarray:
    """(h, w, 2) float32: x and y of each pixel."""
    return np.stack(np.meshgrid(np.arange(size[1], dtype=np.float32), np.arange(size[0], dtype=np.float32)), axis=2)


def _motion(before: np.ndarray, after: np.ndarray, region: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Where each pixel of a picture lay in the one before, by what is in a region of that.

    Args:
        before, after: (h, w) uint8.
        region: (h, w) uint8, in `before`.

    Returns:
        (h, w, 2) float32 x, y in `before` for every pixel of `after`, or None where too few points are found again; and the
        share of the points that were.
    """
    points = cv2.goodFeaturesToTrack(before, _POINTS, 0.002, 5, mask=_inner(region), blockSize=5)
    if points is None or len(points) < _FEWEST:
        return None, 0.0
    there, seen, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, **_WINDOW)
    home, again, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, **_WINDOW)
    points, there, home = (one[:, 0] for one in (points, there, home))
    good = (seen[:, 0] & again[:, 0]).astype(bool) & (np.linalg.norm(home - points, axis=1) < SLACK)
    found = float(good.mean())
    if good.sum() < _FEWEST:
        return None, found
    return _field(there[good], points[good], region.shape), found


def _inner(region: np.ndarray) -> np.ndarray:
    """The region without its margin; with less of one, where a thin region would have nothing left."""
    hard = (region >= 128).astype(np.uint8)
    for margin in (_MARGIN, _MARGIN // 2):
        inner = cv2.erode(hard, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8), borderValue=1)
        if inner.sum() > 0.3 * hard.sum():
            return inner
    return hard


def _field(places: np.ndarray, sources: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The source of every pixel from those of some: an affine motion, and near the points what they do beside it.

    Args:
        places, sources: (N, 2) float32 x, y.
        size: (h, w).

    Returns:
        (h, w, 2) float32 x, y.
    """
    # Four numbers are safer than six where points are few or in a line.
    fit = cv2.estimateAffine2D if len(places) >= 30 else cv2.estimateAffinePartial2D
    matrix, _ = fit(places, sources, ransacReprojThreshold=OUTLIER)
    if matrix is None:
        matrix = np.column_stack([np.eye(2), np.median(sources - places, axis=0)])
    matrix = matrix.astype(np.float32)
    field = _grid(size) @ matrix[:, :2].T + matrix[:, 2]
    rest = sources - (places @ matrix[:, :2].T + matrix[:, 2])
    fits = np.linalg.norm(rest, axis=1) < OUTLIER
    coarse = tuple(-(-side // COARSE) for side in size)  # so smooth a field needs no more, and blurs sooner
    spread = np.zeros((*coarse, 3), np.float32)
    column, row = (places[fits] // COARSE).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < coarse[1]) & (row < coarse[0])
    np.add.at(spread, (row[inside], column[inside]), np.column_stack([rest[fits], np.ones(fits.sum())])[inside])
    reach = 0.03 * max(coarse)
    spread = cv2.GaussianBlur(spread, (0, 0), reach)
    # A single point is not believed alone: its weight stands against that of half a point that goes with all others.
    near = spread[..., :2] / (spread[..., 2:] + 0.5 / (2 * np.pi * reach**2))
    return field + cv2.resize(near, size[::-1], interpolation=cv2.INTER_LINEAR)


def _correlation(one: np.ndarray, other: np.ndarray, inside: np.ndarray) -> float:
    """Of the grey values of two pictures inside a region; 1 where neither varies."""
    if not inside.any():
        return 1.0
    a, b = (picture[inside].astype(np.float32) for picture in (one, other))
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a * a).mean() * (b * b).mean()))
    return 1.0 if spread < 1 else float((a * b).mean()) / spread
