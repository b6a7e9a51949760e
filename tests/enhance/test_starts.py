"""Where refinement starts."""
import dataclasses

import pytest
import torch
from torch import nn

from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.starts import best_start
from realistic_editing.ops import Recipe

STILL = Recipe.identity(torch.tensor([[3, 1, 0, 2]]))


class Colorfulness(nn.Module):
    """A saliency that can be reasoned about: what the channels differ by."""

    input_size = (8, 8)

    def forward(self, image):
        return image.amax(dim=1, keepdim=True) - image.amin(dim=1, keepdim=True)


class Extremes(nn.Module):
    """A critic that takes pale colours for edited, and grey and vivid ones for real."""

    def forward(self, image, mask):
        color = (image.amax(dim=1) - image.amin(dim=1)).mean(dim=(1, 2))
        return 1 - ((color > 0.06) & (color < 0.5)).float()


@pytest.fixture
def view():
    image = torch.tensor([0.9, 0.1, 0.2])[None, :, None, None].expand(1, 3, 8, 8)
    return Judges(Extremes(), Colorfulness()).view(image, torch.ones(1, 1, 8, 8))


def test_a_plain_edit_is_taken_where_the_way_there_looks_wrong(view):
    objective = Objective(saliency_weight=-1.0, change="log_ratio", realism_weight=6.0)
    found = best_start(view, objective, False, STILL)
    assert len(found) == 1 and torch.equal(found.order, STILL.order)
    assert float(found.saturation) == pytest.approx(0.05)  # beyond the pale colours between


def test_what_is_proposed_is_taken_where_it_has_less_loss(view):
    objective = Objective(saliency_weight=-1.0, change="log_ratio", realism_weight=6.0)
    grey = dataclasses.replace(STILL, saturation=torch.zeros(1), exposure=torch.full((1,), 0.6), blend="each")
    found = best_start(view, objective, False, grey)
    assert float(found.saturation) == 0 and found.blend == "each"
