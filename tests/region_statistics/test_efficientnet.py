"""The EfficientNet-Lite of networks that judge photos is timm's."""
import pytest
import timm
import torch

from realistic_editing.region_statistics.efficientnet import BACKBONES
from realistic_editing.region_statistics.trunk import LiteTrunk
from realistic_editing.weights.pretrained import renamed


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("size", [(64, 96), (65, 71)])
def test_its_features_are_those_of_timms_network(name: str, size: tuple[int, int]) -> None:
    theirs = timm.create_model(name, features_only=True, out_indices=(1, 2, 3, 4)).eval()
    for module in theirs.modules():  # statistics that are not those of a fresh network
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=torch.Generator().manual_seed(1))
            module.running_var.uniform_(0.5, 2, generator=torch.Generator().manual_seed(2))
    own = LiteTrunk(name).eval()
    own.load_state_dict(renamed(theirs.state_dict(), own.state_dict(), name))
    photo = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = theirs(photo * 2 - 1), own.features(photo)
    for mine, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-3 * float(wanted.std()))


def test_another_backbone_is_refused() -> None:
    with pytest.raises(ValueError, match="tf_efficientnet_lite0"):
        LiteTrunk("resnet50")
