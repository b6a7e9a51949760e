"""Whole calls side by side: the same results, gradients, modes and errors as one after the other."""
import subprocess
import sys
import threading
import time

import pytest
import torch

from realistic_editing.common import workers
from realistic_editing.common.workers import apart, by_one_thread_each, on_worker, together


@pytest.fixture(autouse=True)
def two_threads():
    """The tests run with one thread, where nothing goes side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    workers._pools.clear()
    yield
    torch.set_num_threads(before)
    workers._pools.clear()


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


def test_jobs_of_one_thread_each_run_at_once_however_many_threads_there_are():
    torch.set_num_threads(8)
    meeting = threading.Barrier(2, timeout=10)  # broken where one waits for the other to end
    found = by_one_thread_each(lambda: together([lambda: (meeting.wait() >= 0, torch.get_num_threads())] * 2))
    assert found == [(True, 1)] * 2 and torch.get_num_threads() == 8


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


def test_what_gradients_cannot_reach_is_left_out_as_in_one_graph():
    image = torch.zeros(1, 3, requires_grad=True)
    fixed = torch.ones(1, 3)

    def gradients():
        calls = [
            (lambda seen: seen * 2, image),
            (lambda seen: torch.ones(2), image),  # a constant
            (lambda seen: seen.detach() + 1, image),
            (torch.sqrt, image),  # infinite slope at 0, and nobody asks for it
            (lambda seen: seen.mul_(3), fixed),  # in place, and without gradients
        ]
        said = apart(calls)
        assert [one.requires_grad for one in said] == [True, False, False, True, False]
        (found,) = torch.autograd.grad((said[0] + said[4]).sum(), [image])
        return found

    assert torch.equal(on_worker(gradients)(), torch.full((1, 3), 2.0))


def test_no_job_runs_on_after_an_error_and_the_first_in_order_is_told():
    ended = []

    def slow():
        time.sleep(0.3)
        ended.append("slow")
        raise KeyError("second")

    def fail():
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        on_threads([fail, slow, slow])
    assert ended == ["slow"] * 2


def test_work_stops_soon_after_its_caller_was_interrupted(monkeypatch):
    begun, rounds = threading.Event(), []

    def endless():
        while len(rounds) < 1000:
            begun.set()
            rounds.append(together([lambda: time.sleep(0.01)] * 2))

    def interrupted(future):
        assert begun.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(workers.Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        on_worker(endless)()
    monkeypatch.undo()
    time.sleep(0.3)
    stopped = len(rounds)
    time.sleep(0.2)
    assert len(rounds) == stopped < 100


def test_without_more_threads_all_is_done_where_it_is(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert on_worker(threading.get_ident)() == threading.get_ident()
    assert torch.get_num_threads() == 2


SCRIPT = """
import threading, time, torch
from realistic_editing.common.workers import on_worker, together
torch.set_num_threads(2)
def late():
    time.sleep(0.5)  # the main thread has ended by then
    print(on_worker(lambda: together([int, int]))())
threading.Thread(target=late).start()
"""


def test_a_thread_that_outlives_the_main_one_may_still_ask():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.strip() == "[0, 0]", done.stderr


def test_only_the_processors_calls_go_to_workers():
    class Owner:
        device = torch.device("meta")

        @on_worker
        def where(self):
            return threading.get_ident()

    assert Owner().where() == threading.get_ident()
    Owner.device = torch.device("cpu")
    assert Owner().where() != threading.get_ident()
