"""From clicks or a box on a photo to a mask: a first look at the whole, and a second at the window where the thing is."""
import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

from realistic_editing.selection.prompts import Prompts

_MARGIN = 1.5  # side of the second window over that of the thing
_LEAST = 0.12  # of the photo's longer side: the smallest window


@dataclasses.dataclass(frozen=True, eq=False)
class Selection:
    """What was found: `probability` (H, W) float32 that a pixel is meant, and the overlap that the network expects."""

    probability: np.ndarray
    iou: float


def selected(
    network: nn.Module,
    image: np.ndarray,
    inside: Sequence[tuple[float, float]] = (),
    outside: Sequence[tuple[float, float]] = (),
    box: tuple[float, float, float, float] | None = None,
) -> Selection:
    """Select.

    Args:
        network: a `ClickSelector`.
        image: (H, W, 3) uint8 RGB.
        inside, outside: points x, y in pixels.
        box: left, top, right, bottom in pixels.
    """
    height, width = image.shape[:2]
    whole = (0, 0, width, height)
    first_window = _around(box, whole) if box is not None else whole
    first = _look(network, image, first_window, inside, outside, box, None)
    place = _extent(first.probability, inside)
    if place is None:
        return first
    window = _around(place, whole)
    return _look(network, image, window, inside, outside, box, first.probability)


def _around(place: Sequence[float], whole: Sequence[float]) -> tuple[int, int, int, int]:
    """A window about a place (left, top, right, bottom), cut to the photo."""
    side = max(max(place[2] - place[0], place[3] - place[1]) * _MARGIN, _LEAST * max(whole))
    x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    left, top, right, bottom = x - side / 2, y - side / 2, x + side / 2, y + side / 2
    return int(max(left, 0)), int(max(top, 0)), int(min(np.ceil(right), whole[2])), int(min(np.ceil(bottom), whole[3]))


def _extent(probability: np.ndarray, inside: Sequence[tuple[float, float]]) -> tuple[float, ...] | None:
    """Where the found thing lies: the parts under the clicks, or all of it where there is none."""
    small = probability >= 0.5
    count, labels = cv2.connectedComponents(small.astype(np.uint8))
    hit = {int(labels[int(y), int(x)]) for x, y in inside} - {0}
    kept = np.isin(labels, list(hit)) if hit else small
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None


@torch.no_grad()
def _look(network, image, window, inside, outside, box, previous) -> Selection:
    left, top, right, bottom = window
    part, side = image[top:bottom, left:right], network.input_size
    way = cv2.INTER_AREA if max(part.shape) > side else cv2.INTER_LINEAR
    small = cv2.resize(part, (side, side), interpolation=way)
    device = next(network.parameters()).device
    scale = np.array([right - left, bottom - top])
    points = (np.array([*inside, *outside], np.float32).reshape(-1, 2) - [left, top]) / scale
    kinds = np.array([1.0] * len(inside) + [-1.0] * len(outside))
    if not len(kinds):
        points, kinds = np.zeros((1, 2)), np.zeros(1)
    edges = np.zeros(4) if box is None else np.clip((np.array(box) - [left, top, left, top]) / [*scale, *scale], 0, 1)
    guess = None
    if previous is not None:
        guess = cv2.resize(previous[top:bottom, left:right], (side // 2,) * 2, interpolation=cv2.INTER_AREA)
        guess = torch.from_numpy(guess)[None, None].to(device)

    def tensor(values):
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None].to(device)

    prompts = Prompts(tensor(points), tensor(kinds), tensor(edges), guess, None if guess is None else guess.new_ones(1))
    pixels = torch.from_numpy(small).permute(2, 0, 1)[None].float().to(device) / 255
    found = network(pixels, prompts)
    inner = found["logits"].float().sigmoid()[0, 0].cpu().numpy()
    probability = np.zeros(image.shape[:2], np.float32)
    probability[top:bottom, left:right] = cv2.resize(inner, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    return Selection(probability, float(found["iou"][0]))
