"""Optimisers and learning-rate schedules, as functions of the step alone."""
import math

import torch
from torch import nn

from realistic_editing.common.errors import InputError


def build_optimizer(network: nn.Module, trainer) -> torch.optim.Optimizer:
    """Adam or AdamW, with weight decay on matrices and filters only, and pre-trained parts at a rate of their own.

    Args:
        network: whose parameters are trained; its `pretrained_parameters()`, where it has them, learn at a share of the rate.
        trainer: a `Trainer`, for `optimizer`, `learning_rate`, `pretrained_rate`, `weight_decay` and `betas`.

    Raises:
        InputError: for another name.
    """
    pretrained = {id(p) for p in network.pretrained_parameters()} if hasattr(network, "pretrained_parameters") else set()
    groups = []
    for share, tuned in ((1.0, False), (trainer.pretrained_rate, True)):
        own = [p for p in network.parameters() if p.requires_grad and (id(p) in pretrained) == tuned]
        for decay, matrices in ((trainer.weight_decay, True), (0.0, False)):
            found = [p for p in own if (p.ndim > 1) == matrices]
            if found or not tuned:
                groups.append({"params": found, "weight_decay": decay, "share": share})
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if trainer.optimizer not in kinds:
        raise InputError(f"trainer.optimizer is {trainer.optimizer!r}; use one of {sorted(kinds)}")
    return kinds[trainer.optimizer](groups, lr=trainer.learning_rate, betas=tuple(trainer.betas))


def learning_rate_at(step: int, trainer) -> float:
    """The learning rate of a step.

    Args:
        step: counted from 0.
        trainer: a `Trainer`, for `schedule`, `steps`, `warmup` and `learning_rate`.

    Raises:
        InputError: for an unknown schedule.
    """
    if trainer.schedule == "constant":
        return trainer.learning_rate
    warm = trainer.warmup * trainer.steps if trainer.schedule == "one_cycle" else 0
    if trainer.schedule not in ("one_cycle", "cosine"):
        raise InputError(f"trainer.schedule is {trainer.schedule!r}; use constant, cosine or one_cycle")
    if step < warm:
        return trainer.learning_rate * (step + 1) / (warm + 1)
    return trainer.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(trainer.steps - warm, 1)))
