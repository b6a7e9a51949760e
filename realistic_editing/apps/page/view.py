"""What the page shows of a session: pictures, outlines and words; nothing of gradio."""
import base64
import html
import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.page.dials import compared, in_words, read_dials
from realistic_editing.apps.page.outlines import outline
from realistic_editing.apps.page.state import PageRegion, Session, rendered
from realistic_editing.common.arrays import as_bytes, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.data.foreground import apply_with_colours
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.options import WEAK
from realistic_editing.enhance.verdict import CANNOT_JUDGE, LOOKS_EDITED, SAFE, SHOWS, THRESHOLDS, Verdict, attention_problem
from realistic_editing.enhance.words import describe
from realistic_editing.ops.photo import apply_to_photo

THUMBNAIL = 160  # pixels of the longer side
MARGIN = 0.1  # of a region's shorter side, that a thumbnail shows around it
LEAST_SHOWN = 0.25  # of its longer side: of a long region its densest part, since all of it would be mostly other things
GOALS = {"attenuate": "less attention", "amplify": "more attention"}
LIMIT = THRESHOLDS["realism_change"][1]  # dR, below which an edit looks edited
MOST_DETAIL = 1800  # pixels of the longer side of what is shown of a photo that is zoomed into
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 93, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


def stage(session: Session, whole: bool, refusal: str | None = None) -> str:
    """What the stage shows, as JSON: photo and edit, the outlines of the regions, of what is marked, and of what is suggested.

    Args:
        session: as it is.
        whole: with the photo before its edits; else the browser has it already.
        refusal: why nothing could be suggested; with the time, because the browser passes over what it has already.
    """
    before, after = before_and_after(session)
    height, width = session.photo.pixels.shape[:2]
    outlines = [
        {"path": outline(region.mask if region.sharp is None else region.sharp, before.shape[:2]),
         "active": index == session.active, "edited": region.start is not None}
        for index, region in enumerate(session.regions)
    ]  # fmt: skip
    draft = session.draft if session.draft is not None and session.draft.mask.any() else None
    return json.dumps({
        "key": f"{zlib.crc32(session.small):08x}",
        "size": [before.shape[1], before.shape[0]],
        "full": [width, height],
        "before": data_url(before) if whole else None,
        "after": data_url(after),
        "outlines": outlines,
        "draft": None if draft is None else outline(draft.mask, before.shape[:2]),
        "suggested": None if session.suggested is None else [one.as_dict() for one in session.suggested],
        "refusal": None if refusal is None else [refusal, time.time()],
        "doubt": "" if draft is None or not draft.notes else "The selection is in doubt: click once more, or draw a box. ",
        "share": 0 if draft is None else round(100 * float(to_unit(draft.mask).mean()), 1),
    })  # fmt: skip


def before_and_after(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """Photo and edit, 8 bits, at the size that is shown."""
    return as_bytes(session.small), as_bytes(rendered(session, small=True))


def detail(session: Session, place: Mapping[str, Any]) -> str:
    """A part of photo and edit in the photo's own pixels, for whoever zooms in, as JSON.

    Args:
        session: as it is.
        place: x, y, width, height as shares of the photo.

    Raises:
        InputError: when it is no such part.
    """
    values = [place.get(name) for name in ("x", "y", "width", "height")]
    if not all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in values) or min(values[2:]) <= 0:
        raise InputError("the page asked for a part that is not in the photo; reload it")
    height, width = session.photo.pixels.shape[:2]
    left, top = min(width - 1, int(values[0] * width)), min(height - 1, int(values[1] * height))
    right, bottom = min(width, round((values[0] + values[2]) * width)), min(height, round((values[1] + values[3]) * height))
    crop = np.s_[top : max(bottom, top + 1), left : max(right, left + 1)]
    before = after = np.ascontiguousarray(session.photo.srgb[crop])
    for region in session.regions:
        mask = np.ascontiguousarray(region.mask[crop])
        if region.recipe is not None and mask.any():
            after = apply_with_colours(after, mask, region.recipe, region.colours, corner=(top, left))
    scale = min(1.0, MOST_DETAIL / max(before.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in before.shape[:2])
    return json.dumps({
        "x": left / width, "y": top / height, "width": before.shape[1] / width, "height": before.shape[0] / height,
        "before": data_url(as_bytes(resize(before, size))), "after": data_url(as_bytes(resize(after, size))),
    })  # fmt: skip


def data_url(pixels: np.ndarray) -> str:
    """A picture (H, W, 3) uint8 as a JPEG within an address."""
    encoded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), _JPEG)[1]
    return "data:image/jpeg;base64," + base64.b64encode(encoded).decode()


def proposal_pictures(session: Session) -> list[tuple[int, np.ndarray, str]]:
    """The most different proposals as thumbnails around the active region, as the network proposes them.

    Returns:
        For each, the best first: its index among the proposals, a picture of 8 bits, and what it does in words, of all but the
        first beside that one; nothing before a proposal.
    """
    region = session.region
    if region is None or region.candidates is None:
        return []
    pixels, mask = _around(rendered(session, session.active, small=True), region.mask)
    shown, best = [], None
    for index in region.different:
        recipe = region.candidates.recipe[index]
        words = in_words(read_dials(recipe)) if best is None else compared(read_dials(recipe), best)
        best = best or read_dials(recipe)
        shown.append((index, as_bytes(apply_to_photo(pixels, mask, recipe)), words))
    return shown


def proposals(session: Session) -> str:
    """The same as HTML: buttons, the one that is taken marked."""
    buttons = []
    for index, picture, words in proposal_pictures(session):
        edit = session.region.candidates[index]
        changes = f"dR {delta_r(edit.realism_change)} · attention {percent(edit.saliency_change)}"
        pressed = "true" if index == session.region.taken else "false"
        buttons.append(
            f'<button type="button" data-index="{index}" aria-pressed="{pressed}"><img src="{data_url(picture)}" alt="">'
            f"<b>{html.escape(words)}</b><span>{changes}</span></button>"
        )
    return f'<div id="proposals">{"".join(buttons)}</div>' if buttons else ""


def gauges(session: Session) -> str:
    """The verdict on the active region's edit, and its dR and change of saliency as bars, as HTML."""
    region = session.region
    if session.draft is not None and session.draft.mask.any():
        return _note("Something is marked. Press Propose to make a region of it.")
    if region is None:
        return _note("Mark a region: click on it, drag a box around it, paint it, or let the page suggest one.")
    if region.start is None:
        return _note(f"{html.escape(region.name)}: no edit yet. Press Propose.")
    realism, saliency = region.effect
    judged, safe = region.verdict.name != CANNOT_JUDGE or region.doubt in region.verdict.reasons, region.verdict.is_safe
    about = "" if region.exact else "about "
    words, kind = verdict_words(region.verdict, region.task, saliency)
    says, real = realism_words(realism, judged)
    effect, way = effect_words(saliency, region.task)
    real, way = ("plain" if one == "good" and not safe else one for one in (real, way))  # a tick would contradict the verdict
    return (
        f'<div id="gauges"><p class="verdict {kind}">{html.escape(words)}</p>'
        f"{_bar('Realism', f'{about}dR {delta_r(realism)}', says, real, realism, 0.5, LIMIT)}"
        f"{_bar('Attention', f'{about}{percent(saliency)}', effect, way, saliency, 0.6)}</div>"
    )


def verdict_words(verdict: Verdict, task: str, saliency: float) -> tuple[str, str]:
    """One sentence on an edit, and one of "good", "doubt", "bad", "none"; no good one that fails what was asked."""
    missed = attention_problem(task, saliency)
    because = f": {'; '.join(verdict.reasons)}" if verdict.reasons else ""
    if verdict.name == CANNOT_JUDGE:
        return f"Cannot judge{because}", "none"
    if missed is not None and verdict.name == SAFE:
        words = "goes against the request" if _against(task, saliency) else "hardly moves attention"
        return f"Looks natural, but {words}", "doubt"
    words, kind = {SAFE: ("Safe", "good"), SHOWS: ("Visible", "doubt"), LOOKS_EDITED: ("Looks edited", "bad")}[verdict.name]
    return (f"{words}: nothing speaks against this edit" if verdict.name == SAFE else f"{words}{because}"), kind


def may_be_toned_down(session: Session) -> bool:
    """Whether the active region's edit shows, or looks edited."""
    region = session.region
    return region is not None and region.start is not None and region.verdict.name in (SHOWS, LOOKS_EDITED)


def realism_words(realism: float, judged: bool = True) -> tuple[str, str]:
    """What a dR means, and one of "good", "doubt", "bad", or "none" where R of the photo says that dR means nothing."""
    visible, edited = THRESHOLDS["realism_change"]
    if not judged:
        return "Says nothing here: the photo itself scores low", "none"
    if realism < edited:
        return "Stops looking real: take less of it", "bad"
    if realism < visible:
        return "In doubt: look closely", "doubt"
    return "Looks as real as the photo" if realism < 0.1 else "Judged more real than the photo", "good"


def effect_words(saliency: float, task: str) -> tuple[str, str]:
    """What a change of saliency means for a task, and one of "good", "doubt", "bad"."""
    went = "more" if saliency > 0 else "less"
    if attention_problem(task, saliency) is None:
        return f"Draws {went} attention, as asked", "good"
    if _against(task, saliency):
        return f"Draws {went} attention, against what was asked", "bad"
    return f"Draws {went} attention by less than {100 * WEAK:.0f} %: hardly seen", "doubt"


def _against(task: str, saliency: float) -> bool:
    """Whether attention moves the other way, by more than the page shows as 0."""
    return (saliency if task == "amplify" else -saliency) < -0.005


def steps(region: PageRegion | None) -> str:
    """The edit in a photographer's words, as HTML, with what the guard did."""
    if region is None or region.start is None:
        return ""
    notes = [html.escape(note) for note in region.notes]
    if region.start.refined:
        notes.append("The proposal was refined on the photo.")
    if region.strength < 1:
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
