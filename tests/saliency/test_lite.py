"""The saliency network on EfficientNet-Lite: any photo in, a map of its size out; what of it is fine-tuned, and what stays."""
import pytest
import torch

from realistic_editing.saliency.lite import LiteSaliency
from realistic_editing.training import Trainer
from realistic_editing.training.optimizer import build_optimizer
from realistic_editing.weights import load_network, save_network

SMALL = {"backbone": "tf_efficientnet_lite0", "input_size": (64, 96), "width": 16}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LiteSaliency(**SMALL)


@pytest.mark.parametrize("size", [(64, 96), (50, 40), (131, 97)])
def test_a_map_of_the_photos_size(network, size):
    image = torch.rand(2, 3, *size)
    with torch.no_grad():
        found = network.eval()(image)
    assert found.shape == (2, 1, *size) and found.dtype == torch.float32
    assert 0 < found.min() and found.max() < 1
    alone = network(image[1:])
    torch.testing.assert_close(alone, found[1:], atol=1e-5, rtol=1e-4)


def test_features_come_from_strides_4_to_32(network):
    shapes = [tuple(depth.shape[-2:]) for depth in network.features(torch.rand(1, 3, 64, 96))]
    assert shapes == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert len(network.laterals) == 4


def test_gradients_reach_the_photo(network):
    image = torch.rand(1, 3, 64, 96, requires_grad=True)
    network.eval()(image).mean().backward()
    assert image.grad.isfinite().all() and image.grad.abs().sum() > 0


def test_training_keeps_the_backbones_statistics(network):
    before = network.norm.running_mean.clone(), network.laterals[0][1].running_mean.clone()
    network.train()(torch.rand(2, 3, 64, 96))
    assert torch.equal(network.norm.running_mean, before[0]) and not torch.equal(network.laterals[0][1].running_mean, before[1])


def test_the_backbone_learns_at_a_share_of_the_rate(network):
    trainer = Trainer(steps=1, batch_size=1, learning_rate=1e-3, pretrained_rate=0.2, weight_decay=0.1)
    groups = build_optimizer(network, trainer).param_groups
    own = {id(p) for p in network.pretrained_parameters()}
    for group in groups:
        assert group["share"] == (0.2 if id(group["params"][0]) in own else 1.0)
        assert all((id(p) in own) == (group["share"] == 0.2) for p in group["params"])
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


def test_a_file_is_whole_without_the_packages(network, tmp_path):
    save_network(network, "lite_saliency", tmp_path / "n.safetensors", {**SMALL, "pretrained": "package"}, {}, half=True)
    again = load_network(tmp_path / "n.safetensors", "saliency")
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(again(image), network.eval()(image), atol=5e-3, rtol=0)


def test_sizes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="multiples of 32"):
        LiteSaliency("tf_efficientnet_lite0", input_size=(60, 96))
