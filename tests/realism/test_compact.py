"""The compact critic and its statistics."""
import cv2
import numpy as np
import pytest
import torch

from realistic_editing.realism.compact import CompactCritic
from realistic_editing.realism.statistics import CHANNELS, color_channels, region_statistics, rgb_to_lab, zones

GENERATOR = torch.Generator().manual_seed(0)


def test_lab_agrees_with_opencv():
    image = torch.rand(1, 3, 16, 16, generator=GENERATOR)
    want = cv2.cvtColor(image[0].permute(1, 2, 0).numpy(), cv2.COLOR_RGB2LAB) / 100
    np.testing.assert_allclose(rgb_to_lab(image)[0].permute(1, 2, 0).numpy(), want, atol=5e-3)


def test_statistics_by_hand():
    channels = torch.tensor([[[[1.0, 3.0, 10.0, 10.0]]]])  # (1, 1, 1, 4)
    weights = torch.tensor([[[[1.0, 1, 0, 0]], [[0, 0, 1.0, 1]]]])  # inside, outside
    mean_in, deviation_in, mean_out, _, difference, _ = region_statistics(channels, weights)[0].tolist()
    assert (mean_in, mean_out, difference) == pytest.approx((2, 10, -8))
    assert deviation_in == pytest.approx(1, abs=1e-4)


def test_zones_tell_inside_ring_and_outside():
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 18:22, 18:22] = 1
    inside, ring, outside = zones(mask, 8)[0]
    assert inside.sum() == 16 and outside.sum() == 1600 - 16
    assert ring.sum() == 20 * 20 - 16 and (ring * inside).sum() == 0


@pytest.mark.parametrize("widths", [(), (8, 16)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_gradients_are_finite_at_black_grey_and_white(widths, level):
    critic = CompactCritic(input_size=32, ring=4, widths=widths, hidden=16).eval()
    image = torch.full((2, 3, 32, 32), level, requires_grad=True)
    mask = torch.zeros(2, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    score = critic(image, mask)
    score.sum().backward()
    assert score.shape == (2,) and ((score >= 0) & (score <= 1)).all() and image.grad.isfinite().all()
    assert color_channels(image).shape == (2, CHANNELS, 32, 32)


def test_any_size_empty_and_full_masks_and_batch_equals_loop():
    critic = CompactCritic(input_size=32, ring=4, hidden=16).eval()
    image = torch.rand(3, 3, 37, 51, generator=GENERATOR)
    mask = torch.zeros(3, 1, 37, 51)
    mask[1], mask[2, :, 5:9] = 1, 1
    with torch.no_grad():
        together = critic(image, mask)
        alone = torch.cat([critic(image[i : i + 1], mask[i : i + 1]) for i in range(3)])
    assert together.isfinite().all()
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
