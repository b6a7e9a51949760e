"""The comparison on made photos: numbers, resuming, interruption, damaged files, and the same from one process or two."""
import dataclasses
import os
import signal
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from PIL import Image

from realistic_editing.apps.demo import FOLDER
from realistic_editing.baselines import FAMILIES
from realistic_editing.common.errors import InputError
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.comparison import run as module
from realistic_editing.evaluation.comparison.method_measurer import DISTINCTNESS, MeasurementPlan, MethodMeasurer, stamp
from realistic_editing.evaluation.comparison.methods import INPUT, PRODUCT, Editor, _earlier, choose
from realistic_editing.evaluation.comparison.photo_sets import TestPhoto, folder_set
from realistic_editing.evaluation.comparison.run import _start, compare
from realistic_editing.ops.recipe import PARAMETERS
from realistic_editing.ops.sampling import get_preset
from realistic_editing.saliency.distinctness import PatchDistinctness
from realistic_editing.weights import load_network, save_network

pytestmark = pytest.mark.usefixtures("few_steps", "small_distinctness")
MEASURED = ("realism", "delta_e_inside", "delta_e_outside", "ssim_outside", "seam", f"difference: {DISTINCTNESS}")


@pytest.fixture
def plan(tiny_weights):
    return MeasurementPlan(**tiny_weights, size=48)


def run(folder, plan, output, methods=None, workers=1, task="amplify"):
    photos = folder_set(folder, task).photos
    return compare(photos, choose(methods, photos), plan, output, workers)


def test_every_method_is_measured_on_every_photo(photo_folder, plan, tmp_path):
    found = run(photo_folder, plan, tmp_path / "out")
    rows = found.rows.set_index(["photo", "method"])
    assert len(rows) == 3 * 7 + 3 + 2 == found.measured and not found.problems and not found.note
    assert found.models == ["saliency", "heldout_saliency", DISTINCTNESS]
    first = rows.loc["folder/a"]
    assert not first.loc[INPUT, [*MEASURED[:3], "seam"]].any() and first.loc[INPUT, "ssim_outside"] == 1
    for method in ("bright", "dark", "ours_realism", "random_fake"):
        assert first.loc[method, "delta_e_inside"] > 3 > first.loc[method, "delta_e_outside"]
    assert first.loc["ours_realism", "log2_exposure"] > 0  # the weights brighten
    assert pd.isna(first.loc["bright", "log2_exposure"]) and pd.isna(first.loc["bright", "seconds"])
    assert first.loc["ours_realism", "seconds"] > 0
    assert np.isfinite(rows[[f"mean_relative_gain: {model}" for model in found.models]]).all(axis=None)
    # In the order of photos, then methods.
    assert [*dict.fromkeys(found.rows.name)] == sorted(set(found.rows.name))
    assert [*found.rows.method[:9]] == [*choose(None, folder_set(photo_folder, "amplify").photos)]


@pytest.mark.parametrize("size", [(300, 500), (384, 384), (700, 420)])
def test_ours_is_what_users_get(size, small_networks):
    """Sides below and above what the networks see: no second way of shrinking a photo is left."""
    photo, mask = (cv2.imread(str(FOLDER / name), flag) for name, flag in (("astronaut.jpg", 1), ("flag.png", 0)))
    pixels, mask = cv2.resize(photo, size)[..., ::-1].copy(), cv2.resize(mask, size)
    region = Region(Path("photo.png"), Path("mask.png"), source="folder", photo_id="photo", region_id="0", task="attenuate")
    enhancer = Enhancer.from_pretrained("attenuate")
    editor = Editor(TestPhoto(region, "folder"), pixels, mask, enhancer, get_preset("released"), 0, {})
    one_pass = {"order": "best_realism", "refine": 0, "guard": None}
    for method, options in (("ours_realism", one_pass), (PRODUCT, {})):
        edit = enhancer.propose(pixels, mask, **options)
        result = editor.edit(method)
        used = soften_hard(pixels, mask) if method == PRODUCT else mask
        assert np.array_equal(result.pixels, edit.apply(pixels, used, foreground=method == PRODUCT))
        assert all(torch.equal(getattr(result.recipe, name), getattr(edit.recipe, name)) for name in ("order", *PARAMETERS))
        assert result.seconds > 0


def test_a_run_goes_on_where_it_stopped(photo_folder, plan, tmp_path, monkeypatch):
    methods = ["input", "bright", "random_fake"]
    whole = run(photo_folder, plan, tmp_path / "whole", methods)
    measure, seen = MethodMeasurer.measure, []

    def interrupted(self, photo, methods):
        if len(seen) == 1:
            raise KeyboardInterrupt
        seen.append(photo.name)
        return measure(self, photo, methods)

    monkeypatch.setattr(MethodMeasurer, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(photo_folder, plan, tmp_path / "out", methods)
    monkeypatch.setattr(MethodMeasurer, "measure", measure)
    rest = run(photo_folder, plan, tmp_path / "out", methods)
    assert rest.measured == len(whole.rows) - 3 and not rest.note
    drop = ["seconds", "memory"]
    pd.testing.assert_frame_equal(rest.rows.drop(columns=drop), whole.rows.drop(columns=drop), check_dtype=False)
    assert run(photo_folder, plan, tmp_path / "out", methods).measured == 0


def _no_measurer(plan):
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _slow_then_quick(job):
    """In place of a measurement: the first photo takes a minute, the others no time."""
    photo, methods = job
    time.sleep(60 if photo.name.split("/")[1] == "a" else 0)
    rows = [{"name": photo.name, "method": method, "stamp": stamp(photo, method)} for method in methods]
    return rows, [f"{photo.name}: measured"]


def test_an_interrupt_keeps_what_is_finished_and_ends_soon(photo_folder, plan, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_start", _no_measurer)
    monkeypatch.setattr(module, "_measure", _slow_then_quick)
    took, over = [], threading.Event()

    def interrupt():
        while not (tmp_path / "out/seen").is_file():
            time.sleep(0.05)
        while not over.is_set():  # again where one falls into a callback, which Python ignores
            took.append(time.monotonic())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # where it breaks off waiting
            over.wait(6)

    class Seen(module.RowStore):
        def save(self, now=True):
            if len(self) == 2:  # b and c, which were not the first in order
                (tmp_path / "out/seen").touch()
            super().save(now)

    monkeypatch.setattr(module, "RowStore", Seen)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # libraries of other tests leave theirs
    watcher = threading.Thread(target=interrupt, daemon=True)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        try:
            run(photo_folder, plan, tmp_path / "out", ["bright"], workers=2)
        finally:
            over.set()
            signal.signal(signal.SIGINT, handler)
    assert time.monotonic() - took[-1] < 5
    assert set(pd.read_csv(tmp_path / "out/rows.csv").name.str.split("/").str[1]) == {"b", "c"}


def test_memory_is_measured_once_for_each_method_and_kept(photo_folder, plan, tmp_path, monkeypatch):
    asked, memory = [], MethodMeasurer.memory
    monkeypatch.setattr(MethodMeasurer, "memory", lambda self, *what: (asked.append(what[1]), memory(self, *what))[1])
    methods = ["input", "ours_random", "ohr", "bright"]
    found = run(photo_folder, plan, tmp_path / "out", methods).rows
    assert asked == ["ours_random", "ohr_reproduced"]
    known = found[found.memory.notna()]
    assert known.empty or (known.name.str.contains("/a/").all() and [*known.method] == asked and (known.memory >= 0).all())
    again = run(photo_folder, plan, tmp_path / "out", methods).rows
    assert len(asked) == (2 if len(known) else 4)
    pd.testing.assert_frame_equal(again, found, check_dtype=False)


def test_only_what_is_new_or_changed_is_measured(photo_folder, plan, tmp_path):
    assert run(photo_folder, plan, tmp_path / "out", ["bright"]).measured == 3
    assert run(photo_folder, plan, tmp_path / "out", ["bright", "input"]).measured == 3
    path = photo_folder / "bright/b.png"
    pixels = np.array(Image.open(path))
    pixels[8:22, 10:28] = 255
    Image.fromarray(pixels).save(path)
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 10**9))
    again = run(photo_folder, plan, tmp_path / "out", ["bright", "input"])
    assert again.measured == 1 and len(again.rows) == 6 and not again.note


def test_other_settings_or_weights_start_anew_and_say_so(photo_folder, plan, tmp_path, tiny_weights):
    run(photo_folder, plan, tmp_path / "out", ["input"])
    other = MeasurementPlan(**{**tiny_weights, "heldout_saliency": tiny_weights["saliency"]}, size=40)
    found = run(photo_folder, other, tmp_path / "out", ["input"])
    assert found.measured == 3 and "size (48 -> 40)" in found.note and "heldout_saliency" in found.note
    assert len(found.models) == len(set(found.models)) == 3


def test_another_objective_of_refinement_starts_anew(photo_folder, plan, tmp_path):
    run(photo_folder, plan, tmp_path / "out", ["input"])
    network = load_network(plan.amplify)
    card = dict(network.card)
    kind, config = card.pop("network"), card.pop("config")
    card["objective"] = card["objective"] | {"margin": 0.3}
    save_network(network, kind, tmp_path / "other.safetensors", config, card)
    other = dataclasses.replace(plan, amplify=str(tmp_path / "other.safetensors"))
    found = run(photo_folder, other, tmp_path / "out", ["input"])
    assert found.measured == 3 and "amplify, objective" in found.note


def test_a_second_held_out_judge_has_a_column_of_its_own(photo_folder, plan, tmp_path, tiny_weights):
    both = dataclasses.replace(plan, second_heldout=tiny_weights["heldout_saliency"])
    found = run(photo_folder, both, tmp_path / "out", ["input"])
    assert found.models == ["saliency", "heldout_saliency", "heldout_saliency 2", DISTINCTNESS]


def test_changed_code_starts_anew(photo_folder, plan, tmp_path, monkeypatch):
    run(photo_folder, plan, tmp_path / "out", ["input"])
    monkeypatch.setattr("realistic_editing.evaluation.comparison.method_measurer._code", lambda: "changed")
    found = run(photo_folder, plan, tmp_path / "out", ["input"])
    assert found.measured == 3 and "code" in found.note


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(photo_folder, plan, tmp_path):
    photos = folder_set(photo_folder, "amplify").photos
    (photo_folder / "a.png").write_text("not an image")
    Image.fromarray(np.full((30, 40), 100, np.uint8)).save(photo_folder / "masks/b.png")
    (photo_folder / "bright/c.png").write_bytes(b"")
    found = compare(photos, ["input", "bright", "dark"], plan, tmp_path / "out", 1)
    assert [*zip(found.rows.photo, found.rows.method, strict=True)] == [("folder/c", "input")]
    text = "\n".join(found.problems)
    assert "a.png: cannot be decoded" in text and "masks/b.png: marks nothing" in text
    assert "bright/c.png: cannot be decoded" in text and len(found.problems) == 3


def test_a_result_of_another_shape_is_refused(photo_folder, plan, tmp_path):
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(photo_folder / "bright/a.png")
    Image.fromarray(np.zeros((31, 40, 3), np.uint8)).save(photo_folder / "bright/b.png")  # a pixel more is let pass
    found = run(photo_folder, plan, tmp_path / "out", ["bright"])
    assert [*found.rows.photo] == ["folder/b", "folder/c"]
    assert "bright/a.png: 40 x 40 pixels, of another shape" in found.problems[0]


def _start_small(plan):
    PatchDistinctness.__init__.__defaults__ = (64, *PatchDistinctness.__init__.__defaults__[1:])
    _start(plan)


def test_two_processes_give_the_same_numbers_in_the_same_order(photo_folder, plan, tmp_path, monkeypatch, splitting):
    """Their processes are split off from one that has imported PyTorch; those of an interrupted run are as they always are."""
    monkeypatch.setattr(module.multiprocessing, "get_context", lambda _: splitting)
    monkeypatch.setattr(module, "_start", _start_small)
    methods = ["bright", "ours_random", "random_fake"]
    one = run(photo_folder, plan, tmp_path / "one", methods, workers=1)
    two = run(photo_folder, plan, tmp_path / "two", methods, workers=2)
    drop = ["seconds", "memory"]
    pd.testing.assert_frame_equal(one.rows.drop(columns=drop), two.rows.drop(columns=drop), check_exact=True)
    (photo_folder / "bright/a.png").write_bytes(b"")
    again = run(photo_folder, plan, tmp_path / "two", methods, workers=1)
    assert again.measured == 0 and len(again.problems) == 1 and len(again.rows) == len(two.rows) - 1


def test_threads_are_as_before(photo_folder, plan, tmp_path):
    before = torch.get_num_threads(), cv2.getNumThreads()
    run(photo_folder, plan, tmp_path / "out", ["input"])
    assert (torch.get_num_threads(), cv2.getNumThreads()) == before


def test_a_folder_of_another_run_is_refused(photo_folder, plan, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out/.lock"), pytest.raises(InputError, match="another run writes there"):
        run(photo_folder, plan, tmp_path / "out", ["input"])
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file: cannot be written"):
        run(photo_folder, plan, tmp_path / "file", ["input"])
    assert run(photo_folder, plan, tmp_path / "out", ["input"]).measured == 3


def test_methods_with_progress_bars_of_their_own_keep_still_in_a_comparison():
    for name in FAMILIES["deepsal"]:
        assert not _earlier(name).progress
