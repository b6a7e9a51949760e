"""From regions to a bank of optimised edits, and from it to an enhancer, by their commands."""
import re
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from realistic_editing.apps.cli import _compose, main
from realistic_editing.apps.main import call
from realistic_editing.enhance.bank import Bank
from realistic_editing.saliency.lite import LiteSaliency
from realistic_editing.weights import describe_file, save_network

SHAPE = {"backbone": "tf_efficientnet_lite0", "input_size": [64, 96], "width": 8}


def optimise(data, output: Path, tiny_weights, *extra: str) -> None:
    """The script, called in this process; its workers are processes of their own."""
    judges = [f"judges.{role}={tiny_weights[role]}" for role in ("critic", "saliency")]
    own = [f"paths.data={data}", f"paths.outputs={output}", "regions.sources=[]", f"regions.folders=[{data / 'mine'}]"]
    weights = f"weights={tiny_weights['attenuate']}"
    config = _compose("optimise_regions", [weights, *judges, *own, f"output={output}/bank.jsonl", "steps=2", *extra])
    call("optimise_regions", config)


def test_a_bank_grows_where_it_stopped_and_teaches_an_enhancer(data, tmp_path, tiny_weights, capsys):
    optimise(data, tmp_path, tiny_weights, "limit=2", "workers=1")
    first = (tmp_path / "bank.jsonl").read_text()
    capsys.readouterr()
    optimise(data, tmp_path, tiny_weights, "limit=5", "workers=2", "orders=2")
    assert "holds 2 edits; makes 8 more, of 5 regions" in capsys.readouterr().out
    bank = Bank(tmp_path / "bank.jsonl")
    assert (tmp_path / "bank.jsonl").read_text().startswith(first) and len(bank.edits) == 10
    assert len({edit.region for edit in bank.edits}) == 5 and bank.settings["task"] == "attenuate"
    small = ["model.network.input_size=48", "model.network.things_size=64", "trainer.steps=3", "trainer.batch_size=4"]
    save_network(LiteSaliency(**SHAPE), "lite_saliency", tmp_path / "seen.safetensors", SHAPE, {})
    small.append(f"model.attention={tmp_path}/seen.safetensors")
    judges = [f"realism.weights={tiny_weights['critic']}", f"saliency.weights={tiny_weights['saliency']}"]
    options = [*small, *judges, "experiment=banked", "task=attenuate", "trainer.accelerator=cpu", f"paths.data={data}"]
    options += ["regions.sources=[]", f"regions.folders=[{data / 'mine'}]", f"output={tmp_path}/run"]
    main(["train", "enhancer", *options, f"bank={tmp_path}/bank.jsonl"])
    assert describe_file(tmp_path / "run/model.safetensors")["network"] == "lite_enhancer"
    assert OmegaConf.load(tmp_path / "run/config.yaml").bank == f"{tmp_path}/bank.jsonl"
    for wrong, words in (("task=amplify", "holds edits for task=attenuate"), ("damage=0.3", "add adversarial=false")):
        with pytest.raises(SystemExit):
            main(["train", "enhancer", *options, f"bank={tmp_path}/bank.jsonl", f"output={tmp_path}/wrong", wrong])
        assert words in capsys.readouterr().err


def test_what_cannot_be_used_is_said_at_once(data, tmp_path, tiny_weights, capsys):
    for wrong, words in (
        (["orders=25"], "orders is 25"),
        (["steps=0"], "steps is 0"),
        (["weights=nowhere"], "nowhere"),
        (["regions.folders=[nowhere]"], "nowhere"),
    ):
        with pytest.raises(SystemExit) as stop:
            optimise(data, tmp_path, tiny_weights, *wrong)
        assert stop.value.code == 2 and re.search(words, capsys.readouterr().err)
