"""Which things draw the eye away from the subject: a photo in, ranked suggestions with masks and reasons out."""
import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

from realistic_editing.common.arrays import as_bytes, check_photo
from realistic_editing.common.errors import InputError
from realistic_editing.data.masks import intersection_over_union
from realistic_editing.data.select import mask_of
from realistic_editing.data.selector import Looks, Point
from realistic_editing.selection.candidates import CELLS, Candidate, candidate_at, find_candidates, in_common, merged
from realistic_editing.selection.network import THING_KINDS
from realistic_editing.selection.words import describe_region
from realistic_editing.weights import load_network

_MOST = 0.20  # share of the photo that a suggestion may cover: what is larger is sky, water, wall or road
_EDGE = 0.10  # share of a side of the photo from which a thing touches it; what touches two is no thing
_BEYOND = 1.1  # times what its area would draw, that a suggestion draws at least
_OFF_SUBJECT = 0.10  # share of a suggestion that may lie on the subject
_HELD = 0.5  # share of the smaller that two things may have in common and still be two
_IN_PERSON, _BODY = 0.5, 0.5  # share of a thing within a person, and trust in that, from which it is a part of the person
# Probability from which a thing's kind is named: of 203 things of COCO val, clicked in their middle, 24 are named rightly then
# and 8 wrongly; from 0.5 on 58 and 26.
_SURE = 0.8
_SAME = 0.5  # overlap from which a second look found the same thing
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
    """Rank the things of a photo, the subject left out, by the attention that they draw beyond what their area would.

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
        with_subject: suggest the subject too, and what lies on it.
        selector: a `ClickSelector`; the bundled one when None.

    Raises:
        InputError: when the photo or an option cannot be used.
    """
    if type(count) is not int or count < 1:
        raise InputError(f"count is {count!r}; use a whole number of 1 or more")
    pixels = as_bytes(check_photo(photo))
    network = load_network(saliency, kind="saliency") if isinstance(saliency, str) else saliency
    looks, attention = Looks(pixels, selector), attention_of(network, pixels)
    found = find_candidates(looks, attention)
    main = _subject(looks, found, attention, subject)
    off = None if main is None or with_subject else main.mask
    chosen = _ranked(merged(found), off, people, main if with_subject else None)[:count]
    judged = [_judged(pixels, looks, one, attention, off) for one in chosen]
    return Suggestions(None if main is None else _judged(pixels, looks, main, attention), judged)


def _ranked(
    found: Sequence[Candidate], off: np.ndarray | None, people: bool, main: Candidate | None = None
) -> list[Candidate]:
    """Those that may be suggested and are things of their own, the strongest first.

    Args:
        found: merged.
        off: (CELLS, CELLS) bool, the subject, or None.
        people: suggest people too.
        main: the subject where it may be suggested too, however large it is.
    """
    bodies = [one.mask for one in found if one.is_person and one.trust >= _BODY]
    left = [one for one in found if one.area <= _MOST and _sides(one.mask) < 2 and one.share > _BEYOND * one.area]
    if not people:
        left = [one for one in left if not one.is_person and all(_within(one.mask, body) < _IN_PERSON for body in bodies)]
    if off is not None:
        left = [one for one in left if _within(one.mask, off) < _OFF_SUBJECT and in_common(one.mask, off) < _HELD]
    if main is not None and (people or not main.is_person):
        left = [main, *(one for one in left if in_common(one.mask, main.mask) < _HELD)]
    chosen: list[Candidate] = []
    for one in sorted(left, key=lambda one: -_draws(one)):
        if all(in_common(one.mask, other.mask) < _HELD for other in chosen):
            chosen.append(one)
    return chosen


def _draws(one: Candidate) -> float:
    """What a thing draws beyond its area, over the root of that: between a sum, which is largest of what is merely large, and a
    density, which is largest of a part of a thing. Weighted by the trust in it."""
    return (one.share - one.area) / one.area**0.5 * one.trust


def _sides(mask: np.ndarray) -> int:
    """How many sides of the photo a mask (bool) touches."""
    return sum(float(side.mean()) > _EDGE for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _within(one: np.ndarray, other: np.ndarray) -> float:
    """The share of one mask (bool) that lies within another."""
    return float((one & other).sum() / max(one.sum(), 1))


@torch.no_grad()
def attention_of(network: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """The share of attention that each cell of a square draws: (CELLS, CELLS) float64, sums to 1."""
    shrink = min(1.0, 640 / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    device = next(network.parameters()).device
    image = torch.from_numpy(small).permute(2, 0, 1)[None].to(device).float() / 255
    found = network(image)[0, 0].float().cpu().numpy().astype(np.float64)
    cells = cv2.resize(found, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return cells / max(float(cells.sum()), 1e-12)


def _subject(looks: Looks, found: Sequence[Candidate], attention: np.ndarray, point: Point | None) -> Candidate | None:
    """The thing under a point, or the one that draws most attention near the middle, of those seen in the whole photo."""
    if point is not None:
        width, height = np.array(looks.whole[2:]) / looks.scale
        if not (0 <= point[0] < width and 0 <= point[1] < height):
            raise InputError(f"subject is {point[0]:g},{point[1]:g}; use x,y within {width:.0f} x {height:.0f} pixels")
        candidate = candidate_at(looks, point, attention)
        if candidate is None:
            raise InputError(f"subject is {point[0]:g},{point[1]:g}: nothing was found there; choose a point within it")
        return candidate
    along = ((np.arange(CELLS) + 0.5) / CELLS - 0.5) / _MIDDLE
    middle = np.exp(-0.5 * (along[:, None] ** 2 + along[None, :] ** 2))
    near = attention * middle / (attention * middle).sum()
    things = merged([one for one in found if one.whole])
    scored = [((float(near[one.mask].sum()) - one.area) * one.trust**2, one) for one in things]
    best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] > 0 else None


def _judged(
    pixels: np.ndarray, looks: Looks, one: Candidate, attention: np.ndarray, off: np.ndarray | None = None
) -> Suggestion:
    """A candidate at its second look, with its matte, its share of attention and words for it."""
    selected = looks.closer(one.guess, one.point)
    mask, small = _matte(pixels, one.guess if selected is None else selected.probability, one.point)
    if intersection_over_union(small, one.mask) < _SAME or (off is not None and _within(small, off) >= _OFF_SUBJECT):
        mask, small = _matte(pixels, one.guess, one.point)  # the second look took something else
    share, kind = float(attention[small].sum()), THING_KINDS[int(one.kinds.argmax())] if one.kinds.max() >= _SURE else ""
    reason = describe_region(pixels, mask, kind, share)
    return Suggestion(mask, share, float(small.mean()), reason, kind, one.trust)


def _matte(pixels: np.ndarray, probability: np.ndarray, point: Point) -> tuple[np.ndarray, np.ndarray]:
    """A soft mask of the photo's size, and the same in the square that candidates are compared in."""
    mask = mask_of(pixels, probability, [point])
    return mask, cv2.resize(mask, (CELLS, CELLS), interpolation=cv2.INTER_AREA) >= 128
