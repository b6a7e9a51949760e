"""The build step: from a data set's photos and annotations to masks on disk and a manifest of regions."""
import concurrent.futures
import contextlib
import itertools
import json
import logging
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.processes import leave_with_parent
from realistic_editing.data.pixels import thumbnails
from realistic_editing.data.raw import Prepared, RawPhoto, RawSource, RegionJob, prepare
from realistic_editing.data.regions import Region, write_manifest

logger = logging.getLogger(__name__)

# Photos are worked on and resumed in fixed groups, so that each meets the saliency network in the same batch, and thus
# with the same last bits, however often the build was interrupted.
GROUP = 8
_AHEAD = 4  # photos per worker that may wait for the saliency network; bounds memory on 118,000 photos
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def build(
    source: RawSource,
    out: str | Path,
    data_root: str | Path,
    saliency: Callable[[torch.Tensor], torch.Tensor] | None = None,
    matte: bool = True,
    workers: int | None = None,
    keep_out: Sequence[Path] = (),
) -> list[Region]:
    """Write `out`/masks, `out`/manifest.csv and `out`/report.json, and return the regions.

    A photo's masks are ranked by the mean saliency predicted within them: the more salient half are distractors to
    attenuate, the rest subjects to amplify; of an odd number the middle one is amplified. May be stopped at any
    time: called again, it goes on with the photos that have no record in `out`/records, and ends with the same files.

    Args:
        source: from `read_coco`, `read_bsds` or `read_ade20k`.
        out: a folder of this build's own.
        data_root: what the manifest's photo paths are relative to.
        saliency: maps images (B, 3, H, W) float32 in [0, 1] to (B, 1, H, W) in [0, 1]; runs in this process. Without
            it, saliency is nan and task "". It is not recorded: to rank with another, build in another folder.
        matte: write alpha mattes; otherwise the hard masks.
        workers: processes that decode and matte; None: one per core; 0: work in this process.
        keep_out: photos that must not be trained on; the same pictures under other names are left out. Sets made for
            evaluation, such as Mechrez's, took pictures from sets like COCO.

    Raises:
        InputError: when `out` cannot be written, or holds a build with other settings.
    """
    out = Path(out)
    _settle(out, {"source": source.name, "matte": matte, "saliency": saliency is not None, "version": 1})
    records = [out / "records" / f"{raw.photo_id}.json" for raw in source.photos]
    pending = [
        index
        for start in range(0, len(records), GROUP)
        if not all(path.is_file() for path in records[start : start + GROUP])
        for index in range(start, min(start + GROUP, len(records)))
    ]
    bar = tqdm(total=len(records), initial=len(records) - len(pending), unit="photo", desc=f"build {source.name}")
    job = RegionJob(source.masks, source.max_regions, out / "masks", matte, saliency is not None, thumbnails(keep_out))
    with bar, contextlib.closing(_prepared(source.photos, pending, job, workers)) as done:
        for _, group in itertools.groupby(done, key=lambda item: item[0] // GROUP):
            indices, photos = zip(*group, strict=True)
            for index, record in zip(indices, _rank(photos, saliency), strict=True):
                with replacing(records[index]) as temporary:
                    temporary.write_text(json.dumps(record) + "\n")
            bar.update(len(indices))
    return _finish(source, records, out, data_root)


def _settle(out: Path, settings: dict[str, Any]) -> None:
    path = out / "build.json"
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(settings, indent=2) + "\n")
        return
    try:
        found = json.loads(path.read_text())
    except ValueError:
        found = None
    if found != settings:
        raise InputError(f"{path}: holds a build with {found}, not {settings}; choose another folder or delete {out}")


def _prepared(
    photos: Sequence[RawPhoto], indices: list[int], job: RegionJob, workers: int | None
) -> Iterator[tuple[int, Prepared]]:
    """Each index with its photo prepared, in order, worked on in other processes a few ahead."""
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if workers == 0 or not indices:
        for index in indices:
            yield index, prepare(photos[index], job)
        return
    # Spawned, because the parent may hold threads and a GPU, which a fork would break.
    context = multiprocessing.get_context("spawn")
    with _single_threaded(), concurrent.futures.ProcessPoolExecutor(workers, context, leave_with_parent) as pool:
        waiting: deque[tuple[int, concurrent.futures.Future[Prepared]]] = deque()
        try:
            for index in indices:
                waiting.append((index, pool.submit(prepare, photos[index], job)))
                if len(waiting) >= _AHEAD * workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            for first, future in waiting:
                yield first, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    """Let processes started inside use one thread each: the photos already fill the cores."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _rank(group: tuple[Prepared, ...], saliency: Callable[[torch.Tensor], torch.Tensor] | None) -> list[dict[str, Any]]:
    """The records of a group of photos."""
    used = [photo for photo in group if photo.image is not None]
    maps: Iterator[np.ndarray] = iter(())
    if saliency is not None and used:
        images = torch.from_numpy(np.stack([photo.image for photo in used])).permute(0, 3, 1, 2)  # (B, 3, H, W)
        with torch.no_grad():
            maps = iter(saliency(images.float().contiguous() / 255).double().cpu().numpy()[:, 0])
    records = []
    for photo in group:
        regions = [dict(region) for region in photo.regions]
        if photo.image is not None:
            means = mean_within(next(maps), photo.masks)
            for region, mean, task in zip(regions, means, tasks_of(means), strict=True):
                region.update(saliency=mean, task=task)
        records.append({"status": photo.status, "reason": photo.reason, "regions": regions})
    return records


def mean_within(saliency: np.ndarray, masks: np.ndarray) -> list[float]:
    """Mean of a map within each mask.

    Args:
        saliency: (H, W).
        masks: (N, H, W), any scale, none of them empty.
    """
    weights = masks.reshape(len(masks), -1).astype(np.float64)  # (N, H * W)
    return (weights @ saliency.reshape(-1) / weights.sum(axis=1)).tolist()


def tasks_of(saliency: list[float]) -> list[str]:
    """"attenuate" for the more salient half of a photo's regions, "amplify" for the rest, the middle one included.

    Args:
        saliency: of each region; of equals, the earlier counts as more salient.
    """
    ranked = sorted(range(len(saliency)), key=lambda index: -saliency[index])
    attenuated = set(ranked[: len(saliency) // 2])
    return ["attenuate" if index in attenuated else "amplify" for index in range(len(saliency))]


def _finish(source: RawSource, records: list[Path], out: Path, data_root: str | Path) -> list[Region]:
    """Gather the records into the manifest and the report."""
    for stray in (out / "masks").glob(".*.png"):  # half-written when a process was killed
        stray.unlink()
    regions, statuses, unreadable = [], Counter(), {}
    for raw, path in zip(source.photos, records, strict=True):
        record = json.loads(path.read_text())
        statuses[record["status"]] += 1
        if record["status"] == "unreadable":
            unreadable[raw.photo_id] = record["reason"]
        for made in record["regions"]:
            made["mask"] = out / "masks" / made["mask"]
            regions.append(Region(raw.photo, source=source.name, photo_id=raw.photo_id, split=raw.split, **made))
    tasks = Counter(region.task or "none" for region in regions)
    report = {"photos": dict(statuses), "regions": len(regions), "tasks": dict(tasks), "unreadable": unreadable}
    with replacing(out / "report.json") as temporary:
        temporary.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")
    write_manifest(regions, out / "manifest.csv", data_root)
    if unreadable:
        shown = "\n  ".join(itertools.islice(unreadable.values(), 5))
        logger.warning(
            "%s: %d of %d photos could not be used; all are named in %s. The first:\n  %s",
            source.name, len(unreadable), len(records), out / "report.json", shown,
        )
    return regions
