"""Photos to benchmark on: made on the spot, so that every machine has the same."""
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from realistic_editing.data.gaze import GazePhoto
from realistic_editing.data.regions import Region

_SIZE = (480, 640)  # height and width: COCO's


def synthetic_regions(folder: Path, count: int, seed: int) -> list[Region]:
    """Write photos of a ball before coloured shapes with fine noise, as JPEG of about COCO's file size, and soft masks as PNG.

    Args:
        folder: to write them in.
        count: of photos, at least 2.
        seed: decides them all.

    Returns:
        A region of each, the last of which validates and the others train.
    """
    rng = np.random.default_rng(seed)
    height, width = _SIZE
    rows, columns = np.mgrid[:height, :width]
    regions = []
    for index in range(count):
        patches = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        photo = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        noise = rng.normal(0, 12, photo.shape)  # texture, which makes decoding cost what it costs in real photos
        y, x = rng.uniform(0.3, 0.7, 2) * _SIZE
        radius = rng.uniform(0.12, 0.3) * height
        distance = np.hypot(rows - y, columns - x)
        mask = np.clip((radius - distance) / 4 + 0.5, 0, 1) * 255  # an edge of four pixels
        share = mask[..., None] / 255
        # A thing of other colours: a mask that follows nothing would be mended, which takes seconds.
        photo = share * (255 - photo) + (1 - share) * photo + noise
        path = folder / f"{index}.jpg"
        cv2.imwrite(str(path), np.clip(photo, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
        cv2.imwrite(str(folder / f"{index}_mask.png"), np.rint(mask).astype(np.uint8))
        regions.append(Region(path, folder / f"{index}_mask.png", "folder", str(index), "mask", area=float(mask.mean() / 255)))
    return split(regions)


def split(regions: Sequence[Region]) -> list[Region]:
    """The same regions, of which the last one validates and the others train: nothing here is learned from."""
    sides = ["train"] * (len(regions) - 1) + ["val"]
    fields = [{**vars(region), "split": side} for region, side in zip(regions, sides, strict=True)]
    return [Region(**values) for values in fields]


def gaze_photos(regions: Sequence[Region], seed: int, points: int = 90) -> list[GazePhoto]:
    """The regions' photos with made-up fixations, as many as OSIE has on a photo."""
    rng = np.random.default_rng(seed)
    height, width = GazePhoto.frame
    return [
        GazePhoto(
            region.photo,
            region.photo_id,
            region.split,
            points=(rng.uniform(0, 1, (points, 2)) * (width, height)).astype(np.float32),
            subjects=np.zeros(points, np.int64),
            durations=np.full(points, 250, np.float32),
        )
        for region in regions
    ]
