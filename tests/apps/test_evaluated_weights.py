"""What a report's folder is called after, and what a report says of the weights that it is of."""
import pytest
from hydra import compose, initialize_config_dir

from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.evaluate import suite_of
from realistic_editing.apps.evaluated_weights import named_after_weights
from realistic_editing.apps.evaluations import BY_OPTION, SUITES

FOUR = ("saliency", "critic", "attenuate", "amplify")


def configured(*options):
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        return compose("evaluate", overrides=list(options))


@pytest.mark.parametrize(
    ("options", "networks", "name"),
    [
        ([], FOUR, ""),
        (["preset=paper"], FOUR, ""),  # whose weights are paths
        (["preset=paper", "critic=outputs/train_realism/paper/default/model.safetensors"], FOUR, ""),
        (["critic=pix2pix_critic"], ("critic",), "_pix2pix_critic"),
        (["critic=pix2pix_critic"], ("saliency",), ""),  # which the suite does not use
        (["amplify=compact_amplify", "saliency=fast_saliency"], FOUR, "_saliency_fast_saliency_amplify_compact_amplify"),
        (["saliency=lite_saliency+fast_saliency"], ("saliency",), "_lite_saliency+fast_saliency"),
        (["preset=lite", "critic=critic"], ("critic",), "_critic"),
    ],
)
def test_only_networks_that_are_not_the_presets_own_are_named(options, networks, name):
    assert named_after_weights(configured(*options), networks) == name


def test_two_paths_have_two_safe_names():
    paths = ["a/my run/model.safetensors", "b/my run/model.safetensors", "../model.safetensors", "/x/.hid/mödel.safetensors"]
    paths.append(f"a/{'long' * 50}/model.safetensors+{'b/' * 50}model.safetensors")
    names = [named_after_weights(configured(f"critic='{path}'"), ("critic",)) for path in paths]
    assert len(set(names)) == len(names) and names[0].startswith("_my_run_model-")
    for name in names:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_+-") and len(name) <= 40


def test_of_a_preset_of_ones_own_all_are_named():
    config = configured()
    config.preset = "mine"
    assert named_after_weights(config, ("critic",)) == "_lite_critic"


@pytest.mark.parametrize("target", [*SUITES.values(), *BY_OPTION.values()])
def test_suites_name_networks_that_there_are(target):
    assert set(suite_of(target).networks) <= set(FOUR)
