"""A recipe file: what it does, in words, and edits of other photos by it."""
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realistic_editing.apps.mask import region_of
from realistic_editing.apps.results import place_of, refuse_overwriting, replaced, reporting, say
from realistic_editing.apps.writing import Writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.foreground import apply_to_foreground, foreground_notes
from realistic_editing.data.images import lost, read_photo, write_photo
from realistic_editing.enhance.options import check_strength
from realistic_editing.enhance.words import describe
from realistic_editing.ops import Recipe


def recipe(options: Mapping[str, Any]) -> Path | None:
    """Say what a recipe does, and, where a photo is given, edit it.

    Args:
        options: recipe, a JSON file; strength; apply, a photo and its mask, or None; output, the result's file, or None;
            label and invert, as for an edit; format, quality and strip, see `Writing`; json.

    Returns:
        The path of the result, where there is one.

    Raises:
        InputError: when an option or a file cannot be used.
    """
    edits = Recipe.load(options["recipe"]).at_strength(check_strength(options["strength"]))
    with reporting(options) as found:
        words = [describe(edits[index]) for index in range(len(edits))]
        for number, lines in enumerate(words, start=1):
            print("\n".join([*([f"edit {number} of {len(edits)}"] if len(edits) > 1 else []), *lines]))
        output = _applied(edits, options) if options["apply"] else None
        found |= {"recipe": options["recipe"], "strength": options["strength"], "words": words, **edits.to_dict()}
        found["result"] = output
    return output


def _applied(edits: Recipe, options: Mapping[str, Any]) -> Path:
    """Edit the photo of `options["apply"]`: the result's path."""
    if len(edits) != 1:
        raise InputError(f"{options['recipe']}: holds {len(edits)} edits; give a file with one")
    source = Path(options["apply"][0])
    writing = Writing.read(options)
    default = Path("outputs") / f"{source.stem}_{Path(options['recipe']).stem}{writing.suffix(source)}"
    output, named = place_of(options["output"], default)
    writing.refuse_other(output)
    refuse_overwriting([output], [*options["apply"], options["recipe"]])
    photo = read_photo(source)
    losses = lost(output, photo)
    region = {name: options.get(name) for name in ("label", "invert")} | {"keep_mask": options.get("keep_mask") or None}
    mask, notes = region_of(photo, {"mask": options["apply"][1]} | region)
    say((*photo.notes, *notes, *foreground_notes(mask), *([] if writing.strip else losses), *writing.notes(output)), source)
    say(replaced(output) if named else (), source)
    pixels = photo.from_srgb(apply_to_foreground(photo.srgb, mask, edits))
    write_photo(output, photo, pixels, writing.quality, writing.strip)
    print(f"result: {output}")
    return output
