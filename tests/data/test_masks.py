"""Damaged masks."""
import numpy as np
import pytest

from realistic_editing.data.masks import DAMAGES, REACH, damaged, intersection_over_union

DISC = ((np.hypot(*np.mgrid[-100:100, -100:100]) < 50) * 255).astype(np.uint8)


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_changes_the_edge_and_leaves_the_object(kind):
    for seed in range(20):
        result = damaged(DISC, kind, np.random.default_rng(seed))
        assert result.shape == DISC.shape and result.dtype == np.uint8
        assert 0.7 < intersection_over_union(result, DISC) < 1
        # Nothing changes further from the edge than the reach, but for the corners of pixels.
        distance = np.abs(np.hypot(*np.mgrid[-100:100, -100:100]) - 50)
        assert (result == DISC)[distance > REACH[1] * 200 + 3].all()
        assert np.array_equal(result, damaged(DISC, kind, np.random.default_rng(seed)))


def test_grown_holds_the_mask_and_shrunk_is_held():
    generator = np.random.default_rng(0)
    assert (damaged(DISC, "grown", generator) >= DISC).all()
    assert (damaged(DISC, "shrunk", generator) <= DISC).all()


def test_a_mask_that_would_vanish_is_kept():
    dot = np.zeros((200, 200), np.uint8)
    dot[50, 50] = 255
    assert np.array_equal(damaged(dot, "shrunk", np.random.default_rng(0)), dot)


def test_an_unknown_damage_is_refused():
    with pytest.raises(ValueError, match="jagged"):
        damaged(DISC, "torn", np.random.default_rng(0))


def test_overlap():
    half = DISC.copy()
    half[:, :80] = 0
    assert intersection_over_union(DISC, DISC) == 1
    assert intersection_over_union(half, DISC) == pytest.approx((half > 0).sum() / (DISC > 0).sum())
    assert intersection_over_union(half // 2, DISC > 0) == 0 == intersection_over_union(DISC // 2, half // 2)
    assert intersection_over_union(half > 0, DISC > 0) == intersection_over_union(half, DISC)
