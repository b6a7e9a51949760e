"""Several regions of one photo by a plan."""
import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.plan import Step, _places
from realistic_editing.enhance.options import EditOptions

FLAG = {"mask": "flag.png", "task": "attenuate", "order": "3,1,0,2"}
TANK = {"mask": "tank.png", "task": "amplify", "order": [3, 1, 0, 2], "strength": 0.5, "name": "the tank"}


@pytest.fixture
def folder(tmp_path):
    for name in ("astronaut.jpg", "flag.png", "tank.png"):
        Image.open(FOLDER / name).resize((160, 160)).save(tmp_path / name)
    return tmp_path


def run(folder, steps, *options, name="plan.yaml"):
    (folder / name).write_text(json.dumps(steps) if name.endswith("json") else yaml.safe_dump(steps))
    main(["plan", str(folder / "astronaut.jpg"), str(folder / name), "--output", str(folder / "out"), *options])


def read(path):
    return np.array(Image.open(path).convert("RGB"))


@pytest.mark.parametrize("name", ["plan.yaml", "plan.json"])
def test_each_step_adds_its_edit(folder, capsys, name):
    run(folder, [FLAG, TANK], name=name)
    before, first, second, result = (
        read(folder / path)
        for path in ("astronaut.jpg", "out/astronaut_1_flag.png", "out/astronaut_2_the tank.png", "out/astronaut_edited.png")
    )
    flag, tank = (np.array(Image.open(folder / mask).convert("L")) > 0 for mask in ("flag.png", "tank.png"))
    assert (first != before).any() and (first[~flag] == before[~flag]).all()
    assert (second != first).any() and (second[~tank] == first[~tank]).all() and (result == second).all()
    done = json.loads((folder / "out/astronaut_plan.json").read_text())
    assert [step["task"] for step in done] == ["attenuate", "amplify"] and done[1]["strength"] == 0.5
    assert "1. flag: attenuate" in capsys.readouterr().out and (folder / "out/astronaut_1_flag.json").is_file()


def test_overlaps_are_said_and_contradictions_refused(folder, capsys):
    again = {**FLAG, "name": "again"}
    run(folder, [FLAG, again])
    assert "flag and again have 100 % of the smaller in common" in capsys.readouterr().err
    contrary = {**again, "task": "amplify"}
    with pytest.raises(SystemExit) as stop:
        run(folder, [FLAG, contrary])
    assert stop.value.code == 2 and "are to attenuate and amplify" in capsys.readouterr().err
    run(folder, [FLAG, contrary], "--allow-conflicts")
    assert "are to attenuate and amplify" in capsys.readouterr().err
    assert [step["task"] for step in json.loads((folder / "out/astronaut_plan.json").read_text())] == ["attenuate", "amplify"]
    calmed, again = (read(folder / f"out/astronaut_{name}.png") for name in ("1_flag", "2_again"))
    assert (calmed != again).any() and (read(folder / "out/astronaut_edited.png") == again).all()


def test_notes_are_said_as_an_edit_says_them(folder, capsys):
    Image.open(folder / "astronaut.jpg").convert("L").save(folder / "astronaut.jpg")
    Image.open(folder / "flag.png").resize((80, 80)).save(folder / "flag.png")
    run(folder, [{**FLAG, "saliency_change": -0.9, "min_realism_change": -0.1}])
    said = capsys.readouterr().err
    assert f"note: {folder / 'astronaut.jpg'}: grey photo" in said and "note: flag: the mask was resized from 80 x 80" in said
    assert "note: flag: no strength up to 1.5 reaches saliency -90 % within the budget of -0.10 dR" in said


@pytest.mark.parametrize("read_here", ["astronaut_plan.json", "astronaut_1_flag.png", "astronaut_edited.png"])
def test_neither_plan_nor_mask_is_written_over(folder, capsys, read_here):
    name, mask = (read_here, "flag.png") if read_here.endswith(".json") else ("plan.yaml", read_here)
    (folder / "out").mkdir()
    (folder / "flag.png").rename(folder / "out" / mask)
    (folder / "astronaut.jpg").rename(folder / "out/astronaut.jpg")
    (folder / "out" / name).write_text(json.dumps([{**FLAG, "mask": mask, "name": "flag"}]))
    before = {path: path.read_bytes() for path in (folder / "out").iterdir()}
    with pytest.raises(SystemExit) as stop:
        main(["plan", str(folder / "out/astronaut.jpg"), str(folder / "out" / name), "--output", str(folder / "out")])
    assert stop.value.code == 2 and f"{read_here}: would overwrite" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (folder / "out").iterdir()} == before


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ({}, "expected a list of regions"),
        ([{"mask": "flag.png"}], "region 1: lacks task"),
        ([{**FLAG, "colour": 1}], "region 1: does not know colour"),
        ([FLAG, FLAG], "region 2: is called 'flag'"),
        ([{**FLAG, "name": "../x"}], "without /"),
        ([{**FLAG, "task": "louder"}], "region 1: task is 'louder'"),
        ([{**FLAG, "strength": 3}], "region 1: strength is 3"),
        ([FLAG, {**TANK, "strength": None, "min_realism_change": 0.5}], "region 2: min_realism_change is 0.5"),
        ([FLAG, {**TANK, "strength": None, "saliency_change": -0.3}], "region 2: saliency_change is -0.3; to amplify"),
        ([{**FLAG, "mask": "none.png"}], "region 1: .*none.png"),
    ],
)
def test_what_is_wrong_is_named_by_region(folder, capsys, steps, words):
    with pytest.raises(SystemExit) as stop:
        run(folder, steps)
    assert stop.value.code == 2 and re.search(words, capsys.readouterr().err)
    assert not (folder / "out").exists()


def test_before_and_after_lie_side_by_side(folder):
    run(folder, [FLAG, TANK])
    seen, photo, result = (read(folder / path) for path in
                           ("out/astronaut_before_after.png", "astronaut.jpg", "out/astronaut_edited.png"))  # fmt: skip
    assert seen.shape == (3 * (480 + 28), 2 * 488, 3)  # the whole plan, and each step
    whole = [Image.fromarray(pixels).resize((480, 480), Image.BILINEAR) for pixels in (photo, result)]
    for left, expected in zip((4, 492), whole, strict=True):
        assert np.abs(seen[24:504, left : left + 480].astype(int) - np.array(expected)).mean() < 1


@pytest.mark.parametrize("region", [
    {"box": "122,0,17,58"}, {"box": [122, 0, 17, 58]}, {"points": "20,70 24,80", "outside": "120,20"},
    {"points": [[20, 70], [24, 80]], "outside": [120, 20]},
])  # fmt: skip
def test_a_region_is_named_by_a_box_or_points_too(folder, region):
    run(folder, [{**region, "task": "attenuate", "order": "3,1,0,2", "strength": 1}])
    before, after = read(folder / "astronaut.jpg"), read(folder / "out/astronaut_1_region 1.png")
    assert (before != after).any() and (before[120:, 60:] == after[120:, 60:]).mean() > 0.9  # the flag, and not the astronaut
    if "outside" in region:
        assert (before[20, 120] == after[20, 120]).all()
    mask = read(folder / "out/astronaut_1_region 1_mask.png").max(axis=2)  # so that the same region can be edited again
    assert mask.shape == before.shape[:2] and (before[mask == 0] == after[mask == 0]).all() and mask.mean() > 0


@pytest.mark.parametrize(("entry", "words"), [
    ({}, "region 1: no region is named; give one of"), ({"box": [1, 2]}, "use x,y,width,height"),
    ({"box": [0, 40, 60, 80], "mask": "flag.png"}, "mask and box are given"),
    ({"mask": "flag.png", "outside": [[1, 2]]}, "which only points have use for"),
])  # fmt: skip
def test_a_region_that_is_not_named_once_is_refused(folder, capsys, entry, words):
    with pytest.raises(SystemExit) as stop:
        run(folder, [{**entry, "task": "attenuate"}])
    assert stop.value.code == 2 and words in capsys.readouterr().err


def test_a_plan_without_an_output_takes_a_new_folder_whatever_its_format(tmp_path):
    steps = [Step("sign", np.ones((2, 2), np.uint8), "attenuate", EditOptions(), None)]
    assert _places(tmp_path / "plan", Path("a.png"), steps, ".jpg", fresh=True)[2] == tmp_path / "plan/a_plan.json"
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan/a_plan.json").touch()  # of results written as PNG
    assert _places(tmp_path / "plan", Path("a.png"), steps, ".jpg", fresh=True)[2] == tmp_path / "plan_2/a_plan.json"


def test_a_plan_that_is_not_there_is_named_in_words(folder, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["plan", str(folder / "astronaut.jpg"), str(folder / "none.yaml")])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and "none.yaml: cannot be read (No such file or directory)" in said and "Errno" not in said
