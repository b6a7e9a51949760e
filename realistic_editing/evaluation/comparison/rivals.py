"""Other enhancement networks to compare with the bundled ones, such as ablations, by task and name."""
import itertools
from collections.abc import Container, Iterable
from pathlib import Path

import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.weights import load_network

Rivals = dict[str, dict[str, nn.Module]]  # task -> name -> network


def rival_name(weights: str) -> str:
    """What a rival is called: its file's name, or its folder's where the file is model.safetensors, without the task."""
    path = Path(weights)
    name = path.parent.name if path.name == "model.safetensors" else path.stem
    for task in TASKS:
        name = name.removeprefix(f"{task}_")
    return name


def distinct_name(weights: str, taken: Container[str]) -> str:
    """What a judge is called: its file's name, with a number where another has that already."""
    stem = Path(weights).stem
    names = itertools.chain([stem], (f"{stem} {number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def load_rivals(weights: Iterable[str], device: torch.device | str | None = None) -> Rivals:
    """Load enhancement networks, each with the task that it was trained for.

    Args:
        weights: bundled weights, or paths.
        device: where to run; the CPU when None.

    Returns:
        Task -> name -> network.

    Raises:
        InputError: when weights cannot be used, name no task, or two of a task have one name.
    """
    found: Rivals = {task: {} for task in TASKS}
    for one in weights:
        network, name = load_network(one, "enhancer", device), rival_name(one)
        task = network.card.get("task")
        if task not in TASKS:
            raise InputError(f"{one}: names no task (found {task!r}); train it with train_enhancer.py")
        if name in found[task]:
            raise InputError(f"{one}: another rival is called {name} too; rename its file or folder")
        found[task][name] = network
    return found
