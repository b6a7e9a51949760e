"""BSDS500: segments that people drew, as regions without a category.

More photos to edit where COCO is scarce, and regions of sky, water and ground, which COCO's things lack.
"""
from pathlib import Path

import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import read_stored
from realistic_editing.data.raw import RawMask, RawPhoto, RawSource
from realistic_editing.data.splits import split_of

MOST = 6  # regions of one photo; the largest, because the many small ones are parts of things


def read_bsds(data_root: str | Path) -> RawSource:
    """All photos of BSDS500, each with one annotator's label map, in order of their names.

    Each photo was segmented by several people at very different detail. We take the annotator with the median number
    of segments (the lower one of two): the coarsest merge things, the finest cut them up.

    Args:
        data_root: the folder that holds bsds500/images/{train,val,test} and bsds500/segments/{train,val,test}.

    Raises:
        InputError: when photos or label maps are absent.
    """
    root = Path(data_root) / "bsds500"
    photos = sorted((root / "images").glob("*/*.jpg"), key=lambda path: path.stem)
    if not photos:
        raise InputError(
            f"{root / 'images'}: no photos; set paths.data or REALISTIC_EDITING_DATA to the folder that holds bsds500/"
        )
    raw = []
    for photo in photos:
        maps = sorted((root / "segments" / photo.parent.name).glob(f"{photo.stem}_*.png"))
        if not maps:
            raise InputError(
                f"{root / 'segments' / photo.parent.name}: no label map {photo.stem}_0.png for {photo}; "
                "fetch the segments of BSDS500 again"
            )
        raw.append(RawPhoto(photo, photo.stem, split_of(photo.stem, "bsds500"), tuple(maps)))
    return RawSource("bsds500", raw, region_masks, MOST)


def region_masks(raw: RawPhoto, size: tuple[int, int]) -> list[RawMask]:
    """The segments of the median annotator.

    Args:
        raw: from `read_bsds`.
        size: height and width of the photo.

    Raises:
        InputError: when a label map cannot be read or is not of the photo's size.
    """
    labels = []
    for path in raw.annotations:
        label_map = read_stored(path)  # 16 bits where there are more than 256 segments
        if label_map is None or label_map.ndim != 2:
            raise InputError(f"{path}: not a label map with one channel; fetch the segments of BSDS500 again")
        if label_map.shape != tuple(size):
            raise InputError(
                f"{path}: {label_map.shape[1]} x {label_map.shape[0]} pixels, its photo {size[1]} x {size[0]}; "
                "fetch both again"
            )
        labels.append(label_map)
    labels.sort(key=lambda label_map: len(np.unique(label_map)))  # stable: equal counts keep the files' order
    chosen = labels[(len(labels) - 1) // 2]
    return [RawMask(str(segment), 0, chosen == segment) for segment in np.unique(chosen)]
