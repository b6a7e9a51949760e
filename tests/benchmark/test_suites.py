"""Every suite runs, compares like with like, and says what it found."""
import json
import time

import numpy as np
import pytest
import torch

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.main import call
from realistic_editing.benchmark.apply import applying
from realistic_editing.benchmark.gpu import proposing_there
from realistic_editing.benchmark.memory import extra_bytes
from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.benchmark.report import write_report
from realistic_editing.benchmark.timing import Measured


def run(suite, output, *extra):
    call("benchmark", _compose("benchmark", [f"suite={suite}", f"output={output}", "photos=2", f"{suite}.seconds=0", *extra]))
    content = json.loads((output / f"{suite}.json").read_text())
    assert content["suite"] == suite and content["machine"] and content["settings"]["suite"] == suite
    return content["results"]


def test_apply_compares_equal_results_and_counts_memory(tmp_path):
    rows = run("apply", tmp_path, "apply.megapixels=[0.3,1]", "apply.plain_up_to=0.5", "apply.shares=[0.2]")
    names = ["plain", "differentiable path", "this project", "limit: a copy of the photo"]
    assert [row["contender"] for row in rows] == (names * 2) + (names[2:] * 2)
    for row in rows[:8]:
        told = row["note"] in ("at most 0 level from the first", "at most 1 level from the first")
        assert told if row["contender"] in names[1:3] else row["note"] == ""
    copies = [row for row in rows[8:] if row["contender"] == names[3]]
    assert all(0.9 < row["extra_per_input_byte"] < 1.5 for row in copies)
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
            assert float(row["note"].split()[3]) < 1e-3
    orders = [row for row in rows if "24" in row["case"] and row["contender"] == "this project"]
    assert all(row["ratio"] > 3 for row in orders)  # one pass of the encoder instead of 24


def test_select_counts_the_orders_that_were_not_run(tmp_path):
    rows = run("select", tmp_path)
    plain = [row for row in rows if row["contender"].startswith("plain")]
    assert len(rows) == 6 and all(row["milliseconds"] == pytest.approx(24000 * row["seconds"][0], rel=1e-2) for row in plain)


def test_score_and_load(tmp_path):
    rows = run("score", tmp_path, "score.batch=1")
    assert [row["case"].split(",")[0] for row in rows] == ["critic"] * 3 + ["saliency"] * 3
    rows = run("load", tmp_path, "load.size=64")
    samples = [row for row in rows if row["unit"] == "sample"]
    assert len(samples) == 4 and "extra_bytes" in samples[2] and sum(row["unit"] == "start" for row in rows) == 3


def test_the_suite_of_gpus_proposes_like_the_others_and_needs_one(tmp_path, capsys):
    if not torch.cuda.is_available():
        with pytest.raises(SystemExit):
            run("gpu", tmp_path)
        assert "no CUDA device here; use another" in capsys.readouterr().err
    region = synthetic_regions(tmp_path, 2, 0)[0]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = proposing_there(region, "attenuate", 2, 0, device, say=lambda _: None)
    cases = list(dict.fromkeys(one.case for one in found))
    assert [case.split(",")[0] for case in cases] == ["EditNet"] * 2 + ["bundled"] * 2 + ["best_realism of 24 orders"]
    assert [one.amount for one in found if one.contender == "plain"] == [1, 2, 1, 2]


def test_memory_that_work_takes_is_seen():
    def work():
        pixels = np.ones(60_000_000, np.uint8)
        time.sleep(0.05)
        return pixels.sum()

    found = extra_bytes(work)
    if found is None:
        pytest.skip("this system does not tell a process's memory")
    assert 55e6 < found < 90e6
    assert extra_bytes(lambda: None) < 10e6


def test_columns_that_no_row_fills_are_left_out(tmp_path):
    text = write_report("score", [Measured("one", "plain", 1, "photos", (0.5,), (0.0,), note="well")], {}, tmp_path)
    assert "| case | contender | ms each | per second | repeats | ratio | note |" in text
    assert "| one | plain | 500 | 2 photos (2 to 2) | 1 | 1.00 | well |" in text
