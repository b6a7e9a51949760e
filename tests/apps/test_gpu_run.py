"""The GPU's command from end to end on a processor, with everything small; and that it goes on where it stopped."""
import json

import pytest

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.gpu_run import gpu_run
from realistic_editing.apps.regions import pack_regions
from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.common.errors import InputError
from realistic_editing.weights import load_network


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Packed regions of as many of twenty photos as fit into a megabyte."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "photos").mkdir()
    synthetic_regions(folder / "photos", 20, seed=0)
    options = [f"regions.folders=[{folder / 'photos'}]", f"output={folder / 'packed'}", "size=48", "megabytes=0.7", "workers=1"]
    pack_regions(_compose("pack_regions", options))
    taken = sum(file.stat().st_size for file in (folder / "packed").glob("*.bin"))
    assert 0.4e6 < taken <= 0.7e6
    return folder / "packed"


def configured(data, output, *options):
    small = ["training.only=[critic_pix2pix]", "training.seconds=0", "photos=2", "training.loops.critic_pix2pix.batch_size=1"]
    cpu = ["trainer.batch_size=1", "trainer.accelerator=cpu", "regions.val_regions=1"]
    network = ["model.network.backbone=tf_efficientnet_lite0", "model.network.input_size=48", "model.network.pretrained=none"]
    own = [f"data={data}", f"output={output}", "minutes=0.1", "reserve=0.09", "patience=1500"]
    parts = {"training": small, "critic": [*cpu, "model.network.input_size=64"], "enhancer": [*cpu, *network]}
    own += [f"{name}_options=[{','.join(words)}]" for name, words in _quoted(parts).items()]
    return _compose("gpu_run", [*own, *options])


def _quoted(parts):
    return {name: [f"'{word}'" for word in words] for name, words in parts.items()}


def test_speeds_training_and_weights_in_one_command(data, tmp_path, capfd):
    config = configured(data, tmp_path)
    text = gpu_run(config).read_text()
    said = capfd.readouterr().out
    assert "training: done" in said and "critic: done" in said and "enhancer: done" in said
    state = json.loads((tmp_path / "state.json").read_text())
    assert {"training", "critic", "enhancer"} <= state["done"].keys() and state["seconds"] > 0
    steps = state["steps"]  # few, and on a quick machine more than one
    assert "critic pix2pix" in text and f"enhancer: {steps['enhancer']} steps" in text and 1 <= max(steps.values()) < 20
    for part, name, kind in (("critic", "pix2pix", "realism"), ("enhancer", "editnet_attenuate", "enhancer")):
        file = tmp_path / f"weights/{name}.safetensors"
        assert file.stat().st_size < 16e6
        assert load_network(file, kind=kind).card["step"] == steps[part]
    gpu_run(config)  # goes on where it stopped: at the end
    assert capfd.readouterr().out.count("done before") >= 3


def test_a_part_that_fails_does_not_stop_the_others(data, tmp_path, monkeypatch, capsys):
    tried = []

    def run(job, options, seconds):
        tried.append(job)
        return "ended with code 1" if job == "benchmark" else ""

    monkeypatch.setattr("realistic_editing.apps.gpu_run._run", run)
    with pytest.raises(InputError, match=r"not done: .*training \(ended with code 1\)"):
        gpu_run(configured(data, tmp_path))
    assert tried[-2:] == ["train_realism", "train_enhancer"]
    kept = json.loads((tmp_path / "state.json").read_text())
    assert set(kept["done"]) == {"critic", "enhancer"} and kept["steps"] == {"critic": 1, "enhancer": 1}


def test_data_that_are_not_packed_are_named(tmp_path):
    with pytest.raises(InputError, match="pack_regions.py"):
        gpu_run(configured(tmp_path, tmp_path / "out"))
