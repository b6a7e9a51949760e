"""Recipes in a photographer's words."""
import torch

from realistic_editing.enhance.words import describe
from realistic_editing.ops import Recipe


def test_units_and_order():
    curve = torch.ones(1, 3, 8)
    curve[:, :, :4] = 2.0  # lifts the midtones of all channels from 0.5 to 8/12
    lines = describe(
        Recipe(torch.tensor([[3, 1, 0, 2]]), torch.tensor([[0.8, 1.0, 1.0]]), curve, torch.tensor([0.7]), torch.tensor([0.5]))
    )
    assert [line[:14].strip() for line in lines] == ["1. exposure", "2. colour curv", "3. white balan", "4. saturation"]
    assert "-1.00 stops" in lines[0]
    assert "midtones +17 %" in lines[1] and "by channel" not in lines[1]
    assert "red +25 %" in lines[2] and "warmer" in lines[2]
    assert "-30 %" in lines[3]


def test_the_identity_is_called_neutral():
    lines = describe(Recipe.identity(torch.tensor([[0, 1, 2, 3]])))
    assert "neutral" in lines[0] and "+0.00 stops" in lines[3]
