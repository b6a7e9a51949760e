"""A run's weights, bundled."""
import json
import shutil

import pytest
import torch

from realistic_editing.apps.bundle import bundle
from realistic_editing.apps.config import CONFIGS
from realistic_editing.common.errors import InputError
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.weights import load_network, save_network
from realistic_editing.weights.files import WEIGHTS_FOLDER


@pytest.fixture
def run(tmp_path):
    torch.manual_seed(0)
    config = {"input_size": 32, "ring": 4, "palette": 4, "hidden": 8}
    command = "train_realism.py initial='/my/machine/model.safetensors' output=a/b"
    card = {"step": 7, "command": command}
    save_network(CompactCritic(**config), "compact_critic", tmp_path / "run/model.safetensors", config, card)
    (tmp_path / "run/run.json").write_text(json.dumps({**card, "machine": "a machine"}))
    return tmp_path / "run"


def test_half_the_size_nearly_the_same_scores_and_the_card_kept(run, tmp_path):
    path = bundle(run, "critic", tmp_path / "bundled")
    before, after = load_network(run / "model.safetensors"), load_network(path, "realism")
    assert after.card["step"] == 7 and after.card["machine"] == "a machine"
    assert after.card["command"] == "train_realism.py initial='model.safetensors' output=a/b"  # of nobody's folders
    assert path.stat().st_size < 0.8 * (run / "model.safetensors").stat().st_size
    image, mask = torch.rand(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    mask[..., :16] = 0
    with torch.no_grad():
        torch.testing.assert_close(after(image, mask), before(image, mask), atol=2e-3, rtol=0)


def test_a_critic_is_no_saliency_network_and_names_are_known(run, tmp_path):
    for name, word in (("compact_saliency", "saliency"), ("tpyo", "attenuate")):
        with pytest.raises(InputError, match=word):
            bundle(run, name, tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_smoke_run_learned_nothing(run, tmp_path):
    (run / "config.yaml").write_text("trainer: {smoke: true}\n")
    with pytest.raises(InputError, match="smoke run"):
        bundle(run, "critic", tmp_path / "bundled")
    (run / "config.yaml").write_text("trainer: {smoke: false}\n")
    assert bundle(run, "critic", tmp_path / "bundled").is_file()
    network = load_network(run / "model.safetensors")
    save_network(network, "compact_critic", run / "model.safetensors", network.card["config"], {"smoke": True})
    with pytest.raises(InputError, match="smoke run"):  # whatever lies beside it
        bundle(run, "critic", tmp_path / "bundled")


def test_a_network_of_another_kind_than_the_bundled_one_is_refused(run, tmp_path):
    """A compact critic by the name of the one that judges default edits would take its place without a word."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    for name in ("critic", "lite_critic"):
        shutil.copy(WEIGHTS_FOLDER / f"{name}.safetensors", folder)
    said = "holds compact_critic, and lite_critic is lite_critic"
    with pytest.raises(InputError, match=f"{said}; give another name: critic holds one like it"):
        bundle(run, "lite_critic", folder)
    assert bundle(run, "critic", folder) == folder / "critic.safetensors"
    (folder / "critic.safetensors").unlink()
    with pytest.raises(InputError, match=f"{said}; no name holds one like it: use .*model.safetensors by its path"):
        bundle(run, "lite_critic", folder)


def test_a_run_that_has_not_ended(run, run_script):
    (run / "run.json").unlink()
    with pytest.raises(InputError, match="has ended"):
        bundle(run, "critic", run)
    found = run_script(CONFIGS.parent / "scripts/bundle.py", run, "critic", cwd=run)
    assert found.returncode == 2 and "run.json" in found.stderr
