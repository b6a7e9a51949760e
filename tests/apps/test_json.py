"""--json: one object on stdout, and the human text beside it, for every command that finds something."""
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER

MEASURES = {"realism_change", "saliency_change", "strength"}


@pytest.fixture
def folder(tmp_path):
    """A photo with its mask, and an edit of it."""
    Image.open(FOLDER / "astronaut.jpg").resize((160, 160)).save(tmp_path / "photo.png")
    Image.open(FOLDER / "flag.png").resize((160, 160)).save(tmp_path / "photo_mask.png")
    return tmp_path


@pytest.fixture
def found(capsys, monkeypatch, folder):
    """The object that a command prints when called in the folder."""
    monkeypatch.chdir(folder)

    def call(*arguments, code=0):
        capsys.readouterr()
        if code:
            with pytest.raises(SystemExit) as stop:
                main([*arguments, "--json"])
            assert stop.value.code == code
        else:
            main([*arguments, "--json"])
        return json.loads(capsys.readouterr().out)

    return call


EDIT = ("edit", "photo.png", "photo_mask.png", "--order", "3,1,0,2", "--output", "e.png")


def test_edit(found):
    said = found(*EDIT, "--saliency-change", "-0.95")
    assert (said["result"], said["recipe"], said["task"], said["method"]) == ("e.png", "e.json", "attenuate", "ours")
    assert all(isinstance(said[name], float) for name in MEASURES) and Path(said["result"]).is_file()
    assert "no strength up to 1.5 reaches saliency -95 %" in said["problems"][0]
    said = found("edit", "photo.png", "photo_mask.png", "--method", "ohr", "--output", "ohr.png")
    assert said["recipe"] is None and said["strength"] is None and isinstance(said["realism_change"], float)


def test_recipe_and_export(found):
    strength = found(*EDIT)["strength"]
    said = found("recipe", "e.json", "--strength", "0.5")
    assert said["result"] is None and said["strength"] == 0.5 and "exposure" in said["words"][0][0] and strength
    assert said["edits"][0]["order"][0] == "exposure" and len(said["edits"][0]["white_balance"]) == 3
    assert found("recipe", "e.json", "--apply", "photo.png", "photo_mask.png", "--output", "r.png")["result"] == "r.png"
    said = found("export", "e.json", "photo.png", "photo_mask.png", "--formats", "cube", "xmp", "--size", "17")
    assert said["formats"] == {"cube": ["e.cube", "e_mask.png"], "xmp": ["e.xmp"]}
    assert said["files"] == ["e.cube", "e_mask.png", "e.xmp"] and all(Path(file).is_file() for file in said["files"])


def test_mask(found):
    said = found("mask", "photo.png", "--points", "20,70", "--output", "m.png")
    assert said["mask"] == "m.png" and said["share"] == pytest.approx(np.array(Image.open("m.png")).mean() / 65535, abs=1e-6)


def test_batch(found, folder):
    photos = folder / "photos"
    photos.mkdir()
    for name in ("photo.png", "photo_mask.png"):
        (folder / name).rename(photos / name)
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    Image.open(photos / "photo_mask.png").save(photos / "broken_mask.png")
    for _ in range(2):  # the second finds all done
        said = found("batch", "photos", "--output", "out", "--order", "3,1,0,2", code=2)
        assert said["results"] == "out" and said["scores"] == "out/scores.csv"
        assert [(one["photo"], one["task"], one["result"], one["recipe"]) for one in said["photos"]] == [
            ("photos/photo.png", "attenuate", "out/photo.png", "out/photo.json")
        ]
        assert all(isinstance(said["photos"][0][name], float) for name in MEASURES)
        assert len(said["problems"]) == 1 and "broken.jpg" in said["problems"][0]


def test_plan(found, folder):
    step = {"mask": "photo_mask.png", "task": "attenuate", "order": "3,1,0,2", "strength": 1}
    (folder / "plan.json").write_text(json.dumps([step, {**step, "name": "again", "strength": 0.5}]))
    said = found("plan", "photo.png", "plan.json", "--output", "out")
    assert said["result"] == "out/photo_edited.png" and said["before_after"] == "out/photo_before_after.png"
    assert [one["region"] for one in said["steps"]] == ["photo_mask", "again"] and said["steps"][1]["strength"] == 0.5
    files = [said["result"], said["before_after"], said["plan"]]
    files += [one[kind] for one in said["steps"] for kind in ("result", "recipe")]
    assert all(Path(file).is_file() for file in files) and MEASURES < set(said["steps"][0])
