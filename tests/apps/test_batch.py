"""realistic-editing batch, score, recipe and doctor as their users call them."""
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from realistic_editing.apps import batch as module
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER


@pytest.fixture
def photos(tmp_path):
    """Two photos and a damaged one, with masks beside them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo, mask = Image.open(FOLDER / "astronaut.jpg").resize((96, 96)), Image.open(FOLDER / "flag.png").resize((96, 96))
    for name, angle in (("a", 0), ("b", 90)):
        photo.rotate(angle).save(folder / f"{name}.jpg")
        mask.rotate(angle).save(folder / f"{name}_mask.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    shutil.copy(folder / "a_mask.png", folder / "broken_mask.png")
    return folder


def run(photos, output, *options):
    main(["batch", str(photos), "--output", str(output), "--order", "3,1,0,2", *options])


def test_a_folder_is_edited_past_what_is_broken_and_once_only(photos, tmp_path, capsys, monkeypatch):
    output = tmp_path / "out"
    with pytest.raises(SystemExit) as stop:
        run(photos, output)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "1 photos were left out" in error and "broken.jpg" in error
    scores = pd.read_csv(output / "scores.csv").set_index("result")
    assert len(scores) == 2 and scores.realism_change.between(-0.1, 1).all() and (scores.task == "attenuate").all()
    for name in ("a", "b"):
        before, after = (np.array(Image.open(path)) for path in (photos / f"{name}.jpg", output / f"{name}.png"))
        outside = np.array(Image.open(photos / f"{name}_mask.png")) == 0
        assert (before[outside] == after[outside]).all() and (before != after).any()
        assert (output / f"{name}.json").is_file()
    (photos / "broken.jpg").unlink()
    edited = []
    monkeypatch.setattr(module, "edit_file", lambda *job: edited.append(job))
    run(photos, output)
    assert not edited and "2 of 2 photos were edited before" in capsys.readouterr().err
    monkeypatch.undo()
    run(photos, output, "--strength", "0.5")  # other options: anew
    halved = pd.read_csv(output / "scores.csv").set_index("result")
    assert (halved.strength == 0.5).all() and (halved.realism_change != scores.realism_change).all()


def test_an_interrupt_loses_nothing(photos, tmp_path, monkeypatch, capsys):
    (photos / "broken.jpg").unlink()
    edit_file, done = module.edit_file, []

    def interrupted(*job):
        if done:
            raise KeyboardInterrupt
        done.append(job)
        return edit_file(*job)

    monkeypatch.setattr(module, "edit_file", interrupted)
    with pytest.raises(SystemExit) as stop:
        run(photos, tmp_path / "out")
    assert stop.value.code == 130 and "goes on where it stopped" in capsys.readouterr().err
    monkeypatch.undo()
    run(photos, tmp_path / "out")
    assert "1 of 2 photos were edited before" in capsys.readouterr().err
    assert len(pd.read_csv(tmp_path / "out/scores.csv")) == 2


def test_a_table_names_photos_masks_and_tasks(photos, tmp_path, capsys):
    table = tmp_path / "table.csv"
    rows = [("a.jpg", "a_mask.png", "amplify"), ("a.jpg", "a_mask.png", ""), ("b.jpg", "b_mask.png", "louder")]
    frame = pd.DataFrame(rows, columns=["photo", "mask", "task"])
    frame[["photo", "mask"]] = "photos/" + frame[["photo", "mask"]]
    frame.to_csv(table, index=False)
    with pytest.raises(SystemExit):
        run(table, tmp_path / "out")
    assert "table.csv, line 4: task is 'louder'" in capsys.readouterr().err
    scores = pd.read_csv(tmp_path / "out/scores.csv")
    assert scores.task.tolist() == ["amplify", "attenuate"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["a.png", "a_2.png"]
    table.write_text("image,mask\n")
    with pytest.raises(SystemExit):
        run(table, tmp_path / "out")
    assert "has no column photo" in capsys.readouterr().err


def test_scores_of_files_and_folders(photos, tmp_path, capsys):
    (photos / "broken.jpg").unlink()
    run(photos, tmp_path / "out")
    capsys.readouterr()
    main(["score", str(photos), "--edited", str(tmp_path / "out"), "--output", str(tmp_path / "scores.csv"), "--json"])
    printed, kept = pd.DataFrame(json.loads(capsys.readouterr().out)), pd.read_csv(tmp_path / "scores.csv")
    assert len(kept) == 2 and np.allclose(printed.realism, kept.realism, atol=1e-6) and kept.realism.between(0, 1).all()
    batch = pd.read_csv(tmp_path / "out/scores.csv")
    # The batch measured the edit at 384 x 384, the score the file of 8 bits, shrunk.
    assert np.abs(kept.realism_change - batch.realism_change).max() < 0.03
    assert np.abs(kept.saliency_change - batch.saliency_change).max() < 0.05
    main(["score", str(photos / "a.jpg"), str(photos / "a_mask.png")])
    assert f"{kept.realism[0]:.3f}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["score", str(photos / "a.jpg")])
    assert "name its mask after it" in capsys.readouterr().err


def test_a_recipe_is_told_and_applied_to_another_photo(photos, tmp_path, capsys):
    (photos / "broken.jpg").unlink()
    run(photos, tmp_path / "out")
    capsys.readouterr()
    recipe, files = str(tmp_path / "out/a.json"), (str(photos / "a.jpg"), str(photos / "a_mask.png"))
    main(["recipe", recipe, "--apply", *files, "--output", str(tmp_path / "again.png")])
    text = capsys.readouterr().out
    assert "1. exposure" in text and "4. saturation" in text and "again.png" in text
    assert np.array_equal(np.array(Image.open(tmp_path / "again.png")), np.array(Image.open(tmp_path / "out/a.png")))
    with pytest.raises(SystemExit):
        main(["recipe", recipe, "--strength", "3"])
    assert "strength is 3.0" in capsys.readouterr().err


def test_the_doctor_finds_all_well(capsys):
    main(["doctor", "--json"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert {"attenuate", "amplify", "critic", "compact_saliency"} <= set(found["weights"]) and "all well" in err
    assert all(line.startswith("ok") for line in found["self-test"].values()) and len(found["self-test"]) == 3
