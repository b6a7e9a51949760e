"""Compare methods on a data set: a row for each photo and method, measured by several processes, kept as they come."""
import concurrent.futures
import dataclasses
import functools
import multiprocessing
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from realistic_editing.common.files import alone_in
from realistic_editing.common.processes import begin_worker
from realistic_editing.common.threads import one_thread
from realistic_editing.evaluation.comparison.method_measurer import MeasurementPlan, MethodMeasurer
from realistic_editing.evaluation.comparison.photo_sets import TestPhoto
from realistic_editing.evaluation.comparison.store import RowStore

Measured = tuple[list[dict[str, Any]], list[str]]
_measurer: MethodMeasurer | None = None  # of a worker process


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What was measured.

    Args:
        rows: of each photo and method, in the order of the photos and then of the methods. name, part, task, photo (regions of
            one photo share it), category, method, stamp; by each saliency model what `measures.saliency_changes` gives, in
            columns such as "mean_relative_gain: MODEL"; realism_before and realism (dR); what `measures.photo_changes` gives;
            seconds of methods that were run, and memory, `MethodMeasurer.memory`, in the first of their rows; and of those with
            a recipe log2_exposure, saturation, red and blue.
        problems: what could not be measured, by the file's name, and why.
        models: the saliency models.
        measured: rows that were not there before.
        note: what a user should know of the rows that were; "" = nothing.
        settings: what the rows depend on.
    """

    rows: pd.DataFrame
    problems: list[str]
    models: list[str]
    measured: int
    note: str
    settings: dict[str, Any]


def compare(
    photos: Sequence[TestPhoto], methods: Sequence[str], plan: MeasurementPlan, folder: str | Path, workers: int | None = None
) -> Comparison:
    """Edit each photo by each method, and measure; rows that `folder` has already are kept.

    Stopped, the same call goes on where it stopped: all photos that were finished are in `folder`; killed, all but those of the
    last seconds.

    Args:
        photos: to edit.
        methods: from `methods.choose`; published ones and rivals only where a photo has a result of theirs.
        plan: judges, weights and settings.
        folder: for rows.csv and settings.json.
        workers: processes; one for each core, when None. Each computes by one thread, and the numbers are the same.

    Raises:
        InputError: when weights cannot be used, or the folder cannot be written or is another run's.
    """
    with one_thread():
        measurer = MethodMeasurer(plan)  # first: where weights cannot be used, nothing is written
        with alone_in(Path(folder), ".lock", "run"):
            settings = measurer.settings()
            store = RowStore(folder, settings)
            if store.note:
                print(f"note: {store.note}")
            published = {name for photo in photos for name in photo.results}
            wanted = [
                (photo.name, method, measurer.stamp(photo, method))
                for photo in photos
                for method in methods
                if measurer.offers(photo, method, published)
            ]
            before = len(store.table(wanted))
            problems = _fill(store, photos, wanted, measurer, workers or os.cpu_count() or 1)
            _fill_memory(store, photos, wanted, measurer)
            rows = store.table(wanted)
    return Comparison(rows, problems, measurer.models, len(rows) - before, store.note, settings)


def _fill(
    store: RowStore, photos: Sequence[TestPhoto], wanted: Sequence[tuple[str, str, str]], measurer: MethodMeasurer, workers: int
) -> list[str]:
    """Measure what the store has not, and keep it as it comes; returns why some could not be, in the order of the photos."""
    missing: dict[str, list[str]] = {}
    for name, method, files in wanted:
        if not store.has(name, method, files):
            missing.setdefault(name, []).append(method)
    jobs = [(photo, missing[photo.name]) for photo in photos if photo.name in missing]
    problems: dict[int, list[str]] = {}

    def keep(number: int, measured: Measured) -> None:
        rows, problems[number] = measured
        store.add(rows)
        store.save(now=False)

    try:
        _run(jobs, measurer, min(workers, max(len(jobs), 1)), keep)
    finally:
        if jobs:
            store.save()
    return [problem for number in sorted(problems) for problem in problems[number]]


def _fill_memory(
    store: RowStore, photos: Sequence[TestPhoto], wanted: Sequence[tuple[str, str, str]], measurer: MethodMeasurer
) -> None:
    """Measure each method's memory on the first photo that it edits, where that is not known yet."""
    rows = store.table(wanted)
    if not len(rows):
        return
    firsts = rows[rows.seconds.notna()].drop_duplicates("method")
    named = {photo.name: photo for photo in photos}
    unknown = firsts[firsts.memory.isna()].to_dict("records")
    for row in tqdm(unknown, "memory", unit="method", disable=not unknown):
        store.add([row | {"memory": measurer.memory(named[row["name"]], row["method"])}])
        store.save()


def _run(
    jobs: Sequence[tuple[TestPhoto, list[str]]], measurer: MethodMeasurer, workers: int, keep: Callable[[int, Measured], None]
) -> None:
    """Give `keep` the number of each job and what it measured, as soon as it has."""
    progress = functools.partial(tqdm, desc="compare", total=len(jobs), unit="photo", disable=not jobs)
    if workers == 1:
        for number, (photo, methods) in enumerate(progress(jobs)):
            keep(number, measurer.measure(photo, methods))
        return
    # Spawned: a fork of a process whose libraries have threads may hang.
    context, others = multiprocessing.get_context("spawn"), multiprocessing.active_children()
    with concurrent.futures.ProcessPoolExecutor(workers, context, _start, (measurer.plan,)) as pool:
        numbers = {pool.submit(_measure, job): number for number, job in enumerate(jobs)}
        try:
            for done in progress(concurrent.futures.as_completed(numbers)):
                keep(numbers.pop(done), done.result())
        except BaseException:
            for done in [one for one in numbers if one.done() and not one.cancelled() and one.exception() is None]:
                keep(numbers[done], done.result())
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in set(multiprocessing.active_children()) - set(others):
                worker.terminate()  # a photo in work may need minutes yet
            raise


def _start(plan: MeasurementPlan) -> None:
    global _measurer
    begin_worker()
    _measurer = MethodMeasurer(plan)


def _measure(job: tuple[TestPhoto, list[str]]) -> Measured:
    return _measurer.measure(*job)
