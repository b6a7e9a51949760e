"""Edit a photo file: the one call behind scripts/enhance.py and `realistic-editing edit`."""
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.images import read_mask, read_photo, write_photo
from realistic_editing.enhance.enhancer import Enhancer, check_strength
from realistic_editing.enhance.select import RULES
from realistic_editing.enhance.strength import MOST
from realistic_editing.ops import parse_order

# Formats that store pixels exactly; a result goes into one of these unless the user names another.
LOSSLESS = (".png", ".tif", ".tiff")
REACHED = 0.005  # a wish for saliency counts as met within half a per cent


def enhance(options: Mapping[str, Any]) -> Path:
    """Edit the masked region of a photo, write the result and its recipe, and say what was done.

    Args:
        options: as in configs/enhance/enhance.yaml.

    Returns:
        The path of the result; the recipe lies beside it with the suffix .json.

    Raises:
        InputError: when an option or a file cannot be used. Nothing is written then.
    """
    task, order = options["task"], options["order"]
    strength = None if options["strength"] is None else _number(options["strength"])
    if task not in TASKS:
        raise InputError(f"task is {task!r}; use attenuate (less attention) or amplify (more attention)")
    if order not in RULES:
        order = parse_order(list(order) if isinstance(order, Sequence) and not isinstance(order, str) else str(order))
    for name in ("seed", "refine"):
        if not isinstance(options[name], int) or isinstance(options[name], bool):
            raise InputError(f"{name} is {options[name]!r}; use a whole number")
    budget = {name: _change(name, options[name]) for name in ("min_realism_change", "saliency_change")}
    guard = _change("guard", options["guard"]) if strength is None else None  # a strength that is asked for stands
    if strength is not None and any(value is not None for value in budget.values()):
        raise InputError(f"strength is {strength} beside a budget; give one of them: a budget finds the strength")
    if not isinstance(options["human"], bool):
        raise InputError(f"human is {options['human']!r}; use true or false")
    for name in ("image", "mask"):
        if not options[name]:
            raise InputError(f"{name} is missing; give the path of the {name}, as in {name}=photo.jpg")
    photo = read_photo(options["image"])
    mask, mask_notes = read_mask(options["mask"], photo.pixels.shape[:2])
    output = Path(options["output"] or _default_output(Path(options["image"]), task))
    if output.resolve() in {Path(options[name]).resolve() for name in ("image", "mask")}:
        raise InputError(f"{output}: would overwrite the photo or its mask; choose another output")
    for note in (*photo.notes, *mask_notes):
        print(f"note: {note}", file=sys.stderr)
    enhancer = Enhancer.from_pretrained(
        options["weights"] or task, options["device"], critic=options["critic"], saliency=options["saliency"]
    )
    if enhancer.task != task:
        raise InputError(f"{options['weights']}: was trained to {enhancer.task}, not to {task}; set task={enhancer.task}")
    more = {"seed": options["seed"], "refine": options["refine"], "human": options["human"], "guard": guard}
    edit = enhancer.propose(photo.pixels, mask, order, **more, **budget)
    if strength is not None and strength != 1:
        measured = enhancer.measure(photo.pixels, mask, edit.recipe.at_strength(strength))
        edit = dataclasses.replace(measured, strength=strength)
    result, recipe = edit.apply(photo.pixels, mask), output.with_suffix(".json")
    with replacing(recipe) as waiting:  # both files or neither
        edit.recipe.save(waiting)
        write_photo(output, photo, result)
    print(edit)
    wish = options["saliency_change"]
    if wish is not None and abs(edit.saliency_change) < abs(wish) - REACHED:
        print(f"note: no strength up to {MOST} reaches saliency {100 * wish:+.0f} %{_within(options)}", file=sys.stderr)
    print(f"result: {output}\nrecipe: {recipe}")
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


def _default_output(image: Path, task: str) -> Path:
    """outputs/NAME_TASK, in the photo's own format where that keeps every pixel, else as PNG."""
    suffix = image.suffix if image.suffix.lower() in LOSSLESS else ".png"
    return Path("outputs") / f"{image.stem}_{task}{suffix}"
