"""MS-COCO 2017 photos with their instance masks."""
import contextlib
import io
import json
from pathlib import Path

import numpy as np
from pycocotools import mask as rle
from pycocotools.coco import COCO

from realistic_editing.common.errors import InputError
from realistic_editing.data.raw import RawMask, RawPhoto, RawSource
from realistic_editing.data.splits import split_of

MIN_ANNOTATIONS = 5  # the authors' release takes photos of rich scenes only


def read_coco(data_root: str | Path, subset: str = "train2017", least: int = MIN_ANNOTATIONS) -> RawSource:
    """The photos of COCO with at least `least` annotations, in order of their ids.

    Annotations of crowds count among these, as in the release, but never become regions: one outline around many
    people is not one thing to edit.

    Args:
        data_root: the folder that holds coco/train2017, coco/annotations/instances_train2017.json and so on.
        subset: "train2017" or "val2017".
        least: annotations of a photo.

    Raises:
        InputError: when the photos or the annotations are absent or unreadable.
    """
    root = Path(data_root) / "coco"
    photos, annotations = root / subset, root / "annotations" / f"instances_{subset}.json"
    for path in (photos, annotations):
        if not path.exists():
            raise InputError(
                f"{path}: not found; fetch COCO 2017 from cocodataset.org, and set paths.data or "
                "REALISTIC_EDITING_DATA to the folder that holds coco/"
            )
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
            coco = COCO(str(annotations))
        raw = [_photo(coco, photos, image_id, subset, least) for image_id in sorted(coco.getImgIds())]
    except (json.JSONDecodeError, UnicodeDecodeError, AssertionError) as error:
        raise InputError(f"{annotations}: not COCO annotations ({error}); fetch the file again") from error
    except KeyError as error:
        raise InputError(f"{annotations}: an image or annotation has no {error}; fetch the file again") from error
    qualified = [photo for photo in raw if photo is not None]
    if not qualified:
        raise InputError(f"{annotations}: no image has {least} annotations; fetch the file again")
    return RawSource("coco", qualified, region_masks)


def category_names(data_root: str | Path, subset: str = "val2017") -> dict[int, str]:
    """The names of COCO's categories by their ids.

    Args:
        data_root, subset: as for `read_coco`.

    Raises:
        InputError: when the annotations are absent or name no categories.
    """
    path = Path(data_root) / "coco" / "annotations" / f"instances_{subset}.json"
    try:
        return {one["id"]: one["name"] for one in json.loads(path.read_text())["categories"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: names no categories ({error}); fetch COCO 2017's annotations again") from error


def _photo(coco: COCO, folder: Path, image_id: int, subset: str, least: int) -> RawPhoto | None:
    instances = coco.imgToAnns[image_id]
    if len(instances) < least:
        return None
    image = coco.imgs[image_id]
    path = folder / image["file_name"]
    shapes = [
        (str(one["id"]), one["category_id"], one["segmentation"]) for one in instances if not one.get("iscrowd", 0)
    ]
    names = [name for name, *_ in shapes]
    for name in names:
        if Path(name).name != name or "\\" in name or names.count(name) > 1:  # it becomes part of a mask's file name
            wrong = "is given twice" if names.count(name) > 1 else "cannot be part of a file name"
            raise InputError(f"{path}: annotation id {name!r} {wrong}; number the annotations")
    content = ((image["height"], image["width"]), sorted(shapes, key=_by_number))
    return RawPhoto(path, path.stem, split_of(path.stem, f"coco-{subset}"), content)


def _by_number(shape: tuple) -> tuple:
    """Ids in the order of their numbers; those of people's own tools may be text."""
    name = shape[0]
    return (0, int(name), name) if name.isascii() and name.isdigit() else (1, 0, name)


def region_masks(raw: RawPhoto, size: tuple[int, int]) -> list[RawMask]:
    """Decode a photo's instances.

    Args:
        raw: from `read_coco`.
        size: height and width of the photo as read.

    Raises:
        InputError: when the photo is not of the annotated size, or a segmentation is malformed.
    """
    annotated, shapes = raw.annotations
    if tuple(annotated) != tuple(size):
        raise InputError(
            f"{raw.photo}: {size[1]} x {size[0]} pixels, but annotated at {annotated[1]} x {annotated[0]}; "
            "fetch the original photo"
        )
    return [RawMask(name, category, decode(raw.photo, name, shape, *size)) for name, category, shape in shapes]


def decode(photo: Path, name: str, segmentation: list | dict, height: int, width: int) -> np.ndarray:
    """One instance's mask, (height, width) bool; photo and name are for the message. Raises InputError where malformed."""
    if isinstance(segmentation, dict) and list(segmentation.get("size", (height, width))) != [height, width]:
        raise InputError(
            f"{photo}: annotation {name} is a mask of {segmentation['size']} (height, width), and the photo of "
            f"{[height, width]}; export the annotations at the photo's own size"
        )
    try:
        if isinstance(segmentation, list):
            # Fewer than three corners enclose nothing, and pycocotools would read four numbers as a box.
            polygons = [polygon for polygon in segmentation if len(polygon) >= 6]
            if not polygons:
                return np.zeros((height, width), dtype=bool)
            encoded = rle.merge(rle.frPyObjects(polygons, height, width))
        elif isinstance(segmentation["counts"], list):
            encoded = rle.frPyObjects(segmentation, height, width)
        else:
            encoded = segmentation
        return rle.decode(encoded).astype(bool)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{photo}: annotation {name} has a malformed segmentation ({error}); fetch the annotations again"
        ) from error
