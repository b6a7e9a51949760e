"""Regions decoded once, at a size to train from, in files of some hundred megabytes each, on a disk or in object storage.

A shard is the pixels of photos one after another and their masks as PNG, which are small and quickly decoded; a table says what
lies where. Any region is read without what is before it, so that training still takes step k's batch from k alone, and
resumes exactly; formats that stream from front to back, such as tar files, cannot offer that. Shards are mapped into
memory: all processes of a machine share one copy, and the system drops what it needs room for.
"""
import dataclasses
import functools
import hashlib
import io
import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import fsspec
import numpy as np
import pandas as pd
from filelock import FileLock
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import COLUMNS, Region, read_region
from realistic_editing.data.transforms import cropping_size

PLACES = ("shard", "photo_at", "height", "width", "mask_at", "mask_bytes")
TABLE = "regions.csv"  # written last: where it is, the shards are whole
PLAN = "plan.json"


@dataclasses.dataclass(frozen=True)
class PackedRegion(Region):
    """A region whose pixels lie in a shard; `photo` and `mask` say where they came from, and need not be there.

    Args:
        shard: the shard's file.
        photo_at, height, width: where the photo's pixels begin, and their size.
        mask_at, mask_bytes: the same of the mask's PNG.
        cache: a folder where a shard that has a URL is kept, once it was needed.
    """

    shard: str = ""
    photo_at: int = 0
    height: int = 0
    width: int = 0
    mask_at: int = 0
    mask_bytes: int = 0
    cache: str = ""

    def unpacked(self) -> tuple[np.ndarray, np.ndarray]:
        """The photo, (height, width, 3) uint8 RGB, read-only in the shard, and its mask, (height, width) uint8.

        Raises:
            InputError: when the shard is not there, or is cut short.
        """
        data = _mapped(self.shard, self.cache)
        photo_end, mask_end = self.photo_at + 3 * self.height * self.width, self.mask_at + self.mask_bytes
        whole = max(photo_end, mask_end) <= len(data)
        mask = cv2.imdecode(np.asarray(data[self.mask_at : mask_end]), cv2.IMREAD_GRAYSCALE) if whole else None
        if mask is None or mask.shape != (self.height, self.width):
            raise InputError(f"{self.shard}: cut short, or not as {TABLE} says; pack the regions again")
        return data[self.photo_at : photo_end].reshape(self.height, self.width, 3), mask


@functools.cache
def _mapped(path: str, cache: str) -> np.ndarray:
    if "://" in path:
        path = str(_fetched(path, Path(cache)))
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such shard; copy the whole folder, or pack the regions again")
    return np.memmap(path, np.uint8, mode="r")


def _fetched(url: str, cache: Path) -> Path:
    """Where a shard is kept; the first of several processes fetches it, whole or not at all."""
    kept = cache / url.rsplit("/", 1)[1]
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(kept.with_suffix(".lock")):
            if not kept.is_file():
                with replacing(kept) as temporary, temporary.open("wb") as here, fsspec.open(url, "rb") as there:
                    shutil.copyfileobj(there, here, 1 << 20)
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"{url}: cannot be fetched into {cache} ({error}); check address, connection and room") from error
    return kept


def write_shards(regions: Sequence[Region], folder: str | Path, size: int, photos: int = 256, workers: int = 1) -> Path:
    """Pack regions with their photos; what an earlier call with the same arguments finished is kept.

    Args:
        regions: with masks; those of one photo share its pixels.
        folder: of the shards and their table.
        size: the side, in pixels, that training cuts crops for; photos are stored with at most twice that on the shorter side.
        photos: in each shard.
        workers: processes.

    Returns:
        The path of the table.

    Raises:
        InputError: when a photo or mask cannot be read, the folder cannot be written, or it holds other regions.
    """
    folder = Path(folder)
    names = json.dumps([[str(getattr(region, key)) for key in COLUMNS] + _stamps(region) for region in regions])
    _check_plan(folder / PLAN, {"size": size, "photos": photos, "regions": hashlib.sha256(names.encode()).hexdigest()})
    by_photo: dict[Path, list[Region]] = {}
    for region in regions:
        by_photo.setdefault(region.photo, []).append(region)
    groups = list(by_photo.values())
    parts = [groups[start : start + photos] for start in range(0, len(groups), photos)]
    missing = [number for number in range(len(parts)) if not _part(folder, number).is_file()]
    with ProcessPoolExecutor(max(workers, 1), get_context("spawn")) as pool:  # fork would copy what PyTorch's threads hold
        jobs = [pool.submit(_write_shard, parts[number], folder, number, size) for number in missing]
        try:
            for job in tqdm(as_completed(jobs), "pack", len(parts), initial=len(parts) - len(missing), unit="shard"):
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    table = pd.concat([pd.read_csv(_part(folder, number), dtype=str, keep_default_na=False) for number in range(len(parts))])
    with replacing(folder / TABLE) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    return folder / TABLE


def read_shards(folder: str | Path, cache: str | Path | None = None) -> list[PackedRegion]:
    """The regions of a folder of shards.

    Args:
        folder: as `write_shards` wrote it: a path, or a URL that fsspec knows, such as s3://bucket/shards.
        cache: a folder on this machine, where shards of a URL are kept once they were needed.

    Returns:
        The regions, in the order in which their photos were packed.

    Raises:
        InputError: when the table cannot be read.
    """
    url = str(folder).rstrip("/")
    try:
        with fsspec.open(f"{url}/{TABLE}", "rb") as file:
            content = file.read()
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        rows = [_parse(row) for row in table[[*COLUMNS, *PLACES]].to_dict("records")]
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{url}/{TABLE}: cannot be read ({error}); pack the regions first, or give their folder") from error
    # By address and content: shards packed anew under the same address are fetched anew.
    name = hashlib.sha256(url.encode() + content).hexdigest()[:16]
    kept = str(Path(cache or Path.home() / ".cache" / "realistic_editing") / name)
    return [PackedRegion(**{**row, "shard": f"{url}/{row['shard']}"}, cache=kept) for row in rows]


def _write_shard(groups: Sequence[Sequence[Region]], folder: Path, number: int, size: int) -> None:
    """One shard and its part of the table, the shard first."""
    rows, name = [], f"{number:05d}.bin"
    cv2.setNumThreads(1)
    with replacing(folder / name) as temporary, temporary.open("wb") as file:
        for group in groups:
            photo_at = shape = None
            for region in group:
                image, mask = read_region(region)
                stored = cropping_size(*mask.shape, size)
                if photo_at is None:
                    photo_at, shape = file.tell(), stored
                    file.write(np.ascontiguousarray(resize(image, stored)).data)
                encoded = cv2.imencode(".png", resize(mask, shape))[1]
                place = (name, photo_at, *shape, file.tell(), len(encoded))
                file.write(encoded.data)
                rows.append({key: getattr(region, key) for key in COLUMNS} | dict(zip(PLACES, place, strict=True)))
    with replacing(_part(folder, number)) as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")


def _stamps(region: Region) -> list[str]:
    """Tell a region's files from those of the same names that were painted anew."""
    found = [file.stat() for file in (region.photo, region.mask) if file is not None and file.is_file()]
    return [f"{one.st_size}-{one.st_mtime_ns}" for one in found]


def _part(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.csv"


def _check_plan(path: Path, plan: dict[str, Any]) -> None:
    if path.is_file() and json.loads(path.read_text()) != plan:
        raise InputError(f"{path.parent}: holds shards of other regions or settings; give another folder, or empty it")
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(plan) + "\n")


def _parse(row: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    for name in ("category", *PLACES[1:]):
        values[name] = int(row[name])
    for name in ("area", "saliency"):
        values[name] = float(row[name])
    return {**values, "photo": Path(row["photo"]), "mask": Path(row["mask"]) if row["mask"] else None}
