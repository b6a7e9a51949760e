"""What every engine of a batch does with one photo, and what an engine is."""
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import torch

from realistic_editing.apps.batch_scores import BatchJob, Outcome
from realistic_editing.apps.edit import edit_file
from realistic_editing.common.errors import InputError
from realistic_editing.common.workers import AT_ONCE
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions

# An engine is given jobs, the enhancers by task, the options and the folder of the results, and yields an outcome for every
# job, in any order; it takes a job no sooner than it can be begun.
Engine = Callable[[Iterable[BatchJob], Mapping[str, Enhancer], EditOptions, Path], Generator[Outcome, None, None]]


def edit_job(job: BatchJob, enhancers: Mapping[str, Enhancer], options: EditOptions) -> Outcome:
    """Edit a photo, and write its result and recipe: what every engine does with a photo.

    Done twice, or again after a death in its middle, it leaves the same two files.

    Args:
        job: which photo.
        enhancers: by task.
        options: of the edits.
    """
    # The stamp first: a photo that changes while it is edited is to be edited anew.
    started, stamp = time.perf_counter(), job.stamp()
    try:
        region = {"mask": job.mask, "label": job.label, "invert": job.invert, "keep_mask": job.keep_mask or None}
        done = edit_file(enhancers[job.task], job.photo, region, job.result, options, job.writing)
    except InputError as error:
        return Outcome(job, problem=str(error))
    except (MemoryError, RuntimeError) as error:
        # What PyTorch raises for want of memory has a type of its own on a GPU only.
        if isinstance(error, RuntimeError) and not (
            isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
        ):
            raise
        return Outcome(job, problem=f"{job.photo}: needs more memory than there is; edit it on a larger machine, or smaller")
    numbers = {name: getattr(done.edit, name) for name in ("realism_change", "saliency_change", "strength")}
    measures = {name: f"{value:.4f}" for name, value in ({"realism": done.signs.realism} | numbers).items()}
    reasons, problems = ("; ".join(lines) for lines in (done.verdict.reasons, done.problems))
    measures |= {"verdict": done.verdict.name, "reasons": reasons, "problem": problems}
    return Outcome(job, measures | {"seconds": f"{time.perf_counter() - started:.2f}", "stamp": stamp})


def edit_jobs(
    jobs: Iterable[BatchJob], enhancers: Mapping[str, Enhancer], options: EditOptions
) -> Generator[Outcome, None, None]:
    """Edit as many photos side by side as there are cores for, four at most; two at least, so that one is read meanwhile.

    No more are in memory, however many there are. Outcomes come in the order in which photos are done.

    Args:
        jobs: which photos.
        enhancers, options: as for `edit_job`.
    """
    begun: set[Future] = set()
    at_once = max(2, AT_ONCE)
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for job in jobs:
                begun.add(pool.submit(edit_job, job, enhancers, options))
                while len(begun) == at_once:
                    yield from _finished(begun)
            while begun:
                yield from _finished(begun)
        except (Exception, KeyboardInterrupt, GeneratorExit) as error:
            if not isinstance(error, Exception) and (left := sum(not one.done() for one in begun)):
                print(f"\nstopping; waiting for {left} photos that are being edited", file=sys.stderr)
            if not isinstance(error, GeneratorExit):  # the caller has closed this, and takes no more
                yield from [one.result() for one in begun if one.exception() is None]  # nothing that is done is lost
            raise


def _finished(begun: set[Future]) -> Generator[Outcome, None, None]:
    """The outcomes of those that are done first, which are taken out."""
    done, _ = wait(begun, return_when=FIRST_COMPLETED)
    for one in done:
        outcome = one.result()
        begun.remove(one)
        yield outcome
