"""A batch on Ray: the work of one photo as a task, on this machine's processors or on a cluster that shares its files.

Tasks and not Ray Data or actors, because each photo then has its own retries and its own outcome: one that kills its worker
is named at the end, and costs no other photo its place. Ray gives tasks to any machine that is free, gives those of a machine
that is lost to others, and keeps a worker's process, and with it the networks, from task to task.
"""
import contextlib
import dataclasses
import functools
import io
import itertools
import os
import socket
import sys
import tempfile
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

from realistic_editing.apps.batch_job import Engine, edit_job
from realistic_editing.apps.batch_scores import SCORES, BatchJob, Outcome
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions

TRIES = 3  # of a photo whose worker died, before it is left out
RAY_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to Ray's makers
    "RAY_task_oom_retries": str(TRIES - 1),  # without it, a photo too large for the memory is tried for ever
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # tasks without a GPU see what the machine shows them
}


def ray_engine(workers: int | None = None, address: str | None = None, device: str | None = None) -> Engine:
    """What edits jobs on Ray.

    Args:
        workers: photos at once; None is one for each processor (or GPU) that the cluster has at the start.
        address: of a running cluster, as `ray.init` takes it, such as "auto" or "ray://host:10001"; None starts Ray on this
            machine for this batch, or uses what the caller has started.
        device: of the workers; with "cuda" each has a GPU.

    Returns:
        An engine, see `realistic_editing.apps.batch_job`.

    Raises:
        InputError: when Ray is not installed, or an option cannot be used.
    """
    if workers is not None and workers < 1:
        raise InputError(f"workers is {workers}; use 1 or more")
    os.environ.update(RAY_SETTINGS)  # read when Ray is imported
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise InputError(f"engine ray needs the extra cluster ({error}); {how_to_install('cluster')}") from error
    return functools.partial(_edit_all, workers=workers, address=address, device=device)


def _edit_all(
    jobs: Iterable[BatchJob], enhancers: Mapping[str, Enhancer], options: EditOptions, folder: Path,
    *, workers: int | None, address: str | None, device: str | None,
) -> Generator[Outcome, None, None]:  # fmt: skip
    """Keep as many photos in work as there are workers, and yield each outcome as it comes."""
    import ray

    jobs = iter(jobs)
    first = next(jobs, None)
    if first is None:
        return  # all was done before: nothing to start
    jobs, gpus = itertools.chain([first], jobs), int(str(device).startswith("cuda"))
    folder = Path(os.path.abspath(folder))  # a worker may begin anywhere
    with _joined(workers, address), _probe(folder) as probe:
        # max_calls: Ray would end a worker that has a GPU after each task, and load the networks for every photo.
        remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=TRIES - 1, max_calls=0)(_edit)
        shared = [ray.put((dict(enhancers), options, device, probe))]  # in a list, so that a worker asks for it once
        # Twice as many as can run, so that no worker waits for the next photo.
        at_once = workers or 2 * max(int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1)), 1)
        running: dict[Any, BatchJob] = {}
        while True:
            for job in itertools.islice(jobs, at_once - len(running)):
                running[remote.remote(_absolute(job), shared)] = job
            if not running:
                return
            for done in ray.wait(list(running))[0]:
                yield _outcome(done, running.pop(done))


def _outcome(done: Any, job: BatchJob) -> Outcome:
    """What a worker found, with its notes printed here; or that it died."""
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayTaskError, WorkerCrashedError

    try:
        outcome, notes = ray.get(done)
    except (WorkerCrashedError, OutOfMemoryError, NodeDiedError) as error:
        why = f"its worker died {TRIES} times ({type(error).__name__})"
        return Outcome(job, problem=f"{job.photo}: {why}; it may need more memory than a worker has: use fewer workers")
    except RayTaskError as error:
        if isinstance(error.cause, InputError):  # of a machine, not of a photo
            raise InputError(str(error.cause)) from error
        raise
    sys.stderr.write(notes)
    return dataclasses.replace(outcome, job=job)


def _absolute(job: BatchJob) -> BatchJob:
    files = {name: Path(os.path.abspath(getattr(job, name))) for name in ("photo", "mask", "result")}
    return dataclasses.replace(job, **files)


def _edit(job: BatchJob, shared: list[Any]) -> tuple[Outcome, str]:
    """In a worker: edit a photo; what came of it, and what was said."""
    enhancers, options = _given(shared[0])
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        return edit_job(job, enhancers, options), said.getvalue()


@functools.lru_cache(maxsize=1)
def _given(shared: Any) -> tuple[dict[str, Enhancer], Mapping[str, Any]]:
    """In a worker, once: the networks, on their device, and the options; and whether this machine has the files."""
    import ray

    enhancers, options, device, probe = ray.get(shared)
    if not probe.is_file():
        raise InputError(
            f"{probe}: not seen by the machine {socket.gethostname()}; photos, masks and output must lie in a file "
            "system that all machines of the cluster share, under the same path"
        )
    return {task: enhancer.to(device) for task, enhancer in enhancers.items()}, options


@contextlib.contextmanager
def _joined(workers: int | None, address: str | None):
    """Be connected to Ray."""
    import ray
    from ray.exceptions import RayError

    if ray.is_initialized():
        yield
        return
    local = {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(address or "local", log_to_driver=False, **({} if address else local))
    except (ConnectionError, ValueError, RuntimeError, RayError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"address {address or 'local'}: no Ray cluster could be joined ({why}); start one with ray start --head, or leave "
            "--address away to use this machine alone"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _probe(folder: Path):
    """A file by which workers tell that they see this folder, and not another of the same name.

    A new one each time, because network file systems remember for a while which names were not there; and named as those that
    `replacing` makes for the scores, so that what a killed run left goes with these.
    """
    scores = folder / SCORES
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{scores.stem}.", suffix=scores.suffix, dir=folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another output folder") from error
    os.close(handle)
    try:
        yield folder / Path(name).name
    finally:
        Path(name).unlink(missing_ok=True)
