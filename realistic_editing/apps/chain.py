"""What one training script takes from another: the critic and the saliency network of a preset, trained here or bundled."""
import dataclasses
import math
import os
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from torch import nn

from realistic_editing.apps.smoke import untrained
from realistic_editing.common.errors import InputError
from realistic_editing.training import Problem, Trainer
from realistic_editing.weights.files import describe_file
from realistic_editing.weights.registry import NETWORKS, name_of

# Enhancers that start from a saliency network: the kind that fits, and bundled weights of it.
ATTENTION = {"compact_enhancer": ("compact_saliency", "compact_saliency"), "lite_enhancer": ("lite_saliency", "fast_saliency")}
_PRESETS = {"compact": "compact_enhancer", "lite": "lite_enhancer", "paper": "editnet"}  # what each trains
SOURCES = {"realism": "train_realism", "saliency": "train_saliency"}  # group -> the script that trains its network


def announce(script: str, config: DictConfig) -> None:
    """Say in a run's first line which preset it is, and where it writes. Of several processes the first says it."""
    choices = {name: config.get(name) for name in ("preset", "experiment", "ablation")}
    choices["task"] = OmegaConf.select(config, "task.name")
    said = "".join(f"{name}={value}, " for name, value in choices.items() if value).removesuffix(", ")
    network = f"network {name_of(config.model.network._target_)}"
    say(f"{script}: {'; '.join([*([said] if said else []), network])}; writes to {config.output}")


def say(words: str) -> None:
    """Print a line; of several processes the first does."""
    if os.environ.get("RANK", "0") == "0" and os.environ.get("LOCAL_RANK", "0") == "0":
        print(words, flush=True)


def trained_weights(config: DictConfig, group: str, preset: str | None = None) -> Path:
    """Where the run of a preset, without experiment or sweep, leaves the network of a group.

    Args:
        config: with `paths` and `preset`.
        group: a key of SOURCES.
        preset: another one than `config.preset`.
    """
    return Path(config.paths.outputs) / SOURCES[group] / (preset or config.preset) / "default" / "model.safetensors"


def choose_judges(config: DictConfig) -> None:
    """Fill in `realism.weights` and `saliency.weights` where they are null, and print what was taken.

    Args:
        config: as configs/train_enhancer.yaml; changed in place, so that the run's record names the weights.

    Raises:
        InputError: when a network was not trained here and none like it is bundled.
    """
    for group, word in (("realism", "critic"), ("saliency", "saliency network")):
        node = config[group]
        if node.weights is not None:
            continue
        path, name = trained_weights(config, group), name_of(node.network._target_)
        # The preset's group may have been replaced on the command line: then its run trained another network.
        if path.is_file() and describe_file(path)["network"] == name:
            command = (describe_file(path).get("card") or {}).get("command")  # its options say what it is
            node.weights, where = str(path), f"trained by {SOURCES[group]}.py" + (f": {command}" if command else "")
        elif node.bundled is not None:
            node.weights, where = node.bundled, "bundled"
        elif config.trainer.smoke:
            node.weights, where = untrained(config, group), "untrained, for this smoke run"
        else:
            named = f" or {group}.weights=".join(("FILE", *NETWORKS[name].bundled))  # the paper's own are no default
            raise InputError(
                f"{group}.weights is not set, and there is no {name} at {path}; run python scripts/{SOURCES[group]}.py "
                f"preset={config.preset} first, or add {group}.weights={named}"
            )
        print(f"{word}: {node.weights} ({where})", flush=True)


def choose_ranking(config: DictConfig, saliency: str | None = None) -> None:
    """Fill in `regions.saliency`, the network that separates distractors from subjects, where a preset leaves it open.

    Args:
        config: with `regions`; changed in place.
        saliency: weights of the saliency network in use; None = what is trained or bundled.
    """
    if config.regions.saliency is None:
        path = trained_weights(config, "saliency")
        config.regions.saliency = saliency or (str(path) if path.is_file() else "compact_saliency")


def choose_attention(config: DictConfig) -> None:
    """Fill in whose features an enhancer starts from, and their shape, where they are null.

    Args:
        config: as configs/train_enhancer.yaml, with `saliency.weights` known; changed in place.

    Raises:
        InputError: when `initial` names weights of another network.
    """
    model = config.model
    name = name_of(model.network._target_)
    if name not in ATTENTION:
        return
    if config.initial and (found := describe_file(config.initial)["network"]) != name:
        other = next((preset for preset, built in _PRESETS.items() if built == found), None)
        remedy = f"add preset={other}" if other else "name weights of that network"
        raise InputError(f"initial is {config.initial}, a {found}, and this run trains a {name}; {remedy}, or leave it out")
    kind, bundled = ATTENTION[name]
    if model.attention is None:
        fits = describe_file(config.saliency.weights)["network"] == kind
        model.attention = config.saliency.weights if fits else bundled
    if model.network.saliency is None:
        found = describe_file(config.initial)["config"].get("saliency") if config.initial else None
        model.network.saliency = found or describe_file(model.attention)["config"]


def refuse_open(config: DictConfig) -> None:
    """Refuse a training that a preset leaves open, as the paper's does what the paper does not say.

    Raises:
        InputError: naming what is to be set.
    """
    missing = sorted(OmegaConf.missing_keys(config) - {"model.weights"})  # of what is trained, none are asked for
    if missing:
        why = ", because preset=paper follows the paper, which does not say" if config.get("preset") == "paper" else ""
        raise InputError(
            f"{', '.join(missing)}: not set{why}; add to the command {' '.join(f'{name}=...' for name in missing)}, or use an "
            "experiment that does"
        )


def choose_size(config: DictConfig, network: nn.Module) -> None:
    """Fill in `size`, where it is null, by what the network sees.

    Raises:
        InputError: when the network sees any size.
    """
    if config.size is None:
        size = network.input_size
        if size is None:
            raise InputError("size is not set, and the network takes any; add size=384")
        config.size = size if isinstance(size, int) else list(size)


def choose_steps(config: DictConfig, trainer: Trainer, problem: Problem) -> Trainer:
    """The settings with as many steps as `epochs` passes over the training samples take, where no number is given.

    Args:
        config: with `epochs`; `trainer.steps` is filled in.
        trainer: made of `config.trainer`.
        problem: with `train_data`.

    Raises:
        InputError: when neither is given.
    """
    if trainer.steps is not None:
        return trainer
    if config.epochs is None:
        raise InputError("neither trainer.steps nor epochs is set; add one of them to the command")
    config.trainer.steps = max(1, math.ceil(config.epochs * len(problem.train_data) / trainer.batch_size))
    return dataclasses.replace(trainer, steps=config.trainer.steps)
