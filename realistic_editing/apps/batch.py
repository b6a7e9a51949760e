"""Edit many photos: a folder, or a table of photos, masks and tasks; resumed, and past what cannot be read."""
import contextlib
import dataclasses
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from realistic_editing.apps.batch_dry_run import estimated, told
from realistic_editing.apps.batch_job import Engine, edit_jobs
from realistic_editing.apps.batch_scores import JOURNAL, LOCK_FILE, NAMED, SCORES, BatchJob, Outcome, Scores
from realistic_editing.apps.edit import enhancer_of
from realistic_editing.apps.judged import MEANING, counted
from realistic_editing.apps.pictures import check_sheet, contact_sheets
from realistic_editing.apps.results import refuse_left_out, refuse_overwriting, reporting
from realistic_editing.apps.writing import Writing
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import alone_in, check_regular, remove_strays
from realistic_editing.common.tasks import check_task
from realistic_editing.data.folder import as_stored, read_folder
from realistic_editing.data.labels import check_label
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.weights import fingerprint


def batch(options: Mapping[str, Any]) -> Path:
    """Edit all photos, write results, recipes and scores.csv, and name at the end what could not be edited.

    Stopped, the same call goes on where it stopped; photos are edited anew where their files, the options or the networks'
    weights have changed. The scores are of this call's photos alone.

    Args:
        options: as for `enhance`, but photos in the place of image and mask: a folder of NAME.jpg with NAME_mask.png, or a CSV
            file with columns photo, mask and, where it differs, task; masks, a folder of NAME.png, or None; output, a folder;
            label, invert and keep_mask, of every mask, as for `enhance`; sheet, a PNG of all photos before and after, or None;
            engine, "local" or "ray", and for ray workers and address, see `ray_engine`, or None; dry_run, whether only to say
            what it would take, see `estimated`.

    Returns:
        The path of the scores, where they are or would be.

    Raises:
        InputError: when an option cannot be used, before any photo is edited; or, at the end, when photos were left out.
    """
    asked, folder, engine = EditOptions.read(options), Path(options["output"]), _engine(options)
    check_label(options.get("label"))
    check_regular(folder)
    jobs, problems = _jobs(options)
    read = [file for job in jobs for file in (job.photo, job.mask)]
    files = [file for job in jobs for file in job.written]
    refuse_overwriting([*files, folder / SCORES, folder / JOURNAL], [*read, options["photos"], options["masks"]])
    sheet = check_sheet(options.get("sheet"), files, [*read, options["photos"], options["masks"]], len(jobs))
    enhancers = _enhancers(options, jobs, asked)
    if options.get("dry_run"):
        return _dry_run(options, jobs, problems, enhancers, asked)
    with alone_in(folder, LOCK_FILE, "batch"), reporting(options) as report:
        scores = _scores(options, jobs, enhancers, asked)
        left = scores.left()
        if len(left) < len(jobs):
            print(f"{len(jobs) - len(left)} of {len(jobs)} photos were edited before", file=sys.stderr)
        if (again := scores.outdated(left)) > 0:
            print(f"note: {folder}: {again} results of other options, photos or weights are replaced", file=sys.stderr)
        with contextlib.closing(engine(scores.begun(left), enhancers, asked, folder)) as found:
            problems += _edit_all(left, found, scores)
        remove_strays([*files, scores.path])
        kept = scores.path if scores.path.is_file() else None
        sheets = contact_sheets(sheet, list(scores.rows())) if sheet else []
        verdicts, summary = _summary(scores.rows())
        written = [f"results: {folder}", *([f"scores: {kept}"] if kept else []), *(f"sheet: {one}" for one in sheets)]
        print("\n".join([*summary, *written]))
        photos = list(scores.rows()) if options.get("json") else []  # there may be a million
        report |= {"results": folder, "scores": kept, "sheets": sheets, "verdicts": verdicts}
        report |= {"photos": photos, "problems": problems}
    refuse_left_out(problems)
    return scores.path


def _dry_run(
    options: Mapping[str, Any],
    jobs: Sequence[BatchJob],
    problems: Sequence[str],
    enhancers: Mapping[str, Enhancer],
    asked: EditOptions,
) -> Path:
    """Say what a batch would take, and write nothing where it would write."""
    scores, folder = _scores(options, jobs, enhancers, asked), Path(options["output"])
    with reporting(options) as report:
        found = estimated(scores.left(), enhancers, asked, folder)
        found["problems"] = [*problems, *found["problems"]]
        print("\n".join(told(found, folder)))
        report |= found
    if found["problems"]:
        raise InputError(f"{len(found['problems'])} photos would be left out; mend or remove them first")
    return scores.path


def _scores(
    options: Mapping[str, Any], jobs: Sequence[BatchJob], enhancers: Mapping[str, Enhancer], asked: EditOptions
) -> Scores:
    """The table of the folder, with the rows that hold."""
    region = {name: options[name] for name in ("label", "invert", "keep_mask") if options.get(name) not in (None, False)}
    writing = Writing.read(options)
    settings = {task: _settings(enhancer, asked, writing, region) for task, enhancer in enhancers.items()}
    return Scores(Path(options["output"]), jobs, settings)


def _summary(rows: Iterable[Mapping[str, Any]]) -> tuple[Counter, list[str]]:
    """How many edits have each verdict, and lines that say so, and how many edits are not what was asked for."""
    verdicts, off, against = Counter(), [], 0
    for row in rows:
        if row["verdict"]:  # a table of an earlier version has none
            verdicts[row["verdict"]] += 1
        if row["problem"]:
            off.append(Path(row["photo"]).name)
            against += "against the request" in row["problem"]
    if not verdicts:
        return verdicts, []
    names = ", ".join(off[:NAMED]) + (" ..." if len(off) > NAMED else "")
    problems = f"not as asked: {len(off)} ({names}), of which {against} against the request; see the column problem"
    return verdicts, [f"verdicts: {counted(verdicts)}", *([problems] if off else []), MEANING]


def _enhancers(options: Mapping[str, Any], jobs: Sequence[BatchJob], asked: EditOptions) -> dict[str, Enhancer]:
    """The enhancer of every task that there is; what no photo can be edited with is refused here, once."""
    # What runs on Ray runs on the devices of other machines, which this one may lack.
    device = options["device"] if options["engine"] == "local" else None
    tasks = sorted({job.task for job in jobs})
    enhancers = {task: enhancer_of({**options, "task": task, "device": device}) for task in tasks}
    for task, enhancer in enhancers.items():
        asked.check_for(task, refinable=enhancer.objective is not None)
    return enhancers


def _settings(enhancer: Enhancer, options: EditOptions, writing: Writing, region: Mapping[str, Any]) -> str:
    """What an edit depends on beside its photo: the options, and the networks by their content, wherever they lie."""
    networks = {"weights": enhancer.network, "critic": enhancer.critic, "saliency": enhancer.saliency}
    found = {name: fingerprint(network) for name, network in networks.items()} | {"objective": enhancer.objective_fingerprint}
    written = {name: value for name, value in dataclasses.asdict(writing).items() if value}  # none by default, as ever
    return json.dumps(found | options.as_dict() | written | region, sort_keys=True, default=list)


def _engine(options: Mapping[str, Any]) -> Engine:
    """What edits jobs, by name."""
    name = options["engine"]
    if name == "ray":
        from realistic_editing.apps.batch_ray import ray_engine  # an extra, and slow to import

        return ray_engine(options["workers"], options["address"], options["device"])
    if name != "local":
        raise InputError(f"engine is {name!r}; use local, or ray")
    for other in ("workers", "address"):
        if options[other] is not None:
            raise InputError(f"{other} is {options[other]!r}, which the local engine has no use for; add --engine ray")
    return lambda jobs, enhancers, options, folder: edit_jobs(jobs, enhancers, options)


def _edit_all(jobs: Sequence[BatchJob], found: Iterable[Outcome], scores: Scores) -> list[str]:
    """Have photos edited, and keep their scores, also when stopped; why some could not be edited."""
    problems = {}
    try:
        for outcome in tqdm(found, "edit", len(jobs), unit="photo", disable=not jobs):
            if outcome.measures is None:
                problems[outcome.job] = outcome.problem
            else:
                scores.add(outcome)
    except BaseException:
        if scores.added:  # a run stopped before its first photo leaves the table of the run before it
            scores.save()
        raise
    scores.save()
    return [problems[job] for job in jobs if job in problems]


def _jobs(options: Mapping[str, Any]) -> tuple[list[BatchJob], list[str]]:
    """What is to be edited, and why some cannot be."""
    source, problems, writing = Path(options["photos"]), [], Writing.read(options)
    check_regular(source)
    if source.is_dir():
        regions = read_folder(source, options["masks"], problems)
        named = [(region.photo, region.mask, check_task(options["task"])) for region in regions]
    else:
        named = _listed(source, options["task"], problems)
    jobs, taken, numbers = [], set(), Counter()
    region = options.get("label"), bool(options.get("invert")), bool(options.get("keep_mask"))
    for photo, mask, task in named:
        name = photo.stem
        while name in taken:  # another photo of this name, or another region of this photo
            numbers[photo.stem] += 1
            name = f"{photo.stem}_{numbers[photo.stem] + 1}"
        taken.add(name)  # without the suffix, because recipes are all .json
        jobs.append(BatchJob(photo, mask, task, Path(options["output"]) / f"{name}{writing.suffix(photo)}", writing, *region))
    return jobs, problems


def _listed(source: Path, task: str, problems: list[str]) -> list[tuple[Path, Path, str]]:
    """The rows of a CSV, with commas, semicolons or tabs between its columns; relative paths start at its folder."""
    table = None
    for between in ",;\t":  # spreadsheets write semicolons where commas stand in numbers
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", pd.errors.ParserWarning)  # where a separator ends each line
                found = pd.read_csv(
                    source, sep=between, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
                )
        except pd.errors.ParserError:  # columns that do not fit, as of a title with commas
            continue
        except UnicodeDecodeError as error:
            raise InputError(f"{source}: is no text in UTF-8; in a spreadsheet, save it as 'CSV UTF-8'") from error
        except (OSError, ValueError) as error:
            raise InputError(f"{source}: neither a folder nor a table that can be read ({error})") from error
        found.columns = found.columns.str.strip()
        table = found if table is None or {"photo", "mask"} <= set(found.columns) else table
    missing = {"photo", "mask"} - set([] if table is None else table.columns)
    if missing:
        raise InputError(f"{source}: has no column {' and '.join(sorted(missing))}; name photo, mask and, at will, task")
    named = []
    for line, row in enumerate(table.to_dict("records"), start=2):
        empty = [name for name in ("photo", "mask") if not row[name].strip()]
        if empty:
            problems.append(f"{source}, line {line}: {' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty")
            continue
        try:
            photo, mask = (as_stored(source.parent / row[name]) for name in ("photo", "mask"))
            named.append((photo, mask, check_task(row.get("task") or task)))
        except InputError as error:
            problems.append(f"{source}, line {line}: {error}")
    return named
