"""EML-Net: any photo size, its blur against torchvision's, and gradients. Small inputs: it is slow."""
import pytest
import torch
from torchvision.transforms.v2 import functional as TF

from realistic_editing.saliency.emlnet import EMLNet, _blur


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return EMLNet(input_size=(64, 96)).eval()


def photos(batch, height, width):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_has_the_parameters_of_the_paper(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 47_086_675


@pytest.mark.parametrize("size", [(64, 96), (45, 131)])
def test_the_map_has_the_size_of_the_photo(network, size):
    with torch.inference_mode():
        saliency = network(photos(1, *size))
        assert network.map(photos(1, *size)).shape == (1, 1, 64, 96)
    assert saliency.shape == (1, 1, *size)
    assert float(saliency.min()) >= 0 and float(saliency.max()) <= 1


def test_batch_equals_loop(network):
    images = photos(3, 64, 96)
    with torch.inference_mode():
        apart = torch.cat([network(image[None]) for image in images])
        torch.testing.assert_close(network(images), apart, atol=1e-6, rtol=0)


def test_one_part_alone_gives_a_map(network):
    with torch.inference_mode():
        saliency = network.places(photos(1, 64, 96))
    assert saliency.shape == (1, 1, 64, 96) and float(saliency.min()) >= 0 and float(saliency.max()) <= 1


def test_gradients_are_finite_on_flat_photos(network):
    image = torch.tensor([0.0, 0.5, 1.0]).reshape(3, 1, 1, 1).expand(3, 3, 64, 96).clone().requires_grad_(True)
    assert bool(torch.autograd.grad(network(image).sum(), image)[0].isfinite().all())


def test_autocast_keeps_the_map_in_single_precision(network):
    image = photos(1, 64, 96)
    with torch.inference_mode():
        exact = network(image)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rounded = network(image)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, atol=0.02, rtol=0)


def test_blur_is_the_gaussian_of_torchvision():
    saliency = photos(2, 40, 50)[:, :1]
    torch.testing.assert_close(_blur(saliency), TF.gaussian_blur(saliency, [33, 33], [5.0, 5.0]), atol=3e-6, rtol=0)
    flat = torch.full((1, 1, 30, 30), 0.7)
    torch.testing.assert_close(_blur(flat), flat)
