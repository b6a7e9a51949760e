"""What a report's folder is called after, and what a report says of the weights that it is of."""
import shutil

import pytest
import torch
from hydra import compose, initialize_config_dir

from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.evaluate import suite_of
from realistic_editing.apps.evaluated_weights import facts_of_weights, named_after_weights
from realistic_editing.apps.evaluations import BY_OPTION, SUITES
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.weights import fingerprint, load_network, save_network

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


@pytest.fixture
def critic(tmp_path):
    """Writes a critic, with its card, into a folder: `critic(name, card)`."""

    def write(name, card, seed=0):
        torch.manual_seed(seed)
        config = {"input_size": 32, "ring": 4, "hidden": 8}
        save_network(CompactCritic(**config), "compact_critic", tmp_path / name / "model.safetensors", config, card)
        return tmp_path / name / "model.safetensors"

    return write


def test_a_fingerprint_is_of_the_weights_and_not_of_their_path(critic, capsys):
    first, copy, other = critic("first", {}), critic("copy", {"step": 1}), critic("other", {}, seed=1)
    paths = first, copy, other
    found = [facts_of_weights(configured(f"critic={path}"), ("critic",)) for path in paths]
    marks = [facts["networks"]["critic"].removeprefix(str(path)) for facts, path in zip(found, paths, strict=True)]
    assert marks[0] == marks[1] == f" ({fingerprint(load_network(first))})" != marks[2]
    assert set(found[0]) == {"networks"} and set(found[0]["networks"]) == {"critic"} and capsys.readouterr().err == ""


def test_all_networks_that_a_suite_uses_have_one(tiny_weights, small_networks):
    options = [f"{name}={tiny_weights[name]}" for name in FOUR]
    rivals = f"rivals=[{tiny_weights['amplify']}]"
    found = facts_of_weights(configured(*options, rivals, "second_heldout=null"), FOUR)["networks"]
    assert list(found) == [*FOUR, "heldout_saliency", "rivals[0]"]
    assert found["rivals[0]"] == found["amplify"]
    assert facts_of_weights(configured(*options), ()) == {}


def test_weights_of_a_smoke_run_are_told_of_wherever_they_lie(critic, capsys):
    said, older, own = critic("said", {"smoke": True}), critic("older", {}), critic("own", {})
    (older.parent / "config.yaml").write_text("trainer: {smoke: true}\n")
    (own.parent / "config.yaml").write_text("{")  # not a run's
    copy = shutil.copy(said, said.parent.parent / "copy.safetensors")
    for path in (said, older, copy):
        facts = facts_of_weights(configured(f"critic={path}"), ("critic",))
        assert facts["note"].startswith(f"critic={path}: made by a smoke run") and next(iter(facts)) == "note"
        assert capsys.readouterr().err == f"note: {facts['note']}\n"
    assert "note" not in facts_of_weights(configured(f"critic={own}"), ("critic",)) and capsys.readouterr().err == ""
    beside = facts_of_weights(configured(f"critic={own}", f"fp32_weights={copy}"), ("critic",))
    assert beside["note"].startswith("fp32_weights=")
