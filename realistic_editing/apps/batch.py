"""Edit many photos: a folder, or a table of photos, masks and tasks; resumed, and past what cannot be read."""
import dataclasses
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from realistic_editing.apps.edit import edit_file, enhancer_of, wishes_of
from realistic_editing.apps.results import LOSSLESS
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.folder import read_folder

SCORES = "scores.csv"
KEPT = 5.0  # seconds between two writings of the scores


@dataclasses.dataclass(frozen=True)
class Job:
    """A photo to edit.

    Args:
        photo, mask: files.
        task: "attenuate" or "amplify".
        result: the file to write; the recipe has the suffix .json.
    """

    photo: Path
    mask: Path
    task: str
    result: Path

    def stamp(self) -> str:
        """Tells whether photo and mask are those that were edited: their sizes and times of change."""
        found = [file.stat() for file in (self.photo, self.mask) if file.is_file()]
        return " ".join(f"{one.st_size}-{one.st_mtime_ns}" for one in found)


def batch(options: Mapping[str, Any]) -> Path:
    """Edit all photos, write results, recipes and scores.csv, and name at the end what could not be edited.

    Stopped, the same call goes on where it stopped; photos whose files or options have changed are edited anew.

    Args:
        options: as for `enhance`, but photos in the place of image and mask: a folder of NAME.jpg with NAME_mask.png, or a CSV
            file with columns photo, mask and, where it differs, task; masks, a folder of NAME.png, or None; output, a folder.

    Returns:
        The path of the scores.

    Raises:
        InputError: when an option cannot be used, or, at the end, when photos were left out.
    """
    wishes, folder = wishes_of(options), Path(options["output"])
    jobs, problems = _jobs(options)
    changed = {name: options[name] for name in ("weights", "critic", "saliency")} | wishes
    settings = json.dumps(changed, sort_keys=True, default=list)
    scores, enhancers, written = _Scores(folder / SCORES), {}, time.monotonic()
    left = [job for job in jobs if not scores.has(job, settings)]
    if len(left) < len(jobs):
        print(f"{len(jobs) - len(left)} of {len(jobs)} photos were edited before", file=sys.stderr)
    try:
        for job in tqdm(left, "edit", unit="photo"):
            started = time.perf_counter()
            try:
                if job.task not in enhancers:
                    enhancers[job.task] = enhancer_of({**options, "task": job.task})
                edit = edit_file(enhancers[job.task], job.photo, job.mask, job.result, wishes)
            except InputError as error:
                problems.append(str(error))
                continue
            scores.add(job, settings, edit, time.perf_counter() - started)
            if time.monotonic() - written > KEPT:
                scores.save()
                written = time.monotonic()
    finally:
        scores.save()
    print(f"results: {folder}\nscores: {scores.path}")
    if problems:
        raise InputError(f"{len(problems)} photos were left out:\n  " + "\n  ".join(problems))
    return scores.path


class _Scores:
    """The rows of scores.csv by photo and task."""

    def __init__(self, path: Path) -> None:
        self.path, self._rows = path, {}
        if path.is_file():
            try:
                rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
                self._rows = {row["result"]: row for row in rows}
            except (ValueError, KeyError) as error:
                raise InputError(f"{path}: is not a table of scores ({error}); remove it, or choose another output") from error

    def has(self, job: Job, settings: str) -> bool:
        """Whether a job is done, with these settings, from these files."""
        row = self._rows.get(str(job.result), {})
        done = row.get("settings") == settings and row.get("stamp") == job.stamp() and row.get("task") == job.task
        return done and job.result.is_file() and job.result.with_suffix(".json").is_file()

    def add(self, job: Job, settings: str, edit: Any, seconds: float) -> None:
        """Take the measures of an edit."""
        measures = {name: f"{getattr(edit, name):.4f}" for name in ("realism_change", "saliency_change", "strength")}
        described = {"photo": str(job.photo), "mask": str(job.mask), "task": job.task, "result": str(job.result)}
        kept = {"seconds": f"{seconds:.2f}", "stamp": job.stamp(), "settings": settings}
        self._rows[str(job.result)] = described | measures | kept

    def save(self) -> None:
        """Write all rows."""
        if self._rows:
            with replacing(self.path) as temporary:
                pd.DataFrame(list(self._rows.values())).to_csv(temporary, index=False, lineterminator="\n")


def _jobs(options: Mapping[str, Any]) -> tuple[list[Job], list[str]]:
    """What is to be edited, and why some cannot be."""
    source, problems = Path(options["photos"]), []
    if source.is_dir():
        regions = read_folder(source, options["masks"], problems)
        named = [(region.photo, region.mask, check_task(options["task"])) for region in regions]
    else:
        named = _listed(source, options["task"], problems)
    jobs, taken = [], set()
    for photo, mask, task in named:
        suffix = photo.suffix if photo.suffix.lower() in LOSSLESS else ".png"
        result = Path(options["output"]) / f"{photo.stem}{suffix}"
        if result in taken:  # another photo of this name, another region of this photo, or NAME.jpg beside NAME.png
            result = next(one for n in range(2, len(named) + 2) if (one := result.with_stem(f"{photo.stem}_{n}")) not in taken)
        taken.add(result)
        jobs.append(Job(photo, mask, task, result))
    return jobs, problems


def _listed(source: Path, task: str, problems: list[str]) -> list[tuple[Path, Path, str]]:
    """The rows of a CSV; relative paths start at its folder."""
    try:
        table = pd.read_csv(source, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: neither a folder nor a table that can be read ({error})") from error
    missing = {"photo", "mask"} - set(table.columns)
    if missing:
        raise InputError(f"{source}: has no column {' and '.join(sorted(missing))}; name photo, mask and, at will, task")
    named = []
    for line, row in enumerate(table.to_dict("records"), start=2):
        try:
            named.append((source.parent / row["photo"], source.parent / row["mask"], check_task(row.get("task") or task)))
        except InputError as error:
            problems.append(f"{source}, line {line}: {error}")
    return named
