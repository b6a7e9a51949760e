"""The three ways to pick an order."""
import pytest
import torch

from realistic_editing.enhance.select import select_order

REALISM = torch.tensor([[0.0, -0.3, 0.1], [-0.2, -0.1, -0.4]])
SALIENCY = torch.tensor([[-0.5, 0.2, 0.0], [0.3, -0.1, 0.1]])


def test_rules_by_hand():
    # The third of the first photo looks more real, but moves nothing.
    assert select_order("best_realism", "attenuate", REALISM, SALIENCY, None).tolist() == [0, 1]
    assert select_order("best_realism", "amplify", REALISM, SALIENCY, None).tolist() == [1, 0]
    assert select_order("best_saliency", "attenuate", REALISM, SALIENCY, None).tolist() == [0, 1]
    assert select_order("best_saliency", "amplify", REALISM, SALIENCY, None).tolist() == [1, 0]


def test_where_nothing_goes_in_the_asked_direction_realism_alone_decides():
    assert select_order("best_realism", "attenuate", REALISM, SALIENCY.abs() + 0.1, None).tolist() == [2, 1]


def test_random_is_seeded_and_reaches_all():
    wide = torch.zeros(200, 24)
    first, again = (select_order("random", "amplify", wide, wide, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again) and len(first.unique()) == 24


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="best_realism"):
        select_order("best", "amplify", REALISM, SALIENCY, None)
