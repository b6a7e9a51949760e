"""The table of networks, and the configs that name them."""
import pytest
from omegaconf import OmegaConf

from realistic_editing.apps.config import CONFIGS
from realistic_editing.weights import NETWORKS
from realistic_editing.weights.registry import bundled_kinds

FILES = sorted(path for group in ("saliency", "realism", "enhancer") for path in (CONFIGS / group).glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_config_names_the_network_that_it_builds(path):
    config = OmegaConf.load(path)
    entry = NETWORKS[config.name]
    assert config.network._target_ == entry.target.replace(":", ".")
    assert path.parent.name == entry.kind
    if config.get("bundled"):
        assert config.bundled in entry.bundled and bundled_kinds()[config.bundled] == entry.kind


def test_every_network_that_is_trained_by_a_preset_has_a_config():
    named = {OmegaConf.load(path).name for path in FILES}
    assert named == {name for name, entry in NETWORKS.items() if entry.kind != "baseline"}
