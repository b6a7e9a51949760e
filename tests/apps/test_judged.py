"""What users are told of an edit: problems, verdicts, places that are never taken twice, sheets, and summaries of a batch."""
import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from realistic_editing import Recipe
from realistic_editing.apps.batch import _summary
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.edit import unmoved
from realistic_editing.apps.judged import JudgedResult, counted, over_frames, problems_of, remedy
from realistic_editing.apps.pictures import PER_SHEET, TALL, check_sheet, contact_sheets
from realistic_editing.apps.results import free_place, place_of
from realistic_editing.common.errors import InputError
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.verdict import VERDICTS, Signs


def an_edit(task, change):
    return Edit(Recipe.identity(torch.arange(4)[None]), task, 0.0, change)


@pytest.mark.parametrize(
    ("task", "change", "options", "words"),
    [
        ("attenuate", -0.2, {}, []), ("attenuate", 0.1, {}, ["against the request"]),
        ("amplify", 0.01, {"strength": 0.5}, ["hardly moves"]),
        ("amplify", 0.0, {"strength": 0.0}, []),  # no edit was asked for
        ("attenuate", -0.02, {"saliency_change": -0.02}, []),  # as little as was asked for
        ("attenuate", 0.1, {"saliency_change": -0.02}, ["no strength", "against the request"]),
        ("attenuate", -0.2, {"saliency_change": -0.3}, ["no strength"]),
    ],
)  # fmt: skip
def test_problems_are_what_was_not_asked_for(task, change, options, words):
    found = problems_of(an_edit(task, change), EditOptions(**options))
    assert len(found) == len(words) and all(text.startswith(word) for text, word in zip(found, words, strict=True))


@pytest.mark.parametrize(
    ("options", "strength", "words"),
    [
        ({"strength": 0}, 0.0, "strength 0 is no edit"), ({"min_realism_change": -0.1}, 0.0, "keeps to the budget"),
        ({}, 0.0, "the guard allows"), ({}, 1.0, "mask is too faint"),
    ],
)  # fmt: skip
def test_why_a_result_is_the_photo(options, strength, words):
    assert words in unmoved(dataclasses.replace(an_edit("attenuate", 0.0), strength=strength), EditOptions(**options))[0]


@pytest.mark.parametrize(
    ("change", "strength", "signs", "options", "words"),
    [
        (-0.03, 1.0, {}, {}, "--strength 1.5 takes it further"),
        (-0.03, 0.4, {}, {}, "--strength 1 takes it further"),  # which the guard holds
        (-0.03, 0.99, {}, {}, "--strength 1.5 takes it further"),
        (-0.03, 1.5, {}, {"strength": 1.5}, None), (-0.03, 0.6, {}, {"strength": 0.6}, None),  # taken weaker on purpose
        (-0.03, 1.0, {}, {"saliency_change": -0.3}, None),  # a strength beside a target is refused
        (-0.2, 1.0, {}, {}, None), (0.1, 1.0, {}, {}, None), (0.0, 0.0, {}, {"strength": 0.0}, None),
        (-0.03, 1.0, {"border_step": 9.0}, {}, "it looks edited; --strength 0.6 takes it weaker"),
    ],
)  # fmt: skip
def test_what_is_tried_next_is_said_where_an_edit_shows_or_does_little(change, strength, signs, options, words):
    edit = dataclasses.replace(an_edit("attenuate", change), strength=strength)
    found = remedy(JudgedResult(edit, Signs(0.9, 0.0, **signs)), EditOptions(**options))
    assert found == [] if words is None else found[0].startswith(words)


def test_a_clip_has_the_verdict_of_its_worst_frame_and_the_problem_of_their_mean():
    frames = [JudgedResult(an_edit("attenuate", change), Signs(realism, 0.0))
              for change, realism in ((-0.1, 0.9), (0.02, 0.1), (0.11, 0.9))]  # fmt: skip
    found = over_frames(frames, EditOptions())
    assert found["verdict"] == "cannot judge" and found["verdicts"] == {"safe": 2, "cannot judge": 1} and found["reasons"]
    assert found["problems"] == ["against the request: the region is to draw less attention, and its saliency changes by +1 %"]
    assert over_frames(frames[:1], EditOptions())["problems"] == []
    little = [JudgedResult(an_edit("attenuate", -0.02), Signs(0.9, 0.0))]
    assert over_frames(little, EditOptions())["problems"][0].startswith("hardly moves attention")
    for asked in (EditOptions(saliency_change=-0.02), EditOptions(strength=0)):  # no more was asked for
        assert over_frames(little, asked)["problems"] == []


def test_verdicts_are_counted_in_order():
    assert counted({"looks edited": 1, "safe": 3}) == "3 safe, 1 looks edited"


def test_a_batch_says_how_many_edits_are_not_as_asked():
    rows = [{"photo": f"p/{index}.jpg", "verdict": "safe", "problem": None} for index in range(3)]
    rows[1]["problem"], rows[2] = "against the request: ...", rows[2] | {"problem": "hardly moves", "verdict": "cannot judge"}
    verdicts, lines = _summary(rows)
    assert verdicts == {"safe": 2, "cannot judge": 1} and lines[0] == "verdicts: 2 safe, 1 cannot judge"
    assert lines[1].startswith("not as asked: 2 (1.jpg, 2.jpg), of which 1 against the request")
    old = [{"photo": "a.jpg", "verdict": None, "problem": None}]  # of a table from before there were verdicts
    assert _summary(old) == ({}, [])


def test_a_place_is_never_taken_twice_unless_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    default = tmp_path / "outputs/a.png"
    assert place_of(None, default) == (default, False)
    default.touch()
    (tmp_path / "outputs/a_2.json").touch()  # the recipe of another format
    assert free_place(default) == tmp_path / "outputs/a_3.png"
    assert place_of("outputs", default)[0].name == "a_3.png" and place_of("new/", default)[0].as_posix() == "new/a.png"
    (tmp_path / "b.png").mkdir()
    assert place_of("b.png", default) == (Path("b.png"), True)  # in the way of a picture, and refused later
    named, replaceable = place_of(str(default), default)
    assert named == default and replaceable


def test_sheets_of_a_batch_hold_all_photos_and_leave_out_what_is_gone(tmp_path):
    rng, rows = np.random.default_rng(0), []
    Image.fromarray(rng.integers(0, 256, (30, 60, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.full((30, 60, 3), 200, np.uint8)).save(tmp_path / "b.png")
    row = {"task": "attenuate", "realism_change": -0.02, "saliency_change": -0.2, "verdict": "safe"}
    rows = [row | {"photo": str(tmp_path / "a.png"), "result": str(tmp_path / "b.png")}] * (PER_SHEET + 1)
    rows[3] = rows[3] | {"result": str(tmp_path / "gone.png")}
    found = contact_sheets(tmp_path / "sheet.png", rows)
    assert [path.name for path in found] == ["sheet.png", "sheet_2.png"]
    first, second = (cv2.imread(str(path)) for path in found)
    assert first.shape[0] > TALL * PER_SHEET / 3 and TALL < second.shape[0] < 2 * TALL
    assert second.shape[1] >= 2 * TALL and (second[second.shape[0] // 2, -TALL // 2] == 200).all()


def test_a_further_sheet_overwrites_neither_a_photo_nor_a_result(tmp_path):
    sheet, further = tmp_path / "all.png", tmp_path / "all_2.png"
    further.write_bytes(b"a photo of this name")
    assert check_sheet(sheet, [further], [further], PER_SHEET) == sheet  # there is one sheet
    with pytest.raises(InputError, match="all_2.png: would overwrite"):
        check_sheet(sheet, [], [further], PER_SHEET + 1)
    with pytest.raises(InputError, match="whose part all_2.png is a result"):
        check_sheet(sheet, [further], [], PER_SHEET + 1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.open(FOLDER / "astronaut.jpg").resize((160, 160)).save(tmp_path / "photo.png")
    Image.open(FOLDER / "flag.png").resize((160, 160)).save(tmp_path / "photo_mask.png")
    return tmp_path


def test_the_commands_say_the_verdict_and_write_sheets(folder, capsys):
    """One walk: an edit twice, into a folder; a batch with its sheet; a plan twice."""
    quick = ("--order", "3,1,0,2", "--strength", "0.1")
    for _ in range(2):
        main(["edit", "photo.png", "photo_mask.png", *quick, "--sheet", "sheet.png", "--output", "results/", "--json"])
        said = json.loads(capsys.readouterr().out)
    assert said["result"] == "results/photo_attenuate_2.png" and said["verdict"] in VERDICTS
    seen = {"border_step", "skin_change", "skin_light", "lifted_blacks", "dulled_whites", "tinted_greys", "lost_contrast"}
    assert set(said["signs"]) == {"realism", "realism_change", *seen}
    assert "hardly moves attention" in said["problems"][0] and cv2.imread("sheet.png").shape[1] > 1280
    main(["edit", "photo.png", "photo_mask.png", *quick, "--output", said["result"]])
    out, err = capsys.readouterr()
    assert "photo_attenuate_2.png was there already, and is replaced" in err and "takes it further" not in err
    assert "\nverdict: " in out and "\nrealism: how much" in out

    (folder / "photos").mkdir()
    for name in ("photo.png", "photo_mask.png"):
        (folder / "photos" / name).write_bytes((folder / name).read_bytes())
    main(["batch", "photos", *quick, "--output", "out", "--sheet", "all.png"])
    out = capsys.readouterr().out
    table = pd.read_csv("out/scores.csv")
    assert table.verdict[0] in VERDICTS and "hardly moves" in table.problem[0] and 0 <= table.realism[0] <= 1
    assert f"verdicts: 1 {table.verdict[0]}" in out and "not as asked: 1 (" in out and "sheet: all.png" in out
    main(["batch", "photos", "--order", "3,1,0,2", "--strength", "0.2", "--output", "out"])
    assert "out: 1 results of other options, photos or weights are replaced" in capsys.readouterr().err

    (folder / "plan.json").write_text(json.dumps([{"mask": "photo_mask.png", "task": "attenuate", "strength": 0.1}]))
    for place in ("outputs/plan", "outputs/plan_2"):
        main(["plan", "photo.png", "plan.json", "--json"])
        said = json.loads(capsys.readouterr().out)
        assert said["result"] == f"{place}/photo_edited.png" and said["problems"][0].startswith("photo_mask: hardly moves")
        assert said["steps"][0]["verdict"] in VERDICTS


@pytest.mark.parametrize(
    ("sheet", "words"), [("a.jpg", "ends in .png"), ("photo.png", "would overwrite"), ("r.png", "is the result")]
)
def test_a_sheet_that_cannot_be_is_refused_before_any_work(folder, capsys, sheet, words):
    with pytest.raises(SystemExit) as stop:
        main(["edit", "photo.png", "photo_mask.png", "--output", "r.png", "--sheet", sheet])
    assert stop.value.code == 2 and words in capsys.readouterr().err and not (folder / "r.png").exists()
