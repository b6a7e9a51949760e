"""What a batch is made of, and its scores: a photo to edit, what came of it, and the table that says what is done."""
import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing

SCORES = "scores.csv"
JOURNAL = "scores.unfinished.jsonl"
LOCK_FILE = "scores.lock"
NAMED = 5  # photos that a summary names
_MEASURES = ("realism", "realism_change", "saliency_change", "strength", "seconds")  # columns of numbers
_WORDS = ("verdict", "reasons", "problem")  # columns of text


@dataclasses.dataclass(frozen=True)
class BatchJob:
    """A photo to edit.

    Args:
        photo, mask: files.
        task: "attenuate" or "amplify".
        result: the file to write; the recipe has the suffix .json.
        writing: how it is written.
        label, invert, keep_mask: what of the mask is the region, and whether it stays as it is, as for an edit.
    """

    photo: Path
    mask: Path
    task: str
    result: Path
    writing: Writing = DEFAULT
    label: str | None = None
    invert: bool = False
    keep_mask: bool = False

    @property
    def written(self) -> tuple[Path, Path]:
        """The files that are written: the result and its recipe."""
        return self.result, self.result.with_suffix(".json")

    def stamp(self) -> str:
        """Tells whether photo and mask are those that were edited: their sizes and times of change."""
        found = [file.stat() for file in (self.photo, self.mask) if file.is_file()]
        return " ".join(f"{one.st_size}-{one.st_mtime_ns}" for one in found)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Args:
        job: which.
        measures: columns of its row, as text, with the stamp of its files from before the edit; None where it could not be
            edited.
        problem: then, why.
    """

    job: BatchJob
    measures: Mapping[str, str] | None = None
    problem: str | None = None


class Scores:
    """The rows of scores.csv that hold: of these jobs, by the result's name, made with these settings from these files.

    While a run goes on, each row is added to a journal, at one cost however long the table is, and only by the process that
    started the run, so that no two write at once. A run that is killed leaves the journal, and the next one reads it.

    Args:
        folder: of the results, the table and the journal; what an earlier run left there is read.
        jobs: what the rows may be of, in the order of the table.
        settings: what an edit of each task depends on beside its files.

    Raises:
        InputError: when there is another table at the path.
    """

    def __init__(self, folder: Path, jobs: Sequence[BatchJob], settings: Mapping[str, str]) -> None:
        self.path, self.added, self._jobs, self._settings = folder / SCORES, False, jobs, settings
        self._journal = folder / JOURNAL
        before = self._read()
        kept = [(job, before[job.result.name]) for job in jobs if self._holds(job, before.get(job.result.name, {}))]
        self._rows = {job.result.name: row | _described(job) for job, row in kept}  # paths as this run names them
        self._outdated = before.keys() - self._rows.keys()

    def has(self, job: BatchJob) -> bool:
        """Whether a job is done, with these settings, from these files."""
        return job.result.name in self._rows

    def outdated(self, jobs: Iterable[BatchJob]) -> int:
        """How many of the jobs will be done anew, in the place of an earlier result that does not hold any more."""
        return sum(job.result.name in self._outdated and job.result.exists() for job in jobs)

    def left(self) -> list[BatchJob]:
        """The jobs that are still to be done."""
        return [job for job in self._jobs if not self.has(job)]

    def begun(self, jobs: Iterable[BatchJob]) -> Iterator[BatchJob]:
        """The same jobs, each noted as begun when it is taken.

        Without the note, a run that is killed when it has written over an earlier result, and before it has that result's
        new row, would leave the new file under the earlier row, which holds again when the earlier options return.
        """
        for job in jobs:
            if job.result.name in self._outdated:
                self._note({"result": job.result.name})
            yield job

    def add(self, outcome: Outcome) -> None:
        """Take the measures of an edit, and write them into the journal at once."""
        job = outcome.job
        row = _described(job) | dict(outcome.measures) | {"settings": self._settings[job.task]}
        self._rows[job.result.name] = row
        self._note(row)
        self.added = True

    def rows(self) -> Iterator[dict[str, Any]]:
        """What was done, for a report: of each photo the files, the task, the measures as numbers, and words on them."""
        of_files = ("photo", "mask", "task", "result")
        for job in filter(self.has, self._jobs):
            row = self._rows[job.result.name]
            # A table of an earlier version lacks some columns.
            numbers = {name: float(row[name]) if row.get(name) else None for name in _MEASURES}
            words = {name: row.get(name) or None for name in _WORDS}
            yield {name: row[name] for name in of_files} | {"recipe": str(job.written[1])} | numbers | words

    def save(self) -> None:
        """Write all rows, in the place of the journal; where there are none, an earlier run's table goes."""
        rows = [self._rows[job.result.name] for job in self._jobs if self.has(job)]
        if rows:
            with replacing(self.path) as temporary:
                pd.DataFrame(rows).to_csv(temporary, index=False, lineterminator="\n")
        else:
            self.path.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)

    def _read(self) -> dict[str, dict[str, str]]:
        """The rows of an earlier run by the result's name, the journal's over the table's."""
        found = {}
        if self.path.is_file():
            try:
                rows = pd.read_csv(self.path, dtype=str, keep_default_na=False).to_dict("records")
                found = {Path(row["result"]).name: row for row in rows}
            except (ValueError, KeyError) as error:
                raise InputError(
                    f"{self.path}: is not a table of scores ({error}); remove it, or choose another output"
                ) from error
        if self._journal.is_file():
            for line in self._journal.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    row = json.loads(line)
                    found[Path(row["result"]).name] = row
                except (ValueError, KeyError, TypeError):
                    continue  # cut short when its run was killed: that photo is edited anew
        return found

    def _note(self, row: Mapping[str, str]) -> None:
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(row))  # the line break first, because the last run's last line may be cut short

    def _holds(self, job: BatchJob, row: Mapping[str, str]) -> bool:
        same = {"settings": self._settings[job.task], "task": job.task}
        if any(row.get(name) != value for name, value in same.items()):  # before any file is asked for
            return False
        # Names such as x_2 pass from photo to photo when the list changes.
        if not all(_may_be_one(row.get(name, ""), getattr(job, name)) for name in ("photo", "mask")):
            return False
        return row.get("stamp") == job.stamp() and all(file.is_file() for file in job.written)


def _described(job: BatchJob) -> dict[str, str]:
    return {"photo": str(job.photo), "mask": str(job.mask), "task": job.task, "result": str(job.result)}


def _may_be_one(before: str, now: Path) -> bool:
    """Whether an earlier run's path and this run's can be one file's: one may be relative, to wherever its run began."""
    parts = [[part for part in Path(os.path.normpath(path)).parts if part != ".."] for path in (before, now)]
    count = min(map(len, parts))
    return parts[0][-count:] == parts[1][-count:]
