"""What a piece of work takes, whatever ran in the process before."""
import numpy as np
import pytest

from realistic_editing.common.memory import greatest_rise


def rise(mebibytes: int) -> float:
    found = greatest_rise(lambda: np.ones(mebibytes << 17))
    if np.isnan(found):
        pytest.skip("this system does not report a process's memory")
    return found


def test_it_is_what_the_work_takes_at_most_and_never_less_than_nothing():
    assert 60 < rise(64) < 80
    assert 0 <= greatest_rise(lambda: None) < 8


def test_it_does_not_depend_on_what_ran_before():
    first = rise(32)
    np.ones(200 << 17)
    kept = [np.ones(1 << 12) for _ in range(4000)]  # 125 MiB of small pieces, which the C library keeps when they go
    del kept
    assert rise(32) == pytest.approx(first, abs=4)
