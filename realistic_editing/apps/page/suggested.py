"""What the page suggests to a visitor: things that draw the eye, with outlines and numbers."""
import dataclasses
import functools
from typing import Any

import numpy as np
from torch import nn

from realistic_editing.apps.page.outlines import outline
from realistic_editing.common.arrays import as_bytes
from realistic_editing.selection.simulated import deepest
from realistic_editing.selection.suggest import SUGGESTS_BY, suggest
from realistic_editing.weights import load_network

MOST_SUGGESTED = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Suggested:
    """A thing that may be taken by its number.

    Args:
        number: from 1 on, the strongest first; it keeps it when others are taken.
        mask: (h, w) uint8, of the photo as it is shown.
        reason: in words.
        path: its outline, see `outline`.
        point: x, y as shares of the photo, where it is deepest.
    """

    number: int
    mask: np.ndarray
    reason: str
    path: str
    point: tuple[float, float]

    def as_dict(self) -> dict[str, Any]:
        """What the browser is told of it."""
        x, y = self.point
        return {"number": self.number, "reason": self.reason, "path": self.path, "x": round(x, 4), "y": round(y, 4)}


def suggested(small: np.ndarray) -> tuple[Suggested, ...]:
    """What draws the eye away from the subject of a photo.

    Args:
        small: (h, w, 3), its pixels as they are shown.
    """
    found, size = [], small.shape[:2]
    for one in suggest(as_bytes(small), MOST_SUGGESTED, saliency=_saliency()):
        place = deepest(one.mask >= 128)
        if place is not None:
            point = place[0] / size[1], place[1] / size[0]
            found.append(Suggested(len(found) + 1, one.mask, one.reason, outline(one.mask, size), point))
    return tuple(found)


@functools.cache
def _saliency() -> nn.Module:
    return load_network(SUGGESTS_BY, kind="saliency")
