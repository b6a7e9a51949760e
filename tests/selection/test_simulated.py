"""The user who is played: clicks where a thing is deepest, mends the largest mistake, draws boxes."""
import numpy as np
import pytest

from realistic_editing.selection.simulated import box_of, deepest, next_click, within

MEANT = np.zeros((40, 60), bool)
MEANT[10:30, 20:50] = True


def test_the_deepest_point_is_in_the_middle():
    x, y = deepest(MEANT)
    assert 29 <= x <= 41 and 19 <= y <= 21 and deepest(np.zeros((4, 4), bool)) is None


def test_a_region_at_the_border_is_deepest_away_from_it():
    edge = np.zeros((20, 20), bool)
    edge[:, :10] = True
    assert 4 <= deepest(edge)[0] <= 6


def test_random_points_lie_within():
    generator = np.random.default_rng(0)
    points = [within(MEANT, generator) for _ in range(50)]
    assert all(MEANT[int(y), int(x)] for x, y in points) and len(set(points)) > 10


@pytest.mark.parametrize(("rows", "columns", "kind"), [(slice(10, 20), slice(20, 50), 1), (slice(10, 30), slice(20, 60), -1)])
def test_the_next_click_mends_the_largest_mistake(rows, columns, kind):
    guess = np.zeros_like(MEANT)
    guess[rows, columns] = True
    x, y, found = next_click(MEANT, guess)
    assert found == kind and (MEANT ^ guess)[int(y), int(x)]


def test_nothing_is_clicked_where_nothing_is_wrong():
    assert next_click(MEANT, MEANT) is None


def test_a_box_holds_the_region():
    assert box_of(MEANT) == (20, 10, 50, 30) and box_of(np.zeros((3, 3), bool)) is None
