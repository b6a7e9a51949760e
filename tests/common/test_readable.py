"""How figures are shown: no "-0", and on the right side of a limit."""
import pytest

from realistic_editing.common.readable import delta_r, percent


@pytest.mark.parametrize(("share", "words"), [
    (0.123, "+12 %"), (-0.3, "-30 %"), (-0.004, "0 %"), (0.004, "0 %"), (0.0, "0 %"), (-0.006, "-1 %"),
])  # fmt: skip
def test_a_share_in_percent(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(("change", "words"), [
    (0.123, "+0.12"), (-0.001, "+0.00"), (-0.0962, "-0.096"), (-0.0958, "-0.096"), (-0.0988, "-0.099"), (-0.09996, "-0.099"),
    (-0.1, "-0.10"), (-0.1004, "-0.10"),
    (-0.0481, "-0.048"), (-0.051, "-0.05"), (-0.2, "-0.20"),
])  # fmt: skip
def test_a_change_of_realism_lies_where_it_lies_of_a_limit(change, words):
    assert delta_r(change) == words
