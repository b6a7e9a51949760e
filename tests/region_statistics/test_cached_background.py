"""Edits of a photo whose background is cached have the statistics of new photos."""
import pytest
import torch

from realistic_editing.region_statistics.cached_background import CachedBackground
from realistic_editing.region_statistics.network import RegionStatistics

GENERATOR = torch.Generator().manual_seed(0)
SIDE = 48


def region(rows, columns, weight=1.0):
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., rows, columns] = weight
    return mask


MASKS = {
    "inside": region(slice(10, 30), slice(5, 40)),
    "soft": region(slice(10, 30), slice(5, 40), 0.3),
    "at the border": region(slice(40, SIDE), slice(0, SIDE)),
    "everything": region(slice(0, SIDE), slice(0, SIDE)),
    "a pixel of the grid": region(slice(10, 11), slice(10, 11)),
    "a pixel between": region(slice(11, 12), slice(12, 13)),
    "a neighbour only": region(slice(10, 11), slice(11, 12)),
    "nothing": region(slice(0, 0), slice(0, 0)),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("palette", [0, 8])
@torch.no_grad()
def test_descriptions_are_those_of_whole_photos(mask, palette):
    network = RegionStatistics(SIDE, palette=palette, ring=3)
    image = torch.rand(1, 3, SIDE, SIDE, generator=GENERATOR)
    edited = torch.lerp(image, torch.rand(4, 3, SIDE, SIDE, generator=GENERATOR), mask)
    cached = CachedBackground(network, image, mask)
    torch.testing.assert_close(cached.statistics, network.measure(image, mask), atol=1e-4, rtol=1e-4)
    want = network.measure(edited, mask.expand(4, -1, -1, -1))
    torch.testing.assert_close(cached.measure(edited), want, atol=1e-4, rtol=1e-4)
    changed = (want - cached.statistics).abs().amax()
    assert changed > 1e-3 or mask.sum() <= 1


def test_gradients_reach_the_edits():
    network = RegionStatistics(SIDE, palette=8, ring=3)
    image, mask = torch.rand(1, 3, SIDE, SIDE, generator=GENERATOR), MASKS["inside"]
    gains = torch.tensor([0.8, 1.1], requires_grad=True)
    masks, found = mask.expand(2, -1, -1, -1), []
    for measure in (CachedBackground(network, image, mask).measure, lambda edited: network.measure(edited, masks)):
        edited = torch.lerp(image, (image * gains[:, None, None, None]).clamp(0, 1), mask)
        found.append(torch.autograd.grad(measure(edited).square().sum(), gains)[0])
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-3)
