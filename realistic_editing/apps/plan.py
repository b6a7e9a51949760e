"""Several regions of one photo, each with its own task, edited one after another (Figures 1 and 10)."""
import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from realistic_editing.apps.edit import WISHES, missed, proposal, wishes_of, write_edit
from realistic_editing.apps.results import lossless_suffix, refuse_overwriting, say
from realistic_editing.common.arrays import to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import Photo, read_mask, read_photo, write_photo
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.wishes import check_wishes

TOUCH = 0.05  # share of the smaller of two regions that they have in common, from which it is said


@dataclasses.dataclass(frozen=True)
class Step:
    """One region of a plan.

    Args:
        name: in messages and file names.
        mask: (H, W) uint8 or uint16.
        task: "attenuate" or "amplify".
        wishes: from `wishes_of`.
        file: of the mask.
        notes: on what was changed in reading it.
    """

    name: str
    mask: np.ndarray
    task: str
    wishes: Mapping[str, Any]
    file: Path
    notes: tuple[str, ...] = ()


def plan(options: Mapping[str, Any]) -> Path:
    """Edit the regions of a plan one after another, and write every step, its recipe, and what each did.

    Args:
        options: image; plan, a YAML or JSON file: a list of regions, each with mask and task and, at will, name and the
            options of an edit (order, strength, min_realism_change, saliency_change, guard, refine, human, seed); anyway, to
            go on where two tasks contradict each other; output, a folder; critic, saliency and device as for an edit.

    Returns:
        The path of the result.

    Raises:
        InputError: when a file or option cannot be used, a file that is read would be written over, or regions that have most
            in common have different tasks.
    """
    source, folder = Path(options["image"]), Path(options["output"])
    photo = read_photo(source)
    steps = read_plan(options["plan"], photo.pixels.shape[:2])
    base, suffix = f"{source.stem}_", lossless_suffix(source)
    files = [folder / f"{base}{number}_{step.name}{suffix}" for number, step in enumerate(steps, start=1)]
    result, report = folder / f"{base}edited{suffix}", folder / f"{base}plan.json"
    written = [*files, *(file.with_suffix(".json") for file in files), result, report]
    refuse_overwriting(written, [source, options["plan"], *(step.file for step in steps)])
    for problem, contradicts in overlaps(steps):
        if contradicts and not options["anyway"]:
            raise InputError(f"{options['plan']}: {problem}; change one of them, or add --anyway")
        say([problem], options["plan"])
    say(photo.notes, source)
    pixels, done = _edit_all(photo, steps, files, {name: options[name] for name in ("device", "critic", "saliency")})
    write_photo(result, photo, pixels)
    with replacing(report) as temporary:
        temporary.write_text(json.dumps(done, indent=2) + "\n")
    print(f"result: {result}")
    return result


def _edit_all(
    photo: Photo, steps: Sequence[Step], files: Sequence[Path], judges: Mapping[str, Any]
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Edit step by step, each on what the one before left, and write each; the last one's pixels, and what each did."""
    enhancers: dict[str, Enhancer] = {}
    pixels, done = photo.pixels, []
    for number, (step, file) in enumerate(zip(steps, files, strict=True), start=1):
        say(step.notes, step.name)
        if step.task not in enhancers:
            enhancers[step.task] = Enhancer.from_pretrained(step.task, **judges)
        edit = proposal(enhancers[step.task], pixels, step.mask, step.wishes)
        pixels = edit.apply(pixels, step.mask)
        write_edit(file, photo, pixels, edit)
        print(f"{number}. {step.name}: {edit}")
        say(missed(edit, step.wishes), step.name)
        measures = {name: getattr(edit, name) for name in ("realism_change", "saliency_change", "strength")}
        done.append({"region": step.name, "task": step.task} | measures)
    return pixels, done


def read_plan(path: str | Path, size: tuple[int, int]) -> list[Step]:
    """Read a plan and its masks, whose paths start at the plan's folder.

    Args:
        path: a YAML or JSON file.
        size: (H, W) of the photo.

    Raises:
        InputError: naming the file, the region and what is wrong with it.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML or JSON ({error})") from error
    if not isinstance(content, list) or not content or not all(isinstance(entry, dict) for entry in content):
        raise InputError(f"{path}: expected a list of regions, each with mask and task")
    steps, names = [], set()
    for number, entry in enumerate(content, start=1):
        known = {"mask", "task", "name", *WISHES}
        unknown, missing = sorted(set(entry) - known), sorted({"mask", "task"} - set(entry))
        if unknown or missing:
            wrong = f"does not know {', '.join(unknown)}" if unknown else f"lacks {' and '.join(missing)}"
            raise InputError(f"{path}, region {number}: {wrong}; use {', '.join(sorted(known))}")
        name = str(entry.get("name") or Path(str(entry["mask"])).stem)
        if name in names or Path(name).name != name:
            raise InputError(f"{path}, region {number}: is called {name!r}; give each region a name of its own, without /")
        names.add(name)
        try:
            file, task = Path(path).parent / str(entry["mask"]), check_task(entry["task"])
            wishes = wishes_of({**WISHES, **{key: entry[key] for key in WISHES if key in entry}})
            check_wishes(task, wishes)
            mask, notes = read_mask(file, size)
            steps.append(Step(name, mask, task, wishes, file, notes))
        except InputError as error:
            raise InputError(f"{path}, region {number}: {error}") from error
    return steps


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
