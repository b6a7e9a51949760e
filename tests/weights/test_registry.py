"""The table of networks, and the configs that name them."""
import pytest
from omegaconf import OmegaConf

from realistic_editing.apps.config import CONFIGS
from realistic_editing.common.errors import InputError
from realistic_editing.weights import NETWORKS
from realistic_editing.weights.registry import bundled_kinds, name_of

FILES = sorted(path for group in ("saliency", "realism", "enhancer") for path in (CONFIGS / group).glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_config_builds_a_network_of_the_table(path):
    config = OmegaConf.load(path)
    entry = NETWORKS[name_of(config.network._target_)]
    assert "name" not in config and path.parent.name == entry.kind
    if config.get("bundled"):
        assert config.bundled in entry.bundled and bundled_kinds()[config.bundled] == entry.kind


def test_every_network_that_is_trained_by_a_preset_has_a_config():
    named = {name_of(OmegaConf.load(path).network._target_) for path in FILES}
    assert named == {name for name, entry in NETWORKS.items() if entry.kind not in ("baseline", "selector")}


def test_another_network_is_refused_with_the_remedy():
    with pytest.raises(InputError, match=r"my.Network.*NETWORKS"):
        name_of("my.Network")
