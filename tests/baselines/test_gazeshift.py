"""GazeShift: its operators by hand-computed values, its losses by who moves, and its bundled weights on real regions."""
import math

import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing.baselines import gazeshift_operators as ops
from realistic_editing.baselines.gazeshift import GazeShift
from realistic_editing.baselines.gazeshift_network import GazeShiftNet
from realistic_editing.baselines.gazeshift_training import Discriminator, GazeShiftProblem, relative_attention
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.suites.baseline_agreement.gazeshift import agreement
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.weights import save_network

NETWORK = {"input_size": 32, "width": 4, "hidden": 8}


def ones(value):
    return torch.full((1,), float(value))


def neutral(**changes):
    slopes = {"tone": torch.ones(1, 1, 8), "color": torch.ones(1, 3, 8)}
    return ops.Parameters(**{"sharpen": ones(0), "exposure": ones(0), "contrast": ones(0), **slopes, **changes})


@pytest.fixture
def image():
    return torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(0))


def test_neutral_parameters_change_nothing(image):
    mask = torch.rand(1, 1, 12, 16, generator=torch.Generator().manual_seed(1))
    for outside in (neutral(), None):
        torch.testing.assert_close(ops.apply(image, mask, neutral(), outside), image, atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (5, 4)])
def test_slivers_are_softened_too(size):
    torch.testing.assert_close(ops.soften(torch.full((1, 1, *size), 0.7)), torch.full((1, 1, *size), 0.7))


def test_operators_by_hand(image):
    torch.testing.assert_close(ops.expose(image, ones(1)), 2 * image)
    flat = torch.tensor([0.2, 0.4, 0.6])[None, :, None, None].expand(1, 3, 5, 5)
    luminance = 0.27 * 0.2 + 0.67 * 0.4 + 0.06 * 0.6
    ratio = (0.5 - 0.5 * math.cos(math.pi * luminance)) / luminance
    torch.testing.assert_close(ops.contrast(flat, ones(1)), flat * ratio, atol=1e-5, rtol=0)
    torch.testing.assert_close(ops.contrast(flat, ones(0.5)), flat * (1 + ratio) / 2, atol=1e-5, rtol=0)
    # An edge of height 0.1 a channel: the three add to 0.3, Sobel gives 4 x 0.3, an eighth of that is 0.15.
    edge = torch.full((1, 3, 5, 6), 0.2)
    edge[..., 3:] = 0.3
    sharp = ops.sharpen(edge, ones(2))[0, 0, 2]
    assert sharp[2].item() == pytest.approx(0.2 * (1 + 2 * 0.15), abs=1e-4)
    assert sharp[1].item() == pytest.approx(0.2, abs=1e-3)
    # Slopes 3, 1, 1, ...: 8 / 10 of them; the first piece rises by 0.3 instead of 0.125.
    slopes = torch.ones(1, 1, 8)
    slopes[..., 0] = 3
    points = torch.tensor([0.0, 0.125, 0.25, 1.0, 1.7]).expand(1, 3, 1, 5)
    torch.testing.assert_close(ops.bend(points, slopes)[0, 0, 0], torch.tensor([0.0, 0.3, 0.4, 1.0, 1.0]))


def test_inside_and_outside_are_edited_apart(image):
    mask = torch.zeros(1, 1, 12, 16)
    mask[..., :8] = 1
    edited = ops.apply(0.4 * image, mask, neutral(exposure=ones(1)), neutral(exposure=ones(-1)))
    torch.testing.assert_close(edited[..., :8], 0.8 * image[..., :8], atol=1e-5, rtol=0)
    torch.testing.assert_close(edited[..., 8:], 0.2 * image[..., 8:], atol=1e-5, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_gradients_are_finite_on_flat_photos(level):
    flat = torch.full((1, 3, 8, 8), level, requires_grad=True)
    values = {name: ones(0.3).requires_grad_() for name in ("sharpen", "exposure", "contrast")}
    ops.apply(flat, torch.ones(1, 1, 8, 8), neutral(**values), None).square().sum().backward()
    assert flat.grad.isfinite().all() and all(value.grad.isfinite().all() for value in values.values())


def test_a_fresh_network_proposes_no_edit(image):
    network = GazeShiftNet(**NETWORK)
    for task in ("attenuate", "amplify"):
        inside, outside = network(image, image[:, :1], task)
        torch.testing.assert_close(ops.apply(image, image[:, :1], inside, outside), image, atol=1e-5, rtol=0)


def test_attention_has_mean_one_at_any_size_and_follows_the_softmax():
    for size in ((24, 32), (48, 64)):
        torch.testing.assert_close(relative_attention(torch.rand(2, 1, *size), 4.0).mean(dim=(2, 3)), torch.ones(2, 1))
    halves = torch.zeros(1, 1, 40, 80)
    halves[..., 40:] = 0.5  # e^2 against 1: shares 2 e^2 / (1 + e^2) and 2 / (1 + e^2), far from the border
    attention = relative_attention(halves, 4.0)[0, 0, 20]
    assert attention[70].item() == pytest.approx(2 * math.e**2 / (1 + math.e**2), abs=0.02)
    assert attention[10].item() == pytest.approx(2 / (1 + math.e**2), abs=0.02)


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    folder, rng, regions = tmp_path_factory.mktemp("photos"), np.random.default_rng(0), []
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24, 8:26] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    for index in range(8):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(folder / f"{index}.png")
        names = {"source": "folder", "photo_id": str(index), "region_id": "0", "split": "train" if index < 6 else "val"}
        regions.append(Region(folder / f"{index}.png", mask=folder / "mask.png", area=0.2, **names))
    torch.manual_seed(0)
    saliency = CompactSaliency((24, 32), (4, 4, 4, 4, 4), 4)
    return GazeShiftProblem(GazeShiftNet(**NETWORK), Discriminator(32, 4, 2), saliency, regions, 32, weight=5.0, sharpness=10.0)


def batch(problem):
    items = [problem.train_data[index, 0] for index in range(4)]
    return {name: torch.stack([item[name] for item in items]) for name in items[0]}


def test_each_loss_moves_its_own_network(problem):
    network = problem.network.train()
    terms = problem.losses(network, batch(problem), torch.Generator())
    parts = {"generator": [*network.generator.heads.parameters()], "discriminator": [*network.discriminator.parameters()]}

    def moved(name, loss):
        slopes = torch.autograd.grad(loss, parts[name], retain_graph=True, allow_unused=True)
        return any(slope is not None and slope.abs().sum() > 0 for slope in slopes)

    for own in (terms["adversarial"], terms["attenuate"], terms["amplify"]):
        assert moved("generator", own) and not moved("discriminator", own)
    assert moved("discriminator", terms["discriminator"]) and not moved("generator", terms["discriminator"])
    # At the start edits are the photos themselves: nothing has moved, and the discriminator pays the margin of both tasks.
    assert abs(terms["amplify"].item()) < 1e-4 and abs(terms["attenuate"].item()) < 1e-4
    assert terms["discriminator"].item() == pytest.approx(2.0, abs=1e-3)


def test_training_moves_attention_both_ways_and_is_measured(problem):
    network = problem.network.train()
    optimizer = torch.optim.Adam(network.generator.parameters(), lr=0.01)
    for _ in range(15):
        terms = problem.losses(network, batch(problem), torch.Generator())
        optimizer.zero_grad()
        (terms["attenuate"] - terms["amplify"]).backward()
        optimizer.step()
    assert terms["amplify"].item() > 0 > terms["attenuate"].item()
    measures = problem.evaluate(network.eval(), torch.device("cpu"))
    assert np.isfinite(list(measures.values())).all() and measures["difference_amplify"] > 0
    assert problem.sheet(network, torch.device("cpu"), rows=2).shape == (64, 128, 3)


def test_the_background_is_edited_only_where_that_is_asked_for(tmp_path):
    torch.manual_seed(0)
    network = GazeShiftNet(**NETWORK)
    for head in network.heads.values():
        torch.nn.init.normal_(head[-1].bias)
    save_network(network, "gazeshift", tmp_path / "net.safetensors", NETWORK, {})
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 20:50] = 255
    whole, region = (GazeShift(tmp_path / "net.safetensors", background_edits=flag) for flag in (True, False))
    edited = region.edit(photo, mask, "amplify")
    assert np.array_equal(edited[mask == 0], photo[mask == 0]) and not np.array_equal(edited, photo)
    assert not np.array_equal(whole.edit(photo, mask, "amplify")[mask == 0], photo[mask == 0])
    assert np.array_equal(edited, region.edit(photo, mask, "amplify"))
    assert not np.array_equal(edited, region.edit(photo, mask, "attenuate"))


def test_the_bundled_weights_move_attention_in_the_asked_direction(mechrez_root):
    figures, _ = agreement(mechrez_root, limit=4)
    for task, sign in (("attenuate", -1), ("amplify", 1)):
        assert figures[f"gazeshift_{task}_direction_accuracy"] >= 0.75
        assert sign * figures[f"gazeshift_{task}_heldout_change"] > 0.02
    assert figures["gazeshift_no_background_attenuate_outside"] == 0 < figures["gazeshift_attenuate_outside"]
