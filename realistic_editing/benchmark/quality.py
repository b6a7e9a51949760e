"""The suite "quality": how soon training reaches what a plain loop has reached after so many minutes.

Seconds are those of this process's processors, which other programs hardly change; where there is a GPU, those of the clock.
"""
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from realistic_editing.benchmark.timing import Measured, Say, Stopwatch
from realistic_editing.benchmark.training import plain_steps
from realistic_editing.training import Problem, Trainer
from realistic_editing.training.devices import launch
from realistic_editing.training.loop import fit

Course = tuple[Problem, Trainer]
Curve = Sequence[tuple[float, float]]  # seconds of training, and the measure then


def to_quality(
    courses: Mapping[str, Callable[[], tuple[Course, Course]]], seconds: float, say: Say = print
) -> list[Measured]:
    """Train each network the plain way and this project's way, one after the other, and compare when they reach the same.

    Args:
        courses: by name, what makes the plain one and this project's; `trainer.evaluate_every` says how often each is
            validated, which is not counted.
        seconds: of plain training; this project has as many to get as far.
        say: gets a line on what comes next, and each measure.

    Returns:
        Two of each, "plain" first: the seconds until the best measure of plain training was reached, and how it went on.
    """
    found = []
    for name, make in courses.items():
        plain, ours = make()
        monitor, rises = plain[0].monitor, plain[0].mode == "max"
        say(f"{name}, plain, at most {seconds:.0f} s")
        first = _followed(plain, _train_plainly, lambda curve: curve[-1][0] >= seconds, say)
        target = (max if rises else min)(value for _, value in first)

        def reached(value: float, target: float = target, rises: bool = rises) -> bool:
            return value >= target if rises else value <= target

        say(f"{name}, this project, until {monitor} is {target:.4f}, at most {seconds:.0f} s")
        second = _followed(ours, _train, lambda curve: reached(curve[-1][1]) or curve[-1][0] >= seconds, say)
        pair = [_measured(name, who, curve, reached, monitor) for who, curve in (("plain", first), ("this project", second))]
        say("; ".join(f"{name}, {one.contender}: {one.seconds[0]:.0f} s" for one in pair))  # kept if a later one fails
        found += pair
    return found


def _measured(name: str, contender: str, curve: Curve, reached: Callable[[float], bool], monitor: str) -> Measured:
    when = next((spent for spent, value in curve if reached(value)), None)
    text = f"{monitor} " + ", ".join(f"{value:.3f} after {spent:.0f} s" for spent, value in curve)
    note = text if when is not None else f"not reached; {text}"
    return Measured(name, contender, 1, "runs", (when or curve[-1][0],), (0.0,), note=note)


class _Enough(Exception):
    """Training has gone as far as it was to be followed."""


class _Watch:
    """Notes the validations of a problem with the seconds of training before them, until it is enough.

    Args:
        problem: whose `evaluate` and `sheet` give place to those of this, in this one object.
        enough: of what was noted so far, whether to stop.
        say: gets a line for each validation.
    """

    def __init__(self, problem: Problem, enough: Callable[[Curve], bool], say: Say) -> None:
        self.ask, self.monitor, self.enough, self.say = problem.evaluate, problem.monitor, enough, say
        self.curve: list[tuple[float, float]] = []
        self.clock = time.perf_counter if torch.cuda.is_available() else time.process_time
        self.began, self.apart = self.clock(), 0.0
        problem.evaluate, problem.sheet = self.evaluate, lambda *_: None  # nobody looks at pictures here

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """As the problem does."""
        started = self.clock()
        measures = self.ask(network, device)
        self.curve.append((started - self.began - self.apart, measures[self.monitor]))
        self.apart += self.clock() - started
        self.say(f"  {self.monitor} {self.curve[-1][1]:.4f} after {self.curve[-1][0]:.0f} s")
        if self.enough(self.curve):
            raise _Enough
        return measures


def _followed(course: Course, train: Callable[[Problem, Trainer], None], enough: Callable[[Curve], bool], say: Say) -> Curve:
    """The validations of one course until it is enough, or until its steps are done."""
    problem, trainer = course
    watch = _Watch(problem, enough, say)
    try:
        train(problem, trainer)
    except _Enough:
        pass
    return watch.curve


def _train(problem: Problem, trainer: Trainer) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fit(problem, trainer, Path(folder))


def _train_plainly(problem: Problem, trainer: Trainer) -> None:
    """Steps without end, validated as often as the settings say."""
    step, device = plain_steps(problem, trainer), launch(trainer).device
    while True:
        problem.network.train()
        for _ in range(trainer.evaluate_every):
            step(Stopwatch())
        problem.network.eval()
        with torch.no_grad():
            problem.evaluate(problem.network, device)
