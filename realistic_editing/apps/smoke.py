"""A smoke run: any training, so small that it is through in a minute, to see that all of it works before it takes days."""
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from realistic_editing.apps.config import instantiate_node
from realistic_editing.common.files import refuse_taken
from realistic_editing.common.nested import parse_yaml, read_text
from realistic_editing.training.run import RUN_LOCK
from realistic_editing.weights import describe_file, save_network
from realistic_editing.weights.registry import name_of

FEW_PHOTOS = 2  # of each data set and split that a smoke run reads
CARD = {"smoke": True}  # what weights of a smoke run say of themselves, wherever they are copied to
_TO_VALIDATE = 2  # regions
_ENDING = "_smoke"  # of its folder
_RUN = ("config.yaml", "last.pt", "best.pt", "model.safetensors", "run.json", "tensorboard", "regions")
# What a smoke run takes in the place of the preset's own. Two steps, so that the second begins where the first ended.
_TRAINER = {
    "steps": 2, "batch_size": 2, "accumulate": 1, "workers": 0, "log_every": 1, "evaluate_every": 2, "save_every": 2,
}  # fmt: skip
# What it takes for settings that a preset leaves open.
_OPEN = {
    "trainer.optimizer": "adam", "trainer.learning_rate": 1e-4, "trainer.weight_decay": 0.0, "trainer.schedule": "constant",
    "sets": ["osie"], "zoom": 1.0, "jitter": 0.0,
}  # fmt: skip


def shrink(config: DictConfig) -> None:
    """Make a training small, where `trainer.smoke` asks for it, and give it a folder of its own, emptied of its last smoke run.

    The network and the sizes of what it sees stay as they are: what fails, fails here.

    Args:
        config: of a training script; changed in place.
    """
    if not config.trainer.smoke:
        return
    for name, value in _TRAINER.items():
        config.trainer[name] = value
    left_open = OmegaConf.missing_keys(config)
    taken = {name: value for name, value in _OPEN.items() if name in left_open}
    for name, value in taken.items():
        OmegaConf.update(config, name, value)
    backbones = [node for node in _nodes(config) if OmegaConf.select(node, "pretrained") not in (None, "none", False)]
    for node in backbones:
        node.pretrained = "none"
    config.output = f"{str(config.output).removesuffix(_ENDING)}{_ENDING}"
    if "regions" in config:  # a few are built, without mattes and EML-Net's maps, which take longest
        config.paths.regions, config.regions.matte = str(Path(config.output) / "regions"), False
        config.regions.val_regions, config.regions.saliency = _TO_VALIDATE, "compact_saliency"
    refuse_taken(Path(config.output), RUN_LOCK, "run")
    _forget(Path(config.output))
    said = [f"two steps of two, and {FEW_PHOTOS} photos of each part of a set; its weights are worth nothing"]
    said += [f"{', '.join(f'{name}={value}' for name, value in taken.items())} for what is open"] if taken else []
    said += ["no pre-trained weights are fetched"] if backbones else []
    print(f"smoke run: {'; '.join(said)}", flush=True)


def _nodes(config: Any) -> Iterator[DictConfig]:
    """All groups of a configuration; those that are interpolated, or not set, left out."""
    if OmegaConf.is_dict(config):
        yield config
        for key in config:
            if not OmegaConf.is_missing(config, key) and not OmegaConf.is_interpolation(config, key):
                yield from _nodes(config[key])


def _forget(folder: Path) -> None:
    """Delete an earlier smoke run, and nothing else: a finished run would not be run again."""
    kept = folder / "config.yaml"
    if not kept.is_file() or not OmegaConf.select(OmegaConf.load(kept), "trainer.smoke"):
        return
    for name in _RUN:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def untrained(config: DictConfig, group: str) -> str:
    """Write a judge that nobody trained into the run's folder, for a smoke run that finds none.

    Args:
        config: with `output` and `group`.
        group: "realism" or "saliency".

    Returns:
        The path of its weights.
    """
    node = config[group].network
    torch.manual_seed(config.trainer.seed)
    arguments = {name: value for name, value in OmegaConf.to_container(node, resolve=True).items() if name != "_target_"}
    path = Path(config.output) / f"untrained_{group}.safetensors"
    save_network(instantiate_node(node, f"{group}.network"), name_of(node._target_), path, arguments, CARD)
    return str(path)


def is_of_smoke_run(weights: str | Path) -> bool:
    """Whether weights say that a smoke run made them, or lie in the folder of one, as older ones, which do not say it.

    Args:
        weights: bundled weights, or a path to a .safetensors file.

    Raises:
        InputError: when the file is absent or damaged.
    """
    path = Path(weights)
    return bool(describe_file(weights)["card"].get("smoke")) or (path.is_file() and _is_smoke_run(path.parent))


def _is_smoke_run(folder: Path) -> bool:
    """Whether a folder holds a smoke run, by its settings; a config.yaml that cannot be read may be of another program."""
    settings = folder / "config.yaml"
    try:
        found = parse_yaml(read_text(settings)) if settings.is_file() else None
    except (OSError, ValueError):
        return False
    trainer = found.get("trainer") if isinstance(found, dict) else None
    return isinstance(trainer, dict) and bool(trainer.get("smoke"))


def said_at_the_end(config: DictConfig, path: Path) -> None:
    """After a run: where its weights are; after a smoke run, what it has shown and how to go on as well."""
    if config.trainer.smoke:
        itself = "without trainer.smoke=true it is the run itself"
        if config.get("preset") == "paper":
            asks = {"realism": "judges trained before it", "zoom": "what the paper leaves open"}  # by what only they have
            found = [words for name, words in asks.items() if name in config]
            itself += "".join(f", which asks for {words}: see docs/reproduce.md" for words in found)
        print(f"smoke run: trained, validated and wrote {path}; {itself}", flush=True)
    else:
        print(f"weights: {path}", flush=True)
