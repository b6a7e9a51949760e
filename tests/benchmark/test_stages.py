"""Where an edit spends its time."""
import time

import pytest

from realistic_editing.benchmark import stages
from realistic_editing.benchmark.edit import end_to_end, enlarged
from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.benchmark.report import write_report
from realistic_editing.benchmark.stages import REST, START, WAIT, _Parts, one_after_the_other, where_time_goes
from realistic_editing.common.errors import InputError

SMALL = ["--critic", "critic", "--saliency", "compact_saliency", "--weights", "compact_attenuate"]


def test_an_edit_in_a_fresh_process_names_its_parts(tmp_path):
    photo, mask = enlarged(synthetic_regions(tmp_path, 1, 0)[0], 0.1, tmp_path / "photo.jpg")
    words = [str(photo), str(mask), "--output", str(tmp_path / "out.png"), *SMALL]
    found = where_time_goes("small", "two steps", [*words, "--refine", "2"], 1)
    seconds = {part: float(taken) for part, taken in (one[:-2].rsplit(" ", 1) for one in found.note.split("; "))}
    assert (tmp_path / "out.png").is_file() and next(iter(seconds)) == START
    assert {"judge the photo", "propose", "refine", "judge the result", "write"} <= seconds.keys()
    assert sum(seconds.values()) == pytest.approx(found.seconds[0], abs=0.1)
    assert abs(seconds.get(REST, 0)) < 0.3 * found.seconds[0]
    with pytest.raises(InputError, match="none.jpg: cannot be read"):
        where_time_goes("absent", "none", [str(tmp_path / "none.jpg"), str(mask)], 1)


def test_what_is_done_side_by_side_is_counted_once():
    spans = {stages._LOAD: (2.0, 2.1), stages._READ: (0.8, 1.0), "propose": (0.5, 2.6), "write": (0.4, 3.0)}
    found = one_after_the_other(5.0, 3.1, spans)
    assert found[START] == pytest.approx(1.9) and found[WAIT] == pytest.approx(1.1) and found["refine"] == 0
    assert found[REST] == pytest.approx(3.1 - 0.8 - 1.1 - 0.5 - 0.4) and sum(found.values()) == pytest.approx(5.0)
    assert one_after_the_other(5.0, 3.1, spans | {stages._LOAD: (0.6, 0.7)})[WAIT] == 0  # networks were there first


def test_what_a_part_calls_is_counted_for_that_part():
    parts = _Parts()
    inner = parts.timed("guard", lambda: time.sleep(0.05))
    outer = parts.timed("refine", inner)
    outer()
    assert parts.spans["refine"][0] >= 0.05 and "guard" not in parts.spans
    inner()
    assert parts.spans["guard"][0] >= 0.05


def test_the_report_of_an_edit_has_its_parts(tmp_path, monkeypatch):
    spans = {"inside": 0.5, "spans": {}}
    monkeypatch.setattr(stages, "_run", lambda words: one_after_the_other(1.0, **spans))
    monkeypatch.setattr("realistic_editing.benchmark.edit._in_turn", lambda *_: [])
    regions = synthetic_regions(tmp_path, 1, 0)
    found = end_to_end(regions, [0.05], 0, [], {"refine 0": ["--refine", "0"]}, 2, profile=True, say=str)
    assert [one.case for one in found] == ["where time goes, 0.05 megapixels, jpg to png"]
    assert found[0].contender == "refine 0" and found[0].note == f"{START} 0.50 s; {REST} 0.50 s"
    assert "where time goes" in write_report("edit", found, {}, tmp_path / "out")
