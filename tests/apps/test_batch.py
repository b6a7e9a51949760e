"""realistic-editing batch, score and recipe as their users call them."""
import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from realistic_editing.apps import batch_job, edit
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.weights import load_network, save_network


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


def test_a_folder_is_edited_past_what_is_broken_and_once_only(photos, tmp_path, capsys, monkeypatch, bundled_networks):
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
    monkeypatch.setattr(batch_job, "edit_file", lambda *job: edited.append(job))
    run(photos, output)
    assert not edited and "2 of 2 photos were edited before" in capsys.readouterr().err
    monkeypatch.undo()
    run(photos, output, "--strength", "0.5")  # other options: anew
    halved = pd.read_csv(output / "scores.csv").set_index("result")
    assert (halved.strength == 0.5).all() and (halved.realism_change != scores.realism_change).all()


def test_an_interrupt_loses_nothing(photos, tmp_path, monkeypatch, capsys):
    (photos / "broken.jpg").unlink()
    edit_file, done = batch_job.edit_file, []

    def interrupted(*job):
        if done:
            raise KeyboardInterrupt
        done.append(job)
        return edit_file(*job)

    monkeypatch.setattr(batch_job, "edit_file", interrupted)
    with pytest.raises(SystemExit) as stop:
        run(photos, tmp_path / "out")
    assert stop.value.code == 130 and "goes on where it stopped" in capsys.readouterr().err
    monkeypatch.undo()
    run(photos, tmp_path / "out")
    assert "1 of 2 photos were edited before" in capsys.readouterr().err
    assert len(pd.read_csv(tmp_path / "out/scores.csv")) == 2


@pytest.mark.parametrize("where", ["while it waits", "between two outcomes"])
def test_a_stop_says_that_it_waits_for_what_is_begun(monkeypatch, where):
    """The second photo is not done before the line is printed."""
    told, lines = threading.Event(), []

    def edit_job(job, *_):
        assert job == "quick" or told.wait(60)
        return job

    def heard(line, **_):
        lines.append(line.strip())
        told.set()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_job, "edit_job", edit_job)
    monkeypatch.setattr(batch_job, "AT_ONCE", 2)
    monkeypatch.setattr(batch_job, "print", heard, raising=False)
    outcomes = batch_job.edit_jobs(["quick", "slow"], {}, EditOptions())
    assert next(outcomes) == "quick"
    if where == "while it waits":
        monkeypatch.setattr(batch_job, "wait", interrupted)
        left = []
        with pytest.raises(KeyboardInterrupt):
            left.extend(outcomes)
        assert left == ["slow"]
    else:
        outcomes.close()
    assert lines == ["stopping; waiting for 1 photos that are being edited"] and told.is_set()


def test_as_many_photos_are_thought_about_at_once_as_there_are_cores(photos, tmp_path, monkeypatch):
    """Each waits in the middle of its edit until the other has come as far."""
    (photos / "broken.jpg").unlink()
    monkeypatch.setattr(batch_job, "AT_ONCE", 2)
    monkeypatch.setattr(edit, "_THINKING", threading.BoundedSemaphore(2))
    both, view = threading.Barrier(2, timeout=60), Enhancer.view

    def met(*given):
        both.wait()
        return view(*given)

    monkeypatch.setattr(Enhancer, "view", met)
    run(photos, tmp_path / "together")
    monkeypatch.undo()
    monkeypatch.setattr(edit, "_THINKING", threading.BoundedSemaphore(1))
    run(photos, tmp_path / "apart")
    for name in ("a", "b"):
        one, other = ((tmp_path / way / f"{name}.png").read_bytes() for way in ("together", "apart"))
        assert one == other


def refused(photos, output, *options):
    """Run a call that must end with exit code 2."""
    with pytest.raises(SystemExit) as stop:
        run(photos, output, *options)
    assert stop.value.code == 2


def test_one_name_in_two_formats_and_names_with_dots_keep_a_recipe_each(photos, tmp_path, capsys):
    named = {"one/x.jpg": "a", "two/x.tif": "b", "one/IMG.2024.01.jpg": "a", "two/IMG.2024.02.jpg": "b"}
    for name, source in named.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.open(photos / f"{source}.jpg").save(tmp_path / name)
    table = tmp_path / "table.csv"
    table.write_text("photo,mask\n" + "".join(f"{name},photos/{source}_mask.png\n" for name, source in named.items()))
    run(table, tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()} - {"scores.csv"}
    results = {"x.png", "x_2.tif", "IMG.2024.01.png", "IMG.2024.02.png"}
    assert written == results | {f"{Path(name).stem}.json" for name in results}
    capsys.readouterr()
    run(table, tmp_path / "out")
    assert "4 of 4 photos were edited before" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["weights", "critic", "saliency"])
def test_other_weights_under_the_same_path_edit_anew(photos, tmp_path, capsys, tiny_weights, role):
    shutil.copy(tiny_weights["attenuate" if role == "weights" else role], mine := tmp_path / "mine.safetensors")
    (photos / "broken.jpg").unlink()
    others = {"weights": "attenuate", "critic": "critic", "saliency": "saliency"}
    judges = [word for name, file in others.items() if name != role for word in (f"--{name}", tiny_weights[file])]
    options = (*judges, f"--{role}", str(mine), "--no-guard")
    run(photos, tmp_path / "out", *options)
    shutil.copy(mine, moved := tmp_path / "moved.safetensors")
    run(photos, tmp_path / "out", *judges, f"--{role}", str(moved), "--no-guard")  # the same weights elsewhere
    assert "2 of 2 photos were edited before" in capsys.readouterr().err
    network = load_network(mine)
    card = dict(network.card)
    with torch.no_grad():
        next(network.parameters()).add_(0.01)
    save_network(network, card.pop("network"), mine, card.pop("config"), card)
    run(photos, tmp_path / "out", *options)
    assert "were edited before" not in capsys.readouterr().err


def test_another_objective_of_refinement_edits_anew(photos, tmp_path, capsys, tiny_weights):
    (photos / "broken.jpg").unlink()
    network = load_network(tiny_weights["attenuate"])
    card = dict(network.card)
    kind, config = card.pop("network"), card.pop("config")
    judges = ("--critic", tiny_weights["critic"], "--saliency", tiny_weights["saliency"])
    for margin, kept in ((0.1, False), (0.1, True), (0.3, False)):
        objective = card["objective"] | {"margin": margin}
        save_network(network, kind, tmp_path / "mine.safetensors", config, card | {"objective": objective})
        run(photos, tmp_path / "out", *judges, "--weights", str(tmp_path / "mine.safetensors"))
        assert ("2 of 2 photos were edited before" in capsys.readouterr().err) is kept


def test_the_scores_are_of_this_run_alone_and_name_a_file_once(photos, tmp_path, capsys, monkeypatch):
    (photos / "broken.jpg").unlink()
    run(photos, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    run(photos, Path("out"))  # the same folder by another path
    scores = pd.read_csv(tmp_path / "out/scores.csv")
    assert "2 of 2 photos were edited before" in capsys.readouterr().err
    assert scores.result.tolist() == [str(Path("out") / name) for name in ("a.png", "b.png")]
    for name in ("b.jpg", "b_mask.png"):
        (photos / name).unlink()
    run(photos, tmp_path / "out")
    assert pd.read_csv(tmp_path / "out/scores.csv").photo.tolist() == [str(photos / "a.jpg")]
    (photos / "a.jpg").write_bytes(b"\xff\xd8\xff")
    capsys.readouterr()
    refused(photos, tmp_path / "out", "--strength", "0.5")
    printed = capsys.readouterr()
    assert "a.jpg" in printed.err and "scores: " not in printed.out and not (tmp_path / "out/scores.csv").exists()


def test_a_run_stopped_before_its_first_photo_leaves_the_scores(photos, tmp_path, monkeypatch):
    (photos / "broken.jpg").unlink()
    run(photos, tmp_path / "out")
    before = (tmp_path / "out/scores.csv").read_bytes()

    def interrupted(*job):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_job, "edit_file", interrupted)
    with pytest.raises(SystemExit):
        run(photos, tmp_path / "out", "--strength", "0.5")
    assert (tmp_path / "out/scores.csv").read_bytes() == before


def test_a_result_written_over_by_a_killed_run_is_not_taken_for_the_earlier_one(photos, tmp_path, run_script, capsys):
    """Killed when a's files had been replaced, and before its row was: the row before holds no more."""
    (photos / "broken.jpg").unlink()
    run(photos, tmp_path / "out")
    before = (tmp_path / "out/a.png").read_bytes()
    killed = "import os, sys, time; from realistic_editing.apps import batch_job, cli; edit_file = batch_job.edit_file; "
    killed += "wait = lambda job: job[3].stem == 'b' and time.sleep(60); "  # b is begun as well, and not done
    killed += "batch_job.edit_file = lambda *job: (wait(job), edit_file(*job), os._exit(9)); cli.main(sys.argv[1:])"
    command = ["batch", photos, "--output", tmp_path / "out", "--order", "3,1,0,2", "--strength", "0.5"]
    (tmp_path / "killed.py").write_text(killed)
    assert run_script(tmp_path / "killed.py", *command, cwd=tmp_path).returncode == 9
    assert (tmp_path / "out/a.png").read_bytes() != before
    run(photos, tmp_path / "out")
    assert "photos were edited before" not in capsys.readouterr().err
    assert (tmp_path / "out/a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--weights", "nope.safetensors"], "nope.safetensors: no such file"),
        (["--saliency-change", "0.3"], "to attenuate, use a number below 0"),
        (["--task", "amplify", "--weights", "attenuate"], "was trained to attenuate"),
    ],
)
def test_an_option_that_no_photo_can_have_is_refused_once(photos, tmp_path, capsys, options, words):
    refused(photos, tmp_path / "out", *options)
    printed = capsys.readouterr()
    assert printed.err.count(words) == 1 and "left out" not in printed.err and not printed.out
    assert not (tmp_path / "out").exists()


def test_no_photo_mask_or_table_is_written_over(photos, tmp_path, capsys):
    """The result of a.jpg would be a.png, which is another row's mask; and the table's folder has its own scores.csv."""
    shutil.copy(photos / "b_mask.png", photos / "a.png")
    table = photos / "table.csv"
    table.write_text("photo,mask\na.jpg,a_mask.png\nb.jpg,a.png\n")
    before = {path: path.read_bytes() for path in photos.iterdir()}
    refused(table, photos)
    assert "a.png: would overwrite" in capsys.readouterr().err
    table.rename(photos / "scores.csv").write_text("photo,mask\nb.jpg,b_mask.png\n")
    refused(photos / "scores.csv", photos)
    assert "scores.csv: would overwrite" in capsys.readouterr().err
    assert {path.name for path in photos.iterdir()} == {path.name for path in before} - {"table.csv"} | {"scores.csv"}
    assert all(path.read_bytes() == content for path, content in before.items() if path.name != "table.csv")


def test_a_cut_out_is_a_mask_to_batch_and_score(photos, tmp_path):
    """Black under the transparency: as grey it would be empty."""
    (photos / "broken.jpg").unlink()
    for name in ("a", "b"):
        grey = np.array(Image.open(photos / f"{name}_mask.png").convert("L"))
        Image.fromarray(np.dstack([np.zeros((*grey.shape, 3), np.uint8), grey])).save(photos / f"{name}_mask.png")
    run(photos, tmp_path / "out")
    main(["score", str(photos), "--output", str(tmp_path / "scores.csv")])
    assert len(pd.read_csv(tmp_path / "out/scores.csv")) == len(pd.read_csv(tmp_path / "scores.csv")) == 2


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


@pytest.mark.parametrize(
    "rows",
    [
        ["photo;mask;task", "photos/a.jpg;photos/a_mask.png;amplify"],
        ["photo\tmask\ttask", "photos/a.jpg\tphotos/a_mask.png\tamplify"],
        ["photo; mask; task", "photos/a.jpg;photos/a_mask.png;amplify;"],
        ['photo;mask;task;"note, with, many, commas"', "photos/a.jpg;photos/a_mask.png;amplify;fine, thanks"],
    ],
)
def test_a_table_as_spreadsheets_write_it(photos, tmp_path, rows):
    (tmp_path / "table.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    run(tmp_path / "table.csv", tmp_path / "out")
    assert pd.read_csv(tmp_path / "out/scores.csv").task.tolist() == ["amplify"]


def test_a_table_in_another_encoding_is_refused_with_the_remedy(photos, tmp_path, capsys):
    (tmp_path / "table.csv").write_text("photo;mask\nä.jpg;ä.png\n", encoding="cp1252")
    with pytest.raises(SystemExit):
        run(tmp_path / "table.csv", tmp_path / "out")
    assert "save it as 'CSV UTF-8'" in capsys.readouterr().err


def test_scores_of_files_and_folders(photos, tmp_path, capsys, bundled_networks):
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
    assert "name its mask behind it, or as --mask" in capsys.readouterr().err


def test_score_and_batch_soften_a_hard_mask_and_both_can_leave_it(photos, tmp_path, capsys, bundled_networks):
    for name in ("broken.jpg", "b.jpg"):
        (photos / name).unlink(missing_ok=True)
    mask = np.asarray(Image.open(photos / "a_mask.png").convert("L"))
    Image.fromarray((mask > 127).astype(np.uint8) * 255).save(photos / "a_mask.png")
    found = {}
    for way in ([], ["--keep-mask"]):
        run(photos, tmp_path / "out", *way)
        main(["score", str(photos / "a.jpg"), str(photos / "a_mask.png"), "--output", str(tmp_path / "one.csv"), *way])
        batch = pd.read_csv(tmp_path / "out/scores.csv").set_index("photo")
        row = batch[batch.index.str.endswith("a.jpg")].realism.iloc[0]
        found[bool(way)] = pd.read_csv(tmp_path / "one.csv").realism[0]
        assert found[bool(way)] == pytest.approx(row, abs=1e-4)
    assert found[True] != found[False]


def test_score_names_what_it_leaves_out_and_ends_as_batch_does(photos, tmp_path, capsys):
    Image.open(photos / "a.jpg").save(photos / "unmasked.jpg")
    (tmp_path / "edits").mkdir()
    shutil.copy(photos / "a.jpg", tmp_path / "edits/a.jpg")
    shutil.copy(photos / "broken.jpg", tmp_path / "edits/broken.jpg")
    Image.open(photos / "a.jpg").convert("L").save(photos / "a.jpg")
    with pytest.raises(SystemExit) as stop:
        main(["score", str(photos), "--edited", str(tmp_path / "edits"), "--output", str(tmp_path / "scores.csv"), "--json"])
    out, err = capsys.readouterr()
    assert stop.value.code == 2 and "3 photos were left out" in err
    for words in ("broken.jpg: ", "unmasked.jpg: no mask", "b.jpg: no edit of its name in", "a.jpg: grey photo"):
        assert words in err
    kept = pd.read_csv(tmp_path / "scores.csv").photo.tolist()
    assert [row["photo"] for row in json.loads(out)] == kept == [str(photos / "a.jpg")]


def test_score_writes_over_no_photo(photos, capsys):
    before = (photos / "a_mask.png").read_bytes()
    with pytest.raises(SystemExit):
        main(["score", str(photos / "a.jpg"), str(photos / "a_mask.png"), "--output", str(photos / "a_mask.png")])
    assert "would overwrite" in capsys.readouterr().err and (photos / "a_mask.png").read_bytes() == before


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
    with pytest.raises(SystemExit):
        main(["recipe", recipe, "--apply", *files, "--output", files[1]])
    assert "would overwrite" in capsys.readouterr().err
    Image.open(files[1]).resize((48, 48)).save(files[1])
    main(["recipe", recipe, "--apply", *files, "--output", str(tmp_path / "again.png")])
    assert "note: " in (error := capsys.readouterr().err) and "the mask was resized from 48 x 48 to 96 x 96" in error


def test_a_dry_run_says_what_a_batch_takes_and_writes_nothing(photos, tmp_path, capsys, bundled_networks):
    output = tmp_path / "out"
    with pytest.raises(SystemExit) as stop:
        run(photos, output, "--refine", "0", "--dry-run", "--json")
    shown = capsys.readouterr()
    assert stop.value.code == 2 and "1 photos would be left out" in shown.err
    found = json.loads(shown.out)
    assert not output.exists()
    assert found["photos"] == 3 and found["tasks"] == {"attenuate": 3} and found["edited"] == 2
    assert found["core_hours"] == pytest.approx(found["seconds"] * 3 / 3600) and found["seconds"] > 0
    assert [Path(one.split(": ")[0]).name for one in found["problems"]] == ["broken.jpg"]
    assert "dry run: photos left: 3 (3 to attenuate); nothing is written" in shown.err
    (photos / "broken.jpg").unlink()
    table = tmp_path / "table.csv"
    table.write_text("photo,mask\nphotos/a.jpg,photos/a_mask.png\nphotos/gone.jpg,photos/a_mask.png\n")
    with pytest.raises(SystemExit):
        run(table, output, "--refine", "0", "--dry-run")
    said = capsys.readouterr().out
    assert "photos left: 1" in said and "gone.jpg is not there" in said and "minutes one after another here" in said
    run(photos, output, "--refine", "0")
    made = [file.stat().st_size for file in output.iterdir() if file.name != "scores.csv"]
    assert found["all_bytes"] == pytest.approx(sum(made), rel=0.05)  # of the third, next to nothing is expected
    capsys.readouterr()
    run(photos, output, "--refine", "0", "--dry-run")
    assert "photos left: 0 (none)" in capsys.readouterr().out


def test_a_dry_run_says_when_the_results_do_not_fit(photos, tmp_path, capsys, monkeypatch, bundled_networks):
    (photos / "broken.jpg").unlink()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 50, 50))
    run(photos, tmp_path / "out", "--refine", "0", "--dry-run")
    assert "0.05 kB are free where" in (said := capsys.readouterr().out) and "do not fit into what is free" in said


def test_a_table_of_very_many_rows_is_planned(photos, tmp_path, capsys, tiny_weights):
    """Twenty thousand here; docs/cluster.md has 900,000."""
    table, rows = tmp_path / "table.csv", 20_000
    table.write_text("photo,mask\n" + "photos/a.jpg,photos/a_mask.png\n" * rows)
    judges = [word for option in ("critic", "saliency") for word in (f"--{option}", tiny_weights[option])]
    weights = ["--weights", tiny_weights["attenuate"]]
    run(table, tmp_path / "out", "--refine", "0", "--dry-run", "--json", *map(str, [*judges, *weights]))
    found = json.loads(capsys.readouterr().out)
    assert found["photos"] == rows and found["edited"] == 3 and not found["problems"]
    assert found["all_bytes"] == pytest.approx(rows * found["bytes"])
