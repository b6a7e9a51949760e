"""The table of networks, and the configs that name them."""
import pytest
from omegaconf import OmegaConf

from realistic_editing.apps.config import CONFIGS
from realistic_editing.common.errors import InputError
from realistic_editing.weights import NETWORKS
from realistic_editing.weights.registry import bundled_kinds, name_of, network_class

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


def test_a_module_or_class_of_ones_own_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_networks.py").write_text("class Critic: pass\n")
    (tmp_path / "needs_more.py").write_text("import no_such_library\n")
    assert network_class("my_networks:Critic").__name__ == "Critic"
    with pytest.raises(InputError, match="has no Judge"):
        network_class("my_networks:Judge")
    with pytest.raises(InputError, match="no module my_judges; add its folder's whole path to PYTHONPATH"):
        network_class("my_judges:Critic")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        network_class("needs_more:Critic")
