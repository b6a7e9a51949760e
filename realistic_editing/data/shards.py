"""Regions decoded once, at a size to train from, in files of some hundred megabytes each, on a disk or in object storage.

A shard is the pixels of photos one after another and their masks as PNG, which are small and quickly decoded; a table says what
lies where. Any region is read without what is before it, so that training still takes step k's batch from k alone, and
resumes exactly; formats that stream from front to back, such as tar files, cannot offer that. Shards are mapped into
memory: all processes of a machine share one copy, and the system drops what it needs room for.
"""
import hashlib
import io
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import fsspec
import numpy as np
import pandas as pd
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.processes import leave_with_parent
from realistic_editing.data.columnar import Columnar
from realistic_editing.data.packed import TABLE, PackedRegion, digest_of
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import COLUMNS, Region, read_region
from realistic_editing.data.transforms import cropping_size

PLACES = ("shard", "photo_at", "height", "width", "mask_at", "mask_bytes")
DIGEST = "shard_digest"  # the bytes of a shard and their hash, by which a download is known to be whole
PLAN = "plan.json"


def write_shards(
    regions: Sequence[Region],
    folder: str | Path,
    size: int,
    photos: int = 256,
    workers: int = 1,
    problems: list[str] | None = None,
) -> Path:
    """Pack regions with their photos; what an earlier call with the same arguments finished is kept.

    Args:
        regions: with masks; those of one photo share its pixels.
        folder: of the shards and their table.
        size: the side, in pixels, that training cuts crops for; photos are stored with at most twice that on the shorter side.
        photos: in each shard.
        workers: processes.
        problems: a list to which is added why regions were left out; None: the first that cannot be read stops all.

    Returns:
        The path of the table.

    Raises:
        InputError: when a photo or mask cannot be read and `problems` is None, or none can be; when the folder cannot be
            written, or it holds other regions.
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
    spawned = get_context("spawn")  # fork would copy what PyTorch's threads hold
    with ProcessPoolExecutor(max(workers, 1), spawned, leave_with_parent) as pool:
        strict = problems is None
        jobs = [pool.submit(_write_shard, parts[number], folder, number, size, strict) for number in missing]
        try:
            for job in tqdm(as_completed(jobs), "pack", len(parts), initial=len(parts) - len(missing), unit="shard"):
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    left_out = [line for number in range(len(parts)) for line in _left_out(folder, number)]
    table = pd.concat([pd.read_csv(_part(folder, number), dtype=str, keep_default_na=False) for number in range(len(parts))])
    if left_out and (problems is None or table.empty):
        raise InputError(left_out[0])
    if left_out:
        problems += left_out
    with replacing(folder / TABLE) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    return folder / TABLE


def read_shards(folder: str | Path, cache: str | Path | None = None) -> Columnar[PackedRegion]:
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
        digests = table[DIGEST] if DIGEST in table else ""
        # By address and content: shards packed anew under the same address are fetched anew.
        name = hashlib.sha256(url.encode() + content).hexdigest()[:16]
        kept = str(Path(cache or Path.home() / ".cache" / "realistic_editing") / name)
        table = table[[*COLUMNS, *PLACES]].assign(shard=f"{url}/" + table["shard"], cache=kept, digest=digests)
        regions = Columnar(PackedRegion, table)
        for _ in regions:  # each is made once, so that what a region cannot hold is refused now
            pass
    except (OSError, ValueError, KeyError, ImportError, OverflowError) as error:
        raise InputError(f"{url}/{TABLE}: cannot be read ({error}); pack the regions first, or give their folder") from error
    return regions


def _write_shard(groups: Sequence[Sequence[Region]], folder: Path, number: int, size: int, strict: bool) -> None:
    """One shard, what was left out of it, and its part of the table, in this order."""
    rows, problems, name = [], [], f"{number:05d}.bin"
    cv2.setNumThreads(1)
    with replacing(folder / name) as temporary, temporary.open("wb") as file:
        for group in groups:
            photo_at = shape = None
            for region in group:
                try:
                    image, mask = read_region(region)
                except InputError as error:
                    if strict:
                        raise
                    problems.append(str(error))
                    continue
                stored = cropping_size(*mask.shape, size)
                if photo_at is None:
                    photo_at, shape = file.tell(), stored
                    file.write(np.ascontiguousarray(resize(image, stored)).data)
                encoded = cv2.imencode(".png", resize(mask, shape))[1]
                place = (name, photo_at, *shape, file.tell(), len(encoded))
                file.write(encoded.data)
                rows.append({key: getattr(region, key) for key in COLUMNS} | dict(zip(PLACES, place, strict=True)))
    if problems:
        with replacing(_part(folder, number, "left_out.json")) as temporary:
            temporary.write_text(json.dumps(problems) + "\n")
    table = pd.DataFrame(rows, columns=[*COLUMNS, *PLACES]).assign(**{DIGEST: digest_of(folder / name)})
    with replacing(_part(folder, number)) as temporary:
        table.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")


def _stamps(region: Region) -> list[str]:
    """Tell a region's files from those of the same names that were painted anew."""
    found = [file.stat() for file in (region.photo, region.mask) if file is not None and file.is_file()]
    return [f"{one.st_size}-{one.st_mtime_ns}" for one in found]


def _part(folder: Path, number: int, suffix: str = "csv") -> Path:
    return folder / f"{number:05d}.{suffix}"


def _left_out(folder: Path, number: int) -> list[str]:
    path = _part(folder, number, "left_out.json")
    return json.loads(path.read_text()) if path.is_file() else []


def _check_plan(path: Path, plan: dict[str, Any]) -> None:
    if path.is_file() and _read_plan(path) != plan:
        raise InputError(f"{path.parent}: holds shards of other regions or settings; give another folder, or empty it")
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(plan) + "\n")


def _read_plan(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # no JSON, or no text: of nothing that was planned here
        return None
