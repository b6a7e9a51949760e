"""RealismNet: its size, its answers for any photo, and its gradients."""
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.realism.network import RealismNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return RealismNet().eval()


def pair(batch, height, width, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.rand(batch, 3, height, width, generator=generator),
        torch.rand(batch, 1, height, width, generator=generator),
    )


def test_has_the_parameters_of_the_paper(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 6_976_130


@pytest.mark.parametrize("size", [(384, 384), (97, 211)])
def test_any_size_gives_scores_inside_0_1(network, size):
    with torch.inference_mode():
        score = network(*pair(2, *size))
    assert score.shape == (2,) and score.dtype == torch.float32
    assert bool(((score > 0) & (score < 1)).all())


def test_batch_equals_loop(network):
    image, mask = pair(2, 120, 80)
    with torch.inference_mode():
        together = network(image, mask)
        apart = torch.cat([network(image[i : i + 1], mask[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(together, apart, atol=1e-6, rtol=0)


def test_the_mask_matters(network):
    image, mask = pair(1, 64, 64)
    with torch.inference_mode():
        assert network(image, mask) != network(image, 1 - mask)


def test_gradients_are_finite_on_flat_photos(network):
    image = torch.tensor([0.0, 0.5, 1.0]).reshape(3, 1, 1, 1).expand(3, 3, 64, 64).clone().requires_grad_(True)
    mask = torch.zeros(3, 1, 64, 64)
    mask[..., 16:48, 16:48] = 1
    gradient = torch.autograd.grad(network(image, mask).sum(), image)[0]
    assert bool(gradient.isfinite().all())


def test_gradient_reaches_every_pixel(network):
    image, mask = pair(1, 64, 64)
    image.requires_grad_(True)
    gradient = torch.autograd.grad(network(image, mask).sum(), image)[0]
    assert bool((gradient != 0).all())


def test_half_precision_gives_scores_in_single():
    image, mask = pair(1, 64, 64)
    with torch.inference_mode():
        assert RealismNet().to(torch.bfloat16)(image, mask).dtype == torch.float32


@pytest.mark.parametrize("mask", [torch.zeros(2, 1, 8, 8), torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 9)])
def test_a_mask_that_does_not_belong_is_named(network, mask):
    with pytest.raises(ValueError, match="do not belong together"):
        network(torch.zeros(1, 3, 8, 8), mask)


@pytest.mark.parametrize("size", [64, 128, 384])
def test_small_pictures_have_fewer_patches_and_one_score(size):
    network = RealismNet(size).eval()
    with torch.inference_mode():
        score, patches = network.judge_patches(*pair(2, 80, 120))
        torch.testing.assert_close(network(*pair(2, 80, 120)), score)
    assert patches.shape == (2, size // 16 - 2, size // 16 - 2) and score.shape == (2,)


@pytest.mark.parametrize("size", [48, 100, 400, 128.0, None])
def test_a_size_that_does_not_divide_is_refused(size):
    with pytest.raises(InputError, match="multiple of 16 from 64 to 384"):
        RealismNet(size)


def test_patches_lie_where_the_labels_are_read(network):
    """Without the norms, which see the whole map, a patch sees a square whose centre is that of its label."""
    layers = [layer for layer in network.patches if not isinstance(layer, torch.nn.InstanceNorm2d)]
    weightless = torch.nn.Sequential(*layers)
    image = torch.rand(1, 4, 384, 384, requires_grad=True)
    row, column = 7, 15
    weightless(image)[0, 0, row, column].backward()
    reached = image.grad[0].abs().sum(0).nonzero().float()
    centre = (reached.amin(0) + reached.amax(0) + 1) / 2
    torch.testing.assert_close(centre, torch.tensor([16 * (row + 1.5), 16 * (column + 1.5)]), atol=1e-3, rtol=0)


def test_an_even_start_weighs_all_patches_alike():
    network = RealismNet(64, even_start=True)
    weights = network.score.weight @ network.hidden.weight
    torch.testing.assert_close(weights, torch.full((1, 22 * 22), 4 / 484))
    assert sum(parameter.numel() for parameter in network.parameters()) == 6_976_130
