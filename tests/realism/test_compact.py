"""The compact critic."""
import pytest
import torch

from realistic_editing.realism.compact import CompactCritic
from realistic_editing.region_statistics.color_statistics import CHANNELS, color_channels

GENERATOR = torch.Generator().manual_seed(0)


@pytest.mark.parametrize("palette", [0, 8])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_gradients_are_finite_at_black_grey_and_white(palette, level):
    critic = CompactCritic(input_size=32, stride=1, ring=4, palette=palette, hidden=16).eval()
    image = torch.full((2, 3, 32, 32), level, requires_grad=True)
    mask = torch.zeros(2, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    score = critic(image, mask)
    score.sum().backward()
    assert score.shape == (2,) and ((score >= 0) & (score <= 1)).all() and image.grad.isfinite().all()
    assert color_channels(image, image, image[:, :1]).shape == (2, CHANNELS, 32, 32)


def test_any_size_empty_and_full_masks_and_batch_equals_loop():
    critic = CompactCritic(input_size=32, stride=1, ring=4, hidden=16).eval()
    image = torch.rand(3, 3, 37, 51, generator=GENERATOR)
    mask = torch.zeros(3, 1, 37, 51)
    mask[1], mask[2, :, 5:9] = 1, 1
    with torch.no_grad():
        together = critic(image, mask)
        alone = torch.cat([critic(image[i : i + 1], mask[i : i + 1]) for i in range(3)])
    assert together.isfinite().all()
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_guesses_are_regressed_beside_the_score():
    critic = CompactCritic(input_size=24, stride=1, ring=4, palette=0, hidden=16, guesses=29).eval()
    scores, guesses = critic.judge(torch.rand(3, 2 * 5 * CHANNELS, generator=GENERATOR))
    assert scores.shape == (3,) and guesses.shape == (3, 29)
    assert CompactCritic(palette=0).eval().judge(torch.rand(1, 2 * 5 * CHANNELS))[1] is None
