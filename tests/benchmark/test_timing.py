"""Contenders take turns, and rates are those of the median."""
import json
import time

import pytest

from realistic_editing.benchmark.report import write_report
from realistic_editing.benchmark.timing import Measured, in_turn


def test_contenders_take_turns_after_a_round_that_does_not_count():
    calls = []
    work = {name: lambda _, name=name: calls.append(name) for name in "ab"}
    found = in_turn("case", work, 2, "images", seconds=60, most=3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert [one.contender for one in found] == ["a", "b"] and all(len(one.seconds) == 3 for one in found)
    calls.clear()
    in_turn("case", work, 2, "images", seconds=0, least=1, warm_ups=3)
    assert "".join(calls) == "aaabbb" + "ab"


def test_quick_contenders_have_more_turns_beside_a_slow_one():
    work = {"slow": lambda _: time.sleep(0.3), "quick": lambda _: None, "middling": lambda _: time.sleep(0.1)}
    slow, quick, middling = in_turn("case", work, 1, "images", seconds=60, most=2)
    assert len(slow.seconds) == len(middling.seconds) == 2 and len(quick.seconds) == 11


def test_no_round_starts_after_its_time_but_the_least_are_done():
    assert len(in_turn("case", {"a": lambda _: time.sleep(0.01)}, 1, "images", seconds=0)[0].seconds) == 2


def test_what_is_spent_reading_is_told_apart():
    def work(reading):
        with reading.running():
            time.sleep(0.02)
        time.sleep(0.01)

    (one,) = in_turn("case", {"a": work}, 3, "images", seconds=0)
    assert all(0.02 <= part < whole for part, whole in zip(one.waited, one.seconds, strict=True))
    assert one.rate < one.rate_without_data


def test_rates_are_those_of_the_median():
    one = Measured("case", "a", 6, "images", seconds=(1.0, 2.0, 30.0), waited=(0.0, 0.5, 28.0))
    assert one.rate == 3 and one.spread == (0.2, 6) and one.rate_without_data == 4


def test_a_report_compares_with_the_first_of_each_case(tmp_path):
    found = [
        Measured("one", "plain", 4, "images", (2.0, 2.0), (1.0, 1.0)),
        Measured("one", "this project", 4, "images", (1.0, 1.0), (0.0, 0.0)),
        Measured("two", "plain", 4, "images", (1.0, 1.0), (0.0, 0.0)),
    ]
    text = write_report("training", found, {"seconds": 1}, tmp_path)
    assert text == (tmp_path / "training.md").read_text()
    assert "| one | this project | 250 | 4 images (4 to 4) | 2 | 2.00 | 1.00 | 0% |" in text
    content = json.loads((tmp_path / "training.json").read_text())
    assert [row["ratio"] for row in content["results"]] == pytest.approx([1, 2, 1])
    assert content["revision"] and content["machine"] and content["settings"] == {"seconds": 1}
