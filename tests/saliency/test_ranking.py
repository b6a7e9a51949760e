"""Pairs of edits with a known direction, and learning from them."""
import cv2
import numpy as np
import pytest
import torch
from torch import nn

from realistic_editing.data.gaze import GazePhoto
from realistic_editing.data.regions import Region
from realistic_editing.saliency.ranking import draw_pairs, ranking_loss
from realistic_editing.saliency.training import SaliencyProblem

WEIGHTS = {"kl": 1.0, "cc": 1.0, "nss": 0.3, "scale": 0.1}
MASK = torch.zeros(1, 1, 40, 40)
MASK[..., 12:28, 12:28] = 1


def pairs(count, bright=0.6):
    image = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(3)) * 0.3 + bright * MASK + 0.1
    many = image.expand(count, -1, -1, -1), MASK.expand(count, -1, -1, -1)
    return many, draw_pairs(*many, torch.Generator().manual_seed(0))


def test_pairs_differ_inside_alone_and_point_both_ways():
    (image, mask), (before, after, way) = pairs(60)
    assert {*way.sign().tolist()} == {-1.0, 0.0, 1.0} and 5 < (way == 0).sum() < 30 and way.abs().max() == 1
    outside = (mask == 0).expand_as(image)
    assert torch.equal(before[outside], image[outside]) and torch.equal(after[outside], image[outside])
    moved = (after - before).abs().amax(dim=(1, 2, 3))
    assert (moved > 0.01).all()
    again = pairs(60)[1]
    assert all(torch.equal(one, other) for one, other in zip((before, after, way), again, strict=True))


def test_what_did_not_change_is_not_taught_and_a_thing_in_the_dark_needs_no_light():
    image = torch.full((1, 3, 40, 40), 0.9) - 0.8 * MASK
    many = image.expand(200, -1, -1, -1), MASK.expand(200, -1, -1, -1)
    before, after, way = draw_pairs(*many, torch.Generator().manual_seed(0))
    same = (before == after).flatten(1).all(dim=1)
    assert same.sum() > 20 and not way[same].any()  # grey, even, and much darker than what is around
    lighter = (after - before).amax(dim=(1, 2, 3)) > 0.01
    assert (way[lighter] <= 0).all()  # by its fading alone


def test_the_loss_by_hand():
    before = torch.full((4, 1, 40, 40), 0.2)
    factors = torch.tensor([1.5, 1.5, 1.05, 1.0])
    after = before * (1 + (factors - 1)[:, None, None, None] * MASK)
    found = ranking_loss(before, after, MASK.expand(4, -1, -1, -1), torch.tensor([1.0, -0.5, 1.0, 0.0]), margin=0.1)
    change = factors.log()
    wanted = (0 + (0.05 + change[1]) + (0.1 - change[2]) + 0) / 4
    torch.testing.assert_close(found["ranked"], wanted, atol=1e-4, rtol=0)
    assert found["right_way"].item() == pytest.approx(2 / 3)


class Eye(nn.Module):
    """Looks at colour and at brightness, as much as it has learned to."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.0, 0.0, -3.0]))

    def forward(self, image):
        colour = image.amax(dim=1, keepdim=True) - image.amin(dim=1, keepdim=True)
        return (self.weight[0] * colour + self.weight[1] * image.mean(dim=1, keepdim=True) + self.weight[2]).sigmoid()


@pytest.fixture
def problem(tmp_path):
    rng, photos, regions = np.random.default_rng(0), [], []
    for index in range(4):
        pixels = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (80, 60), interpolation=cv2.INTER_CUBIC)
        photo, mask = tmp_path / f"{index}.png", tmp_path / f"{index}_mask.png"
        cv2.imwrite(str(photo), pixels)
        drawn = np.zeros((60, 80), np.uint8)
        drawn[20:40, 25:55] = 255
        cv2.imwrite(str(mask), drawn)
        points = (rng.random((20, 2)) * (800, 600)).astype(np.float32)
        split = "val" if index == 0 else "train"
        photos.append(GazePhoto(photo, str(index), split, points, np.zeros(20, np.int64), np.zeros(20, np.float32)))
        regions.append(Region(photo, mask, "folder", str(index), "0", split=split))
    return SaliencyProblem(Eye(), photos, (48, 64), WEIGHTS, regions=regions, ranked={"weight": 1.0, "margin": 0.1})


def test_a_network_learns_that_colour_and_light_draw_attention(problem):
    batch = [torch.stack(parts) for parts in zip(*[problem.train_data[index % 3, index] for index in range(24)], strict=True)]
    assert [tuple(part.shape[1:]) for part in batch] == [(3, 48, 64), (1, 48, 64), (1, 48, 64), (3, 48, 48), (1, 48, 48)]
    terms = problem.losses(problem.network, batch, torch.Generator().manual_seed(0))
    terms["ranked"].backward()
    slope = problem.network.weight.grad
    assert slope[0] < 0 and slope[1] < 0  # more weight on both would go the right way
    assert terms["total"].item() == pytest.approx(
        sum(problem.losses(problem.network, batch, torch.Generator().manual_seed(0))[name].item() * share for name, share in
            (("kl", 1), ("cc", -1), ("nss", -0.3), ("scale", 0.1), ("ranked", 1))) + 1, abs=1e-4,
    )  # fmt: skip


def test_only_regions_of_training_photos_are_taught_and_the_last_network_is_kept(problem):
    assert problem.mode == "last" and SaliencyProblem.mode == "max"
    assert [region.split for region in problem.train_data.regions.regions] == ["train"] * 3
