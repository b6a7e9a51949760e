"""Samples of Table 1: every column of both presets stays in its ranges, and fills them."""
import dataclasses
import math

import pytest
import torch

from realistic_editing.ops import OPERATORS, PRESETS, EditRanges, sample_recipe
from realistic_editing.ops.sampling import get_preset

N = 4000
columns = pytest.mark.parametrize("column", ["real", "fake", "fake_human"])
presets = pytest.mark.parametrize("preset", ["paper", "released"])

# Table 1, written out again: (exposure, saturation, curve, white balance, number of edits).
TABLE = {
    ("paper", "real"): ([(0.85, 1.15)], [(0.85, 1.15)], [(0.85, 1.15)], [], (1, 3)),
    ("released", "real"): ([(0.85, 1.15)], [(0.85, 1.15)], [(0.85, 1.15)], [], (1, 2)),
    ("paper", "fake"): ([(0.5, 0.75), (1.5, 2)], [(0, 0.5), (1.5, 2)], [(0.5, 2)], [(0.9, 1)], (2, 4)),
    ("released", "fake"): ([(0.5, 0.75), (1.5, 2)], [(0, 0.5), (1.5, 2)], [(0.5, 2)], [(0.1, 1)], (2, 4)),
    ("paper", "fake_human"): ([(0.5, 0.75), (1.25, 1.5)], [(0.5, 0.75), (1.25, 1.5)], [(0.5, 2)], [], (2, 3)),
    ("released", "fake_human"): ([(0.5, 0.75), (1.25, 1.5)], [(0.5, 0.75), (1.25, 1.5)], [(0.5, 2)], [], (2, 3)),
}


@presets
@columns
def test_ranges_and_counts_are_those_of_table_1(preset, column):
    recipe = sample_recipe(getattr(PRESETS[preset], column), N, torch.Generator().manual_seed(0))
    exposure, saturation, curve, balance, (low, high) = TABLE[preset, column]
    values = {
        "exposure": (recipe.exposure[:, None], exposure),
        "saturation": (recipe.saturation[:, None], saturation),
        "color_curve": (recipe.color_curve.flatten(1), curve),
        "white_balance": (recipe.white_balance, balance),
    }
    used = torch.zeros(N, 4, dtype=torch.bool)
    for index, (value, intervals) in enumerate(values.values()):
        used[:, index] = (value != 1).any(dim=1)
        drawn = value[used[:, index]].flatten()
        if not intervals:
            assert drawn.numel() == 0
            continue
        inside = torch.stack([(drawn >= a) & (drawn <= b) for a, b in intervals])
        assert inside.any(dim=0).all()
        # Uniform over the union: each interval is met in proportion to its length, and its ends are reached.
        length = sum(b - a for a, b in intervals)
        for (a, b), hit in zip(intervals, inside, strict=True):
            assert hit.float().mean() == pytest.approx((b - a) / length, abs=0.05)
            assert drawn[hit].min() < a + 0.05 * (b - a) and drawn[hit].max() > b - 0.05 * (b - a)
    counts = used.sum(dim=1)
    assert set(counts.tolist()) == set(range(low, high + 1))
    assert recipe.order.sort(dim=1).values.unique(dim=0).tolist() == [[0, 1, 2, 3]]


def test_singles_differ_from_the_release_in_single_fakes_and_stops_alone():
    singles, released = PRESETS["singles"], PRESETS["released"]
    assert singles.fake == dataclasses.replace(released.fake, single=(0, 0, 0.05, 0.15), stops=True)
    assert singles.real == released.real and singles.fake_human == released.fake_human


def test_the_shares_of_single_fakes_and_exposure_even_in_stops():
    recipe = sample_recipe(PRESETS["singles"].fake, 2 * N, torch.Generator().manual_seed(0))
    used = torch.stack([(getattr(recipe, name).reshape(2 * N, -1) != 1).any(dim=1) for name in OPERATORS], dim=1)
    alone = used & (used.sum(dim=1, keepdim=True) == 1)
    shares = alone.float().mean(dim=0).tolist()
    assert shares[:2] == [0, 0] and shares[2:] == pytest.approx([0.05, 0.15], abs=0.02)
    assert set(used.sum(dim=1).tolist()) == {1, 2, 3, 4}
    exposure = recipe.exposure[used[:, 3]]
    darker, wanted = exposure < 1, math.log(0.75 / 0.5) / (math.log(0.75 / 0.5) + math.log(2 / 1.5))
    assert darker.float().mean().item() == pytest.approx(wanted, abs=0.04)
    assert exposure[darker].median().item() == pytest.approx((0.5 * 0.75) ** 0.5, abs=0.02)  # the middle, in stops
    assert ((exposure <= 0.75) | (exposure >= 1.5)).all()


def test_a_seed_decides_everything():
    ranges = PRESETS["paper"].fake
    first, again, other = (sample_recipe(ranges, 8, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert torch.equal(first.color_curve, again.color_curve) and torch.equal(first.order, again.order)
    assert not torch.equal(first.color_curve, other.color_curve)


def test_impossible_ranges_and_names_are_refused():
    with pytest.raises(ValueError, match="edits"):
        EditRanges(((1, 2),), (), (), (), (1, 2))
    for single in ((0, 0, 0, 1.5), (-0.1, 0, 0, 0), (0.5, 0, 0, 0), (0.1,)):  # only exposure is allowed
        with pytest.raises(ValueError, match="single is"):
            EditRanges(((1, 2),), (), (), (), (1, 1), single=single)
    with pytest.raises(ValueError, match="released"):
        get_preset("unheard")
