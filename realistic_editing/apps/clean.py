"""Calm what draws the eye away from a photo's subject, in one call: suggestions, one guarded edit each, before and after."""
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realistic_editing.apps.results import measures_of, refuse_overwriting, reporting, say
from realistic_editing.apps.suggest import count_of, facts_of, numbered, suggestions_of
from realistic_editing.apps.writing import Writing
from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.files import replacing
from realistic_editing.data.images import Photo, lost, read_photo, write_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import GUARD, EditOptions
from realistic_editing.evaluation.reports.sheets import save_sheet, sheet
from realistic_editing.selection.suggest import Suggestion, Suggestions
from realistic_editing.weights import load_network

_LEAST_GAIN = 0.03  # of an edit: one that moves attention by less is left out
_WIDTH = 640  # pixels of each picture of the sheet


@dataclasses.dataclass(frozen=True, eq=False)
class Cleaned:
    """A photo after its suggestions were calmed.

    Args:
        pixels: (H, W, 3) sRGB, as the photo's.
        edits: of each suggestion that was calmed, and of the subject where it was lifted: what, the task, and its edit.
        left: those that were left alone, and why.
    """

    pixels: np.ndarray
    edits: list[tuple[Suggestion, str, Edit]]
    left: list[tuple[Suggestion, str]]


def clean(options: Mapping[str, Any]) -> Path:
    """Calm up to `count` suggestions of a photo, and write the result, a plan that repeats it, its recipes and a sheet.

    Args:
        options: image; subject, count and people as for `suggest`; lift, to lift the subject that was found; suggest_by, the
            saliency network that suggests; critic, saliency and device as for an edit; output, a folder,
            outputs/NAME_clean when None; format, quality and strip, see `Writing`; json.

    Returns:
        The path of the result.

    Raises:
        InputError: when an option or the photo cannot be used. Nothing is written then.
    """
    source, asked = Path(options["image"]), count_of(options)
    folder, writing = Path(options["output"] or Path("outputs") / f"{source.stem}_clean"), Writing.read(options)
    result = folder / f"{source.stem}_clean{writing.suffix(source)}"
    plan, beside = folder / f"{source.stem}_plan.json", folder / f"{source.stem}_before_after.png"
    steps = [folder / f"{source.stem}_{number}" for number in range(1, asked + 2)]
    files = [step.with_name(step.name + end) for step in steps for end in ("_mask.png", ".json")]
    refuse_overwriting([result, plan, beside, *files], [source])
    photo = read_photo(source)
    say((*photo.notes, *([] if writing.strip else lost(result, photo)), *writing.notes(result)), source)
    with reporting(options) as found:
        suggestions = suggestions_of(photo, {**options, "saliency": options["suggest_by"]})
        judges = {name: options[name] for name in ("device", "critic", "saliency")}
        lift = bool(options.get("lift") or options.get("subject"))
        cleaned = calm(photo.srgb, suggestions, lift, judges)
        for stale in files:
            stale.unlink(missing_ok=True)  # of an earlier call, which found more
        write_photo(result, photo, photo.from_srgb(cleaned.pixels), writing.quality, writing.strip)
        entries = _write_steps(cleaned, steps)
        with replacing(plan) as temporary:
            temporary.write_text(json.dumps([entry["plan"] for entry in entries], indent=2) + "\n")
        save_sheet(_sheet(photo, suggestions, cleaned), beside)
        shares = _shares(photo.srgb, cleaned.pixels, suggestions.subject, options["suggest_by"])
        _tell(suggestions, cleaned, shares)
        found |= {"result": result, "plan": plan, "before_after": beside, "subject_attention": shares}
        found["steps"] = [entry["report"] for entry in entries]
        found["left"] = [{"reason": one.reason, "why": why} for one, why in cleaned.left]
        print(f"result: {result}\nplan: {plan}\nbefore and after: {beside}")
    return result


def calm(photo: np.ndarray, suggestions: Suggestions, lift: bool, judges: Mapping[str, Any]) -> Cleaned:
    """Calm suggestions one after another, each on what the one before left; lift the subject last, where that is asked.

    Args:
        photo: (H, W, 3) sRGB.
        suggestions: of that photo.
        lift: whether to lift the subject.
        judges: device, critic and saliency, see `Enhancer.from_pretrained`.

    Returns:
        The result. An edit that would look edited at any strength, or hardly moves attention, is left out.
    """
    wanted = [(one, "attenuate") for one in suggestions.others]
    if lift and suggestions.subject is not None:
        wanted.append((suggestions.subject, "amplify"))
    enhancers: dict[str, Enhancer] = {}
    pixels, edits, left = photo, [], []
    for one, task in wanted:
        if task not in enhancers:
            enhancers[task] = Enhancer.from_pretrained(task, **judges)
        edit = enhancers[task].propose(pixels, one.mask, EditOptions(human=one.kind == "person"))
        if edit.realism_change < GUARD - 1e-6:
            left.append((one, f"any edit of it would look edited (dR {edit.realism_change:+.2f})"))
        elif edit.gain < _LEAST_GAIN:
            left.append((one, f"no ordinary edit changes its attention (saliency {100 * edit.saliency_change:+.0f} %)"))
        else:
            pixels = edit.apply(pixels, one.mask)
            edits.append((one, task, edit))
    return Cleaned(pixels, edits, left)


def _write_steps(cleaned: Cleaned, steps: list[Path]) -> list[dict[str, Any]]:
    """The mask and the recipe of each edit, and what a plan and a report say of it."""
    entries = []
    for number, ((one, task, edit), step) in enumerate(zip(cleaned.edits, steps, strict=False), start=1):
        mask, recipe = step.with_name(f"{step.name}_mask.png"), step.with_name(f"{step.name}.json")
        write_mask(mask, one.mask)
        with replacing(recipe) as waiting:
            edit.recipe.save(waiting)
        entry = {"mask": mask.name, "task": task, "name": f"{number}"}
        report = {"task": task, "mask": str(mask), "recipe": str(recipe), **facts_of(one), **measures_of(edit)}
        entries.append({"plan": entry | ({"human": True} if one.kind == "person" else {}), "report": report})
    return entries


def _shares(before: np.ndarray, after: np.ndarray, subject: Suggestion | None, network: str) -> dict[str, float] | None:
    """The subject's share of attention before and after, by the network that suggested; None without a subject."""
    if subject is None:
        return None
    saliency = load_network(network, kind="saliency")
    return {name: subject_share(saliency, pixels, subject.mask) for name, pixels in (("before", before), ("after", after))}


@torch.no_grad()
def subject_share(saliency: Any, pixels: np.ndarray, mask: np.ndarray) -> float:
    """The share of all attention that falls in a mask, in [0, 1].

    Args:
        saliency: saliency(image (B, 3, H, W) in [0, 1]) -> (B, 1, H, W).
        pixels: (H, W, 3) sRGB.
        mask: (H, W) uint8.
    """
    size = tuple(max(1, round(side * min(1.0, 640 / max(mask.shape)))) for side in mask.shape)
    image = torch.from_numpy(as_bytes(resize(pixels, size))).permute(2, 0, 1)[None].float() / 255
    found = saliency(image)[0, 0].double().numpy()
    weights = resize(mask, size).astype(np.float64) / 255
    return float((found * weights).sum() / max(found.sum(), 1e-12))


def _sheet(photo: Photo, suggestions: Suggestions, cleaned: Cleaned) -> np.ndarray:
    """Before, what was suggested, and after."""
    height, width = photo.srgb.shape[:2]
    size = (max(1, round(_WIDTH * height / width)), _WIDTH)
    before, after = (resize(as_bytes(pixels), size) for pixels in (photo.srgb, cleaned.pixels))
    masks = [resize(one.mask, size) for one in suggestions.others]
    subject = None if suggestions.subject is None else resize(suggestions.subject.mask, size)
    shown = numbered(before, masks, subject)
    return sheet([[("before", before), ("suggested; the subject in green", shown), ("after", after)]])


def _tell(suggestions: Suggestions, cleaned: Cleaned, shares: Mapping[str, float] | None) -> None:
    """Print what was done."""
    for number, (one, task, edit) in enumerate(cleaned.edits, start=1):
        words = "calmed" if task == "attenuate" else "lifted"
        changes = f"saliency {100 * edit.saliency_change:+.0f} %, realism {edit.realism_change:+.2f}"
        print(f"{number}. {words}: {one.reason}; {changes}")
    for one, why in cleaned.left:
        print(f"left alone: {one.reason}; {why}")
    if not suggestions.others:
        print("nothing draws more attention than its area would; the photo stays as it is")
    if shares is not None:
        print(f"subject: {suggestions.subject.reason}, and {100 * shares['after']:.0f} % after")
