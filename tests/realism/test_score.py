"""The critic as a metric and as a loss."""
import torch

from realistic_editing import load_critic
from realistic_editing.realism.score import realism, realism_change


def test_it_is_the_bundled_critic_and_gradients_pass():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, 48, 64, generator=generator).requires_grad_(True)
    mask = torch.zeros(2, 1, 48, 64)
    mask[:, :, 10:30, 20:50] = 1
    found = realism(image, mask)
    torch.testing.assert_close(found, load_critic()(image, mask))
    (-found.mean()).backward()
    assert image.grad.isfinite().all() and image.grad[mask.expand_as(image) > 0].abs().max() > 0
    assert realism_change(image, image, mask).abs().max() == 0


def test_another_critic_may_be_asked():
    image, mask = torch.rand(3, 3, 8, 8), torch.ones(3, 1, 8, 8)
    mean = lambda image, mask: image.mean(dim=(1, 2, 3))  # noqa: E731
    torch.testing.assert_close(realism_change(image, image / 2, mask, mean), -image.mean(dim=(1, 2, 3)) / 2)
