"""Small networks on several cores: whole calls side by side on few threads each, and not each layer split over all cores.

A layer of a small network takes some tens of microseconds. Split over two threads that sleep while they wait (see
`common.threads`), it takes longer than on one; two calls side by side take the time of one.
"""
import contextvars
import functools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import torch
from torch.autograd.function import once_differentiable

from realistic_editing.common import threads

Arguments, Result = ParamSpec("Arguments"), TypeVar("Result")
Network = Callable[[torch.Tensor], torch.Tensor]

_MOST = 4  # workers: an edit has no more to do side by side, and more photos at once take more memory
AT_ONCE = max(1, min(torch.get_num_threads(), _MOST))  # photos, each on a thread of its own, that keep all cores busy
_here = threading.local()  # of a worker: `pool`, and `stopped`, an event that its caller sets when it no longer waits


def on_worker(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """A method that runs on a worker, where `together` may run parts of it side by side; its caller waits.

    It runs where it is called when its owner's `device` is not the CPU, and where PyTorch may use one thread only
    (`torch.set_num_threads`, OMP_NUM_THREADS). Modes of gradients, autocast on the CPU and context variables are the caller's.
    A caller that is interrupted leaves at once, and the worker stops at its next call of `together` or `apart`.
    """

    @functools.wraps(method)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        device = getattr(args[0], "device", None) if args else None
        if (device is not None and device.type != "cpu") or _pool_here() is not None or torch.get_num_threads() == 1:
            return method(*args, **kwargs)
        return _awaited(_workers(torch.get_num_threads()), lambda: method(*args, **kwargs))

    return call


def by_one_thread_each(job: Callable[[], Result], device: torch.device | None = None) -> Result:
    """Run a job on a worker, whose parts `together` runs side by side, on one thread each: sums round the same on any machine.

    The rest is as `on_worker` has it; where this is a worker already, it is part of that one's work.

    Args:
        job: what to do.
        device: of its networks; on another than the CPU the job runs where it is called.

    Returns:
        What the job returns.
    """
    if device is not None and device.type != "cpu":
        return job()
    count = min(torch.get_num_threads(), _MOST)
    pool = None if count == 1 or _pool_here() is not None else _workers(count)
    with threads.one_thread():
        return _awaited(pool, job)


def _awaited(pool: ThreadPoolExecutor | None, job: Callable[[], Result]) -> Result:
    """What a job returns that a worker does, or this thread where no worker takes it."""
    stopped = threading.Event()
    begun = _submit(pool, job, stopped)
    if begun is None:
        return job()
    try:
        return begun.result()
    finally:
        stopped.set()  # of a job that has ended, nobody asks


def together(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run jobs side by side where this is a worker, else one after the other.

    Returns:
        What they return, in their order.

    Raises:
        Exception: of the first job in their order that failed; no job runs on.
    """
    pool = _pool_here()
    if pool is None or len(jobs) < 2:
        return [job() for job in jobs]
    if _here.stopped.is_set():
        raise CancelledError("the caller no longer waits")
    begun = [_submit(pool, job, _here.stopped) for job in jobs[1:]]
    ended = {0: _outcome(jobs[0])}
    # What no worker has begun by now is done here, from the end: so workers that wait for each other cannot stand still.
    for index in range(len(jobs) - 1, 0, -1):
        if begun[index - 1] is None or begun[index - 1].cancel():
            ended[index] = _outcome(jobs[index])
    outcomes = [ended[index] if index in ended else _outcome(begun[index - 1].result) for index in range(len(jobs))]
    try:
        for _, error in outcomes:
            if error is not None:
                raise error
        return [result for result, _ in outcomes]
    finally:
        del begun, ended, outcomes  # an error holds this frame, which must not hold the error


def apart(calls: Sequence[tuple[Network, torch.Tensor]]) -> Sequence[torch.Tensor]:
    """What several frozen networks say of an input each, asked side by side as `together` does; and so are their gradients.

    Args:
        calls: each a network, or a function of one tensor, with its input; the weights need no gradients.

    Returns:
        What each says. On a worker, gradients pass back through all of it at once, and once.
    """
    if _pool_here() is not None and torch.is_grad_enabled() and any(given.requires_grad for _, given in calls):
        networks, given = zip(*calls, strict=True)
        return _Apart.apply(networks, *given)
    return together([functools.partial(network, given) for network, given in calls])


class _Apart(torch.autograd.Function):
    """Each network has a graph of its own: PyTorch walks one graph on one thread."""

    @staticmethod
    def forward(ctx: Any, networks: Sequence[Network], *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        def ask(network: Network, one: torch.Tensor, traced: bool) -> tuple[torch.Tensor, torch.Tensor]:
            with torch.set_grad_enabled(traced):
                seen = one.detach().requires_grad_(traced)
                return seen, network(seen.view_as(seen))  # a view: a network may work in place

        ctx.set_materialize_grads(False)
        calls = zip(networks, given, ctx.needs_input_grad[1:], strict=True)
        ctx.asked = together([functools.partial(ask, *call) for call in calls])
        answers = tuple(said.detach() for _, said in ctx.asked)
        fixed = (answer for answer, (_, said) in zip(answers, ctx.asked, strict=True) if not said.requires_grad)
        ctx.mark_non_differentiable(*fixed)
        return answers

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        def trace(seen: torch.Tensor, said: torch.Tensor, gradient: torch.Tensor | None) -> torch.Tensor | None:
            if gradient is None or not said.requires_grad:
                return None
            return torch.autograd.grad(said, [seen], gradient, allow_unused=True)[0]

        jobs = [functools.partial(trace, *one, gradient) for one, gradient in zip(ctx.asked, gradients, strict=True)]
        return (None, *together(jobs))


def _pool_here() -> ThreadPoolExecutor | None:
    """The pool that this thread works for; None where it is no worker."""
    return getattr(_here, "pool", None)


def _outcome(job: Callable[[], Result]) -> tuple[Result | None, BaseException | None]:
    try:
        return job(), None
    except BaseException as error:  # raised again by `together`, when all jobs have ended
        return None, error


def _submit(pool: ThreadPoolExecutor | None, job: Callable[[], Result], stopped: threading.Event) -> "Future[Result] | None":
    """The job begun under the caller's modes, which each thread has of its own; None where no worker takes it any more."""
    context, inference, gradients = contextvars.copy_context(), torch.is_inference_mode_enabled(), torch.is_grad_enabled()
    cast, dtype = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")

    def run() -> Result:
        _here.stopped = stopped
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients), torch.autocast("cpu", dtype, enabled=cast):
            return context.run(job)

    try:
        return pool.submit(run) if pool is not None else None
    except RuntimeError:  # the interpreter is ending, and takes no more work of threads; or there can be no more threads
        return None


_pools: dict[int, ThreadPoolExecutor | None] = {}


def _workers(count: int) -> ThreadPoolExecutor | None:
    """Workers that share so many threads; None where they cannot be started."""
    with threads.CHANGING:
        if count not in _pools:
            _pools[count] = _started(count)
        return _pools[count]


def _started(count: int) -> ThreadPoolExecutor | None:
    workers, before = min(count, _MOST), torch.get_num_threads()
    begun = threading.Barrier(workers + 1)

    def begin() -> None:
        _here.pool = pool
        torch.set_num_threads(count // workers)
        torch.get_num_threads()  # takes its copy of the process's number while that is this one
        begun.wait()

    pool = ThreadPoolExecutor(workers, "realistic-editing", begin)
    try:
        for _ in range(workers):
            pool.submit(bool)
        begun.wait()
        return pool
    except (RuntimeError, threading.BrokenBarrierError):  # the system gives no more threads
        begun.abort()
        pool.shutdown(wait=False)
        return None
    finally:
        torch.set_num_threads(before)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # threads do not live on in a child
