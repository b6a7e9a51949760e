"""Make a mask, or mend one: what is in a box, around points, in a photo's transparency, or near a rough mask's border."""
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.results import refuse_overwriting, reporting, say
from realistic_editing.common.errors import InputError
from realistic_editing.common.ranges import Flag, check, optional
from realistic_editing.data.images import Photo, read_mask, read_photo
from realistic_editing.data.labels import check_label
from realistic_editing.data.masks import write_mask
from realistic_editing.data.sam import select_by_sam
from realistic_editing.data.select import refine_mask, select_box, select_points

WAYS = ("mask", "box", "points", "alpha")


def mask(options: Mapping[str, Any]) -> Path:
    """Write a mask of a photo as a 16-bit PNG.

    Args:
        options: image; one of mask, a rough one to be mended, box, "x,y,width,height", points, "x,y x,y", or alpha, the photo's
            own transparency; outside, points that are not in the region; sam, a folder of a Segment Anything
            model that selects in GrabCut's place, or None; output, or None for NAME_mask.png beside the photo; json.

    Returns:
        The path of the mask.

    Raises:
        InputError: when an option or a file cannot be used, or a mask that the user may have drawn is in the place of one whose
            path was not given.
    """
    path = _free(Path(options["image"]), options["output"])
    refuse_overwriting([path], [options["image"], options["mask"]])
    photo = read_photo(options["image"])
    refine = options["mask"] is not None
    with reporting(options) as report:
        found, notes = region_of(photo, {**options, "refine_mask": refine})
        say((*photo.notes, *notes), options["image"])
        write_mask(path, found)
        share = float(found.mean()) / np.iinfo(found.dtype).max
        report |= {"mask": path, "share": share}
        print(f"mask: {path}, {100 * share:.1f} % of the photo")
    return path


def region_of(photo: Photo, options: Mapping[str, Any]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The region that the options name, however they name it.

    Args:
        photo: as read.
        options: mask, box, points or alpha, one of them, as for `mask`; label, of a mask that is a label map; invert, to select
            what is left; outside; refine_mask, whether to mend the mask; sam.

    Returns:
        (H, W) uint8 or uint16, and notes for the user.

    Raises:
        InputError: when none or several are given, or one cannot be used.
    """
    for name in ("alpha", "invert", "refine_mask"):
        check(name, options.get(name), optional(Flag()))
    given = [name for name in WAYS if options.get(name)]
    if len(given) != 1:
        found = " and ".join(given) + " are given" if given else "no region is named"
        raise InputError(f"{found}; give one of a mask, a box, points, or alpha")
    check_outside(options)
    pixels, notes, sam = photo.srgb, (), options.get("sam")
    if sam and given[0] not in ("box", "points"):
        raise InputError(f"sam is {sam} beside {given[0]}; give it a box or points")
    if options.get("label") is not None and not options.get("mask"):
        raise InputError(f"label is {options['label']!r} without a mask; give the label map as the mask")
    if options.get("mask"):
        label = check_label(options.get("label"))
        found, notes = read_mask(options["mask"], pixels.shape[:2], label=label, invert=bool(options.get("invert")))
    elif options.get("alpha"):
        found = _transparency(photo)
    elif options.get("box"):
        box = _numbers("box", options["box"], 4)
        found = select_by_sam(pixels, sam, box=box) if sam else select_box(pixels, box)
    else:
        inside, outside = (_points(options.get(name) or "") for name in ("points", "outside"))
        found = select_by_sam(pixels, sam, inside, outside) if sam else select_points(pixels, inside, outside)
    if options.get("invert") and not options.get("mask"):
        found = np.iinfo(found.dtype).max - found
    return (refine_mask(pixels, found) if options.get("refine_mask") else found), notes


def check_outside(options: Mapping[str, Any]) -> None:
    """Refuse points outside a region that is not named by points, which nothing would heed. Raises InputError."""
    if options.get("outside") and not options.get("points"):
        raise InputError(f"outside is {options['outside']!r}, which only points have use for; add points, or leave it out")


def _free(image: Path, output: str | None) -> Path:
    """Where the mask goes: where the user says, else beside the photo where there is none yet."""
    if output:
        if Path(output).suffix.lower() != ".png":
            raise InputError(f"{output}: a mask is written as PNG, which keeps its 16 bits; give a name that ends in .png")
        return Path(output)
    path = image.with_name(f"{image.stem}_mask.png")
    if path.exists():
        raise InputError(f"{path}: is there already; name another file by output, or that one, if it may be replaced")
    return path


def _transparency(photo: Photo) -> np.ndarray:
    if photo.alpha is None or photo.alpha.min() == photo.alpha.max():
        raise InputError(f"{photo.path}: has no transparency that marks a region; give a mask, a box or points")
    return photo.alpha


def _points(text: str) -> list[tuple[float, float]]:
    return [_numbers("point", point, 2) for point in str(text).split()]


def _numbers(name: str, text: str, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in str(text).split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        form = "x,y,width,height" if count == 4 else "x,y"
        raise InputError(f"{name} is {text!r}; use {form} in pixels, such as {','.join(['120', '80', '300', '200'][:count])}")
    return numbers
