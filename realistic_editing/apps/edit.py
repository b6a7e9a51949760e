"""Edit a photo file: the one call behind scripts/enhance.py and `realistic-editing edit`."""
import dataclasses
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.judged import MEANING, JudgedResult, judged, remedy, signs_of_result, verdict_line, verdict_report
from realistic_editing.apps.mask import region_of, selection_doubt
from realistic_editing.apps.pictures import before_and_after, check_sheet, words_of
from realistic_editing.apps.results import free_place, place_of, refuse_overwriting, replaced, reporting, say
from realistic_editing.apps.shown import as_shown
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.baselines import baseline
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.common.tasks import check_task
from realistic_editing.common.workers import AT_ONCE
from realistic_editing.data.foreground import apply_with_colours, estimate_colours, foreground_notes
from realistic_editing.data.images import Photo, lost, read_photo, write_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import DEFAULTS, EditOptions
from realistic_editing.enhance.verdict import attention_problem, judge

_OURS = "ours"
# Of several photos that are edited at once, so many are thought about; on a GPU, whose memory is dear, one.
_THINKING, _ON_A_GPU = threading.BoundedSemaphore(AT_ONCE), threading.Lock()


def enhance(options: Mapping[str, Any]) -> Path:
    """Edit the masked region of a photo, write the result and its recipe, and say what was done.

    Args:
        options: as in configs/enhance/enhance.yaml.

    Returns:
        The path of the result. The recipe lies beside it with the suffix .json; edits by earlier methods have none. So does the
        mask that a click or a box selected, as NAME_mask.png, or NAME_mask_2.png where there is one already.

    Raises:
        InputError: when an option or a file cannot be used. Nothing is written then.
    """
    check_task(options["task"])
    asked = EditOptions.read(options)
    earlier = None if options["method"] == _OURS else baseline(options["method"])
    if not options["image"]:
        raise InputError("image is missing; give the path of the image, as in image=photo.jpg")
    writing = Writing.read(options)
    default = default_output(Path(options["image"]), options["task"], options["method"], writing)
    output, named = place_of(options["output"], default)
    writing.refuse_other(output)
    selected = free_place(output.with_name(f"{output.stem}_mask.png")) if options.get("box") or options.get("points") else None
    written = [output, *([selected] if selected else [])]
    refuse_overwriting(written, [options["image"]])
    sheet = check_sheet(options.get("sheet"), written, [options["image"], options.get("mask")])
    if earlier is not None:
        _refuse_ours(options, output)
    with reporting(options) as found, ThreadPoolExecutor(1) as beside:
        loading = beside.submit(enhancer_of, options)  # while the photo is read
        photo, mask, doubt = _read(options["image"], options, output, writing)
        say(replaced(output) if named else (), options["image"])
        found |= {"result": output, "recipe": None, "task": options["task"], "method": options["method"], "sheet": sheet}
        if earlier is not None:
            found |= _by_earlier_method(earlier, loading.result(), photo, mask, output, options, sheet, doubt)
        else:
            watched = sys.stderr.isatty()  # by somebody who waits
            done = _written(loading.result(), photo, mask, output, asked, writing, sheet, doubt, watched)
            say((*done.problems, *remedy(done, asked)), options["image"])
            found |= {"recipe": output.with_suffix(".json"), **done.report()}
            print(f"{done}\n{MEANING}\nresult: {output}\nrecipe: {found['recipe']}")
        if selected:
            write_mask(selected, mask)
            print(f"mask: {selected}")
            found["mask"] = selected
        if sheet:
            print(f"sheet: {sheet}")
    return output


def edit_file(
    enhancer: Enhancer, image: Path, region: Mapping[str, Any], output: Path, options: EditOptions, writing: Writing = DEFAULT
) -> JudgedResult:
    """Edit one file, and write the result, and beside it its recipe; problems of the edit are for the caller to say.

    Args:
        enhancer: of the task.
        image: a file.
        region: such as {"mask": file}, see `region_of`.
        output: the result; the recipe has the suffix .json.
        options: of the edit.
        writing: of the result; the defaults when not given.

    Returns:
        The edit, judged.

    Raises:
        InputError: when a file cannot be used or written. Nothing is written then.
    """
    photo, mask, doubt = _read(image, region, output, writing)
    return _written(enhancer, photo, mask, output, options, writing, doubt=doubt)


def _read(image: str | Path, region: Mapping[str, Any], output: Path, writing: Writing) -> tuple[Photo, np.ndarray, str]:
    """The photo, its region and what is in doubt of it; says what was changed in reading, and refuses an unfit output."""
    refuse_overwriting([output, output.with_suffix(".json")], [image, region.get("mask")])
    photo = read_photo(image)
    losses = lost(output, photo)  # before an edit is proposed, which takes a while
    selected, notes = region_of(photo, region)
    say((*photo.notes, *notes, *([] if writing.strip else losses), *writing.notes(output)), image)
    return photo, selected, selection_doubt(region, notes)


def _written(
    enhancer: Enhancer,
    photo: Photo,
    mask: np.ndarray,
    output: Path,
    options: EditOptions,
    writing: Writing,
    sheet: Path | None = None,
    doubt: str = "",
    progress: bool = False,
) -> JudgedResult:
    options.check_for(enhancer.task, refinable=enhancer.objective is not None)
    srgb = photo.srgb
    with ThreadPoolExecutor(1) as beside:
        colours = beside.submit(estimate_colours, srgb, mask)  # no matter what the edit will be
        with _THINKING if enhancer.device.type == "cpu" else _ON_A_GPU:
            view = enhancer.view(srgb, mask, options.human)
            edit = view.propose(options, progress)
        edited = apply_with_colours(srgb, mask, edit.recipe, colours.result())
    pixels = photo.from_srgb(edited)
    shown = photo.shown(pixels)
    edit, beyond = as_shown(enhancer, edit, mask, photo.srgb, edited, shown)
    done = judged(view, edit, options, doubt)
    write_edit(output, photo, pixels, edit, writing)
    if sheet:
        line = words_of(edit.task, edit.realism_change, edit.saliency_change, done.verdict.name)
        before_and_after(sheet, photo.srgb, mask, shown, line)
    say((*beyond, *(unmoved(edit, options) if _same(pixels, photo) else ()), *foreground_notes(mask)), photo.path)
    return done


def unmoved(edit: Edit, options: EditOptions) -> list[str]:
    """A note on why a result is the photo, pixel by pixel."""
    if options.strength == 0:
        why = "strength 0 is no edit"
    elif edit.strength == 0:
        why = "no strength above 0 keeps to the budget" if options.has_target else "the guard allows no strength above 0"
    else:
        why = "its mask is too faint, or the edit too weak, for any level to change"
    return [f"the result is the photo: {why}"]


def _same(pixels: np.ndarray, photo: Photo) -> bool:
    return all(np.array_equal(*rows) for rows in zip(pixels, photo.pixels, strict=True))  # mostly known after a few rows


def write_edit(path: Path, photo: Photo, pixels: np.ndarray, edit: Edit, writing: Writing = DEFAULT) -> None:
    """Write a result, and beside it its recipe as .json: both files or neither.

    Args:
        path, photo, pixels: as for `write_photo`.
        edit: whose recipe it is.
        writing: of the result; the defaults when not given.

    Raises:
        InputError: as `write_photo`.
    """
    with replacing(path.with_suffix(".json")) as waiting:
        edit.recipe.save(waiting)
        write_photo(path, photo, pixels, writing.quality, writing.strip)


def enhancer_of(options: Mapping[str, Any]) -> Enhancer:
    """The enhancer of `options["task"]`, with the judges that are asked for. Raises InputError."""
    judges = {name: options[name] for name in ("device", "critic", "saliency")}
    return Enhancer.from_pretrained(options["weights"] or options["task"], **judges, task=options["task"])


def _by_earlier_method(
    earlier: Baseline,
    enhancer: Enhancer,
    photo: Photo,
    mask: np.ndarray,
    output: Path,
    options: Mapping[str, Any],
    sheet: Path | None,
    doubt: str,
) -> dict[str, Any]:
    """Edit by an earlier method, and say what our judges see in the result, also for a report."""
    view = enhancer.view(photo.srgb, mask)
    result = earlier.edit(photo.srgb, mask, options["task"])
    realism, saliency = view.compare(result)
    signs = dataclasses.replace(signs_of_result(view, result, realism), doubt=doubt)
    moved = attention_problem(options["task"], saliency)
    writing = Writing.read(options)
    write_photo(output, photo, photo.from_srgb(result), writing.quality, writing.strip)
    if sheet:
        line = words_of(options["task"], realism, saliency, judge(signs).name)
        before_and_after(sheet, photo.srgb, mask, result, line)
    say([moved] if moved else [], photo.path)
    changes = f"realism {delta_r(realism)}, saliency {percent(saliency)}"
    print(f"{options['task']} by {earlier.name}: {changes}\n{verdict_line(signs)}\n{MEANING}\nresult: {output}")
    measures = {"realism_change": float(realism), "saliency_change": float(saliency), "strength": None}
    return measures | verdict_report(signs) | {"problems": [moved] if moved else []}


def _refuse_ours(options: Mapping[str, Any], output: Path) -> None:
    """Refuse what holds for our edits only, where an earlier method is asked."""
    asked = EditOptions.read(options).as_dict() | {"weights": options["weights"]}
    for name, value in {**DEFAULTS, "weights": None}.items():
        if asked[name] != value:
            words = f"is {asked[name]!r}, which method={options['method']} does not know"
            raise InputError(f"{name} {words}; leave it out, or use method={_OURS}")
    recipe = output.with_suffix(".json")
    if recipe.exists():
        raise InputError(
            f"{recipe}: would be taken for the recipe of {output.name}, and {options['method']} leaves none; choose another "
            "output, or remove it"
        )


def default_output(image: Path, task: str, method: str = _OURS, writing: Writing = DEFAULT) -> Path:
    """outputs/NAME_TASK, or NAME_TASK_METHOD of an earlier method, with the suffix that `Writing` gives it."""
    by = "" if method == _OURS else f"_{method}"
    return Path("outputs") / f"{image.stem}_{task}{by}{writing.suffix(image)}"
