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
DIGEST = "shard_digest"  # the bytes of a shard and their hash, by which a download is known to be whole
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
        digest: of the shard, as `digest_of` gives it; empty in tables written before there was one.
    """

    shard: str = ""
    photo_at: int = 0
    height: int = 0
    width: int = 0
    mask_at: int = 0
    mask_bytes: int = 0
    cache: str = ""
    digest: str = ""

    def unpacked(self) -> tuple[np.ndarray, np.ndarray]:
        """The photo, (height, width, 3) uint8 RGB, read-only in the shard, and its mask, (height, width) uint8.

        Raises:
            InputError: when the shard is not there, or is cut short.
        """
        return self.stored_photo(), self.stored_mask()

    def stored_photo(self) -> np.ndarray:
        """The photo alone, as `unpacked` gives it: nothing is decoded or copied."""
        return self._stored(self.photo_at, 3 * self.height * self.width).reshape(self.height, self.width, 3)

    def stored_mask(self) -> np.ndarray:
        """The mask alone, decoded."""
        mask = cv2.imdecode(np.asarray(self._stored(self.mask_at, self.mask_bytes)), cv2.IMREAD_GRAYSCALE)
        if mask is None or mask.shape != (self.height, self.width):
            raise self._not_whole()
        return mask

    def _stored(self, start: int, length: int) -> np.ndarray:
        found = _mapped(self.shard, self.cache, self.digest)[start : start + length]
        if len(found) < length or not length:
            raise self._not_whole()
        return found

    def _not_whole(self) -> InputError:
        return InputError(f"{self.shard}: cut short, or not as {TABLE} says; pack the regions again")


@functools.cache
def _mapped(path: str, cache: str, digest: str) -> np.ndarray:
    if "://" in path:
        path = str(_fetched(path, Path(cache), digest))
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such shard; copy the whole folder, or pack the regions again")
    return np.memmap(path, np.uint8, mode="r")


def _fetched(url: str, cache: Path, digest: str) -> Path:
    """Where a shard is kept; the first of several processes fetches it, whole or not at all."""
    kept = cache / url.rsplit("/", 1)[1]
    length = int(digest.split("-")[0]) if digest else None
    for last in (False, True):  # a connection may break once
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with FileLock(kept.with_suffix(".lock")):
                if not kept.is_file() or length not in (None, kept.stat().st_size):
                    _fetch(url, kept, digest)
            break
        except (OSError, ValueError, ImportError) as error:
            if last:
                remedy = "check address, connection and room, or pack the regions again"
                raise InputError(f"{url}: cannot be fetched into {cache} ({error}); {remedy}") from error
    return kept


def _fetch(url: str, kept: Path, digest: str) -> None:
    with replacing(kept) as temporary:
        with temporary.open("wb") as here, fsspec.open(url, "rb") as there:
            shutil.copyfileobj(there, here, 1 << 20)
        if digest and (found := digest_of(temporary)) != digest:
            raise OSError(f"what came is {found}, and {TABLE} says {digest}: bytes and hash")


def digest_of(path: Path) -> str:
    """A file's bytes and the beginning of their SHA-256, as BYTES-HASH."""
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
            length += len(part)
    return f"{length}-{digest.hexdigest()[:32]}"


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
    with ProcessPoolExecutor(max(workers, 1), get_context("spawn")) as pool:  # fork would copy what PyTorch's threads hold
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
        digests = table[DIGEST] if DIGEST in table else [""] * len(table)
        rows = [_parse(row) for row in table[[*COLUMNS, *PLACES]].assign(digest=digests).to_dict("records")]
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{url}/{TABLE}: cannot be read ({error}); pack the regions first, or give their folder") from error
    # By address and content: shards packed anew under the same address are fetched anew.
    name = hashlib.sha256(url.encode() + content).hexdigest()[:16]
    kept = str(Path(cache or Path.home() / ".cache" / "realistic_editing") / name)
    return [PackedRegion(**{**row, "shard": f"{url}/{row['shard']}"}, cache=kept) for row in rows]


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
