"""A region of a photo, the unit that everything trains and evaluates on, and the manifest that lists regions."""
import dataclasses
import math
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.pixels import read_grey, read_own_mask, read_rgb, resize
from realistic_editing.data.splits import SPLITS

_SOURCES = ("coco", "bsds500", "ecssd", "ade20k", "mechrez", "folder")
MIN_AREA, MAX_AREA = 0.01, 0.40  # share of the photo that a region to train on may cover (the authors' release)
HUMAN = 1  # COCO's category id of persons
IN_DATA_ROOT = "data:"  # marks a mask that lies below the data root, not beside the manifest


@dataclasses.dataclass(frozen=True)
class Region:
    """A photo and one region of it.

    Args:
        photo: the photo's file.
        mask: the region's soft mask: an 8-bit grey image, 0 outside to 255 inside, of the photo's size or aspect, or, where
            source is "folder", whatever `pixels.read_own_mask` takes; None where there is none yet.
        source: the data set, one of _SOURCES.
        photo_id: the photo's name within its source.
        region_id: the region's name within its photo.
        category: COCO category id; 0 unknown.
        area: share of the photo that the mask covers, in [0, 1].
        saliency: mean predicted saliency within the mask, in [0, 1]; nan unknown.
        task: "attenuate", "amplify", or "" where nobody has chosen.
        split: "train", "val" or "test".

    Raises:
        ValueError: when a field holds what it cannot hold.
    """

    photo: Path
    mask: Path | None
    source: str
    photo_id: str
    region_id: str
    category: int = 0
    area: float = math.nan
    saliency: float = math.nan
    task: str = ""
    split: str = "train"

    def __post_init__(self) -> None:
        for name, allowed in (("source", _SOURCES), ("task", (*TASKS, "")), ("split", SPLITS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(map(repr, allowed))}")
        for name in ("area", "saliency"):
            value = getattr(self, name)
            if not (math.isnan(value) or 0 <= value <= 1):
                raise ValueError(f"{name} is {value}; expected a share in [0, 1]")
        if self.source == "mechrez" and self.split != "test":
            raise ValueError(f"split is {self.split!r} for a Mechrez photo; that set is for evaluation only: 'test'")

    @property
    def human(self) -> bool:
        """Whether the region is a person, whom edits must treat more gently (Table 1)."""
        return self.category == HUMAN

    def unpacked(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Photo and mask as `read_region` gives them, where they lie ready (see `data.shards`); None: read the files."""
        return None


COLUMNS = tuple(field.name for field in dataclasses.fields(Region))


def read_region(region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Read a region's photo and mask.

    A mask of another size is resized to the photo. A mask stored as JPEG is then cut at 128: its greys are the
    compression's, not a matte.

    Args:
        region: with a mask.

    Returns:
        The photo, (H, W, 3) uint8 RGB, and the mask, (H, W) uint8, 0 outside to 255 inside.

    Raises:
        InputError: when a file cannot be read, or the mask has another aspect than the photo.
    """
    if (ready := region.unpacked()) is not None:
        return ready
    if region.mask is None:
        raise InputError(f"{region.photo}: region {region.region_id} has no mask; run the build step on its data set")
    own = region.source == "folder"  # users draw masks on the photo as they see it, or cut it out
    image, mask = read_rgb(region.photo, upright=own), read_own_mask(region.mask) if own else read_grey(region.mask)
    height, width = image.shape[:2]
    stretch = (mask.shape[0] / height) / (mask.shape[1] / width)
    if not 0.95 < stretch < 1.05:
        raise InputError(
            f"{region.mask}: {mask.shape[1]} x {mask.shape[0]} pixels, of another shape than its photo {region.photo} "
            f"({width} x {height}); draw the mask on that photo"
        )
    mask = resize(mask, (height, width))
    if region.mask.suffix.lower() in (".jpg", ".jpeg"):
        mask = np.where(mask >= 128, np.uint8(255), np.uint8(0))
    return image, mask


def write_manifest(regions: Iterable[Region], path: str | Path, data_root: str | Path) -> None:
    """Write regions as a CSV table that still holds when the data root or the manifest's folder moves.

    Photos are stored relative to the data root; masks relative to the manifest's folder, or, where they came with the
    data set, as "data:" and the path below the data root. Paths outside both stay absolute.

    Args:
        regions: in the order to keep.
        path: the CSV file; it appears whole or not at all.
        data_root: the folder that holds the data sets.

    Raises:
        InputError: when the folder cannot be written.
    """
    home, root = _absolute(Path(path).parent), _absolute(data_root)
    rows = []
    for region in regions:
        row = {name: getattr(region, name) for name in COLUMNS}
        photo, mask = _absolute(region.photo), region.mask and _absolute(region.mask)
        row["photo"] = photo.relative_to(root).as_posix() if photo.is_relative_to(root) else photo.as_posix()
        if mask is None:
            row["mask"] = ""
        elif mask.is_relative_to(home):
            row["mask"] = mask.relative_to(home).as_posix()
        elif mask.is_relative_to(root):
            row["mask"] = IN_DATA_ROOT + mask.relative_to(root).as_posix()
        else:
            row["mask"] = mask.as_posix()
        rows.append(row)
    with replacing(path) as temporary:
        pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # not resolve(): a data root is often a link to another disk


def read_manifest(path: str | Path, data_root: str | Path) -> list[Region]:
    """Read what `write_manifest` wrote; the files it names are not opened.

    Args:
        path: the CSV file.
        data_root: the folder that holds the data sets.

    Raises:
        InputError: naming the file, the column and the line that cannot be used.
    """
    remedy = "run the build step again, or give the path of a manifest.csv"
    check_regular(path)
    if not Path(path).is_file():
        raise InputError(f"{path}: no such manifest; {remedy}")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)  # as text: 0012 and NA are names here
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a CSV table ({error}); {remedy}") from error
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"{path}: column {', '.join(missing)} is missing; {remedy}")
    regions = []
    for line, row in enumerate(table.to_dict("records"), start=2):
        try:
            regions.append(_parse(row, Path(path).parent, Path(data_root)))
        except ValueError as error:
            raise InputError(f"{path}, line {line}: {error}; {remedy}") from error
    return regions


def _parse(row: dict[str, str], home: Path, root: Path) -> Region:
    values = {name: row[name] for name in COLUMNS}
    for name in ("photo", "photo_id", "region_id"):
        if not values[name]:
            raise ValueError(f"column {name} is empty")
    for name, kind in (("category", int), ("area", float), ("saliency", float)):
        try:
            values[name] = kind(values[name])
        except ValueError as error:
            raise ValueError(f"column {name} holds {row[name]!r}; expected a number") from error
    values["photo"] = root / row["photo"]
    if row["mask"].startswith(IN_DATA_ROOT):
        values["mask"] = root / row["mask"].removeprefix(IN_DATA_ROOT)
    else:
        values["mask"] = home / row["mask"] if row["mask"] else None
    return Region(**values)
