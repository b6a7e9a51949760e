"""Training state on disk: everything a killed run needs to go on exactly."""
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import Precision
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.ranges import Number, check, optional
from realistic_editing.weights.registry import fill


def save_state(
    path: Path,
    modules: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer | None,
    precision: Precision | None,
    step: int,
    best: float | None,
    measures: dict[str, float] | None = None,
) -> None:
    """Write networks, optimiser, step and best value; the file appears whole or not at all.

    The state of the random generators is not needed: whatever is random in a step is a function of (seed, step).

    Args:
        path: the file to write.
        modules: networks by name.
        optimizer, precision: None where only the networks are kept. Precision holds the loss scale of 16-mixed.
        step: steps done.
        best: the best value so far of the deciding measure; None before the first evaluation.
        measures: of these networks, by name.

    Raises:
        InputError: when the folder cannot be written.
    """
    state = {name: module.state_dict() for name, module in modules.items()}
    state |= {"step": step, "best": best, "measures": measures or {}}
    if optimizer is not None:
        state["optimizer"] = optimizer.state_dict()
    if precision is not None:
        state["precision"] = precision.state_dict()  # empty but for 16-mixed
    # An open file and not a path: torch would write the temporary name into the archive, and equal states would differ.
    with replacing(path) as temporary:
        try:
            with temporary.open("wb") as stream:
                torch.save(state, stream)
        except RuntimeError as error:  # torch's, when it closes an archive after the disk refused a part of it
            if isinstance(error.__context__, OSError):
                raise error.__context__ from error
            raise


def _check(state: Mapping[str, Any]) -> None:
    """Refuse a number of steps, or a best value, that no run leaves. Raises InputError."""
    check("step", state["step"], Number(0, whole=True))
    check("best", state["best"], optional(Number()))
    if not isinstance(state.get("precision", {}), dict):
        raise InputError("its loss scale is none")


def load_state(
    path: Path,
    modules: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    precision: Precision,
    device: torch.device,
) -> tuple[int, float | None] | None:
    """Load what `save_state` wrote into the modules, the optimiser and the loss scale.

    Args:
        path: the file.
        modules: networks by name, as they were saved.
        optimizer: of the first of them.
        precision: as it was saved.
        device: where the tensors go.

    Returns:
        (steps done, best value so far), or None where there is no file.

    Raises:
        InputError: when the file is damaged, or belongs to another network.
    """
    check_regular(path)
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        for name, module in modules.items():
            fill(module, state[name], name, "it is damaged")
        optimizer.load_state_dict(state["optimizer"])
        precision.load_state_dict(state.get("precision", {}))
        _check(state)
    except (RuntimeError, KeyError, ValueError, TypeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: cannot go on from this checkpoint ({reason}); delete it or choose another output folder"
        ) from error
    return state["step"], state["best"]
