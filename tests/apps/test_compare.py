"""scripts/evaluate.py dataset=... on small made sets: reports from end to end, and what a user may get wrong."""
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.evaluate import evaluate
from realistic_editing.common.errors import InputError
from realistic_editing.data.mechrez import METHOD_NAMES, TASK_OF_PART

FEW = "method=[input,ours_random,mec,ohr]"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root with two photos in each part of Mechrez's layout; OHR has results of the first alone."""
    root, rng = tmp_path_factory.mktemp("root"), np.random.default_rng(0)
    for part in TASK_OF_PART:
        folder = root / "mechrez" / part
        (folder / "masks").mkdir(parents=True)
        for number in ("001", "002"):
            patches = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
            pixels = np.asarray(patches.resize((40, 30), Image.BICUBIC))
            mask = np.zeros((30, 40), np.uint8)
            mask[8:22, 10:28] = 255
            Image.fromarray(pixels).save(folder / f"{number}_in.jpg", quality=95)
            Image.fromarray(mask).save(folder / f"masks/{number}_mask.jpg", quality=95)
            for ending in list(METHOD_NAMES.values())[: 3 if number == "001" else 1]:
                edited = np.where(mask[..., None] > 0, np.clip(pixels * 1.3, 0, 255).astype(np.uint8), pixels)
                Image.fromarray(edited).save(folder / f"{number}_{ending}.jpg", quality=95)
    return root


def configured(root, weights, output, *options):
    own = [f"{role}={path}" for role, path in weights.items()]
    own += [f"paths.data={root}", f"output={output}", "resamples=20", "workers=1", "second_heldout=null"]
    own += ["edit_size={saliency: 32, critic: 48}"]
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        return compose("evaluate", overrides=[*own, *options])


def test_mechrez_from_end_to_end(root, tmp_path, tiny_weights, capsys):
    (root / "mechrez/saliency_shift/002_out.jpg").write_text("not an image")
    path = evaluate(configured(root, tiny_weights, tmp_path, "dataset=mechrez", FEW))
    printed, text, content = capsys.readouterr().out, path.read_text(), json.loads((tmp_path / "report.json").read_text())
    assert text in printed and "left out" in text
    assert "saliency_shift/002_out.jpg: cannot be decoded" in content["facts"]["left out"]
    kinds = ("", "_saliency", "_paired")
    expected = {f"{part}{kind}" for part in TASK_OF_PART for kind in kinds} | {"ratings_amplify", "runtime", "spread"}
    assert set(content["tables"]) == expected
    assert "(spread.png)" in text and (tmp_path / "spread.png").stat().st_size > 1000
    for kind in ("csv", "tex"):
        assert {file.stem for file in tmp_path.glob(f"*.{kind}")} - {"rows"} == set(content["tables"])
    count = {row["method"]: row["n"] for row in content["tables"]["object_enhancement"]}
    assert count == {"input": 2, "ours_random": 2, "mec": 2, "ohr": 1}
    rated = {row["method"]: row["effectiveness"] for row in content["tables"]["ratings_amplify"]}
    assert set(rated) == {"ours_random", "mec", "ohr"} and rated["mec"] == "7.06 (2.68)"
    # The mask of background_decluttering marks the subject: its part amplifies.
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert dict(zip(rows.part, rows.task, strict=True)) == TASK_OF_PART
    assert content["facts"]["rows"].endswith(f"{len(rows)} measured now") and content["facts"]["regions"] == "8 of 8 photos"


def test_files_cut_short_are_named_and_not_measured(root, tmp_path, tiny_weights):
    data = tmp_path / "data"
    shutil.copytree(root, data)
    cut = [data / "mechrez" / name for name in ("object_enhancement/001_out.jpg", "object_enhancement/002_in.jpg",
                                                "saliency_shift/masks/001_mask.jpg")]  # fmt: skip
    for path in cut:
        content = path.read_bytes()
        path.write_bytes(content[: 2 * len(content) // 3])
    evaluate(configured(data, tiny_weights, tmp_path / "out", "dataset=mechrez", "method=[input,mec]", "compare_to=input"))
    left_out = json.loads((tmp_path / "out/report.json").read_text())["facts"]["left out"]
    assert all(f"{path}: is cut short" in left_out for path in cut)
    rows = pd.read_csv(tmp_path / "out/rows.csv")
    assert rows[rows.part == "object_enhancement"].name.str.split("/").str[2].tolist() == ["001"]
    assert rows[rows.part == "object_enhancement"].method.tolist() == ["input"]


def test_again_nothing_is_measured_and_a_quick_look_keeps_the_rest(root, tmp_path, tiny_weights, capsys):
    options = ("dataset=mechrez", "method=[input,mec]", "task=attenuate")
    evaluate(configured(root, tiny_weights, tmp_path, *options))
    evaluate(configured(root, tiny_weights, tmp_path, *options, "limit=1"))
    facts = json.loads((tmp_path / "report.json").read_text())["facts"]
    assert facts["regions"] == "1 of 1 photos; limit=1 picked from 2 of 2 photos"
    assert facts["rows"] == "2, of which 0 measured now" and len(pd.read_csv(tmp_path / "rows.csv")) == 4
    capsys.readouterr()
    evaluate(configured(root, tiny_weights, tmp_path, *options, "seed=1"))
    assert "seed (0 -> 1)" in capsys.readouterr().out


def test_other_weights_have_a_folder_of_their_own_and_both_go_on_where_they_stopped(root, tmp_path, tiny_weights):
    options = ("dataset=mechrez", "method=[input,mec]", "task=attenuate", "output=null", f"paths.outputs={tmp_path}")
    heldout = f"saliency={tiny_weights['heldout_saliency']}"
    paths = [evaluate(configured(root, tiny_weights, tmp_path, *options, *more)) for more in ((), (heldout,), (), (heldout,))]
    assert paths[:2] == paths[2:] and paths[0] != paths[1]
    for path in paths[:2]:
        assert json.loads(path.with_suffix(".json").read_text())["facts"]["rows"] == "4, of which 0 measured now"
        assert not list(path.parent.glob("rows.old-*"))


def test_rivals_and_optimisation_are_methods_of_their_task(root, tmp_path, tiny_weights, monkeypatch):
    monkeypatch.setattr("realistic_editing.evaluation.comparison.methods.STEPS", 3)  # enough to differ from where it starts
    rivals = f"rivals=['{tiny_weights['attenuate']}']"  # which is called attenuate
    options = ("dataset=mechrez", "method=[ours_random,attenuate,optimised]", "limit=1", rivals)
    evaluate(configured(root, tiny_weights, tmp_path / "less", "task=attenuate", *options))
    rows = pd.read_csv(tmp_path / "less/rows.csv").set_index("method")
    assert set(rows.index) == {"ours_random", "attenuate", "optimised"}
    # The rival is our network itself, in the same random order.
    same = rows.select_dtypes("number").drop(columns=["seconds", "memory"])
    assert same.loc["attenuate"].equals(same.loc["ours_random"]) and not same.loc["optimised"].equals(same.loc["ours_random"])
    evaluate(configured(root, tiny_weights, tmp_path / "more", "task=amplify", *options))
    assert set(pd.read_csv(tmp_path / "more/rows.csv").method) == {"ours_random", "optimised"}


def test_a_rival_named_as_another_method_is_refused(root, tmp_path, tiny_weights):
    for name in ("ours_random", "ours", "all", "deepsal", "optimised", "mec", "wrs", "wrs_reproduced"):
        rival = tmp_path / f"{name}.safetensors"
        shutil.copy(tiny_weights["attenuate"], rival)
        options = ("dataset=mechrez", "method=[input,ours_random]", "limit=1", f"rivals=['{rival}']")
        with pytest.raises(InputError, match=rf"rivals: one is called '{name}', .*rename its file"):
            evaluate(configured(root, tiny_weights, tmp_path / "out", *options))
    assert not (tmp_path / "out").exists()


def test_a_folder_of_ones_own_results(root, tmp_path, tiny_weights):
    folder = tmp_path / "photos, mine"
    (folder / "gazeshift").mkdir(parents=True)
    for name in ("a", "b"):
        pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        mask = np.zeros((30, 40), np.uint8)
        mask[8:22, 10:28] = 255
        Image.fromarray(pixels).save(folder / f"{name}.png")
        Image.fromarray(mask).save(folder / f"{name}_mask.png")
        Image.fromarray(255 - pixels).save(folder / f"gazeshift/{name}.png")
    options = ("dataset=folder", f"path='{folder}'", "task=attenuate", "paper_ratings=adobe_stock")
    options += ("method=[gazeshift,ours_random]",)
    evaluate(configured(root, tiny_weights, tmp_path / "out", *options))
    tables = json.loads((tmp_path / "out/report.json").read_text())["tables"]
    assert set(tables) == {"attenuate", "attenuate_saliency", "attenuate_paired", "ratings_attenuate", "runtime", "spread"}
    assert {row["method"]: row["effectiveness"] for row in tables["ratings_attenuate"]}["gazeshift"] == "4.78 (2.89)"


def test_ade20k_by_category(tmp_path, tiny_weights):
    root, rng = tmp_path / "root", np.random.default_rng(2)
    for child in ("images", "annotations"):
        (root / "ade20k" / child / "validation").mkdir(parents=True)
    (root / "ade20k/objectInfo150.txt").write_text("Idx\tName\n1\twall\n2\tlamp, light\n")
    labels = np.zeros((60, 80), np.uint8)
    labels[5:25, 5:30], labels[30:55, 40:70] = 1, 2
    for index in range(5):
        patches = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        patches.resize((80, 60)).save(root / f"ade20k/images/validation/{index}.jpg")
        Image.fromarray(labels).save(root / f"ade20k/annotations/validation/{index}.png")
    built = ["regions.matte=false", f"regions.saliency={tiny_weights['saliency']}", f"paths.outputs={tmp_path}/outputs"]
    evaluate(configured(root, tiny_weights, tmp_path / "out", "dataset=ade20k", "method=ours_random", *built))
    tables = json.loads((tmp_path / "out/report.json").read_text())["tables"]
    assert {"attenuate", "amplify", "spread"} < set(tables) and "attenuate_paired" not in tables
    rows = pd.read_csv(tmp_path / "out/rows.csv")
    assert len(rows) == 10 and set(rows.category) == {"wall", "lamp"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], r"nothing is named; .* suite=saliency\|.*\|masks\|.*, dataset=mechrez\|coco\|.*, or ratings="),
        (["suite=critic", "dataset=mechrez"], "suite and dataset are given"),
        (["dataset=painting"], "use mechrez, coco, ade20k or folder"),
        (["dataset=mechrez", "method=[ours,painter]"], "method names painter; use one or .* of all, .*input, .*ours, .*mec"),
        (["dataset=mechrez", "compare_to=deepsal"], "compare_to"),
        (["dataset=mechrez", "task=brighten"], "task is 'brighten'; use one of attenuate, amplify"),
        (["dataset=mechrez", "workers=0"], "workers is 0"),
        (["dataset=mechrez", "limit=0"], "limit is 0"),
        (["dataset=mechrez", "limit=few"], "limit is 'few'"),
        (["dataset=mechrez", "resamples=0"], "resamples is 0"),
        (["dataset=mechrez", "resamples=true"], "resamples is True"),
        (["dataset=mechrez", "seed=-1"], "seed is -1; use a whole number of 0 or more"),
        (["dataset=mechrez", "seed=null"], "seed is None"),
        (["dataset=mechrez", "edit_size.critic=4"], "edit_size.critic is 4; use a whole number of 11 or more"),
        (["dataset=mechrez", "edit_size=384"], "edit_size is 384; set its entries"),
        (["dataset=mechrez", "paper_ratings=mine"], "mechrez, adobe_stock, deepsal"),
        (["dataset=mechrez", "paths.data=nowhere"], "REALISTIC_EDITING_DATA"),
        (["dataset=mechrez", "edits=mine"], "released"),
        (["dataset=mechrez", "critic=nothing"], "nothing: no such file"),
        (["dataset=mechrez", "attenuate=${amplify}"], "trained to amplify"),
        (["dataset=folder", "task=amplify"], "add path="),
        (["dataset=folder", "path=nowhere", "task=amplify"], "nowhere: no such folder"),
        (["dataset=coco"], "holds no coco/"),
        (["dataset=ade20k"], "fetch ADEChallengeData2016"),
    ],
)
def test_what_cannot_be_used_is_named(root, tmp_path, tiny_weights, options, words):
    with pytest.raises(InputError, match=words):
        evaluate(configured(root, tiny_weights, tmp_path / "out", *options))
    assert not (tmp_path / "out").exists()
