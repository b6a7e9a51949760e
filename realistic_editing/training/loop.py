"""The only training loop: one pass from top to bottom, exact to resume, on any device."""
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset

from realistic_editing.common.errors import InputError
from realistic_editing.training.checkpoint import load_state, save_state
from realistic_editing.training.devices import launch
from realistic_editing.training.logging import Log
from realistic_editing.training.settings import Trainer
from realistic_editing.training.stepper import Stepper


class Problem(Protocol):
    """What is trained, and how it is judged. A step maps a batch to named losses; it does not log, save or move data."""

    network: nn.Module
    train_data: Dataset
    monitor: str  # the measure that picks the best checkpoint
    mode: str  # "max", "min" or "last": the newest, whatever its measure

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Scalars by name; "total" is minimised."""

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Measures on validation photos by name."""

    def sheet(self, network: nn.Module, device: torch.device) -> np.ndarray | None:
        """A picture of the present state, H x W x 3 uint8, or None."""


def fit(
    problem: Problem,
    trainer: Trainer,
    output: Path,
    fabric: Fabric | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[nn.Module, dict[str, Any]]:
    """Train, or go on where a killed run stopped: the same command in the same folder continues it.

    Whatever is random in a step is a function of (seed, step), so on CPU a resumed run ends bit-identical to one that
    was never killed. Of several processes, only the first evaluates and writes.

    Args:
        problem: what to train.
        trainer: how.
        output: folder for last.pt, best.pt and the TensorBoard log; every process must see it.
        fabric: from `launch`; made here when None.
        settings: of the whole run, for its log.

    Returns:
        The network that is to be kept (averaged if `trainer.ema`; the best by `problem.monitor`), and
        {"step", "measures"} of it with the {"speed"} of this start (see `Log.speed`).

    Raises:
        InputError: when a setting cannot be used, or a checkpoint is damaged or belongs to another network.
        FloatingPointError: when a loss, or the measure that picks the weights, is not finite, with its name and step.
    """
    fabric = fabric or launch(trainer)
    stepper = Stepper(problem, trainer, fabric)
    bare = stepper.network
    average = AveragedModel(bare, multi_avg_fn=get_ema_multi_avg_fn(trainer.ema), use_buffers=True) if trainer.ema else None
    kept = average.module if average is not None else bare
    modules = {"network": bare} | ({"average": average} if average is not None else {})
    precision = fabric.strategy.precision  # holds the loss scale of 16-mixed

    if fabric.is_global_zero:
        for stray in output.glob(".*.pt"):  # half-written when a run was killed
            stray.unlink()
    first, best = load_state(output / "last.pt", modules, stepper.optimizer, precision, fabric.device) or (0, None)
    if fabric.broadcast(first) != first:
        raise InputError(
            f"{output}: process {fabric.global_rank} finds {first} steps done there, and the first process another "
            "number; choose an output folder that all machines share"
        )
    if first and fabric.is_global_zero:
        state = "is finished" if first >= trainer.steps else f"goes on from step {first} of {trainer.steps}"
        print(f"{output}: the run {state}", flush=True)
    log = Log(output, first, trainer, fabric, settings, problem.monitor)
    batches = stepper.batches(first)
    for step in range(first, trainer.steps):
        losses, rate = stepper.step(step, batches, log.waiting)
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
        if (saves or evaluates) and fabric.is_global_zero:  # what was validated is not lost to whoever kills the run
            save_state(output / "last.pt", modules, stepper.optimizer, precision, done, best)
    log.close()
    fabric.barrier()
    state = torch.load(output / "best.pt", map_location=fabric.device, weights_only=True)
    kept.load_state_dict(state["network"])
    return kept.eval(), {"step": state["step"], "measures": state["measures"], "speed": log.speed()}


def _evaluate(problem, kept, fabric, log, step, best, output) -> float:
    """Measure on the first process; write best.pt when the deciding measure is better than ever before."""
    if fabric.is_global_zero:
        started, at_work = time.perf_counter(), time.process_time()
        training = kept.training
        kept.eval()
        with torch.no_grad():
            measures = problem.evaluate(kept, fabric.device)
            sheet = problem.sheet(kept, fabric.device)
        kept.train(training)
        log.measures(step, measures, sheet, time.perf_counter() - started, time.process_time() - at_work)
        name = problem.monitor
        value = measures[name]
        if not math.isfinite(value):
            raise FloatingPointError(f"{output}: the validation measure {name} is {value} at step {step}; it picks the weights")
        improved = {"max": best is None or value > best, "min": best is None or value < best, "last": True}
        if improved[problem.mode]:
            best = value
            save_state(output / "best.pt", {"network": kept}, None, None, step, best, measures)
    fabric.barrier()
    return best
