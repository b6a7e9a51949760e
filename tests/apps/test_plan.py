"""Several regions of one photo by a plan."""
import json
import re

import numpy as np
import pytest
import yaml
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER

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
    run(folder, [FLAG, contrary], "--anyway")


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
        ([{**FLAG, "mask": "none.png"}], "region 1: .*none.png"),
    ],
)
def test_what_is_wrong_is_named_by_region(folder, capsys, steps, words):
    with pytest.raises(SystemExit) as stop:
        run(folder, steps)
    assert stop.value.code == 2 and re.search(words, capsys.readouterr().err)
    assert not (folder / "out").exists()
