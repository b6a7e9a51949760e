"""From clicks or a box to a mask, by a network: a look at the whole photo, and a second at the window where the thing is."""
import dataclasses
import functools
import math
import threading
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

from realistic_editing.data.prompts import Prompts
from realistic_editing.weights import load_network

_SEEN = 1024  # pixels of the longer side that looks are cut from
_MARGIN = 1.5  # side of the second window over that of the thing
_LEAST = 0.12  # of the photo's longer side: the smallest window
_DOUBT = 0.05  # of the root of its area: how much a rough mask is blurred, so that the network is not sure of its border

Point = tuple[float, float]
Window = tuple[int, int, int, int]  # left, top, right, bottom in pixels


@dataclasses.dataclass(frozen=True, eq=False)
class Selection:
    """What a network takes to be meant.

    Args:
        probability: (h, w) float32 that a pixel is meant; of the photo's aspect.
        iou: the overlap (intersection over union) with what is meant that the network expects of itself, in [0, 1].
        kinds: (K,) how likely it is a person, a vehicle and so on, see `selection.network.THING_KINDS`; sums to 1.
    """

    probability: np.ndarray
    iou: float
    kinds: np.ndarray


_lock = threading.Lock()


def load_selector() -> nn.Module:
    """The bundled network that selects, loaded once a process."""
    with _lock:  # of several visitors' threads, one loads it
        return _loaded()


@functools.cache
def _loaded() -> nn.Module:
    return load_network("selector", kind="selector").requires_grad_(False).to(memory_format=torch.channels_last)


class Looks:
    """A photo as the network sees it, for any number of selections.

    Args:
        photo: (H, W, 3) uint8 RGB.
        network: a `ClickSelector`; the bundled one when None.
    """

    def __init__(self, photo: np.ndarray, network: nn.Module | None = None) -> None:
        self.network = load_selector() if network is None else network
        shrink = min(1.0, _SEEN / max(photo.shape[:2]))
        height, width = (max(1, round(side * shrink)) for side in photo.shape[:2])
        self.image = photo if shrink == 1 else cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        self.scale = np.array([width / photo.shape[1], height / photo.shape[0]])
        self._features: dict[Window, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def whole(self) -> Window:
        """The window that shows all of the photo."""
        height, width = self.image.shape[:2]
        return 0, 0, width, height

    def select(
        self, inside: Sequence[Point] = (), outside: Sequence[Point] = (), box: Sequence[float] | None = None
    ) -> Selection:
        """Select one thing.

        Args:
            inside, outside: points x, y in pixels of the photo, in the region and not in it.
            box: x, y, width, height in pixels of the photo, or None.

        Returns:
            At the size that looks are cut from; of the whole photo's frame.
        """
        inside, outside = ([tuple(np.array(point) * self.scale) for point in points] for points in (inside, outside))
        edges = None
        if box is not None:
            corner, size = np.array(box[:2]) * self.scale, np.array(box[2:]) * self.scale
            edges = np.array([*corner, *(corner + size)])
        first = self.look(self._around(edges) if edges is not None else self.whole, inside, outside, edges)
        place = _extent(first.probability, inside)
        if place is None:
            return first
        second = self.look(self._around(place), inside, outside, edges, first.probability)
        if box is not None or len(inside) + len(outside) > 1:
            return second
        # Of one click the first look knows better than the second, which has a guess to agree with: fitted on COCO's split val.
        return dataclasses.replace(second, iou=min(0.094 + 0.983 * first.iou + 0.047 * second.iou, 1.0))

    def closer(self, guess: np.ndarray, point: Point) -> Selection | None:
        """A second look at the window where an earlier guess lies, as `select` takes it; None where that guess is empty.

        Args:
            guess: (h, w) float32, the probability of an earlier look, of the size that looks are cut from.
            point: x, y in pixels of the photo, in the thing.
        """
        inside = [tuple(np.array(point) * self.scale)]
        place = _extent(guess, inside)
        return None if place is None else self.look(self._around(place), inside, previous=guess)

    def mend(self, rough: np.ndarray, beyond: float = 0.0) -> Selection:
        """The thing that a rough mask means: one look, with the mask as the guess that the network is to better.

        Args:
            rough: (H, W) float32 in [0, 1], of the photo's size, that selects a pixel by half or more.
            beyond: how much farther than usual its border may be from the true one, as a share of the photo's longer side.

        Returns:
            At the size that looks are cut from; all 0, with an overlap of 0, where the mask is too small to be seen.
        """
        seen = cv2.resize(rough, self.image.shape[1::-1], interpolation=cv2.INTER_AREA)
        hard = (seen >= 0.5).astype(np.uint8)
        if not hard.any():
            return Selection(np.zeros_like(seen), 0.0, np.zeros(0, np.float32))
        depth = cv2.distanceTransform(hard, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        left, top, width, height = cv2.boundingRect(hard)
        beyond *= max(hard.shape)
        guess = cv2.GaussianBlur(seen, (0, 0), _DOUBT * math.sqrt(hard.sum()) + beyond)
        window = self._around((left - beyond, top - beyond, left + width + beyond, top + height + beyond))
        return self.look(window, [(int(column), int(row))], previous=guess)

    def near(self, point: Point, reach: float) -> Selection:
        """What one click selects at a look at a window about it.

        Args:
            point: x, y in pixels of the photo.
            reach: side of the window, as a share of the photo's longer side; it is moved to lie within the photo.

        Returns:
            At the size that looks are cut from; nothing beyond the window.
        """
        _, _, width, height = self.whole
        x, y = np.array(point) * self.scale
        side = reach * max(width, height)
        left, top = (int(min(max(at - side / 2, 0), max(room - side, 0))) for at, room in ((x, width), (y, height)))
        return self.look((left, top, min(int(left + side), width), min(int(top + side), height)), [(x, y)])

    def each(self, points: Sequence[Point], batch: int = 16) -> list[Selection]:
        """What one click at each of many points would select, at a first look at the whole photo.

        Args:
            points: x, y in pixels of the photo.
            batch: of the network's.

        Returns:
            Each at S x S, whatever the photo's aspect.
        """
        places = np.array(points, np.float32) * self.scale / np.array(self.whole[2:])
        half, quarter = self._early(self.whole)
        selections = []
        for start in range(0, len(places), batch):
            part = torch.from_numpy(places[start : start + batch].astype(np.float32))[:, None].to(half.device)  # (B, 1, 2)
            count = len(part)
            prompts = Prompts(part, part.new_ones(count, 1), part.new_zeros(count, 4))
            with torch.no_grad():
                found = self.network.late(half.expand(count, -1, -1, -1), quarter.expand(count, -1, -1, -1), prompts)
            found_parts = (found["logits"].float().sigmoid()[:, 0], found["iou"].float(), found["kinds"].float().softmax(dim=1))
            for mask, iou, kinds in zip(*(part.cpu().numpy() for part in found_parts), strict=True):
                selections.append(Selection(mask, float(iou), kinds))
        return selections

    @torch.no_grad()
    def look(
        self,
        window: Window,
        inside: Sequence[Point],
        outside: Sequence[Point] = (),
        box: np.ndarray | None = None,
        previous: np.ndarray | None = None,
    ) -> Selection:
        """One look at a window; all in pixels of `image`, the box as left, top, right, bottom.

        Args:
            window: nothing is selected beyond it.
            inside, outside, box: what the user says.
            previous: (h, w), an earlier guess, or None.
        """
        left, top, right, bottom = window
        half, quarter = self._early(window)
        scale, corner = np.array([right - left, bottom - top]), np.array([left, top])
        points = (np.array([*inside, *outside], np.float32).reshape(-1, 2) - corner) / scale
        kinds = np.array([1.0] * len(inside) + [-1.0] * len(outside))
        if not len(kinds):
            points, kinds = np.zeros((1, 2)), np.zeros(1)
        edges = np.zeros(4) if box is None else np.clip((box - np.tile(corner, 2)) / np.tile(scale, 2), 0, 1)
        side = self.network.input_size // 2
        guess = None
        if previous is not None:
            guess = cv2.resize(previous[top:bottom, left:right], (side,) * 2, interpolation=cv2.INTER_AREA)

        def tensor(values: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None].to(half.device)

        prompts = Prompts(tensor(points), tensor(kinds), tensor(edges), None if guess is None else tensor(guess)[None],
                          None if guess is None else half.new_ones(1))  # fmt: skip
        found = self.network.late(half, quarter, prompts)
        inner = cv2.resize(found["logits"][0, 0].float().cpu().numpy(), (right - left, bottom - top))
        probability = np.zeros(self.image.shape[:2], np.float32)
        probability[top:bottom, left:right] = 1 / (1 + np.exp(-inner))
        return Selection(probability, float(found["iou"][0]), found["kinds"][0].float().softmax(dim=0).cpu().numpy())

    @torch.no_grad()
    def _early(self, window: Window) -> tuple[torch.Tensor, torch.Tensor]:
        """The features of a window that no click changes, kept for the whole photo."""
        if window in self._features:
            return self._features[window]
        left, top, right, bottom = window
        part, side = self.image[top:bottom, left:right], self.network.input_size
        way = cv2.INTER_AREA if max(part.shape) > side else cv2.INTER_LINEAR
        pixels = torch.from_numpy(cv2.resize(part, (side, side), interpolation=way)).permute(2, 0, 1)[None]
        found = self.network.early(pixels.to(next(self.network.parameters()).device).float() / 255)
        if window == self.whole:
            self._features[window] = found
        return found

    def _around(self, place: Sequence[float]) -> Window:
        """A window about a place (left, top, right, bottom), cut to the photo."""
        _, _, width, height = self.whole
        side = max(max(place[2] - place[0], place[3] - place[1]) * _MARGIN, _LEAST * max(width, height))
        x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
        left, top = max(int(x - side / 2), 0), max(int(y - side / 2), 0)
        return left, top, min(int(np.ceil(x + side / 2)), width), min(int(np.ceil(y + side / 2)), height)


def _extent(probability: np.ndarray, inside: Sequence[Point]) -> tuple[int, ...] | None:
    """Where the found thing lies: the parts under the clicks, or all of it where there is none; None where nothing is."""
    found = (probability >= 0.5).astype(np.uint8)
    kept = under(found, inside) if inside else found
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None


def under(mask: np.ndarray, points: Sequence[Point]) -> np.ndarray:
    """The connected parts of a mask (H, W) uint8, 0 or 1, that hold a point, as bool; all of them where no point is in one."""
    labels = cv2.connectedComponents(mask)[1]
    hit = {int(labels[int(y), int(x)]) for x, y in points} - {0}
    return np.isin(labels, list(hit)) if hit else mask > 0


def enlarged(probability: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """(h, w) float32 -> (H, W) bool, with a smooth border."""
    return cv2.resize(probability, tuple(shape[1::-1]), interpolation=cv2.INTER_LINEAR) >= 0.5
