"""Things that may draw the eye: what the network that selects finds at the peaks of attention."""
import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from realistic_editing.data.masks import intersection_over_union
from realistic_editing.data.selector import Looks, Point, Selection, under

CELLS = 128  # of the square that candidates are compared in
_PEAKS = 14  # clicks at the highest peaks of attention
_APART = 9  # cells across within which there is one peak
_ALIKE = 1e-4  # of a level: what differs by less is a plateau
_REACH = 0.45  # of the photo's longer side: the window of a closer look at a peak, where small things are seen whole
_LEAST, _MOST = 0.002, 0.60  # shares of the photo that a candidate may cover
_TRUST = 0.25  # expected overlap of a candidate at its first look, where small things have little
_WHOLE = 0.15  # what a look at the whole photo is trusted more by: it knows things, the closer look more often their parts
_SAME = 0.5  # overlap of two candidates that are one thing
_PERSON = 0.5  # probability from which something is a person


@dataclasses.dataclass(frozen=True, eq=False)
class Candidate:
    """A thing at a first look.

    Args:
        point: where it was clicked, x, y in pixels of the photo.
        guess: (h, w) float32, see `Selection.probability`.
        mask: (CELLS, CELLS) bool.
        trust: the expected overlap.
        kinds: see `Selection`.
        share: of attention.
        whole: whether it was found by a look at the whole photo.
    """

    point: Point
    guess: np.ndarray
    mask: np.ndarray
    trust: float
    kinds: np.ndarray
    share: float
    whole: bool = True

    @property
    def area(self) -> float:
        """Share of the photo."""
        return float(self.mask.mean())

    @property
    def is_person(self) -> bool:
        """Whether it is a person, more likely than not."""
        return float(self.kinds[0]) >= _PERSON


def find_candidates(looks: Looks, attention: np.ndarray) -> list[Candidate]:
    """Things at the peaks of attention, each looked at in the whole photo and closer; one thing may be found several times.

    Args:
        looks: of the photo.
        attention: (CELLS, CELLS) float64, sums to 1.
    """
    size = np.array(looks.whole[2:]) / looks.scale
    points = [tuple(np.array(place) * size) for place in peaks(attention)]
    if not points:
        return []
    found = [_candidate(looks, point, one, attention) for point, one in zip(points, looks.each(points), strict=True)]
    found += [_candidate(looks, point, looks.near(point, _REACH), attention, whole=False) for point in points]
    return [one for one in found if one is not None and one.trust >= _TRUST and _LEAST <= one.area <= _MOST]


def candidate_at(looks: Looks, point: Point, attention: np.ndarray) -> Candidate | None:
    """What is under a point, by a look at the whole photo; None where nothing is."""
    return _candidate(looks, point, looks.each([point])[0], attention)


def merged(found: Sequence[Candidate]) -> list[Candidate]:
    """Of several candidates that are one thing, the most trusted."""
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda one: -one.trust - _WHOLE * one.whole):
        if all(intersection_over_union(one.mask, other.mask) < _SAME for other in kept):
            kept.append(one)
    return kept


def peaks(attention: np.ndarray) -> list[Point]:
    """The highest places that are higher than all about them and than the mean: x, y as shares of the photo."""
    around = cv2.dilate(attention, np.ones((_APART, _APART)))
    higher = (attention >= around * (1 - _ALIKE)) & (attention > attention.mean() * (1 + _ALIKE))
    _, labels, _, centres = cv2.connectedComponentsWithStats(higher.astype(np.uint8))
    places = []
    for label in range(1, len(centres)):  # a plateau is one peak, in the cell nearest its middle
        rows, columns = np.nonzero(labels == label)
        nearest = np.argmin((columns - centres[label][0]) ** 2 + (rows - centres[label][1]) ** 2)
        places.append((rows[nearest], columns[nearest]))
    places.sort(key=lambda place: -attention[place])
    return [((column + 0.5) / CELLS, (row + 0.5) / CELLS) for row, column in places[:_PEAKS]]


def in_common(one: np.ndarray, other: np.ndarray) -> float:
    """What two masks of bools have in common, as a share of the smaller."""
    return float((one & other).sum() / max(min(one.sum(), other.sum()), 1))


def _candidate(looks: Looks, point: Point, one: Selection, attention: np.ndarray, whole: bool = True) -> Candidate | None:
    small = cv2.resize(one.probability, (CELLS, CELLS), interpolation=cv2.INTER_AREA) >= 0.5
    _, _, width, height = looks.whole
    place = np.array(point) * looks.scale / (width, height)
    cell = tuple(min(int(along * CELLS), CELLS - 1) for along in place)
    if not small[cell[1], cell[0]]:
        return None
    mask = under(small.astype(np.uint8), [cell])
    guess = one.probability
    if guess.shape != (height, width):
        guess = cv2.resize(guess, (width, height), interpolation=cv2.INTER_LINEAR)
    return Candidate(point, guess, mask, one.iou, one.kinds, float(attention[mask].sum()), whole)
