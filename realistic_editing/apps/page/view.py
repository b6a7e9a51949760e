"""What the page shows of a session: pictures as arrays, and words; nothing of gradio."""
import html
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.page.session import PageRegion, Session, rendered
from realistic_editing.common.arrays import as_bytes, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.options import GUARD
from realistic_editing.enhance.words import describe
from realistic_editing.ops.photo import apply_to_photo

THUMBNAIL = 160  # pixels of the longer side
MARGIN = 0.1  # of a region's shorter side, that a thumbnail shows around it
LEAST_SHOWN = 0.25  # of its longer side: of a long region its densest part, since all of it would be mostly other things
DOUBT = -0.03  # dR, from which on an edit is in doubt; from GUARD on it is warned of
SORTS = ("realism", "effect")
GOALS = {"attenuate": "less attention", "amplify": "more attention"}
_SHORT = ("balance", "curve", "saturation", "exposure")
_LEAST_PAINT = 0.1  # opacity from which a painted pixel counts


def before_and_after(session: Session, outline: bool) -> tuple[np.ndarray, np.ndarray]:
    """The two pictures of the slider, 8 bits, at the size that is shown.

    Args:
        session: as it is.
        outline: whether to draw the border of the regions; a region without an edit is always outlined, or nothing would
            show where it lies.
    """
    after = rendered(session, small=True)
    shown = [region for region in session.regions if outline or region.start is None]
    before, after = (np.ascontiguousarray(as_bytes(pixels)).copy() for pixels in (session.small, after))
    for region in shown:
        for pixels in (before, after):
            _draw_border(pixels, region.mask)
    return before, after


def canvas(session: Session) -> dict[str, Any]:
    """The painter's value: the photo as it is shown, nothing painted."""
    return {"background": as_bytes(session.small), "layers": [], "composite": None}


def order_pictures(session: Session, sort: str) -> list[tuple[int, np.ndarray, str]]:
    """The 24 orders as thumbnails around the active region, as the network proposes them.

    Args:
        session: as it is.
        sort: "realism", the most real first, or "effect", what moves attention furthest in the asked direction first.

    Returns:
        For each: its index among the proposals, a picture of 8 bits, and a caption; nothing before a proposal.
    """
    region = session.region
    if region is None or region.candidates is None:
        return []
    if sort not in SORTS:
        raise InputError(f"sort is {sort!r}; use one of {', '.join(SORTS)}")
    sign = 1 if region.task == "amplify" else -1
    found = region.candidates
    keys = (found.realism_change if sort == "realism" else sign * found.saliency_change).numpy()
    pixels, mask = _around(rendered(session, session.active, small=True), region.mask)
    shown = []
    for index in np.argsort(-keys, kind="stable").tolist():
        recipe = found.recipe[index]
        order = " → ".join(_SHORT[operator] for operator in recipe.order[0].tolist())
        changes = f"dR {found.realism_change[index]:+.2f} | {100 * found.saliency_change[index]:+.0f} %"
        shown.append((index, as_bytes(apply_to_photo(pixels, mask, recipe)), f"{changes}\n{order}"))
    return shown


def painted_mask(value: Mapping[str, Any] | None) -> np.ndarray:
    """What was painted in the editor: (h, w) uint8, 255 = painted.

    Args:
        value: of the editor; its layers are (h, w, 4) RGBA.

    Raises:
        InputError: when nothing is painted.
    """
    layers = [layer[..., 3] for layer in (value or {}).get("layers") or [] if layer is not None]
    mask = np.max(layers, axis=0) > _LEAST_PAINT * 255 if layers else np.zeros((1, 1), bool)
    if not mask.any():
        raise InputError("nothing is painted; paint over the region first, or load a mask file")
    return mask.astype(np.uint8) * 255


def gauges(session: Session) -> str:
    """dR and the change of saliency of the active region as HTML: two bars, with what they mean in words."""
    region = session.region
    if region is None:
        return _note("Mark a region: paint it, or load a mask.")
    if region.start is None:
        return _note(f"{html.escape(region.name)}: no edit yet. Press Propose.")
    realism, saliency = region.effect
    verdict, kind = realism_words(realism)
    effect, way = effect_words(saliency, region.task)
    return (
        f'<div id="gauges">{_bar("Realism", f"dR {realism:+.2f}", verdict, kind, realism, 0.5, GUARD)}'
        f"{_bar('Attention', f'{100 * saliency:+.0f} %', effect, way, saliency, 0.6)}</div>"
    )


def realism_words(realism: float) -> tuple[str, str]:
    """What a dR means, and one of "good", "doubt", "bad"."""
    if realism < GUARD:
        return "Stops looking real: take less of it", "bad"
    if realism < DOUBT:
        return "In doubt: look closely", "doubt"
    return "Looks as real as the photo" if realism < 0.1 else "Judged more real than the photo", "good"


def effect_words(saliency: float, task: str) -> tuple[str, str]:
    """What a change of saliency means for a task, and one of "good", "doubt", "bad"."""
    if abs(saliency) < 0.02:
        return "Attention hardly moves", "doubt"
    went = "more" if saliency > 0 else "less"
    wanted = (saliency > 0) == (task == "amplify")
    return f"Draws {went} attention, {'as asked' if wanted else 'against what was asked'}", "good" if wanted else "bad"


def steps(region: PageRegion | None) -> str:
    """The edit in a photographer's words, as HTML, with what the guard did."""
    if region is None or region.start is None:
        return ""
    notes = [html.escape(note) for note in region.notes]
    if region.start.refined:
        notes.append("The proposal was refined on the photo.")
    if region.strength < 1 and region.effect[0] >= GUARD:
        notes.append(f"Taken at strength {region.strength:.2f}.")
    lines = "\n".join(describe(region.recipe))
    return f'<pre id="steps">{html.escape(lines)}</pre>' + "".join(f'<p class="note">{note}</p>' for note in notes)


def region_names(session: Session) -> list[tuple[str, int]]:
    """Labels of the regions with their indices, for a choice."""
    return [(f"{index + 1}. {region.name}: {GOALS[region.task]}", index) for index, region in enumerate(session.regions)]


def _bar(title: str, value: str, words: str, kind: str, number: float, most: float, line: float | None = None) -> str:
    """One gauge: a bar from the middle, as far as `number` of +-`most`, and a line where the warning starts."""
    end = 50 + 50 * max(-1.0, min(1.0, number / most))
    left, width = min(50.0, end), abs(end - 50)
    mark = "" if line is None else f'<i class="limit" style="left:{50 + 50 * line / most:.1f}%"></i>'
    return (
        f'<div class="gauge {kind}" role="meter" aria-label="{title}" aria-valuenow="{number:.2f}" aria-valuetext="{words}">'
        f"<b>{title}</b><span>{value}</span>"
        f'<div class="track"><i class="fill" style="left:{left:.1f}%;width:{width:.1f}%"></i><i class="zero"></i>{mark}</div>'
        f"<em>{words}</em></div>"
    )


def _note(words: str) -> str:
    return f'<div id="gauges"><p class="note">{words}</p></div>'


def _around(pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A region, or the densest part of a long one, with little around it, square where the photo allows, as a thumbnail."""
    mask = resize(mask, pixels.shape[:2])
    rows, columns = (np.flatnonzero(mask.max(axis=axis)) for axis in (1, 0))
    shorter, longer = sorted((np.ptp(rows) + 1, np.ptp(columns) + 1))
    side = round(max((1 + 2 * MARGIN) * shorter, LEAST_SHOWN * longer)) + 16
    crop = tuple(_window(mask.sum(axis=axis, dtype=float), side) for axis in (1, 0))
    pixels, mask = pixels[crop], mask[crop]
    scale = min(1.0, THUMBNAIL / max(mask.shape))
    size = tuple(max(1, round(side * scale)) for side in mask.shape)
    return resize(pixels, size), resize(mask, size)


def _window(weights: np.ndarray, side: int) -> slice:
    """A span of `side`, or all there is: what has weight in its middle, as far as it fits, else the heaviest part of it."""
    side, found = min(side, len(weights)), np.flatnonzero(weights)
    first, stop = found[0], found[-1] + 1
    if stop - first > side:
        start = int(np.argmax(np.convolve(weights, np.ones(side), "valid")))
    else:
        start = max(0, min((first + stop - side) // 2, len(weights) - side))
    return slice(start, start + side)


def _draw_border(pixels: np.ndarray, mask: np.ndarray) -> None:
    """Draw a region's border into a picture: light on dark, so that it shows on any photo."""
    inside = (to_unit(resize(mask, pixels.shape[:2])) >= 0.5).astype(np.uint8)
    lines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for color, width in (((20, 20, 20), 3), ((255, 214, 64), 1)):
        cv2.drawContours(pixels, lines, -1, color, width, cv2.LINE_AA)
