"""Numbers of the authors' own code: with the same weights, the same answers.

Two checks. The full one reads the parity vectors: weights by the authors' key names, and what their networks and
operators gave. It runs where the vectors lie beside the data folder. The small one runs everywhere: its numbers come
from these networks, at a state in which the full check passed.
"""
import importlib.util
import json
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as TF

from realistic_editing.ops import Recipe, apply, operators
from realistic_editing.saliency.emlnet import EMLNet
from realistic_editing.weights import load_released
from realistic_editing.weights.registry import network_class
from realistic_editing.weights.released import RELEASED, released_names

PARTS = ("emlnet_imagenet", "emlnet_places", "emlnet_decoder")
# Our names of the parameters -> those of the vectors, and the shape of one edit's.
PARAMETERS = {
    "white_balance": ("whitebalancing", (3,)),
    "color_curve": ("colorcurve", (3, 8)),
    "saturation": ("saturation", ()),
    "exposure": ("exposure", ()),
}


def assert_close(found, expected, tolerance):
    torch.testing.assert_close(found.reshape(expected.shape), expected, atol=tolerance, rtol=0)


class Vectors:
    """The parity vectors, as tensors, and the networks with their weights."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.spec_from_file_location("parity_fill", folder / "fill.py")
        self.fill = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.fill)
        self.shapes = json.loads((folder / "state_dict_shapes.json").read_text())
        self.arrays = np.load(folder / "expected.npz")
        self.image, self.mask = self["rgb"].float() / 255, self["mask"].float() / 255

    def __getitem__(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self.arrays[name])

    def weights(self, name: str) -> dict[str, torch.Tensor]:
        return {key: torch.tensor(value) for key, value in self.fill.weights_for(name, self.shapes[name]).items()}

    def recipe(self, index: int) -> Recipe:
        fields = {name: self[f"params_{index}_{theirs}"].reshape(2, *s) for name, (theirs, s) in PARAMETERS.items()}
        return Recipe(self["permutations"][index].expand(2, 4), **fields, blend="each")


@pytest.fixture(scope="module")
def vectors():
    data = os.environ.get("REALISTIC_EDITING_DATA")
    if not data:
        pytest.skip("the parity vectors are looked for beside REALISTIC_EDITING_DATA, which is not set")
    folder = Path(data).parent / "parity"
    if not folder.is_dir():
        pytest.skip(f"no parity vectors in {folder}")
    return Vectors(folder)


@pytest.fixture(scope="module")
def editnet(vectors):
    return load_released(vectors.weights("editnet"), "editnet")


@pytest.fixture(scope="module")
def realismnet(vectors):
    return load_released(vectors.weights("realismnet"), "realismnet")


@pytest.mark.parametrize("index", range(3))
@torch.inference_mode()
def test_editnet_proposes_the_released_parameters(vectors, editnet, index):
    expected = vectors.recipe(index)
    found = editnet(vectors.image, vectors.mask, expected.order)
    assert found.blend == "each"
    for name in PARAMETERS:
        assert_close(getattr(found, name), getattr(expected, name), 1e-4)


@pytest.mark.parametrize("index", range(3))
def test_edits_equal_the_release(vectors, index):
    assert_close(apply(vectors.image, vectors.mask, vectors.recipe(index)), vectors[f"edited_{index}"], 1e-5)


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_operator_equals_the_release(vectors, name):
    theirs, shape = PARAMETERS[name]
    found = getattr(operators, name)(vectors["op_input"], vectors[f"op_param_{theirs}"].reshape(2, *shape))
    assert_close(found, vectors[f"op_{theirs}"], 1e-5)


@torch.inference_mode()
def test_realismnet_gives_the_released_scores(vectors, realismnet):
    assert_close(realismnet(vectors.image, vectors.mask), vectors["realism_input"], 1e-4)
    for index in range(3):
        assert_close(realismnet(vectors[f"edited_{index}"], vectors.mask), vectors[f"realism_{index}"], 1e-4)


@torch.inference_mode()
def test_emlnet_gives_the_released_map(vectors):
    network = EMLNet.from_released(*(vectors.weights(name) for name in PARTS))
    saliency = network.map(vectors.image)
    statistics = torch.stack([saliency.mean(), saliency.std(), saliency.min(), saliency.max()])
    assert_close(statistics, vectors["saliency_stats"], 1e-4)
    assert_close(TF.resize(saliency, [96, 128], antialias=True), vectors["saliency"], 1e-4)


# The small check. Names and shapes of the authors' checkpoints are held as a checksum of each.

SEED = "c"  # one with which no readout of EML-Net is all 0 after its ReLU
CHECKSUMS = {
    "realismnet": 1041963948,
    "editnet": 4226844312,
    "emlnet_imagenet": 2245617146,
    "emlnet_places": 2245617146,
    "emlnet_decoder": 2228290932,
}


def layout(name):
    """The authors' key names with their shapes, as our networks answer to them."""
    target, arguments, _ = RELEASED[name]
    network = network_class(target)(**arguments)
    names = released_names(network, name)
    return {names[key]: tuple(value.shape) for key, value in network.state_dict().items()}


def checksum(shapes):
    return zlib.crc32("\n".join(f"{key} {list(shapes[key])}" for key in sorted(shapes)).encode())


def filled(name):
    """Repeatable weights for a checkpoint, each tensor from its own name."""
    state = {}
    for key, shape in layout(name).items():
        uniform = np.random.Generator(np.random.PCG64(zlib.crc32(f"{SEED} {name} {key}".encode()))).random(shape)
        if key.endswith("num_batches_tracked"):
            value = np.zeros(shape, np.int64)
        elif key.endswith("running_var"):
            value = 1 + 2 * uniform
        elif len(shape) == 1 and key.endswith("weight"):
            value = 0.5 + uniform
        elif shape == (1,):
            value = 0.5 + uniform
        elif len(shape) < 2:
            value = 0.2 * uniform - 0.1
        else:
            gain = 1.4 if len(shape) == 4 else 0.5
            value = (2 * uniform - 1) * (3 / np.prod(shape[1:])) ** 0.5 * gain
        state[key] = torch.from_numpy(np.asarray(value)).to(torch.int64 if value.dtype == np.int64 else torch.float32)
    return state


def scene(size):
    """Smooth waves, a hard bright square and a soft round mask: (1, 3, size, size) and (1, 1, size, size)."""
    at = torch.linspace(0, 1, size, dtype=torch.float64)
    y, x = torch.meshgrid(at, at, indexing="ij")
    image = torch.stack([0.5 + 0.5 * torch.sin(7 * x + 3 * y), x * y, 0.5 + 0.4 * torch.cos(11 * y - 5 * x)])
    image[:, size // 4 : size // 2, size // 3 : size // 2] = torch.tensor([0.9, 0.8, 0.1]).view(3, 1, 1).double()
    mask = ((0.35 - ((x - 0.45) ** 2 + (y - 0.5) ** 2).sqrt()) * 10).clamp(0, 1)
    return image[None].float(), mask[None, None].float()


@pytest.mark.parametrize("name", RELEASED)
def test_key_names_and_shapes_are_the_authors(name):
    assert checksum(layout(name)) == CHECKSUMS[name]


@torch.inference_mode()
def test_realismnet_keeps_its_numbers():
    score = load_released(filled("realismnet"), "realismnet")(*scene(384))
    assert_close(score, torch.tensor([0.628187]), 1e-4)


@torch.inference_mode()
def test_editnet_keeps_its_numbers():
    recipe = load_released(filled("editnet"), "editnet")(*scene(384), torch.tensor([[3, 1, 0, 2]]))
    assert_close(recipe.white_balance, torch.tensor([[0.570721, 0.549391, 0.541143]]), 1e-4)
    green = [1.210574, 1.274717, 1.258310, 1.228195, 1.252411, 1.262411, 1.287681, 1.282790]
    assert_close(recipe.color_curve[0, 1], torch.tensor(green), 1e-4)
    assert_close(torch.cat([recipe.saturation, recipe.exposure]), torch.tensor([1.522598, 1.546025]), 1e-4)


@torch.inference_mode()
def test_emlnet_keeps_its_numbers():
    network = EMLNet.from_released(*(filled(name) for name in PARTS))
    image, _ = scene(128)
    means = {
        "imagenet": [0.718226, 2.027924, 1.669995, 0.394646, 0.475662],
        "places": [1.820150, 0.396081, 0.149613, 0.480863, 1.093234],
    }
    for part, expected in means.items():
        readouts = getattr(network, part).compute_readouts(image)
        assert_close(torch.stack([readout.mean() for readout in readouts]), torch.tensor(expected), 1e-4)
    saliency = network.map(image)
    at = [saliency[0, 0, y, x] for y, x in ((0, 0), (120, 200), (240, 320), (400, 600))]
    expected = [0.450283, 0.354512, 0.411523, 0.351305, 0.023224]
    assert_close(torch.stack([*at, saliency.std()]), torch.tensor(expected), 1e-4)
