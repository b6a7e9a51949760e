"""Masks without a mask: select what is in a box, or around points."""
import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_photo
from realistic_editing.common.errors import InputError
from realistic_editing.data.borders import difference_across
from realistic_editing.data.grabcut import cut
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.selector import Looks, Point, enlarged, under

WAYS_TO_SELECT = ("network", "grabcut")
IN_DOUBT = 0.5  # an expected overlap below which the user is told: of one click on things of COCO val, three in ten
# CIELAB units from one side of a border to the other, below which nothing stands out: things hardly ever have so little, boxes
# on sky, walls and lawn often.
_APART = 8.0
_MUCH = 0.4  # of the photo: what one click selects of more, up to an edge, is mostly what is behind the thing
_SURE = 0.8  # an expected overlap from which such a click is taken to mean it
POINT = 0.02  # of the longer side: the radius of what a point surely marks


@dataclasses.dataclass(frozen=True, eq=False)
class Selected:
    """A region that was found.

    Args:
        mask: (H, W) uint8, 255 = selected, with a soft border.
        overlap: with what is meant (intersection over union), as the network expects it; nan of GrabCut, which expects nothing.
        notes: what the user must know: that it is in doubt, or that GrabCut selected instead.
    """

    mask: np.ndarray
    overlap: float = math.nan
    notes: tuple[str, ...] = ()


def select(
    photo: np.ndarray,
    inside: Sequence[Point] = (),
    outside: Sequence[Point] = (),
    box: tuple[float, float, float, float] | None = None,
    by: str = "network",
    looks: Looks | None = None,
) -> Selected:
    """Select the thing that points, a box or both mean, and say how sure that is.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        inside, outside: points x, y in pixels that are in the region, and that are not.
        box: x, y, width, height in pixels, from the top left corner; it must hold the thing whole, and some surroundings.
        by: "network", or "grabcut" (Rother, Kolmogorov and Blake, SIGGRAPH 2004), which knows colours and no things, and takes
            a box or points.
        looks: of the photo, where it was looked at before; saves time.

    Raises:
        InputError: when a point or the box lies beyond the photo, neither is given, or nothing was found.
    """
    photo = check_photo(photo)
    if by not in WAYS_TO_SELECT:
        raise InputError(f"by is {by!r}; use {' or '.join(WAYS_TO_SELECT)}")
    if box is None or inside or outside:
        check_points(photo, inside, outside)
    if box is not None:
        check_box(photo, box)
        _check_within(box, inside)
    if by == "grabcut":
        if box is not None and (inside or outside):
            raise InputError("grabcut takes a box or points, and both are given; leave one out, or let the network select")
        return Selected(_grabcut_box(photo, box) if box is not None else _grabcut_points(photo, inside, outside))
    pixels = as_bytes(photo)
    found = (Looks(pixels) if looks is None else looks).select(inside, outside, box)
    mask = mask_of(pixels, found.probability, inside)
    if not mask.any():
        if box is not None and (inside or outside):
            raise InputError("the box and the points: nothing was found; draw the box closer, or paint a mask")
        other = select(photo, inside, outside, box, "grabcut")
        return dataclasses.replace(other, notes=("the network finds nothing there, so GrabCut selected; look at the mask",))
    doubts = [f"the selection is in doubt (expected overlap {100 * found.iou:.0f} %)"] if found.iou < IN_DOUBT else []
    if difference_across(pixels, mask) < _APART:
        doubts.append("what was found hardly differs from what is beside it: there is probably no thing")
    alone = box is None and len(inside) == 1 and not outside
    if alone and found.iou < _SURE and (share := _behind(mask)):
        doubts.append(f"one click selected {100 * share:.0f} % of the photo, up to its edge: perhaps what is behind the thing")
    return Selected(mask, found.iou, tuple(f"{doubt}; look at the mask, and add points or a box" for doubt in doubts))


def _behind(mask: np.ndarray) -> float:
    """The share of the photo that a mask (H, W) uint8 covers, where that is much and reaches an edge; else 0."""
    hard = mask >= 128
    share, edges = float(hard.mean()), (hard[0], hard[-1], hard[:, 0], hard[:, -1])
    return share if share > _MUCH and any(edge.any() for edge in edges) else 0.0


def mask_of(pixels: np.ndarray, probability: np.ndarray, inside: Sequence[Point]) -> np.ndarray:
    """A soft mask of the photo's size: the parts under the points, and all of any size where there is none.

    Args:
        pixels: (H, W, 3) uint8.
        probability: (h, w) float32, see `Selection`.
        inside: points x, y in pixels of the photo.
    """
    found = (probability >= 0.5).astype(np.uint8)
    if inside:
        scale = np.array(probability.shape[::-1]) / pixels.shape[1::-1]
        found = under(found, [tuple(np.array(point) * scale) for point in inside]).astype(np.uint8)
    if not found.any():
        return np.zeros(pixels.shape[:2], np.uint8)
    return alpha_matte(pixels, enlarged(np.where(found > 0, probability, np.minimum(probability, 0.49)), pixels.shape))


def select_box(photo: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Select the thing in a box, with a soft border, see `select`.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
        box: x, y, width, height in pixels, from the top left corner; it must hold the thing whole, and some surroundings.

    Returns:
        (H, W) uint8, 255 = selected.

    Raises:
        InputError: when the box is not inside the photo or nothing was found in it.
    """
    return select(photo, box=box).mask


def select_points(photo: np.ndarray, inside: Sequence[Point], outside: Sequence[Point] = ()) -> np.ndarray:
    """Select the thing that points are in, see `select`.

    Args:
        photo: as for `select_box`.
        inside, outside: points x, y in pixels that are in the region, and that are not.

    Returns:
        (H, W) uint8, 255 = selected; only what is connected with a point inside.

    Raises:
        InputError: when there is no point inside, one lies beyond the photo, or nothing was found.
    """
    return select(photo, inside, outside).mask


def _grabcut_box(photo: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    height, width = photo.shape[:2]
    x, y, wide, high = box
    marks = np.full((height, width), cv2.GC_BGD, np.uint8)
    marks[int(y) : int(np.ceil(y + high)), int(x) : int(np.ceil(x + wide))] = cv2.GC_PR_FGD
    return _selected(photo, marks, f"the box {x:g},{y:g},{wide:g},{high:g}")


def _grabcut_points(photo: np.ndarray, inside: Sequence[Point], outside: Sequence[Point]) -> np.ndarray:
    """What is connected with a point inside."""
    height, width = photo.shape[:2]
    marks = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    marks[[0, -1]] = marks[:, [0, -1]] = cv2.GC_BGD
    radius = max(1, round(POINT * max(height, width)))
    for points, around, sure in ((outside, cv2.GC_BGD, cv2.GC_BGD), (inside, cv2.GC_PR_FGD, cv2.GC_FGD)):
        for x, y in points:
            cv2.circle(marks, (round(x), round(y)), 4 * radius, around, -1)
            cv2.circle(marks, (round(x), round(y)), radius, sure, -1)
    mask = _selected(photo, marks, "the points")
    labels = cv2.connectedComponents((mask >= 128).astype(np.uint8))[1]
    kept = np.isin(labels, [labels[int(y), int(x)] for x, y in inside]) & (labels > 0)
    near = cv2.dilate(kept.astype(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8)) > 0  # with its soft border
    return np.where(near, mask, 0).astype(np.uint8)


def check_box(photo: np.ndarray, box: tuple[float, float, float, float]) -> None:
    """Raise InputError when a box x, y, width, height is empty or not within a photo (H, W, 3)."""
    height, width = photo.shape[:2]
    x, y, wide, high = box
    if not (wide > 0 and high > 0 and x >= 0 and y >= 0 and x + wide <= width and y + high <= height):
        beyond = x + wide > width or y + high > height
        ends = f"; it ends at {x + wide:g},{y + high:g}" if beyond else ""
        raise InputError(f"box is {x:g},{y:g},{wide:g},{high:g}; use x,y,width,height within {width} x {height} pixels{ends}")
    if (wide, high) == (width, height):
        raise InputError("the box is the whole photo, which leaves nothing to tell the region from; make it smaller")


def check_points(photo: np.ndarray, inside: Sequence[Point], outside: Sequence[Point] = ()) -> None:
    """Raise InputError when there is no point inside the region, or one lies beyond a photo (H, W, 3)."""
    height, width = photo.shape[:2]
    if not inside:
        raise InputError("points: none is inside the region; give at least one, such as 320,200")
    for x, y in (*inside, *outside):
        if not (0 <= x < width and 0 <= y < height):
            where = f"use x,y within its {width} x {height} pixels, from 0,0 at the top left"
            raise InputError(f"point {x:g},{y:g}: lies beyond the photo; {where}")


def _check_within(box: tuple[float, float, float, float], inside: Sequence[Point]) -> None:
    """Raise InputError when a point of the region lies beyond the box that holds the region."""
    x, y, wide, high = box
    for left, top in inside:
        if not (x <= left <= x + wide and y <= top <= y + high):
            raise InputError(
                f"point {left:g},{top:g}: lies beyond the box {x:g},{y:g},{wide:g},{high:g}, which must hold the region; "
                "make the box larger, or leave one of them out"
            )


def _selected(photo: np.ndarray, marks: np.ndarray, what: str) -> np.ndarray:
    """What `cut` finds, as a soft mask."""
    pixels = as_bytes(photo)
    return alpha_matte(pixels, cut(pixels, marks, what))
