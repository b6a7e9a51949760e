"""The compact saliency network, fresh and bundled."""
import torch

from realistic_editing import load_saliency
from realistic_editing.saliency.compact import CompactSaliency


def test_any_size_in_the_same_size_out_within_the_budget():
    network = CompactSaliency().eval()
    assert sum(parameter.numel() for parameter in network.parameters()) < 2_000_000
    for size in ((37, 51), (192, 256), (1, 1)):
        with torch.no_grad():
            found = network(torch.rand(2, 3, *size))
        assert found.shape == (2, 1, *size) and found.min() >= 0 and found.max() <= 1


def test_the_bundled_network_looks_at_the_odd_one_out():
    image = torch.full((1, 3, 192, 256), 0.5)
    image[:, 0, 60:110, 150:200] = 0.95
    image[:, 1:, 60:110, 150:200] = 0.1
    with torch.no_grad():
        saliency = load_saliency("compact")(image)[0, 0]
    assert saliency[60:110, 150:200].mean() > 3 * saliency.mean()


def test_gradients_reach_the_image():
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    load_saliency("compact")(image).sum().backward()
    assert image.grad.isfinite().all() and image.grad.abs().sum() > 0
