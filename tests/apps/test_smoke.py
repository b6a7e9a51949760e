"""A smoke run of every training script, and what it may not do."""
import shutil

import pytest
from omegaconf import OmegaConf

from realistic_editing.apps.cli import main
from realistic_editing.apps.smoke import is_of_smoke_run


def smoke(network, data, outputs, *options):
    own = [f"paths.data={data}", f"paths.outputs={outputs}", "trainer.smoke=true", "trainer.accelerator=cpu"]
    own += [] if network in ("saliency", "selector") else [f"regions.folders=[{data / 'mine'}]"]
    main(["train", network, *own, *options])


SMALL = {
    "saliency": ["model.network.input_size=[24,32]"],
    "realism": ["model.network.input_size=32"],
    "enhancer": ["task=amplify", "realism.weights={critic}", "saliency.weights={saliency}", "model.network.input_size=32"],
    "gazeshift": ["size=64", "model.network.width=4", "discriminator.width=4", "output={outputs}/train_gazeshift"],
    "selector": ["model.network.input_size=64", "output={outputs}/train_selector"],
}
FOLDERS = {"saliency": "compact/default", "realism": "compact/default", "enhancer": "compact/amplify"}


@pytest.mark.parametrize("network", SMALL)
def test_a_smoke_run_of_every_script(data, things, tmp_path, tiny_weights, capsys, network):
    data = things if network == "selector" else data
    small = [option.format(**tiny_weights, outputs=tmp_path) for option in SMALL[network]]
    smoke(network, data, tmp_path, *small)
    said, bars = capsys.readouterr()
    assert said.startswith("smoke run: two steps of two") and (network == "saliency" or "validates on" in said)
    assert said.splitlines()[-1].startswith("smoke run: trained, validated and wrote") and "validate" in bars
    name = f"train_{network}/{FOLDERS[network]}_smoke" if network in FOLDERS else f"train_{network}_smoke"
    kept = OmegaConf.load(tmp_path / name / "config.yaml")
    assert (kept.trainer.steps, kept.trainer.batch_size) == (2, 2)
    assert is_of_smoke_run(shutil.copy(tmp_path / name / "model.safetensors", tmp_path / "copy.safetensors"))
    before = (tmp_path / name / "best.pt").stat().st_mtime_ns
    smoke(network, data, tmp_path, *small)  # again, and from its beginning
    assert (tmp_path / name / "best.pt").stat().st_mtime_ns > before
    assert [path.name for path in tmp_path.rglob("model.safetensors")] == ["model.safetensors"]


def test_what_the_paper_leaves_open_and_judges_that_are_not_there_do_not_stop_a_smoke_run(data, tmp_path, capsys):
    smoke("saliency", data, tmp_path, "preset=paper", "model.network.input_size=[48,64]")
    assert "trainer.optimizer=adam, trainer.learning_rate=0.0001" in capsys.readouterr().out
    small = ["saliency.network.input_size=[48,64]", "model.network.input_size=48"]
    smoke("enhancer", data, tmp_path, "preset=paper", "task=attenuate", "model.network.backbone=tf_efficientnet_lite0", *small)
    said = capsys.readouterr().out
    assert "no pre-trained weights are fetched" in said
    assert said.count("(untrained, for this smoke run)") == 2
    for file in tmp_path.rglob("*.pt"):
        file.unlink()  # of hundreds of megabytes


def test_a_run_of_ones_own_is_not_touched(data, tmp_path):
    folder = tmp_path / "train_saliency/compact/default_smoke"
    folder.mkdir(parents=True)
    (folder / "last.pt").write_bytes(b"mine")
    (folder / "config.yaml").write_text("trainer: {smoke: false}\n")
    with pytest.raises(SystemExit) as stop:
        smoke("saliency", data, tmp_path, *SMALL["saliency"])
    assert stop.value.code == 2 and (folder / "last.pt").read_bytes() == b"mine"


def test_a_selector_says_what_it_is_and_refuses_what_is_out_of_range(things, tmp_path, capsys):
    smoke("selector", things, tmp_path, *[option.format(outputs=tmp_path) for option in SMALL["selector"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"train_selector: network click_selector; writes to {tmp_path}/train_selector_smoke"
    assert any(line.startswith("learns from ") and "things; validates on" in line for line in lines)
    with pytest.raises(SystemExit) as stop:
        smoke("selector", things, tmp_path, "trainer.ema=2")
    assert stop.value.code == 2 and "trainer.ema is 2; use a number" in capsys.readouterr().err
