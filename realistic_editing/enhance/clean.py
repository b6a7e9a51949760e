"""Calm what draws the eye away from a photo's subject: one guarded edit for each suggestion, one after another."""
import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import torch

from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.readable import percent
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.signs import signs_of
from realistic_editing.enhance.verdict import LOOKS_EDITED, WEAKER, Verdict, judge
from realistic_editing.enhance.view import PhotoView
from realistic_editing.selection.suggest import Suggestion, Suggestions

_LEAST_GAIN = 0.03  # of an edit: one that moves attention by less is left out


@dataclasses.dataclass(frozen=True, eq=False)
class Cleaned:
    """A photo after its suggestions were calmed.

    Args:
        pixels: (H, W, 3) sRGB, as the photo's.
        edits: of each suggestion that was calmed, and of the subject where it was lifted: what, the task, and its edit.
        views: of each edit, the photo as it was before.
        left: those that were left alone, and why.
    """

    pixels: np.ndarray
    edits: list[tuple[Suggestion, str, Edit]]
    views: list[PhotoView]
    left: list[tuple[Suggestion, str]]


def calm(photo: np.ndarray, suggestions: Suggestions, lift: bool, enhancers: Mapping[str, Enhancer]) -> Cleaned:
    """Calm suggestions one after another, each on what the one before left; lift the subject last, where that is asked.

    Args:
        photo: (H, W, 3) sRGB.
        suggestions: of that photo.
        lift: whether to lift the subject.
        enhancers: of the tasks "attenuate" and, where the subject is lifted, "amplify".

    Returns:
        The result. An edit that would look edited, or hardly moves attention, is left out.
    """
    wanted = [(one, "attenuate") for one in suggestions.others]
    if lift and suggestions.subject is not None:
        wanted.append((suggestions.subject, "amplify"))
    pixels, edits, views, left = photo, [], [], []
    for one, task in wanted:
        human = True if one.kind == "person" else None  # a head under a cap may be taken for a thing
        view = enhancers[task].view(pixels, one.mask, human)
        edit = view.propose(EditOptions(human=human))
        toned = _toned(view, edit)
        if toned is None:
            left.append((one, f"its edit would look edited ({'; '.join(_judged(view, edit).reasons)})"))
            continue
        edit, full = toned, edit.strength
        if edit.gain < _LEAST_GAIN:
            whole = edit.strength == full
            why = "no ordinary edit changes its attention" if whole else "what does not look edited hardly moves it"
            left.append((one, f"{why} (saliency {percent(edit.saliency_change)})"))
        else:
            pixels = edit.apply(pixels, one.mask, foreground=True)  # as the plan of it does
            edits.append((one, task, edit))
            views.append(view)
    return Cleaned(pixels, edits, views, left)


def _toned(view: PhotoView, edit: Edit) -> Edit | None:
    """The edit as strong as it may be without looking edited; None where a fifth of it does."""
    for share in WEAKER:
        weaker = edit if share == 1 else dataclasses.replace(view.at_strength(edit, share), strength=share * edit.strength)
        if _judged(view, weaker).name != LOOKS_EDITED:
            return weaker
    return None


def _judged(view: PhotoView, edit: Edit) -> Verdict:
    return judge(signs_of(view, edit.recipe, edit.realism_change))


@torch.no_grad()
def subject_share(saliency: Callable[[torch.Tensor], torch.Tensor], pixels: np.ndarray, mask: np.ndarray) -> float:
    """The share of all attention that falls in a mask, in [0, 1].

    Args:
        saliency: saliency(image (B, 3, H, W) in [0, 1]) -> (B, 1, H, W).
        pixels: (H, W, 3) sRGB.
        mask: (H, W) uint8.
    """
    size = tuple(max(1, round(side * min(1.0, 640 / max(mask.shape)))) for side in mask.shape)
    image = torch.from_numpy(as_bytes(resize(pixels, size)).copy()).permute(2, 0, 1)[None].float() / 255
    found = saliency(image)[0, 0].double().numpy()
    weights = resize(mask, size).astype(np.float64) / 255
    return float((found * weights).sum() / max(found.sum(), 1e-12))
