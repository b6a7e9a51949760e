"""The settings of a training run."""
import dataclasses
from collections.abc import Mapping
from typing import Any

from realistic_editing.common.ranges import check_all
from realistic_editing.common.trainer_ranges import TRAINER_RANGES


@dataclasses.dataclass(frozen=True)
class Trainer:
    """How a network is trained; one for each field of configs/trainer.

    A step's batch is cut into processes x accumulate equal shares, and a share's random draws and batch statistics are
    its own. Two processes with accumulate=1 therefore take the same steps as one process with accumulate=2, to the
    rounding of sums; networks with batch normalisation too, but for its running averages, which only evaluation reads:
    they follow the shares of the first process.

    Args:
        steps: optimiser steps in all; None until it is known how many make the epochs that are asked for.
        batch_size: samples in a step, over all processes.
        optimizer: "adam" or "adamw".
        learning_rate, weight_decay, betas: of the optimiser.
        pretrained_rate: share of the learning rate at which a pre-trained backbone is fine-tuned; 0 = it stays as it is.
        schedule: "constant", "cosine" (to 0) or "one_cycle" (up over `warmup` of the steps, then cosine to 0).
        warmup: share of the steps over which the rate rises.
        accumulate: forward passes in which a process takes its samples of a step, one after another.
        clip_gradient: greatest norm of the gradient; 0 = no limit.
        ema: decay of the average of the weights that is evaluated and kept; 0 = the weights themselves.
        precision: "32-true", "bf16-mixed" or "16-mixed".
        accelerator, devices, nodes: as Lightning Fabric names them; "auto" picks cuda, mps or cpu.
        workers: processes that decode photos; 0 = in the loop, right where the photos fit the cache.
        compile: use torch.compile; on a CPU it needs a C++ compiler.
        window: shards that samples are drawn from at a time (see `StepSampler`), where data lie in shards; None or 0 = all.
        seed: decides weights, order, augmentation and edits.
        log_every, evaluate_every, save_every: steps between two of each.
        smoke: the run was made small, to see that all of it works.

    Raises:
        InputError: naming the value and what it may be.
    """

    steps: int | None
    batch_size: int
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    pretrained_rate: float = 0.1
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
    window: int | None = None
    seed: int = 0
    log_every: int = 10
    evaluate_every: int = 500
    save_every: int = 200
    smoke: bool = False

    def __post_init__(self) -> None:
        check_all({field.name: getattr(self, field.name) for field in dataclasses.fields(self)}, TRAINER_RANGES, "trainer.")


def flatten(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names: {"trainer": {"steps": 2}} -> {"trainer.steps": 2}."""
    if not isinstance(settings, Mapping):
        return {prefix: settings}
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= flatten(value, f"{prefix}.{name}" if prefix else str(name))
    return flat
