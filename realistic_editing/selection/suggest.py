"""Which things draw the eye away from the subject: a photo in, ranked suggestions with masks and reasons out."""
import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

from realistic_editing.common.arrays import as_bytes, check_photo
from realistic_editing.common.errors import InputError
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.select import select
from realistic_editing.data.selector import Looks, Point, Selection, under
from realistic_editing.selection.network import THING_KINDS
from realistic_editing.selection.words import describe_region
from realistic_editing.weights import load_network

_GRID = 6  # clicks along each axis that are tried everywhere
_PEAKS = 10  # clicks at the highest peaks of attention
_SIDE = 128  # of the square that candidates are compared in
_LEAST, _MOST, _SUBJECT_MOST = 0.003, 0.30, 0.60  # shares of the photo that a suggestion, and the subject, may cover
_TRUST = 0.25  # expected overlap of a candidate at the first look, where small things have little
_SAME = 0.5  # overlap of two candidates that are one thing
_HELD = 0.5  # share of the smaller that two things may have in common and still be two
_PERSON = 0.5  # probability from which something is a person
_MIDDLE = 0.28  # spread of what counts as near the middle, as a share of each side
SUGGESTS_BY = "lite_saliency"  # knows things; a file of any other network will do


@dataclasses.dataclass(frozen=True, eq=False)
class Suggestion:
    """A region that draws attention away from the subject.

    Args:
        mask: (H, W) uint8 of the photo's size, soft.
        attention: share of the attention that the photo draws, in [0, 1], by the saliency network.
        area: share of the photo that it covers.
        reason: in words.
        kind: one of `network.THING_KINDS`, or "" where none is likely.
        trust: the overlap with a thing that the selector expects, in [0, 1].
    """

    mask: np.ndarray
    attention: float
    area: float
    reason: str
    kind: str
    trust: float


@dataclasses.dataclass(frozen=True, eq=False)
class Suggestions:
    """What was found in a photo: its subject, None where nothing stands out, and what draws attention away from it."""

    subject: Suggestion | None
    others: list[Suggestion]


def suggest(photo: np.ndarray, count: int = 5, **options: object) -> list[Suggestion]:
    """Rank the regions of a photo, the subject left out, by the attention that they draw beyond what their area would.

    Args:
        photo: (H, W, 3) sRGB, uint8, uint16, or float in [0, 1].
        count: the most suggestions.
        options: as for `look_for_distractors`.

    Raises:
        InputError: when the photo or an option cannot be used.
    """
    return look_for_distractors(photo, count, **options).others


def look_for_distractors(
    photo: np.ndarray,
    count: int = 5,
    subject: Point | None = None,
    people: bool = False,
    saliency: nn.Module | str = SUGGESTS_BY,
    with_subject: bool = False,
    selector: nn.Module | None = None,
) -> Suggestions:
    """The subject and the suggestions.

    Args:
        photo: as for `suggest`.
        count: the most suggestions.
        subject: x, y in pixels of a point in the subject; the most attended thing near the middle when None.
        people: suggest people too.
        saliency: saliency(image (B, 3, H, W)) -> (B, 1, H, W) in [0, 1]; or bundled weights, or a file.
        with_subject: leave nothing out for being the subject.
        selector: a `ClickSelector`; the bundled one when None.

    Raises:
        InputError: when the photo or an option cannot be used.
    """
    if type(count) is not int or count < 1:
        raise InputError(f"count is {count!r}; use a whole number of 1 or more")
    pixels = as_bytes(check_photo(photo))
    network = load_network(saliency, kind="saliency") if isinstance(saliency, str) else saliency
    looks, attention = Looks(pixels, selector), attention_of(network, pixels)
    found = _candidates(looks, attention)
    main = _subject(looks, found, attention, subject)
    others = [one for one in found if people or one.kinds[0] < _PERSON]
    if main is not None and not with_subject:
        others = [one for one in others if _in_common(one.mask, main.mask) < _HELD]
    # Beside what as large a part of the photo draws in the median: of the mean, a strong subject leaves nothing above it.
    usual = float(np.median(attention)) * attention.size
    ranked = sorted(others, key=lambda one: one.area * usual - one.share)
    chosen: list[_Candidate] = []
    for one in ranked:
        draws = one.share > one.area * usual and one.area <= _MOST
        if draws and all(_in_common(one.mask, other.mask) < _HELD for other in chosen):
            chosen.append(one)
        if len(chosen) == count:
            break
    judged = [_judged(pixels, looks, one, attention) for one in chosen]
    return Suggestions(None if main is None else _judged(pixels, looks, main, attention), judged)


@torch.no_grad()
def attention_of(network: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """The share of attention that each cell of a square draws: (_SIDE, _SIDE) float64, sums to 1."""
    shrink = min(1.0, 640 / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    device = next(network.parameters()).device
    image = torch.from_numpy(small).permute(2, 0, 1)[None].to(device).float() / 255
    found = network(image)[0, 0].float().cpu().numpy().astype(np.float64)
    cells = cv2.resize(found, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return cells / max(float(cells.sum()), 1e-12)


@dataclasses.dataclass(frozen=True, eq=False)
class _Candidate:
    """A thing at a first look: where it was clicked (pixels of the photo), its mask (_SIDE, _SIDE) bool, and what it draws."""

    point: Point
    mask: np.ndarray
    trust: float
    kinds: np.ndarray
    share: float

    @property
    def area(self) -> float:
        return float(self.mask.mean())


def _candidates(looks: Looks, attention: np.ndarray) -> list[_Candidate]:
    """Things under clicks on a grid and on the peaks of attention; of several that are one thing, the surest."""
    _, _, width, height = looks.whole
    size = np.array([width, height]) / looks.scale
    steps = (np.arange(_GRID) + 0.5) / _GRID
    places = [(x, y) for y in steps for x in steps] + _peaks(attention)
    points = [tuple(np.array(place) * size) for place in places]
    found = []
    for place, point, one in zip(places, points, looks.each(points), strict=True):
        candidate = _candidate(place, point, one, attention)
        if candidate is not None and candidate.trust >= _TRUST and _LEAST <= candidate.area <= _SUBJECT_MOST:
            found.append(candidate)
    found.sort(key=lambda one: -one.trust)
    kept: list[_Candidate] = []
    for one in found:
        if all(_overlap(one.mask, other.mask) < _SAME for other in kept):
            kept.append(one)
    return kept


def _candidate(place: Point, point: Point, one: Selection, attention: np.ndarray) -> _Candidate | None:
    small = cv2.resize(one.probability, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) >= 0.5
    cell = tuple(min(int(along * _SIDE), _SIDE - 1) for along in place)
    if not small[cell[1], cell[0]]:
        return None
    mask = under(small.astype(np.uint8), [cell])
    return _Candidate(point, mask, one.iou, one.kinds, float(attention[mask].sum()))


def _peaks(attention: np.ndarray) -> list[Point]:
    """The highest places that are higher than all about them, x, y as shares of the photo."""
    higher = attention >= cv2.dilate(attention, np.ones((9, 9)))
    rows, columns = np.nonzero(higher)
    order = np.argsort(-attention[rows, columns])[:_PEAKS]
    return [((columns[at] + 0.5) / _SIDE, (rows[at] + 0.5) / _SIDE) for at in order]


def _subject(looks: Looks, found: Sequence[_Candidate], attention: np.ndarray, point: Point | None) -> _Candidate | None:
    """The thing under a point, or the one that draws most attention near the middle."""
    if point is not None:
        width, height = np.array(looks.whole[2:]) / looks.scale
        if not (0 <= point[0] < width and 0 <= point[1] < height):
            raise InputError(f"subject is {point[0]:g},{point[1]:g}; use x,y within {width:.0f} x {height:.0f} pixels")
        place = (point[0] / width, point[1] / height)
        candidate = _candidate(place, point, looks.each([point])[0], attention)
        if candidate is None:
            raise InputError(f"subject is {point[0]:g},{point[1]:g}: nothing was found there; choose a point within it")
        return candidate
    along = ((np.arange(_SIDE) + 0.5) / _SIDE - 0.5) / _MIDDLE
    middle = np.exp(-0.5 * (along[:, None] ** 2 + along[None, :] ** 2))
    near = attention * middle / (attention * middle).sum()
    scored = [(float(near[one.mask].sum()) - one.area, one) for one in found]
    best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] > 0 else None


def _judged(pixels: np.ndarray, looks: Looks, one: _Candidate, attention: np.ndarray) -> Suggestion:
    """A candidate at its second look, with its matte, its share of attention and words for it."""
    selected = select(pixels, [one.point], looks=looks)
    mask = selected.mask
    small = cv2.resize(mask, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) >= 128
    if _overlap(small, one.mask) < _SAME:  # the second look took something else
        whole = cv2.resize(one.mask.astype(np.uint8) * 255, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        mask = alpha_matte(pixels, whole >= 128)
        small = one.mask
    share, kind = float(attention[small].sum()), THING_KINDS[int(one.kinds.argmax())] if one.kinds.max() >= _PERSON else ""
    reason = describe_region(pixels, mask, kind, share)
    return Suggestion(mask, share, float(small.mean()), reason, kind, one.trust)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))


def _in_common(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the smaller."""
    return float((one & other).sum() / max(min(one.sum(), other.sum()), 1))
