"""Train one of the three networks from a Hydra configuration: build the problem, hand it to the one loop."""
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from realistic_editing.apps.regions import load_regions
from realistic_editing.data.osie import read_osie
from realistic_editing.enhance.training import EnhanceProblem
from realistic_editing.realism.training import RealismProblem
from realistic_editing.saliency.training import SaliencyProblem
from realistic_editing.training.run import run
from realistic_editing.weights import load_network


def train_saliency(config: DictConfig) -> Path:
    """Train a saliency network on OSIE; returns the path of its weights."""
    torch.manual_seed(config.trainer.seed)  # decides the initial weights
    problem = SaliencyProblem(
        instantiate(config.model.network, _convert_="all"),
        read_osie(config.paths.data),
        size=tuple(config.size),
        weights=config.weights,
        zoom=config.zoom,
        jitter=config.jitter,
    )
    return run(problem, instantiate(config.trainer), config)


def train_realism(config: DictConfig) -> Path:
    """Train a critic on synthetic edits of all regions; returns the path of its weights."""
    regions = load_regions(config)
    torch.manual_seed(config.trainer.seed)
    problem = RealismProblem(
        instantiate(config.model.network, _convert_="all"),
        regions,
        size=config.size,
        edits=instantiate(config.edits),
        loss=config.loss,
        human=config.human,
    )
    return run(problem, instantiate(config.trainer), config)


def train_enhancer(config: DictConfig) -> Path:
    """Train an enhancer for one task against a frozen critic and saliency network; returns the path of its weights."""
    wanted = ("", config.task.name)  # sets with one mask a photo rank nothing, and serve both tasks
    regions = [region for region in load_regions(config) if region.task in wanted]
    torch.manual_seed(config.trainer.seed)
    network = instantiate(config.model.network, _convert_="all")
    if config.initial:
        network.load_state_dict(load_network(config.initial, kind="enhancer").state_dict())
    problem = EnhanceProblem(
        network,
        critic=load_network(config.realism.weights, kind="realism"),
        saliency=load_network(config.saliency.weights, kind="saliency"),
        regions=regions,
        size=config.size,
        objective=instantiate(config.objective),
    )
    return run(problem, instantiate(config.trainer), config, card={"task": config.task.name})
