"""Presets, experiments, ablations and sweeps: what fits runs two steps in a folder of its own; what misleads is refused."""
import shutil
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from realistic_editing.apps.cli import _compose, main
from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.presets import SCRIPTS, completed, full_names, known
from realistic_editing.common.errors import InputError
from realistic_editing.data.splits import split_of
from realistic_editing.weights import describe_file

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["trainer.steps=2", "trainer.evaluate_every=2", "trainer.accelerator=cpu", "trainer.precision=32-true"]
# Of each preset and script: what makes it small.
SMALL = {
    ("compact", "saliency"): ["trainer.batch_size=4", "model.network.input_size=[24,32]"],
    ("compact", "realism"): ["trainer.batch_size=4", "model.network.input_size=32", "pixels_per_zone=20"],
    ("compact", "enhancer"): ["trainer.batch_size=4", "model.network.input_size=32", "pixels_per_zone=20"],
    ("lite", "saliency"): [
        "trainer.batch_size=2", "model.network.input_size=[64,96]", "model.network.pretrained=none", "sets=[osie]",
        "model.network.backbone=tf_efficientnet_lite0",
    ],
    ("lite", "realism"): [
        "trainer.batch_size=2", "model.network.input_size=48", "model.network.things_size=64", "model.network.pretrained=none",
    ],
    ("lite", "enhancer"): [
        "trainer.batch_size=2", "model.network.input_size=48", "model.network.things_size=64", "pixels_per_zone=20",
    ],
    ("paper", "saliency"): [
        "trainer.batch_size=2", "trainer.learning_rate=1e-4", "trainer.optimizer=adam", "trainer.schedule=constant",
        "trainer.weight_decay=0", "sets=[osie]", "zoom=1", "jitter=0", "model.network.input_size=[48,64]",
    ],
    ("paper", "realism"): ["trainer.batch_size=1"],
    ("paper", "enhancer"): [
        "trainer.batch_size=1", "model.network.input_size=48", "model.network.pretrained=false",
        "model.network.backbone=tf_efficientnet_lite0",
    ],
}  # fmt: skip
NOTHING = {"clean_masks", "no_casts", "unbounded"}  # ablations of what the paper's preset does not have
ABLATIONS = known("ablation", "train_enhancer")
OTHERS = ("paper_critic", "pix2pix", "lite")  # of the other presets
CRITICS = [name for name in known("experiment", "train_realism") if not name.startswith(OTHERS)]
# The distilled and the sharpened network need others to learn from: test_train.py.
SALIENCIES = [name for name in known("experiment", "train_saliency") if name.startswith(("large", "heldout_saliency"))]


def train(network, data, outputs, *extra, preset="compact"):
    """Train two steps in the folder that the choices give."""
    options = [f"preset={preset}", f"paths.data={data}", f"paths.outputs={outputs}", *SMALL[preset, network], *QUICK]
    if network != "saliency":
        options += ["regions.sources=[]", f"regions.folders=[{data / 'mine'}]"]
    main(["train", network, *options, *extra])


@pytest.fixture(scope="module")
def judges(tiny_weights):
    return [f"realism.weights={tiny_weights['critic']}", f"saliency.weights={tiny_weights['saliency']}"]


@pytest.fixture(scope="module")
def few(data, tmp_path_factory):
    """A data root with two regions to train on and one to validate on, for what is slow."""
    root = tmp_path_factory.mktemp("few")
    (root / "mine").mkdir()
    (root / "osie").symlink_to(data / "osie")
    names = [path.stem.removesuffix("_mask") for path in sorted((data / "mine").glob("*_mask.png"))]
    sides = {side: [name for name in names if split_of(name, "folder") == side] for side in ("train", "val")}
    for name in (*sides["train"][:2], *sides["val"][:1]):
        for file in (f"{name}.png", f"{name}_mask.png"):
            (root / "mine" / file).write_bytes((data / "mine" / file).read_bytes())
    return root


def finished(outputs):
    """The folders of the runs that have ended, below `outputs`."""
    return {path.parent.relative_to(outputs).as_posix() for path in outputs.rglob("model.safetensors")}


@pytest.mark.parametrize("name", CRITICS)
def test_every_critic_of_the_compact_preset(data, tmp_path, capsys, name):
    train("realism", data, tmp_path, f"experiment={name}")
    assert finished(tmp_path) == {f"train_realism/compact/{name}"}
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"train_realism: preset=compact, experiment={name};")


def test_the_papers_critic_grows_from_small_pictures_and_ends_on_equation_1(few, tmp_path, tiny_weights):
    start = []
    for name, size in (("pix2pix_small", 64), ("pix2pix_middle", 80), ("pix2pix_full", 384)):
        small = [f"model.network.input_size={size}", "trainer.batch_size=1", *start]
        if name == "pix2pix_middle":
            small += [f"teacher={tiny_weights['critic']}", "loss.teacher=1.0"]
        train("realism", few, tmp_path, f"experiment={name}", *small, preset="paper")
        folder = tmp_path / f"train_realism/paper/{name}"
        start = [f"initial={folder}/model.safetensors"]
        kept = OmegaConf.load(folder / "config.yaml")
        assert kept.size == describe_file(folder / "model.safetensors")["config"]["input_size"] == size
    assert (kept.loss.kind, kept.loss.patches, kept.loss.teacher, kept.human) == ("squares", 0, 0, False)  # eq. 1 alone
    assert kept.model.network == OmegaConf.load(CONFIGS / "realism/pix2pix.yaml").network  # the paper's network


@pytest.mark.parametrize("name", SALIENCIES)
def test_every_saliency_network_of_the_compact_preset(data, tmp_path, name):
    small = [] if name.startswith("large") else ["model.network.widths=[4,4,4,4,4]"]
    train("saliency", data, tmp_path, f"experiment={name}", *small)
    assert finished(tmp_path) == {f"train_saliency/compact/{name}"}


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_ablation_of_the_compact_preset(data, tmp_path, judges, capsys, name):
    train("enhancer", data, tmp_path, "task=amplify", f"ablation={name}", *judges)
    assert finished(tmp_path) == {f"train_enhancer/compact/amplify_{name}"}
    assert OmegaConf.load(tmp_path / f"train_enhancer/compact/amplify_{name}/config.yaml").ablation == name
    assert capsys.readouterr().out.startswith(f"train_enhancer: preset=compact, ablation={name}, task=amplify;")


def test_the_compact_preset_chains(data, tmp_path, capsys):
    small = ["model.network.widths=[4,4,4,4,4]", "model.network.join=4"]
    train("saliency", data, tmp_path, *small)
    train("realism", data, tmp_path)
    capsys.readouterr()
    train("enhancer", data, tmp_path, "task=attenuate")
    said = capsys.readouterr().out
    critic, saliency = (tmp_path / f"train_{name}/compact/default/model.safetensors" for name in ("realism", "saliency"))
    assert f"critic: {critic} (trained by train_realism.py" in said
    assert f"saliency network: {saliency} (trained by train_saliency.py" in said
    enhancer = tmp_path / "train_enhancer/compact/attenuate"
    kept = OmegaConf.load(enhancer / "config.yaml")
    assert (kept.realism.weights, kept.saliency.weights, kept.model.attention) == (str(critic), str(saliency), str(saliency))
    about = describe_file(enhancer / "model.safetensors")
    assert about["config"]["saliency"]["widths"] == [4] * 5  # the shape follows from the network
    assert not about["frozen"]  # no bundled network: it is in the file
    assert kept.size == 32
    other = shutil.copy(critic, tmp_path / "other.safetensors")
    with pytest.raises(SystemExit):
        train("enhancer", data, tmp_path, "task=attenuate", f"realism.weights={other}")
    assert f"to go on with it, add realism.weights={critic}; or choose" in capsys.readouterr().err


def test_the_lite_preset_chains(few, tmp_path, capsys):
    train("saliency", few, tmp_path, preset="lite")
    train("realism", few, tmp_path, preset="lite")
    train("enhancer", few, tmp_path, "task=amplify", preset="lite")
    said = capsys.readouterr().out
    critic, saliency = (tmp_path / f"train_{name}/lite/default/model.safetensors" for name in ("realism", "saliency"))
    assert f"critic: {critic} (trained by train_realism.py" in said
    about = describe_file(tmp_path / "train_enhancer/lite/amplify/model.safetensors")
    assert about["network"] == "lite_enhancer" and about["config"]["saliency"]["input_size"] == [64, 96]
    kept = OmegaConf.load(tmp_path / "train_enhancer/lite/amplify/config.yaml")
    assert (kept.model.attention, kept.objective.realism_weight, kept.size) == (str(saliency), 6.0, 48)
    learned = OmegaConf.load(tmp_path / "train_realism/lite/default/config.yaml")
    assert (learned.samples, learned.loss.rank, learned.pixels_per_zone) == ("things", 0.3, 0)


def test_samples_of_things_need_what_they_need(few, tmp_path, capsys):
    for wrong in ("samples=other", "loss.kind=squares"):
        with pytest.raises(SystemExit) as stop:
            train("realism", few, tmp_path, wrong, preset="lite")
        assert stop.value.code == 2 and "samples" in capsys.readouterr().err
    assert not finished(tmp_path)


def test_bundled_judges_are_used_where_none_was_trained(few, tmp_path, capsys, bundled_networks):
    sizes = ["model.network.input_size=384", "trainer.batch_size=2"]  # the bundled critic's
    train("enhancer", few, tmp_path, "task=attenuate", *sizes)
    said = capsys.readouterr().out
    assert "critic: critic (bundled)" in said and "saliency network: compact_saliency (bundled)" in said
    about = describe_file(tmp_path / "train_enhancer/compact/attenuate/model.safetensors")
    assert about["frozen"]["attention"]["weights"] == "compact_saliency"


@pytest.fixture(scope="module")
def paper(few, tmp_path_factory):
    """Outputs of the paper's saliency network and critic."""
    outputs = tmp_path_factory.mktemp("paper")
    train("saliency", few, outputs, preset="paper")
    train("realism", few, outputs, preset="paper")
    return outputs


def test_the_papers_judges_are_trained_in_folders_of_their_own(paper):
    assert finished(paper) >= {"train_saliency/paper/default", "train_realism/paper/default"}
    kept = OmegaConf.load(paper / "train_realism/paper/default/config.yaml")
    assert (kept.size, kept.pixels_per_zone, kept.loss.kind, kept.edits.name, kept.human) == (384, 0, "squares", "paper", True)
    assert (kept.trainer.optimizer, kept.trainer.learning_rate, kept.trainer.betas) == ("adam", 1e-4, [0.5, 0.999])
    assert (kept.trainer.batch_size, kept.epochs, kept.augment) == (1, 100, False)


def test_the_papers_preset_is_the_papers():
    critic = _compose("train_realism", ["preset=paper"])
    enhancer = _compose("train_enhancer", ["preset=paper", "task=amplify"])
    assert (critic.epochs, critic.trainer.batch_size, critic.trainer.steps) == (100, 128, None)
    assert (enhancer.epochs, enhancer.trainer.batch_size, enhancer.trainer.learning_rate) == (10, 8, 1e-5)
    for config in (critic, enhancer):
        assert config.regions.sets == ["coco"] and not config.augment and config.trainer.schedule == "constant"
    saliency = _compose("train_saliency", ["preset=paper"])
    left_open = {name for name in OmegaConf.missing_keys(saliency) if name != "model.weights"}
    settings = ("steps", "batch_size", "optimizer", "learning_rate", "weight_decay", "schedule")
    assert left_open == {"sets", "zoom", "jitter", *(f"trainer.{name}" for name in settings)}


@pytest.mark.parametrize("name", [None, *(name for name in ABLATIONS if name not in NOTHING)])
def test_the_papers_enhancer_and_every_ablation_that_fits_it(few, paper, capsys, name):
    train("enhancer", few, paper, "task=amplify", *([f"ablation={name}"] if name else []), preset="paper")
    folder = paper / "train_enhancer/paper" / (f"amplify_{name}" if name else "amplify")
    assert describe_file(folder / "model.safetensors")["network"] == "editnet"
    assert f"critic: {paper}/train_realism/paper/default/model.safetensors" in capsys.readouterr().out
    kept = OmegaConf.load(folder / "config.yaml")
    assert kept.regions.saliency == str(paper / "train_saliency/paper/default/model.safetensors")
    for file in folder.glob("*.pt"):
        file.unlink()  # of tens of megabytes


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_an_ablation_that_changes_nothing_is_refused(name, capsys):
    refused(capsys, ["enhancer", "preset=paper", "task=amplify", f"ablation={name}"], "changes nothing")


def refused(capsys, options, *words):
    with pytest.raises(SystemExit) as stop:
        main(["train", *options])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and all(word in said for word in words), said


def test_what_would_mislead_is_refused_with_the_remedy(tmp_path, capsys):
    outputs = f"paths.outputs={tmp_path}"
    for options, *words in (
        (["enhancer", "task=attenuate", "experiment=critic_squares"], "for train_realism.py, not for train_enhancer.py"),
        (["realism", "experiment=emlnet"], "for train_saliency.py"),
        (["saliency", "ablation=sum"], "for train_enhancer.py"),
        (["realism", "experiment=squares"], "unknown", "critic_squares"),
        (["realism", "preset=large"], "compact, lite, paper"),
        (["realism", "preset=compact", "experiment=paper_critic"], "belongs to preset=paper"),
        (["realism", "+foo=1"], "foo is no option of train_realism.py"),
        (["realism", "+trainr={steps: 2}"], "did you mean trainer"),
        (["realism", "trainr.steps=2"], "trainr"),
        (["saliency", "preset=paper"], "trainer.batch_size, trainer.learning_rate", "sets=...", "zoom", "which does not say"),
        (["enhancer", "preset=paper", "task=attenuate", outputs], "realism.weights", "train_realism.py preset=paper"),
        (["enhancer", "task=attenuate", "realism=pix2pix", outputs], "=FILE or realism.weights=pix2pix_critic"),
    ):
        refused(capsys, options, *words)
    assert not list(tmp_path.iterdir())


def test_an_experiment_of_ones_own_with_a_misspelt_option_is_refused():
    config = _compose("train_realism", [])
    OmegaConf.set_struct(config, False)
    config.los = {"kind": "squares"}
    with pytest.raises(InputError, match=r"los is no option of train_realism.py; did you mean loss\?"):
        completed("train_realism", config, {"preset/train_realism": "compact"})


def test_every_combination_has_a_folder_of_its_own_and_knows_its_names():
    folders = []
    for script in SCRIPTS:
        tasks = ["task=attenuate", "task=amplify"] if script == "train_enhancer" else [None]
        for preset in known("preset", script):
            for experiment in [None, *known("experiment", script)]:
                for ablation in [None, *known("ablation", script)]:
                    for task in tasks:
                        names = {f"{key}/{script}": value for key, value in
                                 (("preset", preset), ("experiment", experiment), ("ablation", ablation))}  # fmt: skip
                        config = OmegaConf.create({"paths": {"outputs": "o"}, "output": None})
                        if task:
                            config.task = {"name": task.removeprefix("task=")}
                        folders.append(completed(script, config, names).output)
    assert len(set(folders)) == len(folders) > 50
    nested = [one for one in folders for other in folders if other.startswith(f"{one}/")]
    assert not nested


def test_jobs_of_a_sweep_are_told_apart():
    def folder(sweep, output=None):
        config = OmegaConf.create({"paths": {"outputs": "o"}, "output": output, "task": {"name": "amplify"}})
        return completed("train_enhancer", config, {"preset/train_enhancer": "compact"}, sweep).output

    assert folder("trainer.seed=1") == "o/train_enhancer/compact/amplify,trainer.seed=1"
    assert folder("initial=a/b") != folder("initial=a_b") and "/" not in folder("initial=a/b").split("compact/")[1]
    assert folder("", output="mine") == "mine/amplify"


def test_a_sweep_runs_each_job_in_a_folder_of_its_own(data, tmp_path, judges, run_script):
    options = [f"paths.data={data}", f"paths.outputs={tmp_path / 'out'}", "regions.sources=[]", *judges, *QUICK]
    options += [f"regions.folders=[{data / 'mine'}]", *SMALL["compact", "enhancer"]]
    sweep = ["-m", "task=attenuate,amplify", "ablation=sum,no_order"]
    done = run_script(ROOT / "scripts/train_enhancer.py", *sweep, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    runs = {f"train_enhancer/compact/{task}_{name}" for task in ("attenuate", "amplify") for name in ("sum", "no_order")}
    assert finished(tmp_path / "out") == runs
    for name in runs:
        kept = OmegaConf.load(tmp_path / "out" / name / "config.yaml")
        assert name.endswith(f"{kept.task.name}_{kept.ablation}")
        assert (kept.objective.combine == "sum") == (kept.ablation == "sum")
    assert [line.split(";")[0] for line in done.stdout.splitlines() if line.startswith("train_enhancer:")] == [
        f"train_enhancer: preset=compact, ablation={name}, task={task}"
        for task in ("attenuate", "amplify") for name in ("sum", "no_order")
    ]  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_a_sweep_over_values_names_them():
    assert full_names("train_realism", ["experiment=critic_squares,critic_ranked"]) == [
        "experiment/train_realism=critic_squares,critic_ranked"
    ]
    with pytest.raises(InputError, match="train_saliency"):
        full_names("train_realism", ["experiment=critic_squares,emlnet"])


@pytest.mark.parametrize(
    "path", sorted(path for folder in ("preset", "experiment", "ablation") for path in (CONFIGS / folder).glob("*/*.yaml")),
    ids=lambda path: f"{path.parts[-3]}/{path.stem}",
)  # fmt: skip
def test_every_file_says_command_hardware_time_and_result(path):
    text = path.read_text(encoding="utf-8")
    head = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert text.startswith("# @package _global_\n")
    assert f"python scripts/{path.parent.name}.py" in head
    assert all(word in head for word in ("Hardware: ", "Time: ", "Measured")) or "measured earlier" in head, path
    assert "output" not in (yaml.safe_load(text) or {})  # a run's folder follows from its names
