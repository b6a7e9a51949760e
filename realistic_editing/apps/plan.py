"""Several regions of one photo, each with its own task, edited one after another (Figures 1 and 10)."""
import dataclasses
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from realistic_editing.apps.edit import LOSSLESS, proposal, wishes_of
from realistic_editing.common.arrays import to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import Photo, read_mask, read_photo, write_photo
from realistic_editing.enhance.enhancer import Edit, Enhancer

TOUCH = 0.05  # share of the smaller of two regions that they have in common, from which it is said
# What a step of a plan may ask, with what it is where the step says nothing.
WISHES = {
    "order": "best_realism", "strength": None, "min_realism_change": None, "saliency_change": None, "guard": -0.1,
    "refine": 0, "human": False, "seed": 0,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Step:
    """One region of a plan.

    Args:
        name: in messages and file names.
        mask: (H, W) uint8 or uint16.
        task: "attenuate" or "amplify".
        wishes: from `wishes_of`.
    """

    name: str
    mask: np.ndarray
    task: str
    wishes: Mapping[str, Any]


def plan(options: Mapping[str, Any]) -> Path:
    """Edit the regions of a plan one after another, and write every step, its recipe, and what each did.

    Args:
        options: image; plan, a YAML or JSON file: a list of regions, each with mask and task and, at will, name and the
            options of an edit (order, strength, min_realism_change, saliency_change, guard, refine, human, seed); anyway, to
            go on where two tasks contradict each other; output, a folder; critic, saliency and device as for an edit.

    Returns:
        The path of the result.

    Raises:
        InputError: when a file or option cannot be used, or regions that have most in common have different tasks.
    """
    photo = read_photo(options["image"])
    steps = read_plan(options["plan"], photo.pixels.shape[:2])
    for problem, contradicts in overlaps(steps):
        if contradicts and not options["anyway"]:
            raise InputError(f"{options['plan']}: {problem}; change one of them, or add --anyway")
        print(f"note: {problem}", file=sys.stderr)
    source, folder = Path(options["image"]), Path(options["output"])
    suffix = source.suffix if source.suffix.lower() in LOSSLESS else ".png"
    enhancers: dict[str, Enhancer] = {}
    judges = {name: options[name] for name in ("device", "critic", "saliency")}
    pixels, done = photo.pixels, []
    for number, step in enumerate(steps, start=1):
        if step.task not in enhancers:
            enhancers[step.task] = Enhancer.from_pretrained(step.task, **judges)
        edit = proposal(enhancers[step.task], pixels, step.mask, step.wishes)
        pixels = edit.apply(pixels, step.mask)
        base = folder / f"{source.stem}_{number}_{step.name}"
        _write(base.with_name(base.name + suffix), photo, pixels, edit)
        print(f"{number}. {step.name}: {edit}")
        measures = {name: getattr(edit, name) for name in ("realism_change", "saliency_change", "strength")}
        done.append({"region": step.name, "task": step.task} | measures)
    result = folder / f"{source.stem}_edited{suffix}"
    write_photo(result, photo, pixels)
    with replacing(folder / f"{source.stem}_plan.json") as temporary:
        temporary.write_text(json.dumps(done, indent=2) + "\n")
    print(f"result: {result}")
    return result


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
            mask, _ = read_mask(Path(path).parent / str(entry["mask"]), size)
            wishes = wishes_of({**WISHES, **{key: entry[key] for key in WISHES if key in entry}})
            steps.append(Step(name, mask, check_task(entry["task"]), wishes))
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


def _write(path: Path, photo: Photo, pixels: np.ndarray, edit: Edit) -> None:
    with replacing(path.with_suffix(".json")) as waiting:
        edit.recipe.save(waiting)
        write_photo(path, photo, pixels)
