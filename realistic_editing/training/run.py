"""A run's folder: its settings, what made it, and the check that a restart continues the same run."""
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

from realistic_editing.common import provenance
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import alone_in, check_regular, refuse_taken, replacing
from realistic_editing.common.nested import parse_yaml, read_text
from realistic_editing.training.devices import close_processes, launch
from realistic_editing.training.loop import Problem, fit
from realistic_editing.training.settings import Trainer, flatten
from realistic_editing.weights import save_network
from realistic_editing.weights.registry import name_of

RUN_LOCK = ".run.lock"
# What runs had that were begun before these settings could be made.
_BEFORE = {"trainer.smoke": False, "augment": True, "regions.sets": ["coco", "bsds500", "ecssd"], "regions.val_regions": None}
# Settings that may differ when a run goes on: they change where and how often, not what comes out.
_FREE = {"paths", "output", "hydra", "trainer.workers", "trainer.log_every", "trainer.save_every"}
# Networks that a run takes where none is named: what was trained since it began takes the place of what is bundled.
_CHOSEN = {"realism.weights", "saliency.weights", "regions.saliency", "model.attention"}


def run(problem: Problem, trainer: Trainer, config: DictConfig, card: dict[str, Any] | None = None) -> Path:
    """Train in `config.output`, or go on there, and write model.safetensors and run.json.

    Args:
        problem, trainer: see `fit`.
        config: the whole configuration; `config.model` names the network and its constructor's arguments.
        card: what else the weights should say of themselves, such as the task.

    Returns:
        The path of model.safetensors, which the first process writes. It holds nothing that differs between two runs of
        one command on one machine.

    Raises:
        InputError: when the folder holds a run with other settings, or another process trains there.
    """
    output = Path(config.output)
    settings = OmegaConf.to_container(config, resolve=True)
    refuse_taken(output, RUN_LOCK, "run")  # before settings are compared: where they differ, the advice is to delete the folder
    _continue_only_the_same(output / "config.yaml", settings)
    # Asked for now: while a run lasts, the code on disk may change, and this process does not.
    started, made_by = time.time(), {"revision": provenance.revision(), "command": provenance.command()}
    fabric = launch(trainer)  # from here on there may be several processes; each has read the settings before
    with alone_in(output, RUN_LOCK, "run") if fabric.is_global_zero else contextlib.nullcontext():
        if fabric.is_global_zero:
            _continue_only_the_same(output / "config.yaml", settings)  # another may have begun since
            with replacing(output / "config.yaml") as temporary:
                OmegaConf.save(OmegaConf.create(settings), temporary)
        network, result = fit(problem, trainer, output, fabric, settings)
        speed = result.pop("speed")  # differs between two runs, so the weights do not say it
        if fabric.is_global_zero:
            card = {**(card or {}), **made_by, **result}
            _save(network, settings["model"], output / "model.safetensors", card)
            spent = {"seconds_since_last_start": round(time.time() - started, 1), "speed_since_last_start": speed}
            if not speed["steps"]:  # the run had ended before: its speed is what was measured then
                spent = _spent_before(output / "run.json") or spent
            data = {"seed": trainer.seed, "train_samples": len(problem.train_data)}
            record = {**card, **data, "machine": provenance.machine(), "processes": fabric.world_size, **spent}
            with replacing(output / "run.json") as temporary:
                temporary.write_text(json.dumps(record, indent=2) + "\n")
    close_processes(fabric)
    return output / "model.safetensors"


def _save(network: nn.Module, model: dict[str, Any], path: Path, card: dict[str, Any]) -> None:
    arguments = {name: value for name, value in model["network"].items() if name != "_target_"}
    network = getattr(network, "export_module", network)  # what was trained may hold more than what is wanted
    save_network(_plain(network), name_of(model["network"]["_target_"]), path, arguments, card)


def _spent_before(path: Path) -> dict[str, Any]:
    """The times of an earlier record; none where there is none, or none to be read."""
    try:
        record = json.loads(path.read_text())
        return {name: record[name] for name in ("seconds_since_last_start", "speed_since_last_start")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _plain(network: nn.Module) -> nn.Module:
    return network.to("cpu", memory_format=torch.contiguous_format)


def _continue_only_the_same(path: Path, settings: dict[str, Any]) -> None:
    check_regular(path)
    if not path.exists():
        return
    try:
        before = parse_yaml(read_text(path))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); delete it, or choose another folder with output=...") from error
    if not isinstance(before, dict):
        raise InputError(f"{path}: does not hold the settings of a run; delete it, or choose another folder with output=...")
    now = flatten(settings)
    before = {name: value for name, value in _BEFORE.items() if name in now} | flatten(before)
    differ = [
        name
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name) and not any(name == free or name.startswith(free + ".") for free in _FREE)
    ]
    if differ:
        shown = "; ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in differ[:3])
        remedy = "choose another folder with output=..., or delete this one"
        finished = path.parent / "model.safetensors"
        if differ == ["trainer.steps"] and finished.is_file() and now["trainer.steps"] > before["trainer.steps"]:
            remedy = f"that run is finished; to train on, add initial={finished} output=ANOTHER_FOLDER"
        if all(name in _CHOSEN and before.get(name) for name in differ):
            remedy = f"to go on with it, add {' '.join(f'{name}={before[name]}' for name in differ)}; or {remedy}"
        raise InputError(f"{path.parent}: holds a run with other settings ({shown}); {remedy}")
