"""Train one of the networks from a Hydra configuration: what `prepare` made goes to the one loop."""
from pathlib import Path

from omegaconf import DictConfig

from realistic_editing.apps.prepare import (
    Prepared,
    prepare_enhancer,
    prepare_gazeshift,
    prepare_realism,
    prepare_saliency,
    prepare_selector,
)
from realistic_editing.apps.smoke import CARD, said_at_the_end
from realistic_editing.training.run import run


def train_saliency(config: DictConfig) -> Path:
    """Train a saliency network on eye tracking.

    Args:
        config: as configs/train_saliency.yaml.

    Returns:
        The path of its weights.

    Raises:
        InputError: when data or a setting cannot be used. So do the others.
    """
    return _trained(prepare_saliency(config), config)


def train_realism(config: DictConfig) -> Path:
    """Train a critic on synthetic edits of all regions.

    Args:
        config: as configs/train_realism.yaml.

    Returns:
        The path of its weights.
    """
    return _trained(prepare_realism(config), config)


def train_enhancer(config: DictConfig) -> Path:
    """Train an enhancer for one task against a frozen critic and saliency network.

    Args:
        config: as configs/train_enhancer.yaml.

    Returns:
        The path of its weights.
    """
    return _trained(prepare_enhancer(config), config)


def train_gazeshift(config: DictConfig) -> Path:
    """Train GazeShift, an earlier method, for both tasks against a frozen saliency network and a discriminator.

    Args:
        config: as configs/train_gazeshift.yaml.

    Returns:
        The path of its weights.
    """
    return _trained(prepare_gazeshift(config), config)


def train_selector(config: DictConfig) -> Path:
    """Train the network that selects by clicks or a box.

    Args:
        config: as configs/train_selector.yaml.

    Returns:
        The path of its weights.
    """
    return _trained(prepare_selector(config), config)


def _trained(prepared: Prepared, config: DictConfig) -> Path:
    card = prepared.card | (CARD if config.trainer.smoke else {})
    path = run(prepared.problem, prepared.trainer, config, card)
    said_at_the_end(config, path)
    return path
