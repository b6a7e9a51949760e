"""The network that selects: what it sees, that clicks begin at nothing and then tell, and what of it learns."""
import pytest
import torch

from realistic_editing.data.prompts import PROMPT_MAPS, Prompts
from realistic_editing.selection.network import THING_KINDS, ClickSelector


def said(points, kinds, boxes=((0, 0, 0, 0),), **more):
    return Prompts(torch.tensor([points], dtype=torch.float32), torch.tensor([kinds], dtype=torch.float32),
                   torch.tensor(boxes, dtype=torch.float32), **more)  # fmt: skip


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ClickSelector(input_size=64).eval()


def test_maps_mark_clicks_box_and_guess():
    guess = torch.zeros(1, 1, 32, 32)
    guess[..., :16] = 1
    maps = said([[0.25, 0.75], [0.75, 0.25]], [1, -1], [[0.5, 0, 1, 0.5]], previous=guess, guessed=torch.ones(1)).maps((16, 16))
    assert maps.shape == (1, PROMPT_MAPS, 16, 16) and maps.min() >= 0 and maps.max() <= 1
    inside, outside = maps[0, 1], maps[0, 3]
    assert divmod(int(inside.argmax()), 16)[0] in (11, 12) and divmod(int(inside.argmax()), 16)[1] in (3, 4)
    assert divmod(int(outside.argmax()), 16)[0] in (3, 4) and divmod(int(outside.argmax()), 16)[1] in (11, 12)
    assert maps[0, 0].sum() < inside.sum()  # a near map and a wide one
    assert maps[0, 4, :8, 8:].all() and maps[0, 4].sum() == 64 and maps[0, 5].all()
    assert maps[0, 6, :, :7].min() > 0.9 and maps[0, 6, :, 9:].max() < 0.1 and maps[0, 7].all()


def test_without_clicks_box_or_guess_the_maps_are_empty():
    assert not said([[0.5, 0.5]], [0]).maps((8, 8)).any()


def test_a_mask_of_half_the_size_and_what_it_expects(network):
    with torch.no_grad():
        found = network(torch.rand(1, 3, 64, 64), said([[0.5, 0.5]], [1]))
    assert found["logits"].shape == (1, 1, 32, 32) and found["kinds"].shape == (1, len(THING_KINDS))
    assert 0 < float(found["iou"]) < 1 and found["coarse"].shape == (1, 1, 8, 8)


def test_clicks_change_nothing_of_the_backbone_until_they_are_learned(network):
    maps = said([[0.5, 0.5]], [1]).maps((16, 16))
    assert not network.inject(maps).any()


def test_what_is_early_is_left_as_it_was(network):
    network.freeze_early()
    tuned = {id(part) for part in network.pretrained_parameters()}
    early = [*network.stem.parameters(), *network.norm.parameters(), *network.blocks[:2].parameters()]
    assert not any(part.requires_grad or id(part) in tuned for part in early)
    assert all(part.requires_grad for part in network.pretrained_parameters())


def test_gradients_reach_every_part_that_learns(network):
    network.train().zero_grad()
    found = network(torch.rand(2, 3, 64, 64), Prompts(torch.rand(2, 1, 2), torch.ones(2, 1), torch.zeros(2, 4)))
    sum(part.sum() for part in found.values()).backward()
    missing = [name for name, part in network.named_parameters() if part.requires_grad and part.grad is None]
    network.eval()
    assert missing == []


def test_a_size_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="multiple of 32"):
        ClickSelector(input_size=100)
