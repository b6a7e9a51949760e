"""Evaluate a judge: the one call behind scripts/evaluate.py."""
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

from realistic_editing.apps.regions import load_regions
from realistic_editing.common.errors import InputError
from realistic_editing.data.osie import read_osie
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.critic_suite import critic_suite
from realistic_editing.evaluation.report import Report
from realistic_editing.evaluation.saliency_suite import saliency_suite
from realistic_editing.evaluation.samples import spread
from realistic_editing.ops.sampling import get_preset
from realistic_editing.weights import load_network

KINDS = {"saliency": "saliency", "critic": "realism"}  # suite, and the option that names its network -> kind of network


def evaluate(config: DictConfig) -> Path:
    """Run the suite that `config.suite` names, print its tables, and write them with figures below `config.output`.

    Args:
        config: as configs/evaluate/evaluate.yaml.

    Returns:
        The path of the report.

    Raises:
        InputError: when data, weights or a setting cannot be used.
    """
    suite = config.suite
    if suite not in KINDS:
        raise InputError(f"suite is {suite!r}; use {' or '.join(KINDS)}")
    try:
        preset = get_preset(config.edits)
    except ValueError as error:
        raise InputError(str(error)) from error
    network = load_network(config[suite], KINDS[suite], config.device)
    reference = load_network(config.reference, KINDS[suite], config.device) if config.reference else None
    if suite == "saliency":
        photos = read_osie(config.paths.data)
        regions = spread(_unseen(config, _coco_alone(config)), config.most.saliency)
        tables, figures = saliency_suite(network, reference, photos, regions, preset, config)
    else:
        torch.set_num_threads(1)  # single photos are too small to share between cores: two took 5.2 minutes, one 4.0
        tables, figures = critic_suite(network, reference, _unseen(config), preset, config)
    report = Report(f"Evaluation: {suite}", _facts(config, network), tables, figures)
    print(report.write(config.output))
    path = Path(config.output) / "report.md"
    print(f"report: {path}")
    return path


def _unseen(config: DictConfig, sources: list[str] | None = None) -> list[Region]:
    """The regions that were not trained on."""
    if sources is not None:
        config = OmegaConf.merge(config, {"regions": {"sources": sources}})
    regions = [region for region in load_regions(config) if region.split != "train"]
    if not regions:
        raise InputError("all regions are on the side 'train'; add photos, or a data set, to evaluate on")
    return regions


def _coco_alone(config: DictConfig) -> list[str] | None:
    """Where COCO is at hand it serves alone: its regions are things, and reading the other sets takes long."""
    auto = config.regions.sources == "auto" and (Path(config.paths.data) / "coco").is_dir()
    return ["coco"] if auto else None


def _facts(config: DictConfig, network: nn.Module) -> dict[str, Any]:
    names = ("seed", "edits", "edit_size", "draws", "most", "map_size", "viewer_splits", "resamples")
    settings = OmegaConf.to_container(config, resolve=True)
    return {
        "weights": str(config[config.suite]),
        "card": network.card,
        "settings": {name: settings[name] for name in names},
    }
