"""The ONNX files: the same numbers as PyTorch, of any size and batch, and an edit without PyTorch."""
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.export_onnx import random_samples
from realistic_editing.benchmark import runtimes
from realistic_editing.benchmark.folded import parameters_apart
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_mask
from realistic_editing.enhance.inputs import network_input
from realistic_editing.ops import Recipe, all_orders, apply
from realistic_editing.ops.recipe import PARAMETERS
from realistic_editing.weights import load_network, onnx_graphs
from realistic_editing.weights.onnx_graphs import TOLERANCE

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra export: pip install -e .[dev]")
EXAMPLE = Path(__file__).resolve().parents[2] / "docs/onnx_only.py"
ODD = ((3, 37, 61), (1, 129, 20), (2, 32, 32))  # none of them traced; the last is what the small networks see


@pytest.fixture(scope="module")
def files(tmp_path_factory, tiny_weights):
    """A folder with the three files of the small networks, and what the command said."""
    folder = tmp_path_factory.mktemp("onnx")
    main(["export-onnx", "--output", str(folder), "--weights", tiny_weights["amplify"], "--critic", tiny_weights["critic"]])
    return folder


def run(folder, name, **inputs):
    session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {key: value.numpy() for key, value in inputs.items()})


def picked(sample, *names):
    return {name: sample[name] for name in names}


@pytest.mark.parametrize("size", ODD, ids=str)
def test_critic_and_operators_agree_with_pytorch(files, tiny_weights, size):
    (sample,) = random_samples((size,), seed=5)
    critic = load_network(tiny_weights["critic"])
    (found,) = run(files, "critic", **picked(sample, "image", "mask"))
    with torch.no_grad():
        assert np.abs(found - critic(sample["image"], sample["mask"]).numpy()).max() <= 1e-4
    (edited,) = run(files, "operators", **sample)
    assert edited.shape == (len(sample["image"]), 24, *sample["image"].shape[1:])
    # The reference goes photo by photo and order by order, so that a mix-up of the two would show.
    for photo in range(len(sample["image"])):
        for number in range(0, 24, 5):
            values = (sample[name][photo, number : number + 1] for name in ("order", *PARAMETERS))
            one = apply(sample["image"][photo : photo + 1], sample["mask"][photo : photo + 1], Recipe(*values))
            assert np.abs(edited[photo, number] - one[0].numpy()).max() <= 1e-5
    assert np.abs(edited - sample["image"][:, None].numpy()).max() > 0.2


def test_enhancer_gives_all_orders_in_one_call(files, tiny_weights):
    network = load_network(tiny_weights["amplify"])
    for sample in random_samples(ODD, seed=6):
        image, mask, order = (sample[name] for name in ("image", "mask", "order"))
        found = run(files, "enhancer", image=image, mask=mask, order=order)
        with torch.no_grad():
            expected = network.all_orders(image, mask)
        for name, values in zip(PARAMETERS, found, strict=True):
            exact = getattr(expected, name).unflatten(0, order.shape[:2]).numpy()
            assert values.shape == exact.shape and np.abs(values - exact).max() <= 1e-4
        # The order is an input: turned round, so are the answers.
        turned = run(files, "enhancer", image=image, mask=mask, order=order.flip(1))
        assert np.allclose(turned[0][:, ::-1], found[0], atol=1e-6) and np.ptp(found[3], axis=1).max() > 1e-6


def test_a_file_that_differs_is_refused_and_not_kept(tmp_path):
    class Fickle(torch.nn.Module):
        """What is traced differs from what is run."""

        def forward(self, image, mask):
            return image.mean(dim=(1, 2, 3)) + (1e-3 if torch.compiler.is_exporting() else 0.0) + 0 * mask.sum()

    graph = onnx_graphs.Graph("fickle", Fickle(), ("image", "mask"), ("average",))
    sample = random_samples(((2, 9, 7),))[0]
    with pytest.raises(InputError, match=r"fickle\.onnx: differs from PyTorch by 0\.001, more than 0\.0001"):
        onnx_graphs.write_onnx(tmp_path / "fickle.onnx", graph, [(sample["image"], sample["mask"])])
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named_with_their_extra(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(onnx_graphs, "ONNX_PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(SystemExit) as left:
        main(["export-onnx", "--output", str(tmp_path)])
    words = capsys.readouterr().err
    assert left.value.code == 2 and "no_such_package" in words and ".[export]" in words


def test_the_documented_example_edits_a_photo_without_pytorch(files, tmp_path, tiny_weights):
    y, x = np.mgrid[:800, :1000] / 1000  # large enough to be shrunk for the networks
    photo = (255 * np.stack([0.2 + 0.7 * x, 0.3 + 0.5 * y, 0.8 - 0.6 * x], axis=-1)).astype(np.uint8)
    mask = (255 * np.clip(1.5 - 4 * np.hypot(x - 0.5, y - 0.4), 0, 1)).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "torch.py").write_text("raise ImportError('no PyTorch here')\n")  # found before the real one
    (tmp_path / "realistic_editing.py").write_text("raise ImportError('nor this project')\n")
    words = [sys.executable, str(EXAMPLE), str(files), *(str(tmp_path / f"{name}.png") for name in ("photo", "mask", "edited"))]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("order [")
    order = [int(number) for number in done.stdout[7 : done.stdout.index("]")].split(",")]
    image = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    soft = torch.from_numpy(mask)[None, None].float() / 255
    small, small_mask = network_input(photo / np.float32(255), mask / np.float32(255))
    with torch.no_grad():
        recipe = load_network(tiny_weights["amplify"])(small, small_mask, torch.tensor([order]))
        exact = 255 * apply(image, soft, recipe)[0].permute(1, 2, 0).numpy()
    edited = np.asarray(Image.open(tmp_path / "edited.png"))
    assert np.abs(edited - exact).max() < 0.51 and np.array_equal(edited[mask == 0], photo[mask == 0])
    assert np.abs(edited.astype(int) - photo).max() > 20


def example():
    spec = importlib.util.spec_from_file_location("onnx_only", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("size", [(800, 1000), (500, 701), (384, 384), (90, 57), (200, 900)], ids=str)
def test_the_example_resizes_photos_as_the_commands_do(size):
    rng = np.random.default_rng(0)
    photo, mask = rng.integers(0, 256, (*size, 3), dtype=np.uint8), rng.integers(0, 256, size, dtype=np.uint8)
    image, soft = (part.astype(np.float32) / 255 for part in (photo, mask))
    ours = [example().squared(part) for part in (image.transpose(2, 0, 1)[None], soft[None, None])]
    for one, floats, levels in zip(ours, network_input(image, soft), network_input(photo, mask), strict=True):
        assert one.dtype == np.float32 and one.shape == tuple(floats.shape)
        assert np.abs(one - floats.numpy()).max() < 1e-5
        assert np.abs(one - levels.numpy()).max() < 1.51 / 255  # 8 bits are rounded, twice where one side grows


def test_the_example_keeps_the_softness_of_16_bits_and_turns_photos_upright(tmp_path):
    Image.fromarray(np.uint16([[0, 200, 10000], [32768, 65535, 257]])).save(tmp_path / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter
    Image.fromarray(np.arange(18, dtype=np.uint8).reshape(3, 2, 3)).save(tmp_path / "photo.png", exif=exif)
    photo, mask = example().read(tmp_path / "photo.png", tmp_path / "deep.png")
    assert np.allclose(mask * 65535, [[0, 200, 10000], [32768, 65535, 257]], atol=0.01) and mask.dtype == np.float32
    assert np.allclose(photo[..., 0] * 255, [[12, 6, 0], [15, 9, 3]], atol=1e-3)
    Image.fromarray(np.uint8([[0, 51, 255], [0, 0, 255]])).save(tmp_path / "mask.png")
    assert np.allclose(example().read(tmp_path / "photo.png", tmp_path / "mask.png")[1][0], [0, 0.2, 1])


@pytest.mark.parametrize("kind", ["cut-out", "grey cut-out", "palette", "palette cut-out", "colours", "opaque", "two levels"])
def test_the_example_selects_what_the_commands_do(tmp_path, kind):
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.png")
    soft = np.zeros((48, 64), np.uint8)
    soft[10:40, 10:50] = np.linspace(0, 255, 40)
    rng = np.random.default_rng(0)
    colours = np.where(soft[..., None] > 0, rng.integers(0, 256, (48, 64, 3)), 0).astype(np.uint8)
    mask = {
        "cut-out": lambda: Image.fromarray(np.dstack([colours, soft])),
        "grey cut-out": lambda: Image.fromarray(np.dstack([soft // 2, soft])),
        "palette": lambda: Image.fromarray(colours).quantize(16),
        "palette cut-out": lambda: Image.fromarray(np.dstack([colours, soft])).quantize(16),
        "colours": lambda: Image.fromarray(colours),
        "opaque": lambda: Image.fromarray(np.dstack([soft, soft, soft, np.full_like(soft, 255)])),
        "two levels": lambda: Image.fromarray(soft > 100),
    }[kind]()
    mask.save(tmp_path / "mask.png")
    ours, _ = read_mask(tmp_path / "mask.png", (48, 64))
    theirs = example().read(tmp_path / "photo.png", tmp_path / "mask.png")[1]
    assert 0.01 < theirs.mean() and np.abs(255 * theirs - ours).max() <= 1


def test_the_example_says_plainly_what_is_wrong(tmp_path, capsys):
    Image.new("RGB", (4, 3)).save(tmp_path / "photo.png")
    Image.new("L", (3, 4)).save(tmp_path / "mask.png")
    words = [str(tmp_path), *(str(tmp_path / f"{name}.png") for name in ("photo", "mask", "edited"))]
    for given, said in (
        (words[:3], "use: python onnx_only.py FOLDER"),
        (words, "the mask is 3 x 4 and the photo 4 x 3; give a mask of the photo's size"),
        ([words[0], "none.png", *words[2:]], "none.png"),
    ):
        assert example().main(given) == 2
        assert said in capsys.readouterr().err


@torch.no_grad()
def test_the_benchmark_runs_a_file_as_it_is_and_in_integers(files, tiny_weights, monkeypatch):
    monkeypatch.setattr(runtimes, "_written", lambda *_: files / "enhancer.onnx")
    network = load_network(tiny_weights["amplify"], kind="enhancer")
    pairs = [(sample["image"], sample["mask"]) for sample in random_samples(((1, 75, 101), (1, 75, 101)))]
    ways, lacking = runtimes.build_runtimes(["onnx", "int8"], network, pairs)
    assert list(ways) == ["onnx", "int8"] and not lacking
    exact, integers = (parameters_apart(network, propose, pairs) for propose in ways.values())
    assert exact < TOLERANCE and integers < 0.1  # fresh heads hide most of what integers do to the encoder
    assert len(ways["onnx"](*pairs[0], all_orders()[:1])) == 1


@pytest.mark.parametrize("option", ["--weights=attenuate", "--critic=lite_critic"])
def test_what_looks_at_the_surroundings_of_a_region_is_refused_in_words(tmp_path, capsys, option, bundled_networks):
    with pytest.raises(SystemExit) as stop:
        main(["export-onnx", "--output", str(tmp_path), option])
    assert stop.value.code == 2 and "which no ONNX graph can cut out; use c" in capsys.readouterr().err
