"""Edit many photos: a folder, or a table of photos, masks and tasks; resumed, and past what cannot be read."""
import dataclasses
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from realistic_editing.apps.edit import edit_file, enhancer_of, wishes_of
from realistic_editing.apps.results import lossless_suffix, refuse_left_out, refuse_overwriting
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import check_task
from realistic_editing.data.folder import read_folder
from realistic_editing.enhance.enhancer import Edit, Enhancer
from realistic_editing.enhance.wishes import check_wishes
from realistic_editing.weights import fingerprint

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

    Stopped, the same call goes on where it stopped; photos are edited anew where their files, the options or the networks'
    weights have changed. The scores are of this call's photos alone.

    Args:
        options: as for `enhance`, but photos in the place of image and mask: a folder of NAME.jpg with NAME_mask.png, or a CSV
            file with columns photo, mask and, where it differs, task; masks, a folder of NAME.png, or None; output, a folder.

    Returns:
        The path of the scores.

    Raises:
        InputError: when an option cannot be used, before any photo is edited; or, at the end, when photos were left out.
    """
    wishes, folder = wishes_of(options), Path(options["output"])
    jobs, problems = _jobs(options)
    read = [file for job in jobs for file in (job.photo, job.mask)]
    written = [file for job in jobs for file in (job.result, job.result.with_suffix(".json"))]
    refuse_overwriting([*written, folder / SCORES], [*read, options["photos"]])
    enhancers = _enhancers(options, jobs, wishes)
    scores = _Scores(folder / SCORES, jobs, {task: _settings(enhancer, wishes) for task, enhancer in enhancers.items()})
    left = [job for job in jobs if not scores.has(job)]
    if len(left) < len(jobs):
        print(f"{len(jobs) - len(left)} of {len(jobs)} photos were edited before", file=sys.stderr)
    problems += _edit_all(left, enhancers, wishes, scores)
    print(f"results: {folder}" + (f"\nscores: {scores.path}" if scores.path.is_file() else ""))
    refuse_left_out(problems)
    return scores.path


def _enhancers(options: Mapping[str, Any], jobs: Sequence[Job], wishes: Mapping[str, Any]) -> dict[str, Enhancer]:
    """The enhancer of every task that there is; what no photo can be edited with is refused here, once."""
    enhancers = {task: enhancer_of({**options, "task": task}) for task in sorted({job.task for job in jobs})}
    for task, enhancer in enhancers.items():
        check_wishes(task, wishes, refinable=enhancer.objective is not None)
    return enhancers


def _settings(enhancer: Enhancer, wishes: Mapping[str, Any]) -> str:
    """What an edit depends on beside its photo: the wishes, and the networks by their content, wherever they lie."""
    networks = {"weights": enhancer.network, "critic": enhancer.critic, "saliency": enhancer.saliency}
    found = {name: fingerprint(network) for name, network in networks.items()}
    return json.dumps(found | wishes, sort_keys=True, default=list)


def _edit_all(
    jobs: Sequence[Job], enhancers: Mapping[str, Enhancer], wishes: Mapping[str, Any], scores: "_Scores"
) -> list[str]:
    """Edit photos, and keep their scores, also when stopped; why some could not be edited."""
    problems, written = [], time.monotonic()
    try:
        for job in tqdm(jobs, "edit", unit="photo"):
            started = time.perf_counter()
            try:
                edit = edit_file(enhancers[job.task], job.photo, job.mask, job.result, wishes)
            except InputError as error:
                problems.append(str(error))
                continue
            scores.add(job, edit, time.perf_counter() - started)
            if time.monotonic() - written > KEPT:
                scores.save()
                written = time.monotonic()
    except BaseException:
        if scores.added:  # a run stopped before its first photo leaves the table of the run before it
            scores.save()
        raise
    scores.save()
    return problems


class _Scores:
    """The rows of scores.csv that hold: of these jobs, by the result's name, made with these settings from these files.

    Args:
        path: the table; what an earlier run left there is read.
        jobs: what the rows may be of, in the order of the table.
        settings: what an edit of each task depends on, see `_settings`.

    Raises:
        InputError: when there is another table at the path.
    """

    def __init__(self, path: Path, jobs: Sequence[Job], settings: Mapping[str, str]) -> None:
        self.path, self.added, self._jobs, self._settings = path, False, jobs, settings
        before = {}
        if path.is_file():
            try:
                rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
                before = {Path(row["result"]).name: row for row in rows}
            except (ValueError, KeyError) as error:
                raise InputError(f"{path}: is not a table of scores ({error}); remove it, or choose another output") from error
        kept = [(job, before[job.result.name]) for job in jobs if self._holds(job, before.get(job.result.name, {}))]
        self._rows = {job.result.name: row | _described(job) for job, row in kept}  # paths as this run names them

    def has(self, job: Job) -> bool:
        """Whether a job is done, with these settings, from these files."""
        return job.result.name in self._rows

    def add(self, job: Job, edit: Edit, seconds: float) -> None:
        """Take the measures of an edit."""
        measures = {name: f"{getattr(edit, name):.4f}" for name in ("realism_change", "saliency_change", "strength")}
        kept = {"seconds": f"{seconds:.2f}", "stamp": job.stamp(), "settings": self._settings[job.task]}
        self._rows[job.result.name] = _described(job) | measures | kept
        self.added = True

    def save(self) -> None:
        """Write all rows; where there are none, an earlier run's table goes."""
        rows = [self._rows[job.result.name] for job in self._jobs if self.has(job)]
        if not rows:
            self.path.unlink(missing_ok=True)
            return
        with replacing(self.path) as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False, lineterminator="\n")

    def _holds(self, job: Job, row: Mapping[str, str]) -> bool:
        same = {"settings": self._settings[job.task], "stamp": job.stamp(), "task": job.task}
        files = (job.result, job.result.with_suffix(".json"))
        return all(row.get(name) == value for name, value in same.items()) and all(file.is_file() for file in files)


def _described(job: Job) -> dict[str, str]:
    return {"photo": str(job.photo), "mask": str(job.mask), "task": job.task, "result": str(job.result)}


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
        name = photo.stem
        if name in taken:  # another photo of this name, or another region of this photo
            name = next(one for n in range(2, len(named) + 2) if (one := f"{photo.stem}_{n}") not in taken)
        taken.add(name)  # without the suffix, because recipes are all .json
        jobs.append(Job(photo, mask, task, Path(options["output"]) / f"{name}{lossless_suffix(photo)}"))
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
