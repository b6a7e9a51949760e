"""What a batch would take, time and room, found out by editing a few of its photos into a temporary folder."""
import dataclasses
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from realistic_editing.apps.batch_job import edit_job
from realistic_editing.apps.batch_scores import NAMED, BatchJob
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.evaluation.measures.samples import spread

_EDITED, _WEIGHED = 3, 1000  # photos that are edited for it, and photos whose files' sizes are looked up, at most


def estimated(
    jobs: Sequence[BatchJob], enhancers: Mapping[str, Enhancer], options: EditOptions, folder: Path
) -> dict[str, Any]:
    """Edit some of the photos into a temporary folder, and reckon what all of them take.

    Args:
        jobs: which are left to be done.
        enhancers, options: as for `edit_job`.
        folder: where the results would lie, which need not be there yet.

    Returns:
        "photos" and "tasks" (how many whose files are there, by task); "edited", for this; "seconds" of processors and "bytes"
        of a result with its recipe, both for each photo on average, None where none could be edited; of all photos
        "core_hours", "hours" one after another on this machine, and "all_bytes"; "free_bytes" at the folder; and "problems",
        what is not there, and why some of those tried cannot be edited.
    """
    seconds, made, read, began = [], 0, 0, time.perf_counter()
    jobs, absent = _there(jobs)
    problems = [f"{photo}: {file} is not there" for photo, file in absent]
    with tempfile.TemporaryDirectory() as place:
        for job in tqdm(spread(jobs, _EDITED), "dry run", unit="photo"):
            started = time.process_time()
            outcome = edit_job(dataclasses.replace(job, result=Path(place) / job.result.name), enhancers, options)
            if outcome.problem is not None:
                problems.append(outcome.problem)
                continue
            seconds.append(time.process_time() - started)
            made += sum((Path(place) / file.name).stat().st_size for file in job.written)
            read += job.photo.stat().st_size
    waited = time.perf_counter() - began
    weighed = [job.photo.stat().st_size for job in spread(jobs, _WEIGHED)]
    # Results are as much larger than their photos as those of the sample are.
    each = made / read * sum(weighed) / len(weighed) if read else None
    a_photo = sum(seconds) / len(seconds) if seconds else None
    return {
        "photos": len(jobs),
        "tasks": dict(Counter(job.task for job in jobs)),
        "edited": len(seconds),
        "seconds": a_photo,
        "bytes": each,
        "core_hours": None if a_photo is None else a_photo * len(jobs) / 3600,
        "hours": None if a_photo is None else waited / len(seconds) * len(jobs) / 3600,
        "all_bytes": None if each is None else each * len(jobs),
        "free_bytes": shutil.disk_usage(next(one for one in (folder, *folder.absolute().parents) if one.is_dir())).free,
        "problems": problems,
    }


def _there(jobs: Sequence[BatchJob]) -> tuple[list[BatchJob], list[tuple[Path, Path]]]:
    """The jobs whose files are there; and of the others the photo with the file that is not."""
    there, absent = [], []
    for job in jobs:
        gone = next((file for file in (job.photo, job.mask) if not file.is_file()), None)
        there.append(job) if gone is None else absent.append((job.photo, gone))
    return there, absent


def told(found: Mapping[str, Any], folder: Path) -> list[str]:
    """The lines that say what `estimated` found."""
    tasks = ", ".join(f"{count:,} to {task}" for task, count in found["tasks"].items())
    lines = [f"dry run: photos left: {found['photos']:,} ({tasks or 'none'}); nothing is written"]
    if found["edited"]:
        lines += [
            f"time: {found['seconds']:.1f} s of a processor for a photo, by {found['edited']} edited for this; "
            f"{_rounded(found['core_hours'])} core-hours in all, "
            f"{_hours(found['hours'])} one after another here, less side by side",
            f"room: {_size(found['bytes'])} for a result with its recipe; {_size(found['all_bytes'])} in all, "
            f"and {_size(found['free_bytes'])} are free where {folder} is to be",
        ]
        if found["all_bytes"] > found["free_bytes"]:
            lines.append(f"warning: the results do not fit into what is free at {folder}; choose another --output")
    problems = found["problems"]
    more = [f"... and {len(problems) - NAMED:,} more"] if len(problems) > NAMED else []
    return lines + [f"cannot be edited: {one}" for one in problems[:NAMED]] + more


def _hours(hours: float) -> str:
    return f"{_rounded(hours)} hours" if hours >= 2 else f"{_rounded(60 * hours)} minutes"


def _size(count: float) -> str:
    for unit, least in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= least:
            return f"{_rounded(count / least)} {unit}"
    return f"{_rounded(count / 1e3)} kB"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
