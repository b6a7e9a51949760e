"""The only training loop: one pass from top to bottom, exact to resume, on any device."""
import dataclasses
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from realistic_editing.common.errors import InputError
from realistic_editing.data.transforms import StepSampler
from realistic_editing.training.checkpoint import load_state, save_state
from realistic_editing.training.logging import Log
from realistic_editing.training.optimizer import build_optimizer, learning_rate_at


class Problem(Protocol):
    """What is trained, and how it is judged. A step maps a batch to named losses; it does not log, save or move data."""

    network: nn.Module
    train_data: Dataset
    better: tuple[str, str]  # the measure that picks the best checkpoint, and "max" or "min"

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Scalars by name; "total" is minimised."""

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Measures on validation photos by name."""

    def sheet(self, network: nn.Module, device: torch.device) -> np.ndarray | None:
        """A picture of the present state, H x W x 3 uint8, or None."""


@dataclasses.dataclass(frozen=True)
class Trainer:
    """How a network is trained; one for each field of configs/trainer.

    Args:
        steps: optimiser steps in all.
        batch_size: samples in a step, over all processes.
        optimizer: "adam" or "adamw".
        learning_rate, weight_decay, betas: of the optimiser.
        schedule: "constant", "cosine" (to 0) or "one_cycle" (up over `warmup` of the steps, then cosine to 0).
        warmup: share of the steps over which the rate rises.
        accumulate: forward passes in which a step's samples are taken, one after another.
        clip_gradient: greatest norm of the gradient; 0 = no limit.
        ema: decay of the average of the weights that is evaluated and kept; 0 = the weights themselves.
        precision: "32-true", "bf16-mixed" or "16-mixed".
        accelerator, devices, nodes: as Lightning Fabric names them; "auto" picks cuda, mps or cpu.
        workers: processes that decode photos; 0 = in the loop, right where the photos fit the cache.
        compile: use torch.compile.
        seed: decides weights, order, augmentation and edits.
        log_every, evaluate_every, save_every: steps between two of each.
    """

    steps: int
    batch_size: int
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: str = "one_cycle"
    warmup: float = 0.1
    accumulate: int = 1
    clip_gradient: float = 0.0
    ema: float = 0.0
    precision: str = "32-true"
    accelerator: str = "auto"
    devices: int | str = 1
    nodes: int = 1
    workers: int = 0
    compile: bool = False
    seed: int = 0
    log_every: int = 10
    evaluate_every: int = 500
    save_every: int = 200


def fit(problem: Problem, trainer: Trainer, output: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Train, or go on where a killed run stopped: the same command in the same folder continues it.

    Whatever is random in a step is a function of (seed, step), so on CPU a resumed run ends bit-identical to one that
    was never killed.

    Args:
        problem: what to train.
        trainer: how.
        output: folder for last.pt, best.pt and the TensorBoard log.

    Returns:
        The network that is to be kept (averaged if `trainer.ema`; the best by `problem.better`), and
        {"step", "measures"} of it.

    Raises:
        InputError: when a setting cannot be used, or a checkpoint is damaged or belongs to another network.
        FloatingPointError: when a loss is not finite, with its name and step.
    """
    fabric = _fabric(trainer)
    fabric.launch()
    bare = problem.network.to(fabric.device, memory_format=torch.channels_last)
    average = AveragedModel(bare, multi_avg_fn=get_ema_multi_avg_fn(trainer.ema), use_buffers=True) if trainer.ema else None
    optimizer = build_optimizer(bare, trainer)
    kept = average.module if average is not None else bare
    modules = {"network": bare} | ({"average": average} if average is not None else {})

    if fabric.is_global_zero:
        for stray in output.glob(".*.pt"):  # half-written when a run was killed
            stray.unlink()
    first, best = load_state(output / "last.pt", modules, optimizer, fabric.device) or (0, None)
    losses_of = _Losses(torch.compile(bare) if trainer.compile else bare, problem)
    losses_of, optimizer = fabric.setup(losses_of, optimizer)
    log = Log(output, first, trainer, enabled=fabric.is_global_zero)
    batches = _batches(problem.train_data, trainer, fabric, first)
    for step in range(first, trainer.steps):
        bare.train()
        rate = learning_rate_at(step, trainer)
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses = _step(fabric, losses_of, optimizer, trainer, step, batches, log)
        if average is not None:
            # The average is short at first, so that it forgets the random weights it began with.
            average.multi_avg_fn = get_ema_multi_avg_fn(min(trainer.ema, (1 + step) / (10 + step)))
            average.update_parameters(bare)
        done = step + 1
        log.step(done, losses, rate)
        last = done == trainer.steps
        evaluates, saves = done % trainer.evaluate_every == 0 or last, done % trainer.save_every == 0 or last
        if evaluates or saves:
            log.read_losses()  # raises before weights that are not finite are kept
        if evaluates:
            best = _evaluate(problem, kept, fabric, log, done, best, output)
        if saves and fabric.is_global_zero:
            save_state(output / "last.pt", modules, optimizer, done, best)
    log.close()
    fabric.barrier()
    state = torch.load(output / "best.pt", map_location=fabric.device, weights_only=True)
    kept.load_state_dict(state["network"])
    return kept.eval(), {"step": state["step"], "measures": state["measures"]}


def _fabric(trainer: Trainer) -> Fabric:
    try:
        return Fabric(
            accelerator=trainer.accelerator, devices=trainer.devices, num_nodes=trainer.nodes, precision=trainer.precision
        )
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        chosen = f"accelerator={trainer.accelerator}, devices={trainer.devices}, precision={trainer.precision}"
        raise InputError(
            f"trainer: {chosen} cannot be used here ({str(error).splitlines()[0]}); try trainer.accelerator=auto "
            "trainer.devices=1 trainer.precision=32-true"
        ) from error


class _Losses(nn.Module):
    """The problem's losses as a module, so that precision and DDP cover all that a step computes."""

    def __init__(self, network: nn.Module, problem: Problem) -> None:
        super().__init__()
        self.network, self.problem = network, problem

    def forward(self, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return self.problem.losses(self.network, batch, generator)


def _step(fabric, losses_of, optimizer, trainer, step, batches, log) -> dict[str, torch.Tensor]:
    """One optimiser step over `accumulate` forward passes; the mean of their losses."""
    sums: dict[str, torch.Tensor] = {}
    for part in range(trainer.accumulate):
        with log.waiting():
            batch = next(batches)
        seed = _mix(trainer.seed, step, fabric.global_rank * trainer.accumulate + part)
        generator = torch.Generator(fabric.device).manual_seed(seed)
        torch.manual_seed(seed)  # for dropout, which takes no generator; after the loader, which draws when it starts
        with fabric.no_backward_sync(losses_of, enabled=part + 1 < trainer.accumulate):
            losses = losses_of(batch, generator)
            fabric.backward(losses["total"] / trainer.accumulate)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0) + value.detach() / trainer.accumulate
    if trainer.clip_gradient:
        fabric.clip_gradients(losses_of, optimizer, max_norm=trainer.clip_gradient)
    optimizer.step()
    optimizer.zero_grad()
    return sums


def _batches(data: Dataset, trainer: Trainer, fabric: Fabric, first: int) -> Iterator[dict]:
    """The batches from step `first` on, on the device; each is a function of (seed, step)."""
    shares = fabric.world_size * trainer.accumulate
    if trainer.batch_size % shares:
        raise InputError(
            f"trainer.batch_size is {trainer.batch_size}; it must divide by processes x accumulate = "
            f"{fabric.world_size} x {trainer.accumulate}"
        )
    # A step's forward passes are batches of their own, so steps are counted in forward passes here.
    sampler = StepSampler(
        len(data),
        trainer.batch_size // trainer.accumulate,
        seed=trainer.seed,
        start_step=first * trainer.accumulate,
        total_steps=trainer.steps * trainer.accumulate,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
    )
    loader = DataLoader(
        data, batch_sampler=sampler, num_workers=trainer.workers, pin_memory=fabric.device.type == "cuda"
    )
    return iter(fabric.setup_dataloaders(loader, use_distributed_sampler=False))


def _evaluate(problem, kept, fabric, log, step, best, output) -> float:
    """Measure on the first process; write best.pt when the deciding measure is better than ever before."""
    if fabric.is_global_zero:
        started = time.perf_counter()
        training = kept.training
        kept.eval()
        with torch.no_grad():
            measures = problem.evaluate(kept, fabric.device)
            sheet = problem.sheet(kept, fabric.device)
        kept.train(training)
        log.measures(step, measures, sheet, time.perf_counter() - started)
        name, direction = problem.better
        value = measures[name]
        if best is None or (value > best if direction == "max" else value < best):
            best = value
            save_state(output / "best.pt", {"network": kept}, None, step, best, measures)
    fabric.barrier()
    return best


def _mix(*numbers: int) -> int:
    """A seed from several numbers, so that neighbouring steps and processes draw unrelated values."""
    return int(np.random.SeedSequence(list(itertools.chain(numbers, [0]))).generate_state(1, np.uint64)[0] >> 1)
