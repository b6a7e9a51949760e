"""Other ways to run a network propose what it proposes, as exactly as they can, or say what they lack."""
import pytest
import torch
from torch import nn

from realistic_editing.benchmark.folded import parameters_apart
from realistic_editing.benchmark.runtimes import RUNTIMES, build_runtimes, check_names
from realistic_editing.common.errors import InputError
from realistic_editing.enhance.proposer import Proposer
from realistic_editing.ops import all_orders


class Small(Proposer):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(4, 8, 3, stride=2), nn.BatchNorm2d(8), nn.SiLU(), nn.Conv2d(8, 8, 3, stride=2))
        self.decide_from(8)
        for head in self.heads.values():
            head.reset_parameters()

    def encode(self, image, mask):
        return self.layers(torch.cat([image, mask], dim=1)).mean(dim=(2, 3))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Small().eval()


@pytest.fixture(scope="module")
def pairs():
    return [(torch.rand(1, 3, 80, 112), torch.rand(1, 1, 80, 112)) for _ in range(2)]


@torch.no_grad()
def test_every_order_is_proposed_alike(network, pairs):
    allowed = {"channels_last": 1e-5, "folded": 1e-5, "bfloat16": 2e-2}  # files: tests/apps/test_export_onnx.py has one
    ways, lacking = build_runtimes(allowed, network, pairs)
    assert list(ways) == list(allowed) and not lacking
    for name, propose in ways.items():
        assert parameters_apart(network, propose, pairs) <= allowed[name]
        order = all_orders()[5:6]
        assert propose(*pairs[0], order).order.tolist() == order.tolist()


def test_what_is_lacking_is_said(network, pairs, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setattr("realistic_editing.weights.onnx_graphs.ONNX_PACKAGES", ("no_such_package",))
    ways, lacking = build_runtimes(["channels_last", "onnx", "int8", "compile"], network, pairs)
    assert list(ways) == ["channels_last"]
    assert "no_such_package" in lacking["onnx"] and "no_such_package" in lacking["int8"]
    assert "'no-such-compiler'" in lacking["compile"]


def test_an_unknown_runtime_is_refused_with_those_there_are():
    check_names(RUNTIMES)
    with pytest.raises(InputError, match="tflite.*channels_last, folded, onnx, int8, bfloat16, compile"):
        check_names(["onnx", "tflite"])
