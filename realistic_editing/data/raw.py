"""Photos whose regions have still to be made: what a data set gives the build step, and the work on one photo.

Imports no torch, so that the processes which run `prepare` start quickly and stay small.
"""
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.pixels import is_grey, read_rgb, resize, same_picture, thumbnail
from realistic_editing.data.regions import MAX_AREA, MIN_AREA

MIN_REGIONS = 2  # with fewer, there is nothing to rank
SALIENCY_SIZE = (480, 640)  # height and width at which a photo's saliency is predicted: EML-Net's own


@dataclasses.dataclass(frozen=True)
class RawMask:
    """A candidate region: its name within the photo, its COCO category (0 unknown) and its (H, W) bool mask."""

    region_id: str
    category: int
    mask: np.ndarray


@dataclasses.dataclass(frozen=True)
class RawPhoto:
    """A photo, and what its data set says about its regions, in whatever form the set's `masks` function reads."""

    photo: Path
    photo_id: str
    split: str
    annotations: Any


@dataclasses.dataclass(frozen=True)
class RawSource:
    """A data set as the build step takes it.

    Args:
        name: the regions' source.
        photos: all photos that may qualify, in a fixed order, photo_id unique.
        masks: gives a photo's candidate regions from it and its (height, width); a module's function, so that other
            processes can be sent it. Raises InputError when the annotations do not fit the photo.
        max_regions: keep only the largest so many regions of a photo; None keeps all.
    """

    name: str
    photos: Sequence[RawPhoto]
    masks: Callable[[RawPhoto, tuple[int, int]], list[RawMask]]
    max_regions: int | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class RegionJob:
    """What is done to every photo.

    Args:
        masks: of the RawSource.
        max_regions: of the RawSource.
        folder: where masks go, as PHOTO_REGION.png at the photo's resolution.
        matte: turn the masks into alpha mattes.
        with_pixels: also return the photo and its masks at SALIENCY_SIZE.
        kept_out: (N, D) thumbnails of pictures to leave out.
    """

    masks: Callable[[RawPhoto, tuple[int, int]], list[RawMask]]
    max_regions: int | None
    folder: Path
    matte: bool
    with_pixels: bool
    kept_out: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """A photo after the work on it.

    Args:
        status: "used", or why not: "grey", "few regions", "kept out", "unreadable".
        reason: what was wrong with an unreadable photo.
        regions: region_id, category, area and mask (a file name) of each region.
        image: (h, w, 3) uint8 at SALIENCY_SIZE, None unless used and asked for.
        masks: (N, h, w) uint8, 0 to 255, the hard masks at SALIENCY_SIZE; None unless used and asked for.
    """

    status: str
    reason: str = ""
    regions: tuple[dict[str, Any], ...] = ()
    image: np.ndarray | None = None
    masks: np.ndarray | None = None


def qualify(masks: Sequence[RawMask], max_regions: int | None = None) -> list[RawMask]:
    """The masks that cover MIN_AREA to MAX_AREA of their photo, bounds included, in the order given.

    Args:
        masks: candidates of one photo.
        max_regions: keep the largest so many.
    """
    kept = [raw for raw in masks if MIN_AREA <= raw.mask.mean() <= MAX_AREA]
    if max_regions is not None and len(kept) > max_regions:
        smallest = sorted(np.count_nonzero(raw.mask) for raw in kept)[-max_regions]
        kept = [raw for raw in kept if np.count_nonzero(raw.mask) >= smallest][:max_regions]
    return kept


def prepare(raw: RawPhoto, job: RegionJob) -> Prepared:
    """Filter one photo's regions and write their masks.

    Raises:
        InputError: when the folder cannot be written.
    """
    try:
        image = read_rgb(raw.photo)
        candidates = job.masks(raw, image.shape[:2])
    except InputError as error:
        return Prepared("unreadable", str(error))
    if is_grey(image):
        return Prepared("grey")
    if same_picture(thumbnail(image), job.kept_out).any():
        return Prepared("kept out")
    kept = qualify(candidates, job.max_regions)
    if len(kept) < MIN_REGIONS:
        return Prepared("few regions")
    regions = []
    for candidate in kept:
        alpha = alpha_matte(image, candidate.mask) if job.matte else candidate.mask.astype(np.uint8) * 255
        name = f"{raw.photo_id}_{candidate.region_id}.png"
        with replacing(job.folder / name) as temporary:
            temporary.write_bytes(cv2.imencode(".png", alpha)[1].tobytes())
        area = float(candidate.mask.mean())
        regions.append({"region_id": candidate.region_id, "category": candidate.category, "area": area, "mask": name})
    if not job.with_pixels:
        return Prepared("used", regions=tuple(regions))
    masks = np.stack([resize(candidate.mask.astype(np.uint8) * 255, SALIENCY_SIZE) for candidate in kept])
    return Prepared("used", "", tuple(regions), resize(image, SALIENCY_SIZE), masks)
