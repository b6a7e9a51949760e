"""Small networks on several cores: whole calls side by side on one thread each, and not each layer split over all cores.

A layer of a small network takes some tens of microseconds. Split over two threads that sleep while they wait (see
`common.threads`), it takes longer than on one; two calls side by side take the time of one.
"""
import functools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch

Result = TypeVar("Result")
Network = Callable[[torch.Tensor], torch.Tensor]
_here = threading.local()


def on_worker(function: Callable[..., Result]) -> Callable[..., Result]:
    """A function that runs on a worker, where `together` may run parts of it side by side; its caller waits.

    Where PyTorch may use one thread only (`torch.set_num_threads`, OMP_NUM_THREADS), it runs where it is called.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Result:
        if _is_worker() or torch.get_num_threads() == 1:
            return function(*args, **kwargs)
        return _workers().submit(_as_here(lambda: function(*args, **kwargs))).result()

    return call


def together(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run jobs side by side where this is a worker, else one after the other; each as if it were called here.

    Returns:
        What they return, in their order.

    Raises:
        Exception: the first job's that failed.
    """
    if len(jobs) < 2 or not _is_worker():
        return [job() for job in jobs]
    begun = [_workers().submit(_as_here(job)) for job in jobs[1:]]
    results = {0: jobs[0]()}
    # What no worker has begun by now is done here, from the end: so workers that wait for each other cannot stand still.
    for index in range(len(jobs) - 1, 0, -1):
        if begun[index - 1].cancel():
            results[index] = jobs[index]()
    return [results[index] if index in results else begun[index - 1].result() for index in range(len(jobs))]


def apart(calls: Sequence[tuple[Network, torch.Tensor]]) -> Sequence[torch.Tensor]:
    """What several frozen networks say of an input each, asked side by side as `together` does; and so are their gradients.

    Args:
        calls: each a network, or a function of one tensor, with its input; the weights need no gradients.

    Returns:
        What each says.
    """
    if _is_worker() and torch.is_grad_enabled() and any(given.requires_grad for _, given in calls):
        networks, given = zip(*calls, strict=True)
        return _Apart.apply(networks, *given)
    return together([functools.partial(network, given) for network, given in calls])


class _Apart(torch.autograd.Function):
    """Each network has a graph of its own: PyTorch walks one graph on one thread."""

    @staticmethod
    def forward(ctx: Any, networks: Sequence[Network], *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        def ask(network: Network, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            with torch.enable_grad():
                return seen, network(seen)

        inputs = [one.detach().requires_grad_(True) for one in given]
        ctx.asked = together([functools.partial(ask, *call) for call in zip(networks, inputs, strict=True)])
        return tuple(said.detach() for _, said in ctx.asked)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        def trace(seen: torch.Tensor, said: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
            return torch.autograd.grad(said, [seen], gradient)[0]

        jobs = [functools.partial(trace, *one, gradient) for one, gradient in zip(ctx.asked, gradients, strict=True)]
        return (None, *together(jobs))


def _is_worker() -> bool:
    return getattr(_here, "worker", False)


def _as_here(job: Callable[[], Result]) -> Callable[[], Result]:
    """The job under the caller's modes of gradients, which each thread has of its own."""
    inference, gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def run() -> Result:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            return job()

    return run


def _begin() -> None:
    _here.worker = True
    torch.set_num_threads(1)
    torch.get_num_threads()  # a thread takes over the process's number when it is first asked for its own, unless that is now


@functools.cache
def _workers() -> ThreadPoolExecutor:
    """As many as PyTorch has threads when they are first asked for."""
    threads = torch.get_num_threads()
    workers = ThreadPoolExecutor(threads, "realistic-editing", _begin)
    ready = threading.Barrier(threads + 1)
    for _ in range(threads):
        workers.submit(ready.wait)
    ready.wait()
    torch.set_num_threads(threads)  # for threads of others that begin later: the workers' setting is the process's as well
    return workers


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.cache_clear)  # threads do not live on in a child
