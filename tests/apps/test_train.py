"""The three training commands on small made photos: every config builds, two steps run, a killed run resumes exactly."""
import json
import time
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from realistic_editing.apps.cli import _compose, main
from realistic_editing.apps.config import CONFIGS
from realistic_editing.common.files import alone_in
from realistic_editing.data.splits import split_of
from realistic_editing.weights import load_network

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["trainer.steps=2", "trainer.batch_size=4", "trainer.evaluate_every=2", "trainer.accelerator=cpu"]


def overrides(data, output, network):
    own = [f"output={output}", f"paths.data={data}", f"paths.outputs={output}"]
    regions = ["regions.sources=[]", f"regions.folders=[{data / 'mine'}]"]
    return own + {
        "saliency": ["size=[48,64]", "model.network.input_size=[48,64]"],
        "realism": [*regions, "size=48", "model.network.input_size=48"],
        "enhancer": [*regions, "task=attenuate", "size=48", "pixels_per_zone=0", "model.network.input_size=48"],
        "gazeshift": [*regions, "size=64", "model.network.width=4", "discriminator.width=4", "trainer.precision=32-true"],
    }[network]


@pytest.mark.parametrize("network", ["saliency", "realism", "enhancer", "gazeshift"])
def test_two_steps_write_weights_that_load(data, tmp_path, network):
    main(["train", network, *overrides(data, tmp_path, network), *QUICK])
    found = {path.name for path in tmp_path.iterdir()}
    assert {"model.safetensors", "run.json", "config.yaml", "last.pt", "best.pt", "tensorboard"} <= found
    kind = {"gazeshift": "baseline"}.get(network, network)
    card = load_network(tmp_path / "model.safetensors", kind=kind).card
    assert card["step"] == 2 and card["revision"] and card["measures"]
    assert network != "enhancer" or card["task"] == "attenuate"
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["seed"] == 0 and record["train_samples"] > 0 and not (tmp_path / ".run.lock").exists()


@pytest.mark.parametrize(
    ("network", "extra"),
    [
        ("realism", ["edits=paper", "human=true", "loss.kind=squares", "loss.rank=1.0"]),
        ("realism", ["experiment=paper_critic", "trainer.batch_size=1", "pixels_per_zone=0"]),
        ("realism", ["pixels_per_zone=0"]),
        ("realism", ["trainer.accumulate=2", "trainer.precision=32-true", "trainer.ema=0", "trainer.schedule=cosine"]),
        ("enhancer", ["objective=paper", "task=amplify"]),
        ("enhancer", ["objective=released"]),
        ("enhancer", ["enhancer@model=editnet", "objective=paper"]),
        ("enhancer", ["size=32", "model.network.input_size=32", "pixels_per_zone=50"]),
        ("enhancer", ["size=32", "model.network.input_size=32", "pixels_per_zone=50", "ablation=adversarial"]),
    ],
)
def test_every_variant_runs_two_steps(data, tmp_path, network, extra):
    base = overrides(data, tmp_path, network)
    if "experiment=paper_critic" in extra:  # its size is fixed
        base.remove("model.network.input_size=48")
    main(["train", network, *base, *QUICK, *extra])
    assert (tmp_path / "model.safetensors").exists()


def test_a_saliency_network_is_distilled_and_sharpened(data, tmp_path):
    teacher, student, last = tmp_path / "teacher", tmp_path / "student", tmp_path / "last"
    main(["train", "saliency", *overrides(data, teacher, "saliency"), *QUICK])
    weights = f"teachers=[{teacher}/model.safetensors]"
    main(["train", "saliency", *overrides(data, student, "saliency"), *QUICK, "experiment=distilled_saliency", weights])
    start = f"initial={student}/model.safetensors"
    main(["train", "saliency", *overrides(data, last, "saliency"), *QUICK, "experiment=sharpened_saliency", start])
    names = load_network(student / "model.safetensors").state_dict().keys()
    assert load_network(last / "model.safetensors", kind="saliency").state_dict().keys() == names


def test_what_a_critic_cannot_do_is_said_before_regions_are_built(data, tmp_path, capsys):
    base = ["train", "realism", *overrides(data, tmp_path, "realism"), *QUICK]
    for extra, word in (
        (["trainer.compile=true"], "pixels_per_zone=0"),
        (["loss.guess=1"], "guesses=29"),
        (["size=64"], "input_size=48"),
        (["experiment=paper_critic", "pixels_per_zone=100"], "RealismNet"),
        (["loss.kind=hinge"], "squares"),
        (["loss.patches=1"], "has no patches"),
        (["loss.teacher=1"], "name weights"),
        (["teacher=critic", "loss.teacher=1", "pixels_per_zone=20"], "pixels_per_zone=0"),
    ):
        fitting = [option for option in base if "paper_critic" not in extra[0] or "input_size" not in option]
        with pytest.raises(SystemExit) as stop:
            main([*fitting, *extra])
        assert stop.value.code == 2 and word in capsys.readouterr().err


@pytest.mark.parametrize("network", ["saliency", "realism", "enhancer", "gazeshift"])
def test_weights_to_start_from_are_read_before_regions_or_gaze_are(data, tmp_path, capsys, monkeypatch, network):
    name = "read_gaze" if network == "saliency" else "load_regions"
    monkeypatch.setattr(f"realistic_editing.apps.prepare.{name}", lambda *_: pytest.fail("data was read"))
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{")
    other = "critic" if network == "saliency" else "compact_saliency"
    for given, words in (
        (tmp_path / "none.safetensors", "none.safetensors"), (tmp_path / "cut.safetensors", "cut.safetensors"), (other, other),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as stop:
            main(["train", network, *overrides(data, tmp_path / "run", network), *QUICK, f"initial={given}"])
        assert stop.value.code == 2 and words in capsys.readouterr().err
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("network", "start", "other"),
    [
        ("saliency", "compact_saliency", "join=8"), ("realism", "critic", "hidden=8"),
        ("enhancer", "compact_attenuate", "hidden=8"), ("gazeshift", "gazeshift", "width=4"),
    ],
)  # fmt: skip
def test_weights_of_another_shape_are_told_before_data_is_read(
    data, tmp_path, capsys, monkeypatch, network, start, other, bundled_networks
):
    name = "read_gaze" if network == "saliency" else "load_regions"
    monkeypatch.setattr(f"realistic_editing.apps.prepare.{name}", lambda *_: pytest.fail("data was read"))
    base = ["train", network, *overrides(data, tmp_path / "run", network), *QUICK, f"initial={start}"]
    with pytest.raises(SystemExit) as stop:
        main([*base, f"model.network.{other}"])
    assert stop.value.code == 2 and "start from a network with the same model.network" in capsys.readouterr().err


def test_weights_of_another_network_name_the_preset_that_fits(data, tmp_path, capsys, bundled_networks):
    with pytest.raises(SystemExit) as stop:
        main(["train", "enhancer", *overrides(data, tmp_path / "run", "enhancer"), *QUICK, "initial=attenuate"])
    said = "initial is attenuate, a lite_enhancer, and this run trains a compact_enhancer; add preset=lite"
    assert stop.value.code == 2 and said in capsys.readouterr().err


def test_gazeshift_goes_on_from_weights(data, tmp_path):
    base = ["train", "gazeshift", *overrides(data, tmp_path / "first", "gazeshift"), *QUICK]
    main(base)
    weights = tmp_path / "first/model.safetensors"
    main([*base, f"initial={weights}", f"output={tmp_path}/second", "trainer.learning_rate=0", "trainer.ema=0"])
    files = weights, tmp_path / "second/model.safetensors"
    first, second = (load_network(file, kind="baseline").state_dict() for file in files)
    assert all(torch.equal(first[name], second[name]) for name in first)


SCOPED = ("preset", "experiment", "ablation")  # files of a script each
GROUPS = sorted(path for path in CONFIGS.glob("*/*.yaml") if path.parent.name not in ("enhance", "evaluate", "figures"))
GROUPS += sorted(path for group in SCOPED for path in CONFIGS.glob(f"{group}/*/*.yaml"))


@pytest.mark.parametrize("path", GROUPS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_config_of_a_group_builds(path):
    group, name = path.parent.name, path.stem
    key = {"realism": "realism@model", "saliency": "saliency@model", "enhancer": "enhancer@model"}.get(group, group)
    command = {"saliency": "train_saliency"}.get(group, "train_realism")
    command = "train_enhancer" if group in ("task", "objective", "enhancer") else command
    if path.parts[-3] in SCOPED:
        key, command = path.parts[-3], group
    chosen = [f"{key}={name}"] + ([] if group == "task" or command != "train_enhancer" else ["task=amplify"])
    if group == "trainer":  # what they leave open, presets say
        chosen = []
    config = _compose(command, [*chosen, "paths.data=data"])
    assert config.output  # follows from the choices
    node = config.model.network if "model" in key else config.get(group)
    if OmegaConf.is_dict(node) and "_target_" in node:
        assert instantiate(node, _convert_="all") is not None


def test_a_run_with_other_settings_is_not_continued(data, tmp_path, capsys):
    options = ["train", "realism", *overrides(data, tmp_path, "realism"), *QUICK]
    main(options)
    with pytest.raises(SystemExit) as stop:
        main([*options, "trainer.learning_rate=0.5"])
    assert stop.value.code == 2 and "trainer.learning_rate" in capsys.readouterr().err


def test_two_runs_in_one_folder_at_once_are_refused(data, tmp_path, capsys):
    with alone_in(tmp_path, ".run.lock", "run"):
        with pytest.raises(SystemExit) as stop:
            main(["train", "realism", *overrides(data, tmp_path, "realism"), *QUICK])
    assert stop.value.code == 2 and f"{tmp_path}: another run writes there" in capsys.readouterr().err
    assert not (tmp_path / "config.yaml").exists()
    main(["train", "realism", *overrides(data, tmp_path, "realism"), *QUICK])
    for other in (["trainer.seed=3"], []):
        with alone_in(tmp_path, ".run.lock", "run"), pytest.raises(SystemExit):
            main(["train", "realism", *overrides(data, tmp_path, "realism"), *QUICK, *other])
        assert "another run writes there; wait for it" in capsys.readouterr().err


def test_missing_data_and_unknown_options_leave_with_code_2(tmp_path, capsys):
    for options, words in (
        (["realism", f"paths.data={tmp_path}", f"output={tmp_path}/run"], "REALISTIC_EDITING_DATA"),
        (["saliency", f"paths.data={tmp_path}", f"output={tmp_path}/run"], "fixations.csv"),
        (["enhancer", "task=erase"], "erase"),
        (["realism", "no.such.option=1"], "no.such.option"),
        (["enhancer", "task=attenuate", "realism=pix2pix"], "realism.weights"),
        (["enhancer", "task=attenuate", "saliency.weights=critic"], "compact_critic"),
        (["enhancer", "task=attenuate", "objective.change=ratio"], "log_ratio"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["train", *options])
        assert stop.value.code == 2 and words in capsys.readouterr().err


def test_a_script_leaves_with_code_2_on_an_unknown_task(tmp_path, run_script):
    done = run_script(ROOT / "scripts/train_enhancer.py", "task=erase", f"output={tmp_path}/my run, 1", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "erase" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_leaves_nothing_to_validate_on_is_named(data, tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    name = next(str(index) for index in range(60) if split_of(str(index), "folder") == "train")
    for file in (f"{name}.png", f"{name}_mask.png"):
        (mine / file).write_bytes((data / "mine" / file).read_bytes())
    options = overrides(data, tmp_path / "run", "realism")
    with pytest.raises(SystemExit) as stop:
        main(["train", "realism", *options, *QUICK, f"regions.folders=[{mine}]"])
    assert stop.value.code == 2 and "'val'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("network", ["realism", "enhancer", "gazeshift"])
def test_a_killed_run_resumes_and_ends_bit_identical(data, tmp_path, beside, network):
    # Enough that the run is killed before it ends: a step of GazeShift takes ten times another's.
    last_step, batch = {"realism": (24, 4), "enhancer": (24, 2), "gazeshift": (10, 1)}[network]
    steps = [f"trainer.{name}={last_step}" for name in ("steps", "evaluate_every")]
    steps += [f"trainer.batch_size={batch}", "trainer.save_every=2"]

    def started(folder):
        chosen = [*overrides(data, tmp_path / folder, network), *steps, "trainer.accelerator=cpu"]
        return beside(["train", network, *chosen], tmp_path / f"{folder}.txt")

    def end(process):
        process.join()
        assert process.exitcode == 0, [file.read_text()[-3000:] for file in tmp_path.glob("*.txt")]

    end(started("whole"))
    process, last = started("killed"), tmp_path / "killed/last.pt"
    while not last.exists() and process.is_alive():
        time.sleep(0.01)
    process.kill()
    process.join()
    assert torch.load(last, weights_only=True)["step"] < last_step, "the run ended before it was killed"
    end(started("killed"))
    whole, killed = (torch.load(tmp_path / run / "last.pt", weights_only=True) for run in ("whole", "killed"))
    assert whole["step"] == killed["step"] == last_step
    for part in ("network", "average"):
        for name, value in whole[part].items():
            assert torch.equal(value, killed[part][name]), name
    for number, moments in whole["optimizer"]["state"].items():
        for name, value in moments.items():
            assert torch.equal(value, killed["optimizer"]["state"][number][name]), name
    first, second = (tmp_path / run / "model.safetensors" for run in ("whole", "killed"))
    tensors = safetensors.torch.load_file(second)
    for name, value in safetensors.torch.load_file(first).items():
        assert torch.equal(value, tensors[name]), name
    assert load_network(first).card["measures"] == load_network(second).card["measures"]
