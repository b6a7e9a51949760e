"""The suite "training": a step of each training loop beside a plain one, with the same networks, batches and sizes."""
import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from realistic_editing.benchmark import plain
from realistic_editing.benchmark.photos import gaze_photos
from realistic_editing.benchmark.timing import Measured, Stopwatch, Work, in_turn
from realistic_editing.data.regions import Region
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.training import EnhanceProblem
from realistic_editing.ops.sampling import EditPreset
from realistic_editing.realism.training import RealismProblem
from realistic_editing.saliency.training import SaliencyProblem
from realistic_editing.training import Problem, Trainer
from realistic_editing.training.devices import launch
from realistic_editing.training.stepper import Stepper


@dataclasses.dataclass(frozen=True)
class Loop:
    """A training loop to time.

    Args:
        job: "saliency", "realism" or "enhancer".
        network: to train; copied for each contender.
        size: side of the square, or (height, width) for saliency.
        batch_size: samples in a step.
        loss: of the critic: "squares" or "cross_entropy".
        pixels_per_zone: pixels of each zone that a critic is shown of a training sample, as in `RealismProblem` and
            `EnhanceProblem`; the plain loop has the whole picture.
    """

    job: str
    network: nn.Module
    size: Any
    batch_size: int
    loss: str = "squares"
    pixels_per_zone: int = 0

    def __post_init__(self) -> None:
        if self.job not in ("saliency", "realism", "enhancer"):
            raise ValueError(f"job is {self.job!r}; use saliency, realism or enhancer")


@dataclasses.dataclass(frozen=True)
class Teachers:
    """What a critic's samples are drawn from, and what an enhancer is trained against."""

    edits: EditPreset
    objective: Objective
    critic: nn.Module
    saliency: nn.Module


def training(
    loops: dict[str, Loop],
    teachers: Teachers,
    regions: Sequence[Region],
    trainer: Trainer,
    precisions: Sequence[str],
    seconds: float,
    say: Callable[[str], None] = print,
) -> list[Measured]:
    """Time a step of each loop.

    Args:
        loops: by name.
        teachers: see above.
        regions: train and validation regions with masks.
        trainer: settings that all loops share; batch size and precision are replaced.
        precisions: of the project's loop, each a contender; the plain loop has float32.
        seconds: to spend on each loop, warming up not counted.
        say: gets a line on what comes next.

    Returns:
        The measurements, "plain" first in each case.

    Raises:
        InputError: when a setting cannot be used.
    """
    found = []
    for name, loop in loops.items():
        size = "x".join(map(str, loop.size)) if isinstance(loop.size, list | tuple) else loop.size
        pixels = f", {loop.pixels_per_zone} pixels of each zone where plain takes the picture" if loop.pixels_per_zone else ""
        case = f"{name}, {size} px, batch {loop.batch_size}{pixels}"
        say(case)
        contenders = {"plain": _plain(loop, teachers, regions, trainer)}
        for precision in precisions:
            settings = dataclasses.replace(trainer, batch_size=loop.batch_size, precision=precision)
            # Points bypass what is compiled; training refuses the pair, and the label must not claim it.
            settings = dataclasses.replace(settings, compile=trainer.compile and not loop.pixels_per_zone)
            compiled = ", compiled" if settings.compile else ""
            contenders[f"this project, {precision}{compiled}"] = _ours(loop, teachers, regions, settings)
        found += in_turn(case, contenders, loop.batch_size, "images", seconds)
    return found


def _ours(loop: Loop, teachers: Teachers, regions: Sequence[Region], trainer: Trainer) -> Work:
    """The steps that `fit` takes, without what it logs, averages and keeps."""
    stepper = Stepper(_problem(loop, teachers, regions, trainer), trainer, launch(trainer))
    state = {"step": 0}
    batches = stepper.batches(0)

    def work(reading: Stopwatch) -> None:
        losses, _ = stepper.step(state["step"], batches, reading.running)
        state["step"] += 1
        float(losses["total"])  # waits for the device

    return work


def _problem(loop: Loop, teachers: Teachers, regions: Sequence[Region], trainer: Trainer) -> Problem:
    network = copy.deepcopy(loop.network)
    if loop.job == "saliency":
        return SaliencyProblem(network, gaze_photos(regions, trainer.seed), size=tuple(loop.size), weights={})
    options = {"size": loop.size, "pixels_per_zone": loop.pixels_per_zone}
    if loop.job == "realism":
        loss = {"kind": loop.loss, "rank": 0.0}
        return RealismProblem(network, regions, edits=teachers.edits, loss=loss, human=False, **options)
    judges = Judges(teachers.critic, teachers.saliency)
    return EnhanceProblem(network, judges, regions, objective=teachers.objective, **options)


def _plain(loop: Loop, teachers: Teachers, regions: Sequence[Region], trainer: Trainer) -> Work:
    settings = dataclasses.replace(trainer, batch_size=loop.batch_size)
    return plain_steps(_problem(loop, teachers, regions, trainer), settings)


def plain_steps(problem: Problem, trainer: Trainer) -> Work:
    """Steps that train the network of a problem, in place, the plain way: see `benchmark.plain`.

    Args:
        problem: of saliency, realism or an enhancer; its data are read anew at every step, as whole pictures.
        trainer: for batch size, learning rate, betas, workers and accelerator.
    """
    device = launch(dataclasses.replace(trainer, compile=False, precision="32-true")).device
    network, seen = problem.network.to(device).train(), problem.val_data.size
    if isinstance(problem, SaliencyProblem):
        data, loss_of = plain.PlainGaze(problem.train_data.first.photos, seen), plain.saliency_step(network)
    else:
        data = plain.PlainRegions(problem.train_data.regions, seen)
        if isinstance(problem, RealismProblem):
            loss_of = plain.critic_step(network, problem.edits, problem.loss["kind"])
        else:
            frozen = [judge.to(device) for judge in (problem.judges.critic, problem.judges.saliency)]
            loss_of = plain.enhancer_step(network, *frozen, problem.objective)
    batches = plain.endless(data, trainer.batch_size, trainer.workers, device)
    asked = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(asked, lr=trainer.learning_rate, betas=tuple(trainer.betas))

    def work(reading: Stopwatch) -> None:
        with reading.running():
            batch = next(batches)
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        float(loss.detach())

    return work
