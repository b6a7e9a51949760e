"""What a visitor has marked and not yet taken as a region: by clicks, a box, or the brush."""
import dataclasses
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.mask import region_of
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import Photo

MOST_STROKE_POINTS = 5000  # of one stroke
MOST_STROKES = 500
MOST_CLICKS = 100
LEAST_BOX = 0.01  # of the photo's sides
_LOST = "the page sent a mark that cannot be read; reload it"

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Stroke:
    """One move of the brush.

    Args:
        points: x, y as shares of the photo's width and height.
        radius: as a share of its longer side.
        adds: whether it paints, or takes away.
    """

    points: tuple[Point, ...]
    radius: float
    adds: bool = True


@dataclasses.dataclass(frozen=True, eq=False)
class Draft:
    """A region that is being marked on the photo as it is shown.

    Args:
        mask: (h, w) uint8, 255 = marked.
        inside, outside: where was clicked, as shares of width and height.
        box: x, y, width, height as such shares, or None.
        strokes: of the brush, on top of what clicks or box selected.
        notes: on what clicks or box selected, where that is in doubt; what is painted on top leaves it to the painter.
    """

    mask: np.ndarray
    inside: tuple[Point, ...] = ()
    outside: tuple[Point, ...] = ()
    box: tuple[float, float, float, float] | None = None
    strokes: tuple[Stroke, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def selected(self) -> bool:
        """Whether clicks or a box made it, at least in part."""
        return bool(self.inside) or self.box is not None


def marked(photo: Photo, small: np.ndarray, draft: Draft | None, mark: Mapping[str, Any]) -> Draft:
    """What is marked after one more click, box or stroke.

    Clicks and a box select as `realistic-editing mask` does, on the photo as it is shown.

    Args:
        photo: whose name messages use.
        small: (h, w, 3), its pixels as they are shown.
        draft: what is marked already; None where nothing is.
        mark: kind, "click" with x and y, "box" with x, y, width and height, or "stroke" with points and radius; adds, whether
            it adds to what is marked, or takes away. All as shares of the photo, from 0 to 1.

    Raises:
        InputError: when nothing is found there, or the mark is none.
    """
    draft = draft or Draft(np.zeros(small.shape[:2], np.uint8))
    kind, adds = mark.get("kind"), mark.get("adds", True) is True
    if kind == "stroke":
        stroke = Stroke(_points(mark.get("points")), _share(mark.get("radius"), 0.5), adds)
        if len(draft.strokes) >= MOST_STROKES:
            raise InputError("there are too many strokes; press Propose, or begin again")
        mask = _painted(draft.mask, (stroke,))
        return dataclasses.replace(draft, mask=mask, strokes=(*draft.strokes, stroke), notes=())
    if kind == "box":
        x, y, width, height = (_share(mark.get(name)) for name in ("x", "y", "width", "height"))
        width, height = min(width, 1 - x), min(height, 1 - y)
        if min(width, height) < LEAST_BOX:
            raise InputError("the box is too small; drag it around the whole thing")
        return _selected(photo, small, Draft(draft.mask, box=(x, y, width, height)))
    if kind != "click":
        raise InputError(_LOST)
    point = (_share(mark.get("x")), _share(mark.get("y")))
    if not adds and not draft.inside:
        raise InputError("click first on what is in the region; then on what is not. After a box, take away with the brush")
    if len(draft.inside) + len(draft.outside) >= MOST_CLICKS:
        raise InputError("there are too many clicks; press Propose, or begin again")
    side = {"inside": (*draft.inside, point)} if adds else {"outside": (*draft.outside, point)}
    return _selected(photo, small, dataclasses.replace(draft, box=None, **side))


def _selected(photo: Photo, small: np.ndarray, draft: Draft) -> Draft:
    """The draft with what its clicks or its box select, as the command line does, and the strokes on top."""
    height, width = small.shape[:2]

    def at(points: tuple[Point, ...]) -> str:
        return " ".join(f"{min(x * width, width - 1):.1f},{min(y * height, height - 1):.1f}" for x, y in points)

    if draft.box is None:
        options = {"points": at(draft.inside), "outside": at(draft.outside)}
    else:
        x, y, wide, high = draft.box
        left, top, right, bottom = round(x * width), round(y * height), round((x + wide) * width), round((y + high) * height)
        options = {"box": f"{left},{top},{right - left},{bottom - top}"}
    shown = dataclasses.replace(photo, pixels=small, alpha=None, metadata={})
    mask, notes = region_of(shown, options)
    return dataclasses.replace(draft, mask=_painted(mask, draft.strokes), notes=notes)


def _painted(mask: np.ndarray, strokes: tuple[Stroke, ...]) -> np.ndarray:
    """A mask with strokes on it."""
    mask = np.ascontiguousarray(mask).copy()
    height, width = mask.shape
    for stroke in strokes:
        points = np.rint(np.array(stroke.points) * (width - 1, height - 1)).astype(np.int32)
        radius = max(1, round(stroke.radius * max(height, width)))
        value = 255 if stroke.adds else 0
        cv2.polylines(mask, [points.reshape(-1, 1, 2)], False, value, 2 * radius, cv2.LINE_8)
        for point in (points[0], points[-1]):
            cv2.circle(mask, point.tolist(), radius, value, -1)
    return mask


def _points(value: Any) -> tuple[Point, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_STROKE_POINTS:
        raise InputError(_LOST)
    if any(not isinstance(point, list) or len(point) != 2 for point in value):
        raise InputError(_LOST)
    return tuple((_share(x), _share(y)) for x, y in value)


def _share(value: Any, most: float = 1.0) -> float:
    """A number from 0 to `most`; a browser rounds, so a little beyond counts as the end."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -0.01 <= value <= most + 0.01:
        raise InputError(_LOST)
    return min(max(float(value), 0.0), most)
