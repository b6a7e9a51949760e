"""Whole calls side by side: the same results, gradients, modes and errors as one after the other."""
import threading

import pytest
import torch

from realistic_editing.common import workers
from realistic_editing.common.workers import apart, on_worker, together


@pytest.fixture(autouse=True)
def two_threads():
    """The tests run with one thread, where nothing goes side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    workers._workers.cache_clear()
    yield
    torch.set_num_threads(before)
    workers._workers.cache_clear()


def on_threads(jobs):
    """The jobs' results, and the thread of each."""
    return on_worker(lambda: together([lambda job=job: (job(), threading.get_ident()) for job in jobs]))()


def test_jobs_run_at_once_on_one_thread_each_and_answer_in_their_order():
    meeting = threading.Barrier(2, timeout=10)  # broken where one waits for the other to end
    found = on_threads([lambda: (meeting.wait() >= 0, torch.get_num_threads())] * 2)
    assert [answer for answer, _ in found] == [(True, 1), (True, 1)]
    assert len({thread for _, thread in found} - {threading.get_ident()}) == 2
    assert [answer for answer, _ in on_threads([lambda n=n: n for n in range(9)])] == list(range(9))
    assert torch.get_num_threads() == 2


def test_jobs_within_jobs_do_not_wait_for_each_other_for_ever():
    def nested(depth):
        return 1 if depth == 0 else sum(together([lambda: nested(depth - 1)] * 3))

    assert on_worker(lambda: nested(4))() == 3**4


def test_where_pytorch_has_one_thread_all_stays_where_it_is():
    torch.set_num_threads(1)
    assert on_worker(threading.get_ident)() == threading.get_ident()
    assert together([threading.get_ident] * 3) == [threading.get_ident()] * 3


@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_the_callers_mode_of_gradients_holds(mode):
    with mode():
        here = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        found = on_threads([lambda: (torch.is_grad_enabled(), torch.is_inference_mode_enabled())] * 4)
    assert [answer for answer, _ in found] == [here] * 4


def test_what_a_job_raises_arrives_and_the_workers_go_on():
    def fail():
        raise ValueError("the job's own words")

    for jobs in ([fail, int], [int, fail], [int, int, fail]):
        with pytest.raises(ValueError, match="the job's own words"):
            on_threads(jobs)
    assert [answer for answer, _ in on_threads([int, int])] == [0, 0]


def test_networks_that_are_asked_apart_have_the_gradients_of_one_graph():
    torch.manual_seed(0)
    networks = [torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh()).requires_grad_(False) for _ in range(3)]
    image, other = torch.rand(2, 5, requires_grad=True), torch.rand(2, 5, requires_grad=True)
    fixed = torch.rand(2, 5)
    calls = [(networks[0], image), (networks[1], image), (networks[2], other), (networks[2], fixed)]

    def gradients():
        said = apart([(network, 2 * given) for network, given in calls])
        loss = sum((weight * one.square().sum() for weight, one in enumerate(said, start=1)), torch.tensor(0.0))
        return loss.detach(), *torch.autograd.grad(loss, [image, other])

    for one, other_way in zip(on_worker(gradients)(), gradients(), strict=True):
        assert torch.allclose(one, other_way, atol=1e-6)
