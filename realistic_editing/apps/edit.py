"""Edit a photo file: the one call behind scripts/enhance.py and `realistic-editing edit`."""
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.mask import region_of
from realistic_editing.baselines import baseline
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import Photo, read_photo, write_photo
from realistic_editing.enhance.enhancer import Edit, Enhancer, check_strength
from realistic_editing.enhance.select import RULES
from realistic_editing.enhance.strength import MOST
from realistic_editing.ops import parse_order

# Formats that store pixels exactly; a result goes into one of these unless the user names another.
LOSSLESS = (".png", ".tif", ".tiff")
OURS = "ours"
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
    output = Path(options["output"] or default_output(Path(options["image"]), options["task"]))
    photo, mask = _read(options["image"], options, output)
    if earlier is not None:
        return _by_earlier_method(earlier, photo, mask, output, options)
    edit = _written(enhancer_of(options), photo, mask, output, wishes)
    print(edit)
    wish = options["saliency_change"]
    if wish is not None and abs(edit.saliency_change) < abs(wish) - REACHED:
        print(f"note: no strength up to {MOST} reaches saliency {100 * wish:+.0f} %{_within(options)}", file=sys.stderr)
    print(f"result: {output}\nrecipe: {output.with_suffix('.json')}")
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
    """The photo and its region, see `region_of`, with notes on what was changed in reading."""
    photo = read_photo(image)
    if output.resolve() in {Path(file).resolve() for file in (image, region.get("mask")) if file}:
        raise InputError(f"{output}: would overwrite the photo or its mask; choose another output")
    selected, notes = region_of(photo, region)
    for note in (*photo.notes, *notes):
        print(f"note: {image}: {note}", file=sys.stderr)
    return photo, selected


def _written(enhancer: Enhancer, photo: Photo, mask: np.ndarray, output: Path, wishes: Mapping[str, Any]) -> Edit:
    edit = proposal(enhancer, photo.pixels, mask, wishes)
    result = edit.apply(photo.pixels, mask)
    with replacing(output.with_suffix(".json")) as waiting:  # both files or neither
        edit.recipe.save(waiting)
        write_photo(output, photo, result)
    return edit


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
) -> Path:
    """Edit by an earlier method, and say what our judges see in the result."""
    enhancer = enhancer_of(options)
    result = earlier.edit(photo.pixels, mask, options["task"])
    realism, saliency = enhancer.judge(photo.pixels, mask, result)
    write_photo(output, photo, result)
    print(f"{options['task']} by {earlier.name}: realism {realism:+.2f}, saliency {100 * saliency:+.0f} %\nresult: {output}")
    return output


def _within(options: Mapping[str, Any]) -> str:
    budget = options["min_realism_change"]
    return "" if budget is None else f" within the budget of {budget:+.2f} dR"


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


def default_output(image: Path, task: str) -> Path:
    """outputs/NAME_TASK, in the photo's own format where that keeps every pixel, else as PNG."""
    suffix = image.suffix if image.suffix.lower() in LOSSLESS else ".png"
    return Path("outputs") / f"{image.stem}_{task}{suffix}"
