"""One optimiser step: batches, randomness, precision and gradients, on one process or several."""
import contextlib
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader

from realistic_editing.common.errors import InputError
from realistic_editing.data.transforms import StepSampler
from realistic_editing.training.optimizer import build_optimizer, learning_rate_at
from realistic_editing.training.settings import Trainer


class Stepper:
    """Network, optimiser and data of a run, and its steps, each a function of (seed, step).

    Args:
        problem: a `Problem`; its network is moved to the device.
        trainer: how it is trained.
        fabric: from `launch`.

    Raises:
        InputError: when a setting cannot be used.
    """

    def __init__(self, problem, trainer: Trainer, fabric: Fabric) -> None:
        self.data, self.trainer, self.fabric = problem.train_data, trainer, fabric
        self.network = problem.network.to(fabric.device, memory_format=torch.channels_last)
        self.optimizer = build_optimizer(self.network, trainer)
        losses_of = _Losses(torch.compile(self.network) if trainer.compile else self.network, problem)
        self._losses_of, self._optimizer = fabric.setup(losses_of, self.optimizer)
        self._shares = fabric.world_size * trainer.accumulate
        if trainer.batch_size % self._shares:
            raise InputError(
                f"trainer.batch_size is {trainer.batch_size}; it must divide by processes x accumulate = "
                f"{fabric.world_size} x {trainer.accumulate}"
            )
        self._shards = self.data.shards() if trainer.window and hasattr(self.data, "shards") else None
        if trainer.window and (type(trainer.window) is not int or trainer.window < 0 or self._shards is None):
            raise InputError(
                f"trainer.window is {trainer.window}; use a whole number (0 is all) with regions.shards=..., or leave it out"
            )

    def batches(self, first: int) -> Iterator:
        """The batches from step `first` on, on the device: `accumulate` of them for each step."""
        trainer, fabric = self.trainer, self.fabric
        # A step's forward passes are batches of their own, so steps are counted in forward passes here.
        sampler = StepSampler(
            len(self.data),
            trainer.batch_size // trainer.accumulate,
            seed=trainer.seed,
            start_step=first * trainer.accumulate,
            total_steps=trainer.steps * trainer.accumulate,
            rank=fabric.global_rank,
            world_size=fabric.world_size,
            shards=self._shards,
            window=trainer.window or 0,
        )
        on_gpu = fabric.device.type == "cuda"
        loader = DataLoader(self.data, batch_sampler=sampler, num_workers=trainer.workers, pin_memory=on_gpu)
        return iter(fabric.setup_dataloaders(loader, use_distributed_sampler=False))

    def step(
        self, step: int, batches: Iterator, waiting: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext
    ) -> tuple[dict[str, torch.Tensor], float]:
        """Take a step.

        Args:
            step: counted from 0.
            batches: of `batches`, having given those of the steps before.
            waiting: entered while the next batch is waited for.

        Returns:
            This process's mean losses by name, scalars, and the learning rate.
        """
        self.network.train()
        rate = learning_rate_at(step, self.trainer)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        sums: dict[str, torch.Tensor] = {}
        for part in range(self.trainer.accumulate):
            with waiting():
                batch = next(batches)
            # The samples of the step, in their order, are shared out to the first parts of all processes, then to the
            # second: so a share has one number however many processes there are, and draws the same.
            seed = _mix(self.trainer.seed, step, part * self.fabric.world_size + self.fabric.global_rank)
            generator = torch.Generator(self.fabric.device).manual_seed(seed)
            torch.manual_seed(seed)  # for dropout, which takes no generator; after the loader, which draws when it starts
            with self.fabric.no_backward_sync(self._losses_of, enabled=part + 1 < self.trainer.accumulate):
                losses = self._losses_of(batch, generator)
                self.fabric.backward(losses["total"] / self.trainer.accumulate)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0) + value.detach() / self.trainer.accumulate
        if self.trainer.clip_gradient:
            self.fabric.clip_gradients(self._losses_of, self._optimizer, max_norm=self.trainer.clip_gradient)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return sums, rate


class _Losses(nn.Module):
    """The problem's losses as a module, so that precision and DDP cover all that a step computes."""

    def __init__(self, network: nn.Module, problem) -> None:
        super().__init__()
        self.network, self.problem = network, problem

    def forward(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return self.problem.losses(self.network, batch, generator)


def _mix(*numbers: int) -> int:
    """A seed from several numbers, so that neighbouring steps and processes draw unrelated values."""
    return int(np.random.SeedSequence(list(itertools.chain(numbers, [0]))).generate_state(1, np.uint64)[0] >> 1)
