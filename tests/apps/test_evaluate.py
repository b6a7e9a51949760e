"""scripts/evaluate.py on small made photos: every suite from end to end, and what a user may get wrong."""
import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from hydra import compose, initialize_config_dir
from PIL import Image

from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.evaluate import evaluate
from realistic_editing.common.errors import InputError
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import split_of
from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.view import PhotoView
from realistic_editing.evaluation.suites import critic
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.weights import fingerprint, load_network, save_network

SALIENCY = {"input_size": (24, 32), "widths": (4, 4, 4, 4, 4), "join": 4}
CRITIC = {"input_size": 32, "ring": 4, "hidden": 8}
ENHANCER = {"saliency": SALIENCY, "input_size": 32, "stride": 1, "ring": 4, "palette": 4, "hidden": 8}
QUICK = ["map_size=[24,32]", "edit_size={saliency: 32, critic: 32}", "resamples=10", "viewer_splits=1"]
QUICK += ["samples_per_region={saliency: 1, coco: 1, others: 2}", "optimise=3", "rivals=[]"]
QUICK += ["max_regions={saliency: 4, others: 4, curves: 3, enhancer: 2, masks: 2, optimise: 1, gallery: 1}"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root with OSIE's layout and a folder of photos with masks, and weights of each judge, whole and half."""
    root, rng = tmp_path_factory.mktemp("root"), np.random.default_rng(0)
    (root / "osie/stimuli").mkdir(parents=True)
    (root / "mine").mkdir()
    rows = []
    for source, folder, most in (("osie", "osie/stimuli", 3), ("folder", "mine", 3)):
        kept = dict.fromkeys(("train", "val", "test"), 0)
        for index in range(200):
            side = split_of(str(index), source)
            kept[side] += 1
            if kept[side] > most:
                continue
            photo = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((80, 60), Image.BICUBIC)
            photo.save(root / f"{folder}/{index}.png")
            mask = np.zeros((60, 80), np.uint8)
            mask[15:40, 20:50] = 255
            if source == "folder":
                Image.fromarray(mask).save(root / f"mine/{index}_mask.png")
            else:
                rows += [(f"{index}.png", viewer, *rng.uniform(0, 600, 2).round(1), 200) for viewer in (0, 1, 1, 2)]
    pd.DataFrame(rows, columns=["image", "subject", "x", "y", "duration_ms"]).to_csv(root / "osie/fixations.csv", index=False)
    torch.manual_seed(0)
    for name, network, config in (
        ("compact_saliency", CompactSaliency(**SALIENCY), SALIENCY),
        ("compact_critic", CompactCritic(**CRITIC), CRITIC),
    ):
        for half in (True, False):
            save_network(network, name, root / f"{name}{'' if half else '_whole'}.safetensors", config, {"step": 1}, half)
    for task, weight in (("attenuate", -1.0), ("amplify", 1.0)):
        card = {"task": task, "objective": dataclasses.asdict(Objective(saliency_weight=weight, change="log_ratio"))}
        network = CompactEnhancer(**ENHANCER)
        torch.nn.init.constant_(network.heads["exposure"].bias, weight)  # darker, brighter
        save_network(network, "compact_enhancer", root / f"{task}.safetensors", ENHANCER, card)
    return root


@pytest.fixture(autouse=True)
def few_refining_steps(monkeypatch):
    monkeypatch.setattr("realistic_editing.evaluation.suites.enhancer._REFINE", 2)


def configured(root, output, *options):
    own = [f"saliency={root}/compact_saliency.safetensors", f"critic={root}/compact_critic.safetensors"]
    own += [f"{name}={root}/{name}.safetensors" for name in ("attenuate", "amplify")]
    own += [f"heldout_saliency={root}/compact_saliency.safetensors", "second_heldout=null"]
    own += [f"paths.data={root}", f"output={output}", "regions.sources=[]", f"regions.folders=[{root}/mine]"]
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        return compose("evaluate", overrides=[*own, *QUICK, *options])


TABLES = {
    "saliency": {
        "fixations_osie_test", "fixations_osie_val", "speed", "edits", "neutral_edits", "range_of_s", "fp32_weights_osie"
    },
    "critic": {"samples_other_photos_split_test", "figure3_other_photos", "fp32_weights"},
}
FIGURES = {
    "saliency": {"edits.png", "photos_osie.png"},
    "critic": {"figure3.png", "reliability.png", "worst_real.png", "worst_fake.png"},
}


PARTS = ("", "_human", "_spread", "_loss", "_ceiling", "_seams", "_times")  # of each task's tables


def test_the_enhancers_from_end_to_end(root, tmp_path):
    rival = root / "rival/model.safetensors"
    rival.parent.mkdir()
    shutil.copy(root / "attenuate.safetensors", rival)
    path = evaluate(configured(root, tmp_path, "suite=enhancer", f"rivals=[{rival}]"))
    text, content = path.read_text(), json.loads((tmp_path / "report.json").read_text())
    wanted = {f"{task}{part}" for task in ("attenuate", "amplify") for part in PARTS}
    assert set(content["tables"]) == wanted
    pictures = {f"{kind}_{task}.png" for task in ("attenuate", "amplify") for kind in ("gallery", "damaged", "descent")}
    assert {file.name for file in tmp_path.glob("*.png")} == pictures
    assert all(f"({name})" in text for name in pictures)
    rows = {row["method"]: row for row in content["tables"]["attenuate"]}
    assert rows["no edit"]["saliency"] == 0 and rows["no edit"]["dR"] == 0
    # The rival is the same network in the same orders.
    for name in ("saliency", "dR", "saliency, compact_saliency", "cast"):
        assert rows["rival"][name] == rows["ours in one pass, random order"][name]
    assert rows["rival"]["saliency, patch distinctness"] != 0
    shares = {row["method"]: row["share"] for row in content["tables"]["amplify_loss"]}
    assert shares["no edit"] == 0 and shares["optimised, 3 steps"] == 1
    assert np.isfinite(shares["ours in one pass, random order"])


def test_masks_from_end_to_end(root, tmp_path):
    path = evaluate(configured(root, tmp_path, "suite=masks", "task=amplify"))
    content, text = json.loads((tmp_path / "report.json").read_text()), path.read_text()
    assert set(content["tables"]) == {"amplify_masks", "amplify_mending"}
    assert {file.name for file in tmp_path.glob("*.png")} == {"seams_amplify.png", "mended_amplify.png"}
    assert "(mended_amplify.png)" in text and len(content["tables"]["amplify_masks"]) == 20
    rows = {row["mask"]: row for row in content["tables"]["amplify_masks"]}
    changes = {row["mask"]: row for row in content["tables"]["amplify_mending"]}
    difference = rows["jagged, mended"]["seam"] - rows["jagged"]["seam"]
    assert changes["jagged, mended"]["seam"] == pytest.approx(difference, abs=1e-9) and rows["clean"]["stray seam"] == 0


@pytest.mark.parametrize("suite", ["saliency", "critic"])
def test_a_suite_from_end_to_end(root, tmp_path, capsys, suite):
    whole = root / f"compact_{suite}_whole.safetensors"
    path = evaluate(configured(root, tmp_path, f"suite={suite}", f"fp32_weights={whole}"))
    text, content = path.read_text(), json.loads((tmp_path / "report.json").read_text())
    assert text in capsys.readouterr().out
    assert set(content["tables"]) == TABLES[suite]
    assert {file.name for file in tmp_path.glob("*.png")} == FIGURES[suite]
    assert {file.stem for file in tmp_path.glob("*.csv")} == TABLES[suite]
    assert all(f"({name})" in text for name in FIGURES[suite])
    facts = content["facts"]
    assert facts["revision"] and facts["machine"] and facts["card"]["step"] == 1
    mark = fingerprint(load_network(root / f"compact_{suite}.safetensors"))
    assert facts["networks"][suite] == f"{root}/compact_{suite}.safetensors ({mark})"
    assert all(mark in (tmp_path / name).read_text() for name in ("report.md", "report.html"))
    beside = next(rows for name, rows in content["tables"].items() if name.startswith("fp32_weights"))
    assert all(row["<= 0.002"] == "yes" for row in beside)


def test_headings_say_of_bundled_networks_alone_what_chose_them(root, tmp_path):
    text = evaluate(configured(root, tmp_path, "suite=saliency", "limit=1")).read_text()
    assert "1 osie photos of split test, which tuned no constant of a bundled network" in text
    assert "1 osie photos of split val, which chose the bundled networks' checkpoints" in text
    region = Region(root / "mine/0.png", root / "mine/0_mask.png", "coco", "1", "1", split="test")
    regions = [region, dataclasses.replace(region, split="val")]
    names = list(critic._groups(regions, configured(root, tmp_path)))
    assert all("bundled critic" in name for name in names)
    assert [critic._slug(name) for name in names] == ["coco_val2017_split_test", "coco_val2017_split_val"]


def test_another_critic_has_a_folder_of_its_own(root, tmp_path):
    paths = []
    for name in ("compact_critic", "compact_critic_whole"):
        options = ("suite=critic", "limit=1", "output=null", f"paths.outputs={tmp_path}", f"critic={root}/{name}.safetensors")
        paths.append(evaluate(configured(root, tmp_path, *options)))
    assert all(path.is_file() and path.parent.parent == tmp_path / "evaluate/bundled" for path in paths)
    assert paths[0].parent.name.startswith("critic_root") and paths[1] != paths[0]


def test_the_same_seed_gives_the_same_report(root, tmp_path):
    reports = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        evaluate(configured(root, tmp_path / name, "suite=critic", f"seed={seed}"))
        reports.append(json.loads((tmp_path / name / "report.json").read_text())["tables"])
    assert reports[0] == reports[1] != reports[2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["suite=painting"], "critic, enhancer, default_edits, penalties, masks, baselines, select_masks or suggest"),
        (["suite=masks", "task=hide"], "task is 'hide'"),
        (["suite=enhancer", "attenuate=critic"], "critic"),
        (["suite=enhancer", "attenuate=${amplify}"], "trained to amplify"),
        (["suite=critic", "edits=mine"], "released"),
        (["suite=critic", "critic=nothing"], "nothing: no such file"),
        (["suite=critic", "fp32_weights=compact_saliency"], "compact_saliency"),
        (["suite=saliency", "edit_size.saliency=10"], "edit_size.saliency is 10; use a whole number of 11"),
        (["suite=critic", "seed=0.5"], "seed is 0.5"),
        (["suite=saliency", "paths.data=nowhere"], "fixations.csv"),
    ],
)
def test_what_cannot_be_used_is_named(root, tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        evaluate(configured(root, tmp_path / "out", *options))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suite", ["saliency", "critic", "enhancer", "masks"])
def test_a_limit_holds_in_every_suite(root, tmp_path, suite):
    evaluate(configured(root, tmp_path, f"suite={suite}", "limit=1", "optimise=1"))
    content = json.loads((tmp_path / "report.json").read_text())
    text = (tmp_path / "report.md").read_text()
    assert content["facts"]["settings"]["limit"] == 1
    assert {"saliency": "1 osie photos of split test", "critic": "1 regions of 1 photos"}.get(
        suite, "attenuate, 1 unseen regions of 1 photos"
    ) in text


def test_a_limit_shortens_the_optimisation_unless_it_is_given(root, tmp_path, monkeypatch):
    propose, made = PhotoView.propose, []
    monkeypatch.setattr(PhotoView, "propose", lambda view, options: (made.append(view), propose(view, options))[1])
    evaluate(configured(root, tmp_path, "suite=enhancer", "limit=1", "optimise=null"))
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["facts"]["settings"]["optimise"] == 4
    assert "optimised, 4 steps" in {row["method"] for row in content["tables"]["attenuate"]}
    assert {row["what"] for row in content["tables"]["attenuate_times"]} >= {"1 steps of gradient descent"}
    assert len(made) == 2  # of each task one region: ceilings begin from the same edit, and the gallery shows it


def test_the_mean_of_two_saliency_networks_has_a_report(root, tmp_path):
    both = f"{root}/compact_saliency.safetensors+{root}/compact_saliency_whole.safetensors"
    evaluate(configured(root, tmp_path, "suite=saliency", "limit=1", f"saliency={both}"))
    facts = json.loads((tmp_path / "report.json").read_text())["facts"]
    assert facts["weights"] == both and {card["step"] for card in facts["card"]["mean_of"].values()} == {1}


def test_a_limit_of_a_study_is_one_of_images(tmp_path):
    lines = [f"{rater},{image},attenuate,ours,7,8" for rater in "ab" for image in ("one", "two", "three")]
    (tmp_path / "ratings.csv").write_text("\n".join(["rater,image,task,method,effectiveness,realism", *lines]))
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        config = compose("evaluate", overrides=[f"ratings={tmp_path}/ratings.csv", "limit=2", f"output={tmp_path}/out"])
    evaluate(config)
    assert json.loads((tmp_path / "out/report.json").read_text())["facts"]["counts"]["image"] == 2
