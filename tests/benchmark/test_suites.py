"""Every suite runs, compares like with like, and says what it found."""
import copy
import itertools
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.main import call
from realistic_editing.benchmark import edit, propose, timing
from realistic_editing.benchmark.apply import applying, middling_recipe
from realistic_editing.benchmark.edit import COMMAND, Run, end_to_end, run_program
from realistic_editing.benchmark.folded import as_if_trained, judgements_apart, pairs_of, parameters_apart
from realistic_editing.benchmark.gpu import proposing_there
from realistic_editing.benchmark.growth import growing, growth_figure
from realistic_editing.benchmark.memory import extra_bytes
from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.benchmark.report import write_report
from realistic_editing.benchmark.runtimes import several
from realistic_editing.benchmark.timing import Measured
from realistic_editing.common.errors import InputError
from realistic_editing.common.inference import for_inference
from realistic_editing.weights import load_network


def run(suite, output, *extra):
    call("benchmark", _compose("benchmark", [f"suite={suite}", f"output={output}", "photos=2", f"{suite}.seconds=0", *extra]))
    content = json.loads((output / f"{suite}.json").read_text())
    assert content["suite"] == suite and content["machine"] and content["settings"]["suite"] == suite
    return content["results"]


def test_apply_compares_equal_results_and_counts_memory(tmp_path):
    rows = run("apply", tmp_path, "apply.megapixels=[0.1,4]", "apply.plain_up_to=0.5", "apply.shares=[0.2]")
    names = ["plain", "differentiable path", "this project", "limit: a copy of the photo"]
    assert [row["contender"] for row in rows] == (names * 2) + (names[2:] * 2)
    for row in rows[:8]:
        told = row["note"] in ("at most 0 level from the first", "at most 1 level from the first")
        assert told if row["contender"] in names[1:3] else row["note"] == ""
    copies = [row for row in rows[8:] if row["contender"] == names[3]]
    assert all(0.9 < row["extra_per_input_byte"] < 1.5 for row in copies)
    ours = [row for row in rows[8:] if row["contender"] == "this project"]
    assert len(ours) == 2 and all(row["extra_per_input_byte"] <= 1.2 for row in ours)  # the result, and next to nothing
    assert rows[0]["ratio"] == 1 and rows[2]["ratio"] > 3
    text = (tmp_path / "apply.md").read_text()
    assert "times the input" in text and "share reading data" not in text


def test_a_path_that_differs_would_be_told(monkeypatch):
    monkeypatch.setattr("realistic_editing.benchmark.apply.apply_to_photo", lambda photo, mask, recipe: photo)
    found = applying([0.01], [1.0], [8], [(3, 2, 1, 0)], 0, 0, 1, say=lambda _: None)
    assert int(found[2].note.split()[2]) > 5


def test_propose_shows_both_networks_and_the_limit(tmp_path):
    rows = run("propose", tmp_path, "propose.plain_orders=1")
    assert len(rows) == 12 and {row["contender"].split(":")[0] for row in rows} == {"plain", "this project", "limit"}
    for row in rows:
        if row["contender"] == "this project":
            assert row["apart"] < 1e-3
    orders = [row for row in rows if "24" in row["case"] and row["contender"] == "this project"]
    assert all(row["ratio"] > 3 for row in orders)  # one pass of the encoder instead of 24
    counted = [row["milliseconds"] for row in rows if row["contender"].startswith("limit")]
    assert counted[0] < counted[1] and counted[2] < counted[3]  # 24 orders are more arithmetic than one


def test_folding_that_changes_any_parameter_or_judgement_is_told(tmp_path, monkeypatch, tiny_weights):
    pairs = pairs_of(synthetic_regions(tmp_path, 3, 0))
    enhancer = as_if_trained(load_network(tiny_weights["attenuate"], kind="enhancer"), pairs)
    judges = [load_network(tiny_weights[name], kind=kind) for name, kind in (("critic", "realism"), ("saliency", "saliency"))]
    recipes = middling_recipe((0, 1, 2, 3), 0)
    ready = for_inference(enhancer, *pairs[0], recipes.order)
    assert parameters_apart(enhancer, several(ready), pairs) < 1e-4 and max(judgements_apart(*judges, pairs, recipes)) < 1e-4

    def broken(network, *_, by=0.5):
        network = copy.deepcopy(network)
        with torch.no_grad():  # the last numbers: the exposure's, or the last layer's
            [*network.parameters()][-1].add_(by)
        return network

    monkeypatch.setattr("realistic_editing.benchmark.folded.for_inference", broken)
    assert parameters_apart(enhancer, several(broken(enhancer)), pairs) > 1e-2
    assert np.isnan(parameters_apart(enhancer, several(broken(enhancer, by=np.nan)), pairs))
    assert judgements_apart(*judges, pairs, recipes)[0] > 1e-6


def test_select_counts_a_photo_once_and_every_order(tmp_path, monkeypatch):
    """By a clock that a judge's call moves on by a second: the photo has both, and so has each of 24 orders."""
    called = []

    class Network(torch.nn.Module):
        def __init__(self, input_size=None):
            super().__init__()

        def forward(self, image, mask, order):
            return middling_recipe(order[0].tolist(), 0)

    class Judge(Network):
        def forward(self, image, mask=None):
            called.append(1)
            return image.mean(dim=1, keepdim=True) if mask is None else image.mean(dim=(1, 2, 3))

    ticks = itertools.count()
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: len(called) + 1e-3 * next(ticks)))
    for name, kind in (("EditNet", Network), ("RealismNet", Judge), ("EMLNet", Judge)):
        monkeypatch.setattr(propose, name, kind)
    quick = SimpleNamespace(propose=lambda *_, **__: None)
    monkeypatch.setattr(propose, "Enhancer", SimpleNamespace(from_pretrained=lambda _: quick))
    for orders, times in ((1, "24"), (3, "8")):
        rows = run("select", tmp_path, f"select.plain_orders={orders}")
        plain = [row for row in rows if row["contender"] == f"plain, the photo once and {orders} orders times {times}"]
        assert len(rows) == 6 and len(plain) == 2
        for row in plain:
            assert len(row["seconds"]) == 3 and row["milliseconds"] == pytest.approx(1000 * (2 + 24 * 2), abs=100)


@pytest.fixture
def one_round(monkeypatch):
    """Each contender is timed once, after warming up: enough where times do not matter."""
    rounds = dict(zip(("least", "most", "warm_ups"), timing.in_turn.__defaults__, strict=True)) | {"least": 1}
    monkeypatch.setattr(timing.in_turn, "__defaults__", tuple(rounds.values()))


def test_score_and_load(tmp_path, one_round):
    rows = run("score", tmp_path, "score.batch=1")
    assert [row["case"].split(",")[0] for row in rows] == ["critic"] * 3 + ["saliency"] * 3
    notes = [row["note"] for row in rows if row["contender"] == "this project"]
    assert "dR at most" in notes[0] and "the change of saliency at most" in notes[1]
    assert all(float(note.split(" at most ")[1].split()[0]) < 1e-3 for note in notes)
    rows = run("load", tmp_path, "load.size=64")
    samples = {row["contender"]: row for row in rows if row["unit"] == "sample"}
    assert list(samples) == [
        "plain", "plain, with crops and flips", "this project, from files", "this project, from shards",
        "decoding the stored masks", "limit: a copy of the stored photos",
    ]  # fmt: skip
    assert "extra_bytes" in samples["this project, from shards"] and sum(row["unit"] == "start" for row in rows) == 3


def test_the_suite_of_gpus_proposes_like_the_others_and_needs_one(tmp_path, capsys, one_round, small_networks):
    if not torch.cuda.is_available():
        with pytest.raises(SystemExit):
            run("gpu", tmp_path)
        assert "no CUDA device here; use another" in capsys.readouterr().err
    region = synthetic_regions(tmp_path, 2, 0)[0]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = proposing_there(region, "attenuate", 2, 0, device, say=lambda _: None)
    cases = list(dict.fromkeys(one.case for one in found))
    assert [case.split(",")[0] for case in cases] == ["EditNet"] * 3 + ["bundled"] * 3 + ["best of 24 orders"]
    assert [one.amount for one in found if one.contender == "plain"] == [1, 2, 1, 2]
    assert sum("all 24 orders" in one.case for one in found) == 2 * 3 and sum("bfloat16" in one.contender for one in found) == 6


def test_memory_that_work_takes_is_seen():
    def work():
        pixels = np.ones(60_000_000, np.uint8)
        time.sleep(0.05)
        return pixels.sum()

    found = extra_bytes(work)
    if found is None:
        pytest.skip("this system does not report a process's memory")
    assert 55e6 < found < 90e6
    assert extra_bytes(lambda: None) < 10e6


def test_columns_that_no_row_fills_are_left_out(tmp_path):
    text = write_report("score", [Measured("one", "plain", 1, "photos", (0.5,), (0.0,), note="well")], {}, tmp_path)
    assert "| case | contender | ms each | per second | repeats | ratio | note |" in text
    assert "| one | plain | 500 | 2 photos (2 to 2) | 1 | 1.00 | well |" in text


def test_busy_starts_programs_and_ends_them(tmp_path, tiny_weights):
    judges = [f"--{name}={tiny_weights[name]}" for name in ("critic", "saliency")]
    quick = ["--keep-mask", "--refine=0", "--order=3,1,0,2", *judges]
    rows = run("busy", tmp_path, "busy.loads=[0.5]", f"busy.weights={tiny_weights['attenuate']}", f"busy.options={quick}")
    assert [row["contender"] for row in rows] == ["plain, threads spin", "this project"]
    assert rows[0]["case"] == "edit, from file to file, beside a load of 0.5" and rows[1]["ratio"] > 0
    assert not [child for child in children() if b"monotonic" in child]


@pytest.fixture
def noted_commands(monkeypatch):
    """What would be run, in the place of running it: twice as long and as large at twice the words' first number."""
    ran = []

    def note(checkout, words):
        ran.append((checkout, words))
        return Run(0.5 * len(ran), 0.25, 1000)

    monkeypatch.setattr("realistic_editing.benchmark.edit.run_program", note)
    monkeypatch.setattr("realistic_editing.benchmark.growth.run_program", note)
    return ran


def test_edit_takes_turns_with_another_checkout(tmp_path, noted_commands):
    ways, checkout = {"this project": ["--refine", "0"]}, Path(edit.__file__).parents[2]
    found = end_to_end(synthetic_regions(tmp_path, 2, 0), [0.05], 2, [0.05], ways, 2, str(checkout), say=str)
    assert [one.case for one in found[::2]] == [
        "first proposal, 0.3 megapixels",
        "edit, 0.05 megapixels, jpg to png", "edit, 0.05 megapixels, jpg to jpg", "edit, 0.05 megapixels, tif to png",
        "batch, 2 photos of 0.05 megapixels",
    ]  # fmt: skip
    assert [one.contender for one in found[:2]] == ["the other checkout", "this project"]
    assert [words[-2:] == ["--refine", "0"] for _, words in noted_commands[:4]] == [False, True, True, False]
    assert found[0].seconds == (0.5, 2.0) and found[0].extra_bytes == 1000 and found[8].note == "0.125 s of processors each"
    with pytest.raises(InputError, match="is no checkout of this project"):
        end_to_end([], [1], 0, [], {}, 1, str(tmp_path))


def test_a_command_runs_in_a_process_of_its_own_and_says_why_it_failed(tmp_path):
    checkout = Path(edit.__file__).parents[2]
    held = np.ones(200_000_000, np.uint8)  # which Linux would count as the command's
    found = run_program(checkout, [*COMMAND, "--version"])
    assert found.seconds > 0 and found.processor > 0 and 1e7 < found.memory < held.nbytes
    with pytest.raises(InputError, match="is no COMMAND|invalid choice"):
        run_program(checkout, [*COMMAND, "fly"])


def test_growth_tells_slopes_and_draws_curves(tmp_path, noted_commands):
    sizes = {"regions": [1, 2], "batch": [1, 2], "frames": [2], "orders": [1, 24], "megapixels": [0.05]}
    found = growing(synthetic_regions(tmp_path, 2, 0)[0], sizes, ["--refine", "0"], ["--critic", "critic"], say=str)
    assert [one.contender for one in found] == ["1", "2", "1", "2", "2", "1", "24", "0.05"]
    assert found[1].note.endswith("slope of time 1.00, of memory 0.00") and "slope" not in found[0].note
    assert [words[2] for _, words in noted_commands] == ["plan", "plan", "batch", "batch", "video", "edit"]
    assert "--weights" in noted_commands[-1][1] and "--weights" not in noted_commands[0][1]
    assert len(growth_figure(found, ("red", "blue")).axes) == 2 * len(sizes)


def children():
    """Command lines of this process's children, where the system shows them."""
    return [
        (entry / "cmdline").read_bytes()
        for entry in Path("/proc").glob("[0-9]*")
        if (entry / "stat").exists() and (entry / "stat").read_text().rsplit(")", 1)[1].split()[1] == str(os.getpid())
    ]
