"""How much of an edit the guard takes."""
import math

import pytest
import torch

from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.strength import weakened, worthwhile
from realistic_editing.ops import Recipe


def taken(realism_of, least, most=1.0):
    """The strength that is taken of an edit whose dR at a strength is `realism_of(strength)`; exposure doubles at full."""
    recipe = Recipe.identity(torch.arange(4)[None])
    recipe = Recipe(recipe.order, recipe.white_balance, recipe.color_curve, recipe.saturation, torch.tensor([2.0]))

    def change(weaker):
        return torch.tensor([realism_of(math.log2(float(weaker.exposure)))])

    def measure(weaker):
        return Edit(weaker, "attenuate", float(change(weaker)), -0.2)

    found = weakened(Edit(recipe, "attenuate", float(change(recipe)), -0.3, refined=True), measure, change, least, most)
    assert found.refined and found.realism_change == pytest.approx(realism_of(found.strength), abs=1e-6)
    assert math.log2(float(found.recipe.exposure)) == pytest.approx(found.strength, abs=1e-6)
    return found.strength


def test_an_edit_is_taken_as_strong_as_realism_allows():
    assert taken(lambda strength: -0.2 * strength, -0.1) == pytest.approx(0.5, abs=0.01)
    assert taken(lambda strength: -0.2 * strength, -0.1, most=0.3) == pytest.approx(0.3)
    assert taken(lambda strength: -float(strength > 0), -0.1) == pytest.approx(0, abs=0.01)


def test_what_looks_unreal_on_the_way_does_not_stand_in_the_way():
    """dR of a star of bronze fell to -0.104 at two fifths, and rose to -0.061 in full."""
    assert taken(lambda strength: -0.2 * math.sin(math.pi * strength / 1.1), -0.1) == pytest.approx(1, abs=0.01)
    assert taken(lambda strength: -0.2 * math.sin(1.1 * math.pi * strength), -0.1) == pytest.approx(1, abs=0.01)
    found = taken(lambda strength: -0.2 * math.sin(math.pi * min(strength, 0.9)) - (strength > 0.95), -0.1)
    assert found == pytest.approx(0.95, abs=0.01)


def test_what_does_next_to_nothing_for_attention_takes_next_to_nothing():
    assert [worthwhile(gain) for gain in (0.3, 0.02, 0.01, 0.006, 0.001, -0.1)] == [1, 1, 0.5, 0.3, 0.25, 0.25]
