"""Calm what draws the eye away from a photo's subject, in one call: suggestions, one guarded edit each, before and after."""
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.judged import judged
from realistic_editing.apps.results import refuse_overwriting, replaced, reporting, say
from realistic_editing.apps.suggest import count_of, earlier_masks, facts_of, numbered, refuse_strangers, suggestions_of
from realistic_editing.apps.writing import Writing
from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.files import replacing
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.data.images import Photo, lost, read_photo, write_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.clean import Cleaned, calm, subject_share
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.reports.sheets import save_sheet, sheet
from realistic_editing.selection.suggest import Suggestion, Suggestions
from realistic_editing.weights import load_network

_OF_A_STEP = ("_mask.png", ".json")  # ends of the files of each edit
_WIDTH = 640  # pixels of each picture of the sheet


def clean(options: Mapping[str, Any]) -> Path:
    """Calm up to `count` suggestions of a photo, and write the result, a plan that repeats it, its recipes and a sheet.

    Args:
        options: image; subject, count and people as for `suggest`; lift, to lift the subject that was found; suggest_by, the
            saliency network that suggests; critic, saliency and device as for an edit; output, a folder,
            outputs/NAME_clean when None; format, quality and strip, see `Writing`; json.

    Returns:
        The path of the result.

    Raises:
        InputError: when an option or the photo cannot be used, or a file that no earlier call wrote is in the way.
            Nothing is written then.
    """
    source, asked = Path(options["image"]), count_of(options)
    folder, writing = Path(options["output"] or Path("outputs") / f"{source.stem}_clean"), Writing.read(options)
    result = folder / f"{source.stem}_clean{writing.suffix(source)}"
    plan, beside = folder / f"{source.stem}_plan.json", folder / f"{source.stem}_before_after.png"
    steps = [folder / f"{source.stem}_{number}" for number in range(1, asked + 2)]
    earlier = [mask.with_name(mask.name.removesuffix("_mask.png")) for mask in earlier_masks(plan, source.stem)]
    files, stale = ([step.with_name(step.name + end) for step in some for end in _OF_A_STEP] for some in (steps, earlier))
    refuse_overwriting([result, plan, beside, *files, *stale], [source])
    refuse_strangers(files, stale, plan)
    photo = read_photo(source)
    losses = [] if writing.strip else lost(result, photo)
    say((*photo.notes, *losses, *writing.notes(result), *replaced(result), *replaced(plan)), source)
    with reporting(options) as found:
        suggestions = suggestions_of(photo, {**options, "saliency": options["suggest_by"]})
        judges = {name: options[name] for name in ("device", "critic", "saliency")}
        lift = bool(options.get("lift") or options.get("subject"))
        tasks = ("attenuate", "amplify") if lift else ("attenuate",)
        enhancers = {task: Enhancer.from_pretrained(task, **judges) for task in tasks}
        cleaned = calm(photo.srgb, suggestions, lift, enhancers)
        for path in stale:
            path.unlink(missing_ok=True)  # of an earlier call, which may have found more
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


def _write_steps(cleaned: Cleaned, steps: list[Path]) -> list[dict[str, Any]]:
    """The mask and the recipe of each edit, and what a plan and a report say of it."""
    entries = []
    done = zip(cleaned.edits, cleaned.views, steps, strict=False)
    for number, ((one, task, edit), view, step) in enumerate(done, start=1):
        mask, recipe = step.with_name(f"{step.name}_mask.png"), step.with_name(f"{step.name}.json")
        write_mask(mask, one.mask, wide=False)  # so that the plan gives the same pixels
        with replacing(recipe) as waiting:
            edit.recipe.save(waiting)
        entry = {"mask": mask.name, "task": task, "name": f"{number}"}
        measures = judged(view, edit).report()
        del measures["problems"]  # of what was asked for: here nothing was
        report = {"task": task, "mask": str(mask), "recipe": str(recipe), **facts_of(one), **measures}
        told = {"human": True} if one.kind == "person" else {}  # of others the critic decides, here as in a plan
        weaker = {} if edit.strength == 1 else {"strength": edit.strength}
        entries.append({"plan": entry | told | weaker, "report": report})
    return entries


def _shares(before: np.ndarray, after: np.ndarray, subject: Suggestion | None, network: str) -> dict[str, float] | None:
    """The subject's share of attention before and after, by the network that suggested; None without a subject."""
    if subject is None:
        return None
    saliency = load_network(network, kind="saliency")
    return {name: subject_share(saliency, pixels, subject.mask) for name, pixels in (("before", before), ("after", after))}


def _sheet(photo: Photo, suggestions: Suggestions, cleaned: Cleaned) -> np.ndarray:
    """Before, what was suggested, and after."""
    height, width = photo.srgb.shape[:2]
    size = (max(1, round(_WIDTH * height / width)), _WIDTH)
    before, after = (resize(as_bytes(pixels), size) for pixels in (photo.srgb, cleaned.pixels))
    masks = [resize(one.mask, size) for one in _in_order(suggestions, cleaned)]
    subject = None if suggestions.subject is None else resize(suggestions.subject.mask, size)
    shown = numbered(before, masks, subject)
    return sheet([[("before", before), ("suggested; the subject in green", shown), ("after", after)]])


def _in_order(suggestions: Suggestions, cleaned: Cleaned) -> list[Suggestion]:
    """The suggestions as lines, sheet and files number them: those that were calmed, and then those that were left."""
    calmed = [one for one, task, _ in cleaned.edits if task == "attenuate"]
    return calmed + [one for one, _ in cleaned.left if one is not suggestions.subject]


def _tell(suggestions: Suggestions, cleaned: Cleaned, shares: Mapping[str, float] | None) -> None:
    """Print what was done."""
    numbers = {one: f"{number}. " for number, one in enumerate(_in_order(suggestions, cleaned), start=1)}
    for (one, task, edit), view in zip(cleaned.edits, cleaned.views, strict=True):
        words = "calmed" if task == "attenuate" else "lifted"
        changes = f"saliency {percent(edit.saliency_change)}, realism {delta_r(edit.realism_change)}"
        print(f"{numbers.get(one, '')}{words}: {one.reason}; {changes}; {judged(view, edit).verdict}")
    for one, why in cleaned.left:
        print(f"{numbers.get(one, '')}left alone: {one.reason}; {why}")
    if not suggestions.others:
        print("nothing draws more attention than its area would; name the subject by --subject X,Y, or add --people")
    if not cleaned.edits:
        print("nothing was calmed: the result is the photo")
    if shares is None:
        print("subject: none stands out; name it by --subject X,Y")
    else:
        before, after = (100 * shares[name] for name in ("before", "after"))
        print(f"subject: {suggestions.subject.reason}; by its soft mask {before:.1f} % before and {after:.1f} % after")
