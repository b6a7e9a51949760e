"""Colour statistics of zones, and the network that pools them."""
import cv2
import numpy as np
import pytest
import torch

from realistic_editing.region_statistics.color_statistics import CHANNELS, concat_moments, moments, rgb_to_lab, shares, zones
from realistic_editing.region_statistics.network import RegionStatistics
from realistic_editing.region_statistics.points import take_points

GENERATOR = torch.Generator().manual_seed(0)


def test_lab_agrees_with_opencv():
    image = torch.rand(1, 3, 16, 16, generator=GENERATOR)
    want = cv2.cvtColor(image[0].permute(1, 2, 0).numpy(), cv2.COLOR_RGB2LAB) / 100
    np.testing.assert_allclose(rgb_to_lab(image)[0].permute(1, 2, 0).numpy(), want, atol=5e-3)


def test_statistics_by_hand():
    channels = torch.tensor([[[[1.0, 3.0, 10.0, 10.0]]]])  # (1, 1, 1, 4)
    weights = torch.tensor([[[[1.0, 1, 0, 0]], [[0, 0, 1.0, 1]]]])  # inside, outside
    mean_in, deviation_in, mean_out, _, difference, _ = concat_moments(moments(channels, shares(weights)))[0].tolist()
    assert (mean_in, mean_out, difference) == pytest.approx((2, 10, -8))
    assert deviation_in == pytest.approx(1, abs=1e-4)


def test_zones_tell_inside_ring_and_outside():
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 18:22, 18:22] = 1
    inside, ring, outside = zones(mask, 8)[0]
    assert inside.sum() == 16 and outside.sum() == 1600 - 16
    assert ring.sum() == 20 * 20 - 16 and (ring * inside).sum() == 0


def test_points_of_all_pixels_give_the_statistics_of_the_picture():
    torch.manual_seed(0)
    network = RegionStatistics(input_size=24, stride=1, ring=4, palette=8)
    image = torch.rand(2, 3, 24, 24, generator=GENERATOR)
    halves = torch.zeros(2, 1, 24, 24)
    halves[..., :12] = 1
    weights = zones(halves, 4)
    # Each zone's pixels, all of them, repeated to one number.
    where = torch.stack([torch.stack([zone.flatten().nonzero().squeeze(1).repeat(12)[:1152] for zone in w]) for w in weights])
    whole_ring = [4 * 24, 12 * 24]  # the counts of ring and outside divide 1152 as the inside's does
    assert weights[0].flatten(1).sum(dim=1).tolist() == [288, *whole_ring]
    with torch.no_grad():
        torch.testing.assert_close(
            network.measure_points(take_points(image, where)), network.measure(image, halves), atol=1e-4, rtol=1e-4
        )


@pytest.mark.parametrize("rows", [slice(0, 0), slice(0, 24)], ids=["empty", "full"])
def test_a_zone_without_pixels_is_told_by_the_whole_picture(rows):
    network = RegionStatistics(input_size=24, stride=1, ring=4, palette=0)
    image, mask = torch.rand(1, 3, 24, 24, generator=GENERATOR), torch.zeros(1, 1, 24, 24)
    mask[..., rows, :] = 1
    found = network.measure(image, mask).reshape(5, 2, CHANNELS)
    torch.testing.assert_close(found[0], found[1], atol=1e-4, rtol=1e-4)
    everywhere = torch.arange(24 * 24).reshape(1, 1, -1).expand(1, 3, -1)
    points = network.measure_points(take_points(image, everywhere)).reshape(5, 2, CHANNELS)
    torch.testing.assert_close(points[0], found[0], atol=1e-4, rtol=1e-4)
