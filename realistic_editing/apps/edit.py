"""Edit a photo file: the one call behind scripts/enhance.py and `realistic-editing edit`."""
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.mask import region_of
from realistic_editing.apps.results import measures_of, refuse_overwriting, reporting, say
from realistic_editing.apps.shown import as_shown
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.baselines import baseline
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import Photo, lost, read_photo, write_photo
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import DEFAULTS, MAX_STRENGTH, EditOptions

_OURS = "ours"
REACHED = 0.005  # a target of saliency counts as met within half a per cent


def enhance(options: Mapping[str, Any]) -> Path:
    """Edit the masked region of a photo, write the result and its recipe, and say what was done.

    Args:
        options: as in configs/enhance/enhance.yaml.

    Returns:
        The path of the result. The recipe lies beside it with the suffix .json; edits by earlier methods have none.

    Raises:
        InputError: when an option or a file cannot be used. Nothing is written then.
    """
    check_task(options["task"])
    asked = EditOptions.read(options)
    earlier = None if options["method"] == _OURS else baseline(options["method"])
    if not options["image"]:
        raise InputError("image is missing; give the path of the image, as in image=photo.jpg")
    writing = Writing.read(options)
    output = Path(options["output"] or default_output(Path(options["image"]), options["task"], options["method"], writing))
    if earlier is not None:
        _refuse_ours(options, output)
    with reporting(options) as found:
        photo, mask = _read(options["image"], options, output, writing)
        found |= {"result": output, "recipe": None, "task": options["task"], "method": options["method"]}
        if earlier is not None:
            found |= _by_earlier_method(earlier, photo, mask, output, options)
            return output
        edit = _written(enhancer_of(options), photo, mask, output, asked, writing)
        found |= {"recipe": output.with_suffix(".json"), **measures_of(edit), "problems": unmet_targets(edit, asked)}
        print(f"{edit}\nresult: {output}\nrecipe: {found['recipe']}")
    return output


def edit_file(
    enhancer: Enhancer, image: Path, region: Mapping[str, Any], output: Path, options: EditOptions, writing: Writing = DEFAULT
) -> Edit:
    """Edit one file, and write the result, and beside it its recipe.

    Args:
        enhancer: of the task.
        image: a file.
        region: such as {"mask": file}, see `region_of`.
        output: the result; the recipe has the suffix .json.
        options: of the edit.
        writing: of the result; the defaults when not given.

    Returns:
        The edit.

    Raises:
        InputError: when a file cannot be used or written. Nothing is written then.
    """
    return _written(enhancer, *_read(image, region, output, writing), output, options, writing)


def _read(image: str | Path, region: Mapping[str, Any], output: Path, writing: Writing) -> tuple[Photo, np.ndarray]:
    """The photo and its region, see `region_of`, with notes on what was changed in reading; refuses an unfit output."""
    refuse_overwriting([output, output.with_suffix(".json")], [image, region.get("mask")])
    photo = read_photo(image)
    losses = lost(output, photo)  # before an edit is proposed, which takes a while
    selected, notes = region_of(photo, region)
    say((*photo.notes, *notes, *([] if writing.strip else losses), *writing.notes(output)), image)
    return photo, selected


def _written(
    enhancer: Enhancer, photo: Photo, mask: np.ndarray, output: Path, options: EditOptions, writing: Writing
) -> Edit:
    edit = enhancer.propose(photo.srgb, mask, options)
    edited = edit.apply(photo.srgb, mask)
    pixels = photo.from_srgb(edited)
    edit, beyond = as_shown(enhancer, edit, mask, photo.srgb, edited, photo.shown(pixels))
    write_edit(output, photo, pixels, edit, writing)
    unmoved = ["the result is the photo: its mask is too faint for any level to change"] if _same(pixels, photo) else []
    say((*beyond, *unmet_targets(edit, options), *unmoved), photo.path)
    return edit


def _same(pixels: np.ndarray, photo: Photo) -> bool:
    return np.array_equal(pixels, photo.pixels)


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


def unmet_targets(edit: Edit, options: EditOptions) -> list[str]:
    """A note where an edit moves attention less than was asked for, or the wrong way.

    Args:
        edit: what was found.
        options: of the edit.
    """
    target, budget = options.saliency_change, options.min_realism_change
    sign = 1 if edit.task == "amplify" else -1
    if target is None or sign * edit.saliency_change >= sign * target - REACHED:
        return []
    within = "" if budget is None else f" within the budget of {budget:+.2f} dR"
    return [f"no strength up to {MAX_STRENGTH} reaches saliency {100 * target:+.0f} %{within}"]


def enhancer_of(options: Mapping[str, Any]) -> Enhancer:
    """The enhancer of `options["task"]`, with the judges that are asked for. Raises InputError."""
    found = options["weights"] or options["task"]
    enhancer = Enhancer.from_pretrained(found, options["device"], critic=options["critic"], saliency=options["saliency"])
    if enhancer.task != options["task"]:
        raise InputError(f"{found}: was trained to {enhancer.task}, not to {options['task']}; set task={enhancer.task}")
    return enhancer


def _by_earlier_method(
    earlier: Baseline, photo: Photo, mask: np.ndarray, output: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Edit by an earlier method, and say what our judges see in the result, also for a report."""
    enhancer = enhancer_of(options)
    result = earlier.edit(photo.srgb, mask, options["task"])
    realism, saliency = enhancer.judge(photo.srgb, mask, result)
    writing = Writing.read(options)
    write_photo(output, photo, photo.from_srgb(result), writing.quality, writing.strip)
    print(f"{options['task']} by {earlier.name}: realism {realism:+.2f}, saliency {100 * saliency:+.0f} %\nresult: {output}")
    return {"realism_change": float(realism), "saliency_change": float(saliency), "strength": None, "problems": []}


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
