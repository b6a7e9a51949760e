"""Which weights an evaluation is of: what its folder is called after, and what its report says of them."""
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from realistic_editing.apps.config import CONFIGS

_LONGEST = 32  # characters of a folder's name for the weights of one network: those of four stay below what file systems allow


def named_after_weights(config: DictConfig, networks: Sequence[str]) -> str:
    """What a report's folder is called after its suite, so that no two networks share one.

    Args:
        config: as configs/evaluate/evaluate.yaml.
        networks: the options that name the networks of the suite, `Suite.networks`.

    Returns:
        Such as "_critic_pix2pix_critic" for each network that is not the preset's own, in the order of `networks`, without
        the option where there is but one; "" where all are. Of a preset that the package does not have, nothing is known to be
        its own, and all are named.
    """
    path = CONFIGS / "evaluate/preset" / f"{config.preset}.yaml"
    usual = OmegaConf.merge(config, OmegaConf.load(path)) if path.is_file() else dict.fromkeys(networks)
    words = {name: f"_{name}" if len(networks) > 1 else "" for name in networks}
    return "".join(f"{words[name]}_{_short(str(config[name]))}" for name in networks if config[name] != usual[name])


def _short(weights: str) -> str:
    """Bundled weights by their name, a path by its folder and stem and a mark that no other path has."""
    parts = [Path(part) for part in weights.split("+")]
    names = ["_".join(filter(None, (part.parent.name.strip("."), part.stem))) for part in parts]
    plain = re.sub(r"[^\w.+-]", "_", "+".join(names), flags=re.ASCII)
    if plain == weights and len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}-{hashlib.sha256(weights.encode()).hexdigest()[:6]}"
