"""Edits of a remembered photo are described as if they were new photos."""
import pytest
import torch

from realistic_editing.describe.describer import Describer
from realistic_editing.describe.remembered import Remembered

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
    describer = Describer(SIDE, palette=palette, ring=3)
    image = torch.rand(1, 3, SIDE, SIDE, generator=GENERATOR)
    edited = torch.lerp(image, torch.rand(4, 3, SIDE, SIDE, generator=GENERATOR), mask)
    remembered = Remembered(describer, image, mask)
    torch.testing.assert_close(remembered.description, describer.describe(image, mask), atol=1e-4, rtol=1e-4)
    want = describer.describe(edited, mask.expand(4, -1, -1, -1))
    torch.testing.assert_close(remembered.describe(edited), want, atol=1e-4, rtol=1e-4)
    changed = (want - remembered.description).abs().amax()
    assert changed > 1e-3 or mask.sum() <= 1


def test_gradients_reach_the_edits():
    describer = Describer(SIDE, palette=8, ring=3)
    image, mask = torch.rand(1, 3, SIDE, SIDE, generator=GENERATOR), MASKS["inside"]
    gains = torch.tensor([0.8, 1.1], requires_grad=True)
    masks, found = mask.expand(2, -1, -1, -1), []
    for describe in (Remembered(describer, image, mask).describe, lambda edited: describer.describe(edited, masks)):
        edited = torch.lerp(image, (image * gains[:, None, None, None]).clamp(0, 1), mask)
        found.append(torch.autograd.grad(describe(edited).square().sum(), gains)[0])
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-3)
