"""Make a mask, or mend one: what is in a box, around points, in a photo's transparency, or near a rough mask's border."""
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.region_ways import check_one_region
from realistic_editing.apps.results import free_place, place_of, refuse_overwriting, replaced, reporting, say
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.ranges import Flag, check, optional
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.images import Photo, read_mask, read_photo
from realistic_editing.data.labels import check_label
from realistic_editing.data.loose import FADED, REFINED, SOFTENED, mend_if_loose
from realistic_editing.data.masks import write_mask
from realistic_editing.data.refine import refine_mask
from realistic_editing.data.sam import select_by_sam
from realistic_editing.data.select import select

# Of a box: the least share of its width and height that a thing spans, and the least and the greatest share that it covers.
SPANNED, SPARSE, SOLID = 0.5, 0.15, 0.9
_DONE = {
    REFINED: "moved to a border in the photo (the two overlap by {:.0f} %)",
    SOFTENED: "softened where it lies",
    FADED: "made to fade out where both sides of it are alike",
}


def mask(options: Mapping[str, Any]) -> Path:
    """Write a mask of a photo as a 16-bit PNG.

    Args:
        options: image; one of mask, a rough one to be mended, box, "x,y,width,height", points, "x,y x,y", or alpha, the photo's
            own transparency; or box and points together; outside, points that are not in the region; grabcut, to select by
            colours alone; sam, a Segment Anything model that selects in the network's place, a
            folder or a name on the hub, or None; output, a file or a folder, or None for a new NAME_mask.png beside the photo;
            json.

    Returns:
        The path of the mask.

    Raises:
        InputError: when an option or a file cannot be used.
    """
    path, named = _place(Path(options["image"]), options["output"])
    refuse_overwriting([path], [options["image"], options["mask"]])
    photo = read_photo(options["image"])
    refine = options["mask"] is not None
    with reporting(options) as report:
        found, notes = region_of(photo, {**options, "refine_mask": refine})
        say((*photo.notes, *notes, *(replaced(path) if named else ())), options["image"])
        write_mask(path, found)
        share = float(found.mean()) / np.iinfo(found.dtype).max
        report |= {"mask": path, "share": share, "problems": list(notes)}
        print(f"mask: {path}, {100 * share:.1f} % of the photo")
    return path


def region_of(photo: Photo, options: Mapping[str, Any]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The region that the options name, however they name it.

    Args:
        photo: as read.
        options: mask, box, points or alpha, one of them, as for `mask`; label, of a mask that is a label map; invert, to select
            what is left; outside; refine_mask, whether to mend the region in any case; keep_mask, False where a loose mask is
            to be mended, True where a mask is to stay as it is, while None softens one that is hard, see `soften_hard`; grabcut
            and sam.

    Returns:
        (H, W) uint8 or uint16, and notes for the user.

    Raises:
        InputError: when none or several are given, or one cannot be used.
    """
    for name in ("alpha", "invert", "refine_mask", "keep_mask"):
        check(name, options.get(name), optional(Flag()))
    check_one_region(options)
    check_outside(options)
    pixels, notes, sam = photo.srgb, (), options.get("sam")
    if options.get("mask"):
        label = check_label(options.get("label"))
        found, notes = read_mask(options["mask"], pixels.shape[:2], label=label, invert=bool(options.get("invert")))
    elif options.get("alpha"):
        found = _transparency(photo)
    else:
        box = numbers("box", options["box"], 4) if options.get("box") else None
        inside, outside = (_points(options.get(name) or "") for name in ("points", "outside"))
        if sam:
            found = select_by_sam(pixels, sam, inside, outside, box)
            notes = box_doubts(found, box) if box else ()
        else:
            selected = select(pixels, inside, outside, box, "grabcut" if options.get("grabcut") else "network")
            found, notes = selected.mask, (*selected.notes, *(box_doubts(selected.mask, box) if box else ()))
    if options.get("invert") and not options.get("mask"):
        found = np.iinfo(found.dtype).max - found
    if options.get("refine_mask"):
        if options.get("keep_mask"):
            raise InputError("refine_mask and keep_mask are given; leave one out")
        return refine_mask(pixels, found), notes
    if options.get("mask") and options.get("keep_mask") is False:
        found, more = mended_where_loose(pixels, found)
        notes += more
    return (soften_hard(pixels, found) if options.get("mask") and not options.get("keep_mask") else found), notes


def selection_doubt(options: Mapping[str, Any], notes: Sequence[str]) -> str:
    """What a verdict must know of a region: whether a click or a box selected it, and badly.

    Args:
        options: that name the region, see `region_of`.
        notes: of `region_of`.

    Returns:
        "" where nothing is in doubt.
    """
    return "the selection is in doubt; look at the mask" if notes and (options.get("box") or options.get("points")) else ""


def mended_where_loose(pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """A mask (H, W) of a photo (H, W, 3), mended where it is loose, see `mend_if_loose`, and a note that says so."""
    try:
        mended = mend_if_loose(pixels, mask)
    except ModuleNotFoundError:  # an extra; a mask as it is serves, too
        loose = "the mask's border does not follow the photo, which may leave a rim; what mends it is absent"
        return mask, (f"{loose}: {how_to_install('tools')}",)
    if mended is None:
        return mask, ()
    loose, done = "the mask's border did not follow the photo closely", _DONE[mended.way].format(100 * mended.overlap)
    return mended.mask, (f"{loose}, so it was {done}; --keep-mask leaves it as it is",)


def check_outside(options: Mapping[str, Any]) -> None:
    """Refuse points outside a region that is not named by points, which nothing would heed. Raises InputError."""
    if options.get("outside") and not options.get("points"):
        raise InputError(f"outside is {options['outside']!r}, which only points have use for; add points, or leave it out")


def box_doubts(mask: np.ndarray, box: tuple[float, float, float, float]) -> tuple[str, ...]:
    """A note where what was found in a box does not fill it, or fills all of it: then it is probably not the thing.

    Args:
        mask: (H, W) uint8, 255 = selected.
        box: x, y, width, height in pixels.
    """
    region = mask >= 128
    spans = [np.ptp(np.flatnonzero(region.any(axis=axis))) + 1 if region.any() else 0 for axis in (0, 1)]
    across, down = (min(1.0, span / side) for span, side in zip(spans, box[2:], strict=True))
    share = min(1.0, region.sum() / (box[2] * box[3]))
    missed = (
        "it probably missed part of the thing; look at it, then draw the box so that it holds the whole thing closely, use "
        "points, or paint a mask"
    )
    if min(across, down) < SPANNED:
        return (f"what was found spans {100 * across:.0f} % of the box's width and {100 * down:.0f} % of its height: {missed}",)
    if share < SPARSE:
        return (f"what was found covers {100 * share:.0f} % of the box: {missed}",)
    if share > SOLID:
        taken = "it probably took surroundings along; look at it, then leave room around the thing, or use points"
        return (f"what was found covers {100 * share:.0f} % of the box: {taken}",)
    return ()


def _place(image: Path, output: str | None) -> tuple[Path, bool]:
    """Where the mask goes, and whether the user named the file: else a new one beside the photo, or in a folder."""
    path, named = place_of(output, image.with_name(f"{image.stem}_mask.png")) if output else (None, False)
    if path is None:
        path = free_place(image.with_name(f"{image.stem}_mask.png"))
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: a mask is written as PNG, which keeps its 16 bits; give a name that ends in .png")
    return path, named


def _transparency(photo: Photo) -> np.ndarray:
    if photo.alpha is None or photo.alpha.min() == photo.alpha.max():
        raise InputError(f"{photo.path}: has no transparency that marks a region; give a mask, a box or points")
    return photo.alpha


def _points(text: str) -> list[tuple[float, float]]:
    return [numbers("point", point, 2) for point in str(text).split()]


def numbers(name: str, text: str, count: int) -> tuple[float, ...]:
    """Numbers between commas, such as those of a point or a box.

    Args:
        name: of the option, for the message.
        text: of the user.
        count: how many there must be.

    Raises:
        InputError: when there are others.
    """
    try:
        numbers = tuple(float(part) for part in str(text).split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        form = "x,y,width,height" if count == 4 else "x,y"
        raise InputError(f"{name} is {text!r}; use {form} in pixels, such as {','.join(['120', '80', '300', '200'][:count])}")
    return numbers
