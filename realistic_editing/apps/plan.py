"""Several regions of one photo, each with its own task, edited one after another (Figures 1 and 10)."""
import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.edit import write_edit
from realistic_editing.apps.judged import MEANING, judged
from realistic_editing.apps.mask import region_of, selection_doubt
from realistic_editing.apps.region_ways import WAYS
from realistic_editing.apps.results import free_place, refuse_overwriting, replaced, reporting, say
from realistic_editing.apps.shown import as_shown
from realistic_editing.apps.writing import Writing
from realistic_editing.common.arrays import as_bytes, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.nested import parse_yaml, read_text
from realistic_editing.common.ranges import shown
from realistic_editing.common.tasks import check_task
from realistic_editing.data.foreground import foreground_notes
from realistic_editing.data.images import Photo, lost, read_photo, write_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import NAMES, EditOptions
from realistic_editing.evaluation.reports.sheets import outlined, save_sheet, sheet

# Ways to name a region, and what belongs to them.
REGION = (*WAYS, "outside", "label", "invert", "refine_mask", "keep_mask", "grabcut", "sam")
DEFAULT_FOLDER = "outputs/plan"
_WIDTH = 480  # pixels of each picture of before and after
TOUCH = 0.05  # share of the smaller of two regions that they have in common, from which it is said


@dataclasses.dataclass(frozen=True)
class Step:
    """One region of a plan.

    Args:
        name: in messages and file names.
        mask: (H, W) uint8 or uint16.
        task: "attenuate" or "amplify".
        options: of the edit.
        file: of the mask; None where the region is named otherwise.
        notes: on what was changed in reading it.
        doubt: of the selection, see `selection_doubt`.
    """

    name: str
    mask: np.ndarray
    task: str
    options: EditOptions
    file: Path | None
    notes: tuple[str, ...] = ()
    doubt: str = ""


def plan(options: Mapping[str, Any]) -> Path:
    """Edit the regions of a plan one after another, and write every step, its recipe, what each did, and before and after.

    What a click or a box selected is written too, as NAME_mask.png beside its step.

    Args:
        options: image; plan, a YAML or JSON file: a list of regions, see `read_plan`; allow_conflicts, to go on where two tasks
            contradict each other; output, a folder; format, quality and strip, see `Writing`; json; critic,
            saliency and device as for an edit.

    Returns:
        The path of the result.

    Raises:
        InputError: when a file or option cannot be used, a file that is read would be written over, or regions that have most
            in common have different tasks.
    """
    source = Path(options["image"])
    photo = read_photo(source)
    steps = read_plan(options["plan"], photo)
    writing = Writing.read(options)
    suffix, given = writing.suffix(source), options.get("output")
    files, result, report, beside = _places(Path(given or DEFAULT_FOLDER), source, steps, suffix, fresh=not given)
    found_here = [file for file, step in zip(files, steps, strict=True) if step.file is None]
    masks = {file: file.with_name(f"{file.stem}_mask.png") for file in found_here}
    written = [*files, *(file.with_suffix(".json") for file in files), *masks.values(), result, report, beside]
    refuse_overwriting(written, [source, options["plan"], *(step.file for step in steps)])
    losses = lost(result, photo)  # before an edit is proposed, which takes a while
    for problem, contradicts in overlaps(steps):
        if contradicts and not options["allow_conflicts"]:
            raise InputError(f"{options['plan']}: {problem}; change one of them, or add --allow-conflicts")
        say([problem], options["plan"])
    say((*photo.notes, *([] if writing.strip else losses), *writing.notes(result), *replaced(result)), source)
    with reporting(options) as found:
        judges = {name: options[name] for name in ("device", "critic", "saliency")}
        pixels, shown, done = _edit_all(photo, steps, files, judges, writing)
        write_photo(result, photo, photo.from_srgb(pixels), writing.quality, writing.strip)
        for file, step in zip(files, steps, strict=True):
            if file in masks:
                write_mask(masks[file], step.mask)
        with replacing(report) as temporary:
            temporary.write_text(json.dumps(done, indent=2) + "\n")
        save_sheet(sheet(_rows(steps, shown)), beside)
        found |= {"result": result, "plan": report, "before_after": beside}
        paths = [{"result": file, "recipe": file.with_suffix(".json"), "mask": masks.get(file)} for file in files]
        found["steps"] = [step | {key: path for key, path in of.items() if path} for step, of in zip(done, paths, strict=True)]
        found["problems"] = [f"{step['region']}: {one}" for step in done for one in step["problems"]]
        print(f"{MEANING}\nresult: {result}\nbefore and after: {beside}")
    return result


def _places(
    folder: Path, source: Path, steps: Sequence[Step], suffix: str, fresh: bool
) -> tuple[list[Path], Path, Path, Path]:
    """Every step's result, the last one's copy, the report, and before and after; where `fresh`, all in a new folder."""
    base = f"{source.stem}_"
    if fresh and (folder / f"{base}plan.json").exists():  # whatever the format that its results were written in
        folder = free_place(folder)
    files = [folder / f"{base}{number}_{step.name}{suffix}" for number, step in enumerate(steps, start=1)]
    return files, *(folder / f"{base}{end}" for end in (f"edited{suffix}", "plan.json", "before_after.png"))


def _edit_all(
    photo: Photo, steps: Sequence[Step], files: Sequence[Path], judges: Mapping[str, Any], writing: Writing
) -> tuple[np.ndarray, list[np.ndarray], list[dict[str, Any]]]:
    """Edit step by step, each on what the one before left, and write each.

    Returns:
        The last one's pixels; those before the first step and after each, small; what each did.
    """
    enhancers: dict[str, Enhancer] = {}
    pixels, before, shown, done = photo.srgb, photo.srgb, [_small(photo.srgb)], []
    for number, (step, file) in enumerate(zip(steps, files, strict=True), start=1):
        say(step.notes, step.name)
        if step.task not in enhancers:
            enhancers[step.task] = Enhancer.from_pretrained(step.task, **judges)
        view = enhancers[step.task].view(pixels, step.mask, step.options.human)
        edit = view.propose(step.options)
        pixels = edit.apply(pixels, step.mask, foreground=True)
        result = photo.from_srgb(pixels)
        after = photo.shown(result)
        edit, beyond = as_shown(enhancers[step.task], edit, step.mask, before, pixels, after)
        before = after
        write_edit(file, photo, result, edit, writing)
        shown.append(_small(after))
        found = judged(view, edit, step.options, step.doubt)
        print(f"{number}. {step.name}: {found}")
        say((*beyond, *found.problems, *foreground_notes(step.mask)), step.name)
        done.append({"region": step.name, "task": step.task} | found.report())
    return pixels, shown, done


def _rows(steps: Sequence[Step], shown: Sequence[np.ndarray]) -> list[list[tuple[str, np.ndarray]]]:
    """The whole plan, and then each step: before, with its region outlined, and after."""
    rows = [[("before", shown[0]), ("after", shown[-1])]] if len(steps) > 1 else []
    for step, before, after in zip(steps, shown[:-1], shown[1:], strict=True):
        rows.append([(f"before: {step.name}", outlined(before, _small(step.mask))), (f"after: {step.task}", after)])
    return rows


def _small(pixels: np.ndarray) -> np.ndarray:
    """A photo or mask as a sheet shows it."""
    return as_bytes(resize(pixels, (max(1, round(_WIDTH * pixels.shape[0] / pixels.shape[1])), _WIDTH)))


def read_plan(path: str | Path, photo: Photo) -> list[Step]:
    """Read a plan, and find its regions.

    Args:
        path: a YAML or JSON file: a list of regions, each with task, and one of mask, whose path starts at the plan's folder,
            box, points (and outside) and alpha, as for `region_of`, or as lists of numbers; at will name,
            refine_mask, keep_mask, and the options of an edit (order, strength, min_realism_change, saliency_change, guard,
            refine, human, seed).
        photo: that the plan is for.

    Raises:
        InputError: naming the file, the region and what is wrong with it.
    """
    try:
        check_regular(path)
        content = parse_yaml(read_text(path))
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as YAML or JSON ({error})") from error
    if not isinstance(content, list) or not content or not all(isinstance(entry, dict) for entry in content):
        raise InputError(f"{path}: expected a list of regions, each with task and mask, or box or points")
    steps, names = [], set()
    for number, entry in enumerate(content, start=1):
        known = {"task", "name", *REGION, *NAMES}
        unknown = sorted(map(str, set(entry) - known))
        if unknown or "task" not in entry:
            wrong = f"does not know {', '.join(unknown)}" if unknown else "lacks task"
            raise InputError(f"{path}, region {number}: {wrong}; use {', '.join(sorted(known))}")
        if not isinstance(entry.get("name"), str | int | None):
            raise InputError(f"{path}, region {number}: is called {shown(entry['name'])}; use text")
        name = str(entry.get("name") or (Path(str(entry["mask"])).stem if entry.get("mask") else f"region {number}"))
        if name in names or Path(name).name != name:
            raise InputError(f"{path}, region {number}: is called {name!r}; give each region a name of its own, without /")
        names.add(name)
        try:
            task, file = check_task(entry["task"]), Path(path).parent / str(entry["mask"]) if entry.get("mask") else None
            asked = EditOptions.read(entry)
            asked.check_for(task)
            region = {key: _text(entry.get(key)) for key in REGION} | {"mask": file}
            region["keep_mask"] = entry.get("keep_mask") or None  # a plan mends only what is to be mended
            mask, notes = region_of(photo, region)
            steps.append(Step(name, mask, task, asked, file, notes, selection_doubt(region, notes)))
        except InputError as error:
            raise InputError(f"{path}, region {number}: {error}") from error
    return steps


def _text(value: Any) -> Any:
    """A box or points given as lists of numbers, as the command line writes them: "1,2,3,4", and "1,2 3,4"."""
    if not isinstance(value, list):
        return value
    return (" " if any(isinstance(one, list) for one in value) else ",").join(str(_text(one)) for one in value)


def overlaps(steps: Sequence[Step]) -> list[tuple[str, bool]]:
    """What pairs of regions have in common.

    Returns:
        For each pair that overlaps: a sentence, and whether they contradict each other: different tasks, and more than half of
        the smaller region in common.
    """
    found, masks = [], [to_unit(step.mask) for step in steps]
    for (one, first), (other, second) in itertools.combinations(zip(steps, masks, strict=True), 2):
        share = float(np.minimum(first, second).sum() / min(first.sum(), second.sum()))
        if share > TOUCH:
            apart = one.task != other.task
            words = f", and are to {one.task} and {other.task}" if apart else "; the second edit comes on top of the first"
            found.append((f"{one.name} and {other.name} have {100 * share:.0f} % of the smaller in common{words}",
                          apart and share > 0.5))  # fmt: skip
    return found
