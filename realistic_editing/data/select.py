"""Masks without a mask: select what is in a box, or around points, and mend rough masks."""
import dataclasses
import functools
import math
from collections.abc import Sequence

import cv2
import numpy as np

from realistic_editing.common.arrays import as_bytes, check_mask, check_photo, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.borders import difference_across
from realistic_editing.data.masks import intersection_over_union
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.pixels import resize
from realistic_editing.data.selector import Looks, Point, under

WAYS_TO_SELECT = ("network", "grabcut")
IN_DOUBT = 0.5  # an expected overlap below which the user is told: of one click on things of COCO val, three in ten
_LONGEST = 640  # pixels of the longer side while GrabCut looks; the border is then found again in the photo itself
ITERATIONS = 5  # of GrabCut
_BAND = 0.15  # of sqrt(area): how far the border of a rough mask may be from the true one, for GrabCut
# A mended mask that overlaps the given one by less (intersection over union) has lost the thing. The network knows things, and
# may find one of twice the size.
_NEAR, _TRUST = 0.4, 0.6
_CRUMB, _KEPT = 0.05, 0.3  # of a mask: smaller parts are crumbs; and of a part: as much must be found again
_HELD = 0.2  # of a part that was found: a mask that holds less of it does not mean it
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
    share = np.where(found > 0, probability, np.minimum(probability, 0.49))
    full = cv2.resize(share, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return alpha_matte(pixels, full >= 0.5)


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


def refine_mask(photo: np.ndarray, mask: np.ndarray, beyond: float = 0.0) -> np.ndarray:
    """Move the border of a rough mask to the border in the photo, and soften it as a matte.

    The network that selects finds the thing that is meant; where it is not sure, or finds another, GrabCut looks for one of the
    mask's colours.

    Args:
        photo: as for `select_box`.
        mask: (H, W), rough: grown, shrunk, shifted or jagged.
        beyond: how much farther than usual its border may be from the true one, as a share of the photo's longer side. More
            finds the thing of a mask that holds half of it, and more often another one.

    Returns:
        (H, W) uint8. Where neither finds a thing, the mask's own border, softened.

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    rough = to_unit(check_mask(mask, photo))
    given = rough >= 0.5
    if not given.any():
        raise InputError("mask selects no pixel by half or more; mark the region white")
    pixels = as_bytes(photo)
    for find, trust in ((functools.partial(_mended_by_network, beyond=beyond), _NEAR), (_mended_by_colour, _TRUST)):
        found = find(pixels, rough)
        if intersection_over_union(found >= 128, given) > trust:
            lost = _lost_parts(found >= 128, given)
            return np.maximum(found, alpha_matte(pixels, lost)) if lost.any() else found
    return alpha_matte(pixels, given)


def _mended_by_network(pixels: np.ndarray, rough: np.ndarray, beyond: float) -> np.ndarray:
    """What the network takes a rough mask (H, W) in [0, 1] to mean: (H, W) uint8, empty where it is in doubt."""
    found = Looks(pixels).mend(rough, beyond)
    if found.iou < IN_DOUBT:
        return np.zeros(rough.shape, np.uint8)
    touched = cv2.resize(rough, found.probability.shape[::-1], interpolation=cv2.INTER_AREA) >= 0.5
    labels = cv2.connectedComponents((found.probability >= 0.5).astype(np.uint8))[1]
    sizes, held = np.bincount(labels.ravel()), np.bincount(labels[touched], minlength=labels.max() + 1)
    beside = (held <= _HELD * sizes)[labels]  # a like thing, which the mask touches at most
    return mask_of(pixels, np.where(beside, 0, found.probability), ())


def _lost_parts(found: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The parts of a mask (H, W) bool, crumbs apart, that were not found again: two things may be meant, and one found."""
    labels = cv2.connectedComponents(given.astype(np.uint8))[1]
    sizes, kept = np.bincount(labels.ravel()), np.bincount(labels[found], minlength=labels.max() + 1)
    lost = (sizes > _CRUMB * given.sum()) & (kept <= _KEPT * sizes)
    lost[0] = False  # what the mask leaves
    return lost[labels]


def _mended_by_colour(pixels: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """What GrabCut finds within a band about the border of a rough mask (H, W) in [0, 1]: (H, W) uint8, or nothing."""
    given = rough >= 0.5
    width = _BAND * np.sqrt(given.sum())
    inner, outer = (cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 3) for side in (given, ~given))
    marks = np.where(given, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[inner > min(width, inner.max() / 2)], marks[outer > width] = cv2.GC_FGD, cv2.GC_BGD
    try:
        return _selected(pixels, marks, "the mask")
    except InputError:
        return np.zeros(marks.shape, np.uint8)


def _selected(photo: np.ndarray, marks: np.ndarray, what: str) -> np.ndarray:
    """Run GrabCut on marks (H, W) of its four kinds, and return a soft mask of the photo's size."""
    pixels = as_bytes(photo)
    shrink = min(1.0, _LONGEST / max(marks.shape))
    size = tuple(max(1, round(side * shrink)) for side in marks.shape)
    small = cv2.resize(marks, size[::-1], interpolation=cv2.INTER_NEAREST)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    known = np.isin(small, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if known.all() or not known.any():
        raise InputError(f"{what}: leaves nothing to tell the region from; make it smaller, or larger")
    cv2.setRNGSeed(0)  # its colour models start at random
    bgr = np.ascontiguousarray(resize(pixels, size)[..., ::-1])
    cv2.grabCut(bgr, small, None, *models, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(small, (cv2.GC_FGD, cv2.GC_PR_FGD))
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(bool)
    if not found.any():
        raise InputError(f"{what}: nothing stands out there; draw it closer, or paint a mask")
    return alpha_matte(pixels, resize(found.astype(np.uint8) * 255, marks.shape) >= 128)
