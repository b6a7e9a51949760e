"""What a batch takes for done, what it calls its results, and what ends it and what does not."""
import os
import shutil
import time

import pytest
import torch
from PIL import Image

from realistic_editing.apps import batch as module
from realistic_editing.apps import batch_job
from realistic_editing.apps.batch_scores import LOCK_FILE
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.common.files import alone_in


@pytest.fixture
def photos(tmp_path):
    """Two photos with masks beside them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo, mask = Image.open(FOLDER / "astronaut.jpg").resize((64, 64)), Image.open(FOLDER / "flag.png").resize((64, 64))
    for name, angle in (("a", 0), ("b", 90)):
        photo.rotate(angle).save(folder / f"{name}.jpg")
        mask.rotate(angle).save(folder / f"{name}_mask.png")
    return folder


@pytest.fixture
def run(tiny_weights):
    """Run a batch with small networks."""
    roles = {"weights": "attenuate", "critic": "critic", "saliency": "saliency"}
    judges = [word for option, role in roles.items() for word in (f"--{option}", tiny_weights[role])]
    return lambda photos, output: main(
        ["batch", str(photos), "--output", str(output), "--order", "3,1,0,2", "--no-guard", *judges]
    )


def test_a_photo_that_changed_while_it_was_edited_is_edited_anew(photos, tmp_path, run, monkeypatch, capsys):
    edit_file = batch_job.edit_file

    def beside_a_painter(enhancer, photo, *others):
        edit = edit_file(enhancer, photo, *others)
        if photo.name == "a.jpg":
            shutil.copy(photos / "b.jpg", photo)
        return edit

    monkeypatch.setattr(batch_job, "edit_file", beside_a_painter)
    run(photos, tmp_path / "out")
    monkeypatch.undo()
    run(photos, tmp_path / "out")
    assert "1 of 2 photos were edited before" in capsys.readouterr().err


def test_a_name_that_passes_to_another_photo_brings_no_row_with_it(photos, tmp_path, run, capsys, monkeypatch):
    """Two photos of one name, size and time; without the first, the second has its result's name."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(photos / "a.jpg", tmp_path / folder / "x.jpg")
        os.utime(tmp_path / folder / "x.jpg", (1, 1))
    table = tmp_path / "table.csv"
    table.write_text("photo,mask\none/x.jpg,photos/a_mask.png\ntwo/x.jpg,photos/a_mask.png\n")
    run(table, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    run("table.csv", "out")  # the same files by other paths
    assert "2 of 2 photos were edited before" in capsys.readouterr().err
    table.write_text("photo,mask\ntwo/x.jpg,photos/a_mask.png\n")
    run("table.csv", "out")
    assert "were edited before" not in capsys.readouterr().err


def test_results_are_numbered_in_a_time_that_grows_with_the_photos(tmp_path):
    named = [f"{tmp_path}/photo/{number % 2}x.jpg,mask.png" for number in range(20000)] + ["0x_2.jpg,mask.png"]
    (tmp_path / "table.csv").write_text("photo,mask\n" + "\n".join(named) + "\n")
    started = time.process_time()
    jobs, _ = module._jobs({"photos": tmp_path / "table.csv", "task": "attenuate", "output": "out", "masks": None})
    assert time.process_time() - started < 5
    names = [job.result.stem for job in jobs]
    assert names[:4] == ["0x", "1x", "0x_2", "1x_2"] and names[-1] == "0x_2_2" and len(set(names)) == len(names)


def test_a_second_batch_in_the_same_folder_is_refused(photos, tmp_path, run, capsys):
    with alone_in(tmp_path / "out", LOCK_FILE, "batch"), pytest.raises(SystemExit):
        run(photos, tmp_path / "out")
    assert "out: another batch writes there; wait" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: no")])
def test_a_photo_too_large_for_the_memory_is_named_and_ends_nothing(photos, tmp_path, run, monkeypatch, capsys, error):
    edit_file = batch_job.edit_file

    def greedy(enhancer, photo, *others):
        if photo.name == "a.jpg":
            raise error
        return edit_file(enhancer, photo, *others)

    monkeypatch.setattr(batch_job, "edit_file", greedy)
    with pytest.raises(SystemExit):
        run(photos, tmp_path / "out")
    assert "a.jpg: needs more memory" in capsys.readouterr().err and (tmp_path / "out/b.png").is_file()
