"""Edit a photo file: the one call behind scripts/enhance.py and `realistic-editing edit`."""
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.mask import region_of
from realistic_editing.apps.results import lossless_suffix, measures_of, refuse_overwriting, reporting, say
from realistic_editing.baselines import baseline
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import Photo, check_format, read_photo, write_photo
from realistic_editing.enhance.enhancer import Edit, Enhancer, check_strength
from realistic_editing.enhance.select import RULES
from realistic_editing.enhance.strength import MOST
from realistic_editing.ops import parse_order

OURS = "ours"
# What may be asked of our edits, with what it is where nothing is said.
WISHES = {
    "order": "best_realism", "strength": None, "min_realism_change": None, "saliency_change": None, "guard": -0.1,
    "refine": 0, "human": False, "seed": 0,
}  # fmt: skip
REACHED = 0.005  # a wish for saliency counts as met within half a per cent


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
    wishes = wishes_of(options)
    earlier = None if options["method"] == OURS else baseline(options["method"])
    if not options["image"]:
        raise InputError("image is missing; give the path of the image, as in image=photo.jpg")
    output = Path(options["output"] or default_output(Path(options["image"]), options["task"], options["method"]))
    if earlier is not None:
        _refuse_ours(options, output)
    with reporting(options) as found:
        photo, mask = _read(options["image"], options, output)
        found |= {"result": output, "recipe": None, "task": options["task"], "method": options["method"]}
        if earlier is not None:
            found |= _by_earlier_method(earlier, photo, mask, output, options)
            return output
        edit = _written(enhancer_of(options), photo, mask, output, wishes)
        found |= {"recipe": output.with_suffix(".json"), **measures_of(edit), "problems": missed(edit, wishes)}
        print(f"{edit}\nresult: {output}\nrecipe: {found['recipe']}")
    return output


def edit_file(enhancer: Enhancer, image: Path, mask: Path, output: Path, wishes: Mapping[str, Any]) -> Edit:
    """Edit one file, and write the result, and beside it its recipe.

    Args:
        enhancer: of the task.
        image, mask: files.
        output: the result; the recipe has the suffix .json.
        wishes: from `wishes_of`.

    Returns:
        The edit.

    Raises:
        InputError: when a file cannot be used or written. Nothing is written then.
    """
    return _written(enhancer, *_read(image, {"mask": mask}, output), output, wishes)


def _read(image: str | Path, region: Mapping[str, Any], output: Path) -> tuple[Photo, np.ndarray]:
    """The photo and its region, see `region_of`, with notes on what was changed in reading; refuses an unfit output."""
    refuse_overwriting([output, output.with_suffix(".json")], [image, region.get("mask")])
    photo = read_photo(image)
    check_format(output, photo)  # before an edit is proposed, which takes a while
    selected, notes = region_of(photo, region)
    say((*photo.notes, *notes), image)
    return photo, selected


def _written(enhancer: Enhancer, photo: Photo, mask: np.ndarray, output: Path, wishes: Mapping[str, Any]) -> Edit:
    edit = proposal(enhancer, photo.pixels, mask, wishes)
    write_edit(output, photo, edit.apply(photo.pixels, mask), edit)
    say(missed(edit, wishes), photo.path)
    return edit


def write_edit(path: Path, photo: Photo, pixels: np.ndarray, edit: Edit) -> None:
    """Write a result, and beside it its recipe as .json: both files or neither.

    Args:
        path, photo, pixels: as for `write_photo`.
        edit: whose recipe it is.

    Raises:
        InputError: as `write_photo`.
    """
    with replacing(path.with_suffix(".json")) as waiting:
        edit.recipe.save(waiting)
        write_photo(path, photo, pixels)


def missed(edit: Edit, wishes: Mapping[str, Any]) -> list[str]:
    """A note where an edit moves attention less than was asked for, or the wrong way.

    Args:
        edit: what was found.
        wishes: from `wishes_of`.
    """
    wish, budget = wishes["saliency_change"], wishes["min_realism_change"]
    sign = 1 if edit.task == "amplify" else -1
    if wish is None or sign * edit.saliency_change >= sign * wish - REACHED:
        return []
    within = "" if budget is None else f" within the budget of {budget:+.2f} dR"
    return [f"no strength up to {MOST} reaches saliency {100 * wish:+.0f} %{within}"]


def wishes_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `Enhancer.propose`, and a strength, checked before any file is read. Raises InputError."""
    order, strength = options["order"], None if options["strength"] is None else _number(options["strength"])
    if order not in RULES:
        order = parse_order(list(order) if isinstance(order, Sequence) and not isinstance(order, str) else str(order))
    for name in ("seed", "refine"):
        if not isinstance(options[name], int) or isinstance(options[name], bool):
            raise InputError(f"{name} is {options[name]!r}; use a whole number")
    budget = {name: _change(name, options[name]) for name in ("min_realism_change", "saliency_change")}
    if strength is not None and any(value is not None for value in budget.values()):
        raise InputError(f"strength is {strength} beside a budget; give one of them: a budget finds the strength")
    if not isinstance(options["human"], bool):
        raise InputError(f"human is {options['human']!r}; use true or false")
    guard = _change("guard", options["guard"]) if strength is None else None  # a strength that is asked for stands
    same = {name: options[name] for name in ("seed", "refine", "human")}
    return same | budget | {"order": order, "guard": guard, "strength": strength}


def enhancer_of(options: Mapping[str, Any]) -> Enhancer:
    """The enhancer of `options["task"]`, with the judges that are asked for. Raises InputError."""
    found = options["weights"] or options["task"]
    enhancer = Enhancer.from_pretrained(found, options["device"], critic=options["critic"], saliency=options["saliency"])
    if enhancer.task != options["task"]:
        raise InputError(f"{found}: was trained to {enhancer.task}, not to {options['task']}; set task={enhancer.task}")
    return enhancer


def proposal(enhancer: Enhancer, pixels: np.ndarray, mask: np.ndarray, wishes: Mapping[str, Any]) -> Edit:
    """What the network proposes, at the strength that is asked for.

    Args:
        enhancer: of the task.
        pixels, mask: as for `Enhancer.propose`.
        wishes: from `wishes_of`.

    Raises:
        InputError: as `Enhancer.propose`.
    """
    wishes = dict(wishes)
    strength = wishes.pop("strength")
    edit = enhancer.propose(pixels, mask, **wishes)
    if strength in (None, 1):
        return edit
    return dataclasses.replace(enhancer.measure(pixels, mask, edit.recipe.at_strength(strength)), strength=strength)


def _by_earlier_method(
    earlier: Baseline, photo: Photo, mask: np.ndarray, output: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Edit by an earlier method, and say what our judges see in the result, also for a report."""
    enhancer = enhancer_of(options)
    result = earlier.edit(photo.pixels, mask, options["task"])
    realism, saliency = enhancer.judge(photo.pixels, mask, result)
    write_photo(output, photo, result)
    print(f"{options['task']} by {earlier.name}: realism {realism:+.2f}, saliency {100 * saliency:+.0f} %\nresult: {output}")
    return {"realism_change": float(realism), "saliency_change": float(saliency), "strength": None, "problems": []}


def _refuse_ours(options: Mapping[str, Any], output: Path) -> None:
    """Refuse what holds for our edits only, where an earlier method is asked."""
    for name, value in {**WISHES, "weights": None}.items():
        if options[name] != value:
            words = f"is {options[name]!r}, which method={options['method']} does not know"
            raise InputError(f"{name} {words}; leave it out, or use method={OURS}")
    recipe = output.with_suffix(".json")
    if recipe.exists():
        raise InputError(
            f"{recipe}: would be taken for the recipe of {output.name}, and {options['method']} leaves none; choose another "
            "output, or remove it"
        )


def _number(strength: Any) -> float:
    try:
        return check_strength(float(strength))
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"strength is {strength!r}; use a number from 0 to 1.5") from error


def _change(name: str, value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise InputError(f"{name} is {value!r}; use a number such as {-0.3 if name == 'saliency_change' else -0.1}")


def default_output(image: Path, task: str, method: str = OURS) -> Path:
    """outputs/NAME_TASK, or NAME_TASK_METHOD of an earlier method, in the photo's own format where that keeps every pixel."""
    by = "" if method == OURS else f"_{method}"
    return Path("outputs") / f"{image.stem}_{task}{by}{lossless_suffix(image)}"
