"""The commands suggest and clean on the bundled photo: what they write, what they say, and what they refuse."""
import json

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing import Recipe
from realistic_editing.apps import clean
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.judged import JudgedResult
from realistic_editing.apps.suggest import earlier_masks, numbered
from realistic_editing.data.foreground import apply_to_foreground
from realistic_editing.enhance.clean import Cleaned
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.verdict import Signs
from realistic_editing.selection.suggest import Suggestion, Suggestions

SUBJECT = "--subject=230,120"  # the astronaut's face


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """The bundled photo with a yellow ball in the air, which nobody overlooks."""
    path = tmp_path_factory.mktemp("photo") / "a.png"
    pixels = np.array(Image.open(FOLDER / "astronaut.jpg").convert("RGB"))
    cv2.circle(pixels, (345, 60), 28, (255, 220, 0), -1, cv2.LINE_AA)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def suggested(photo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("suggested")
    (folder / "a_4_mask.png").write_bytes(b"of an earlier call")
    (folder / "a_suggestions.json").write_text('{"suggestions": [{"mask": "a_4_mask.png"}]}')
    main(["suggest", str(photo), SUBJECT, "--count", "4", "--output", str(folder)])
    return folder


def test_masks_a_preview_and_a_report_are_written(suggested, photo):
    report = json.loads((suggested / "a_suggestions.json").read_text())
    assert report["subject"]["reason"].endswith("% of attention") and report["suggestions"]
    size = Image.open(photo).size
    for number, one in enumerate(report["suggestions"], start=1):
        mask = np.array(Image.open(suggested / f"a_{number}_mask.png"))
        assert mask.shape == size[::-1] and mask[120, 230] < 32768  # not the subject
        assert 0 < one["area"] < 1 and 0 < one["attention"] < 1 and one["mask"].endswith(f"a_{number}_mask.png")
    assert Image.open(suggested / "a_suggestions.png").size == size
    masks = sorted(path.name for path in suggested.glob("*_mask.png"))
    assert masks == [f"a_{number}_mask.png" for number in range(1, len(report["suggestions"]) + 1)]  # no stale one


def test_masks_of_an_earlier_call_that_found_more_go_and_others_stay(tmp_path):
    (tmp_path / "a_7_mask.png").write_bytes(b"someone else's")
    named = [{"mask": f"elsewhere/a_{number}_mask.png"} for number in (2, 9)]
    for content in ({"suggestions": named}, [*named, {"mask": "b_3_mask.png"}, {"mask": "a_mask.png"}, 5]):
        (tmp_path / "a.json").write_text(json.dumps(content))
        assert earlier_masks(tmp_path / "a.json", "a") == [tmp_path / "a_2_mask.png", tmp_path / "a_9_mask.png"]
    for nonsense in ("no json", "5", '{"suggestions": 3}'):
        (tmp_path / "a.json").write_text(nonsense)
        assert earlier_masks(tmp_path / "a.json", "a") == []
    assert earlier_masks(tmp_path / "none.json", "a") == []


def test_a_call_that_asks_for_fewer_leaves_no_mask_of_the_one_before(photo, tmp_path):
    for number in (1, 6):
        (tmp_path / f"a_{number}_mask.png").write_bytes(b"of an earlier call")
    (tmp_path / "a_7_mask.png").write_bytes(b"someone else's")
    named = [{"mask": "a_1_mask.png"}, {"mask": "a_6_mask.png"}]
    (tmp_path / "a_suggestions.json").write_text(json.dumps({"suggestions": named}))
    main(["suggest", str(photo), SUBJECT, "--count", "1", "--output", str(tmp_path)])
    assert {path.name for path in tmp_path.glob("*_mask.png")} == {"a_1_mask.png", "a_7_mask.png"}
    assert Image.open(tmp_path / "a_1_mask.png").size == Image.open(photo).size


@pytest.mark.parametrize(("command", "name", "report"), [
    ("suggest", "a_5_mask.png", "a_suggestions.json"), ("clean", "a_2_mask.png", "a_plan.json"),
    ("clean", "a_1.json", "a_plan.json"),
])  # fmt: skip
def test_a_file_named_like_ours_that_is_of_no_earlier_call_stays(photo, tmp_path, capsys, command, name, report):
    (tmp_path / name).write_bytes(b"someone else's")
    with pytest.raises(SystemExit) as stop:
        main([command, str(photo), SUBJECT, "--output", str(tmp_path)])
    assert stop.value.code == 2 and f"{name}: is there already, and {report} does not name it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_bytes() == b"someone else's"


def test_a_suggested_mask_is_one_that_edit_takes(suggested, photo, tmp_path, tiny_weights):
    judges = [word for name in ("critic", "saliency") for word in (f"--{name}", tiny_weights[name])]
    main(["edit", str(photo), str(suggested / "a_1_mask.png"), "--weights", tiny_weights["attenuate"], *judges,
          "--output", str(tmp_path / "b.png"), "--order", "3,1,0,2"])  # fmt: skip
    assert (tmp_path / "b.png").is_file()


def test_json_is_all_that_stdout_holds(photo, tmp_path, capsys):
    main(["suggest", str(photo), SUBJECT, "--count", "1", "--output", str(tmp_path), "--json"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert len(found["suggestions"]) <= 1 and found["preview"].endswith("a_suggestions.png") and "preview: " in err


def test_clean_writes_a_result_a_plan_that_repeats_it_and_a_sheet(photo, tmp_path, capsys, bundled_networks):
    for name in ("a_5_mask.png", "a_5.json", "a_6.json"):
        (tmp_path / name).write_text("of an earlier call")
    (tmp_path / "a_plan.json").write_text('[{"mask": "a_5_mask.png"}]')
    main(["clean", str(photo), SUBJECT, "--count", "1", "--output", str(tmp_path), "--json"])
    assert not (tmp_path / "a_5_mask.png").exists() and not (tmp_path / "a_5.json").exists()
    assert (tmp_path / "a_6.json").is_file()  # no plan names it
    found = json.loads(capsys.readouterr().out)
    before, after = np.array(Image.open(photo)), np.array(Image.open(tmp_path / "a_clean.png"))
    inside = np.zeros(before.shape[:2], bool)
    assert found["steps"] and (before != after).any()
    for step in found["steps"]:
        inside |= np.array(Image.open(step["mask"])) > 0
        assert step["realism_change"] >= -0.1 - 1e-6
        assert json.loads(open(step["recipe"]).read())
    repeated = before
    for step in found["steps"]:
        repeated = apply_to_foreground(repeated, np.array(Image.open(step["mask"])), Recipe.load(step["recipe"]))
    assert found["steps"] and np.array_equal(repeated, after)
    assert (before == after)[~inside].all() and Image.open(tmp_path / "a_before_after.png").size[0] > 3 * 600
    assert 0 < found["subject_attention"]["before"] < 1
    plan = json.loads((tmp_path / "a_plan.json").read_text())
    assert [entry["task"] for entry in plan] == [step["task"] for step in found["steps"]]
    assert all((tmp_path / entry["mask"]).is_file() for entry in plan)


def a_suggestion(reason, kind=""):
    return Suggestion(np.full((8, 8), 255, np.uint8), 0.2, 0.1, reason, kind, 0.9)


def test_what_is_said_of_a_cleaned_photo_bears_the_numbers_of_its_sheet_and_files(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(clean, "judged", lambda view, edit: JudgedResult(edit, Signs(0.9, view)))
    left, calmed, subject = a_suggestion("red thing"), a_suggestion("blue thing", "person"), a_suggestion("grey thing")
    edits = [(one, task, Edit(Recipe.identity(torch.arange(4)[None]), task, 0.0, change))
             for one, task, change in ((calmed, "attenuate", -0.2), (subject, "amplify", 0.3))]  # fmt: skip
    found = Suggestions(subject, [left, calmed])
    done = Cleaned(np.zeros((8, 8, 3), np.uint8), edits, [-0.2, 0.0], [(left, "why")])
    assert clean._in_order(found, done) == [calmed, left]
    clean._tell(found, done, {"before": 0.4, "after": 0.412})
    lines = capsys.readouterr().out.splitlines()
    starts = ["1. calmed: blue", "lifted: grey", "2. left alone: red", "subject: grey"]
    assert [line.split(" thing")[0] for line in lines] == starts
    assert "; looks edited: the region looks less real" in lines[0] and lines[1].endswith("; safe")
    assert lines[-1].endswith("40.0 % before and 41.2 % after")
    entries = clean._write_steps(done, [tmp_path / "a_1", tmp_path / "a_2", tmp_path / "a_3"])
    assert [entry["plan"].get("human") for entry in entries] == [True, None]  # of a thing the critic decides, then as now
    assert [entry["report"]["verdict"] for entry in entries] == ["looks edited", "safe"]
    for entry, (one, _, _) in zip(entries, done.edits, strict=True):  # to the bit: what is proposed by 16 bits differs a little
        kept = cv2.imread(entry["report"]["mask"], cv2.IMREAD_UNCHANGED)
        assert kept.dtype == np.uint8 and np.array_equal(kept, one.mask)
    clean._tell(Suggestions(None, []), Cleaned(done.pixels, [], [], []), None)
    out = capsys.readouterr().out
    assert "nothing was calmed: the result is the photo" in out and "subject: none stands out" in out


@pytest.mark.parametrize("command", ["suggest", "clean"])
@pytest.mark.parametrize(("options", "words"), [
    (["--count", "0"], "count is '0'; use a whole number from 1 to 20"), (["--subject", "1,2,3"], "use x,y in pixels"),
    (["--subject", "9000,3"], "within 512 x 512 pixels"),
])  # fmt: skip
def test_what_cannot_be_used_is_refused_and_nothing_is_written(photo, tmp_path, capsys, command, options, words):
    with pytest.raises(SystemExit) as stop:
        main([command, str(photo), *options, "--output", str(tmp_path / "out")])
    assert stop.value.code == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_outlines_and_numbers_are_drawn_where_the_masks_are():
    mask = np.zeros((200, 300), np.uint8)
    mask[60:140, 180:280] = 255
    picture = np.full((200, 300, 3), 128, np.uint8)
    changed = (numbered(picture, [mask]) != picture).any(axis=2)
    assert changed[55:145, 175:285].any() and not changed[:, :150].any() and not changed[:40].any()
    assert (numbered(picture, [mask], np.roll(mask, -150, axis=1)) != picture).any(axis=2)[:, :150].any()
