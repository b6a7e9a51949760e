"""Deepsal: operators that start as the identity, known values, and what fitting them does to a region."""
import numpy as np
import pytest
import torch

from realistic_editing.baselines.deepsal import DeepsalConv, DeepsalRecolor, DeepsalWarp
from realistic_editing.baselines.deepsal_operators import Convolve, Recolor, Warp, slice_grid
from realistic_editing.baselines.registry import baseline
from realistic_editing.common.errors import InputError
from realistic_editing.evaluation.suites.baseline_agreement.attention import moved
from realistic_editing.saliency.distinctness import PatchDistinctness

STEPS = 10
KINDS = (DeepsalRecolor, DeepsalConv, DeepsalWarp)


@pytest.fixture
def image():
    return torch.rand(1, 3, 21, 30, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def scene():
    """A red ball with a bright stripe on grey, and the mask of the ball."""
    y, x = np.mgrid[:72, :96]
    mask = ((y - 30) ** 2 + (x - 60) ** 2 < 14**2).astype(np.uint8) * 255
    photo = np.full((72, 96, 3), 110, np.uint8) + np.random.default_rng(0).integers(0, 12, (72, 96, 1), dtype=np.uint8)
    photo[mask > 0] = (210, 40, 30)
    photo[(mask > 0) & (abs(y - 28) < 3)] = (250, 240, 60)
    return photo, mask


def fitted(kind, scene, task, **changes):
    changes = {"side": 64, "stop": 0.01, "progress": False, **changes}
    method = kind(**changes)
    return method, method.edit(*scene, task)


@pytest.mark.parametrize("operator", [Recolor, Convolve, Warp])
def test_an_operator_starts_as_the_identity_at_any_size(operator, image):
    fresh = operator()
    for enlarged in (fresh(image), fresh.enlarged(image, image[..., :11, :15])):
        torch.testing.assert_close(enlarged, image, atol=1e-5, rtol=0)
    assert fresh.roughness().item() == 0
    assert all(parameter.requires_grad for parameter in fresh.parameters())


def test_a_bilateral_grid_is_read_at_place_and_luma():
    grid = torch.zeros(1, 1, 2, 2, 3)  # luma, height, width
    grid[0, 0, 0, 0] = torch.tensor([1.0, 2.0, 4.0])  # dark, top
    grid[0, 0, 1, 0] = torch.tensor([10.0, 20.0, 40.0])  # bright, top
    grid[0, 0, :, 1] = 100.0  # bottom
    grey = torch.full((1, 3, 3, 5), 0.25)  # a quarter of the way from dark to bright
    values = slice_grid(grid, grey)[0, 0]
    top = [0.75 * dark + 0.25 * bright for dark, bright in ((1, 10), (1.5, 15), (2, 20), (3, 30), (4, 40))]
    torch.testing.assert_close(values[0], torch.tensor(top), atol=1e-4, rtol=0)
    torch.testing.assert_close(values[1], (torch.tensor(top) + 100) / 2, atol=1e-4, rtol=0)
    torch.testing.assert_close(values[2], torch.full((5,), 100.0), atol=1e-4, rtol=0)
    pure = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None].expand(1, 3, 3, 5)  # luma of pure red: 0.299
    assert slice_grid(grid, pure)[0, 0, 0, 0].item() == pytest.approx(0.701 * 1 + 0.299 * 10, abs=1e-4)


def test_a_constant_grid_is_one_affine_map(image):
    recolor = Recolor((2, 3, 4))
    matrix = torch.tensor([[0.1, 0.2, 0.0, 0.05], [0.0, -0.5, 0.0, 0.0], [0.3, 0.0, 0.0, -0.1]])
    with torch.no_grad():
        recolor.grid += matrix.reshape(1, 12, 1, 1, 1)
        expected = image + torch.einsum("ij,bjhw->bihw", matrix[:, :3], image) + matrix[:, 3, None, None]
        torch.testing.assert_close(recolor(image), expected, atol=1e-5, rtol=0)
    assert recolor.roughness().item() == pytest.approx(0, abs=1e-10)


def test_a_displacement_fetches_from_where_it_points():
    ramp = torch.arange(20.0).expand(1, 3, 10, 20) / 20
    warp = Warp((4, 4))
    with torch.no_grad():
        warp.displacement[:, 0] = 2 / 20 * 3  # three pixels to the right, of twenty
        moved = warp(ramp)
    torch.testing.assert_close(moved[..., :17], ramp[..., 3:], atol=1e-5, rtol=0)
    torch.testing.assert_close(moved[..., 17:], ramp[..., -1:].expand(1, 3, 10, 3), atol=1e-5, rtol=0)


def test_roughness_adds_squared_differences_along_each_axis():
    recolor = Recolor((2, 2, 2))
    with torch.no_grad():
        recolor.grid[0, 0, 1] = 3.0  # one number of the map, brighter layer: four differences of 3 along luma
    assert recolor.roughness().item() == pytest.approx(4 * 9)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_fitting_lowers_the_loss_and_the_regions_saliency_and_spares_the_rest(kind, scene):
    method, edited = fitted(kind, scene, "attenuate", steps=STEPS)
    losses = [step["loss"] for step in method.curves[0]]
    assert min(losses) < losses[0] == pytest.approx(1.0, abs=1e-4)
    assert min(step["share"] for step in method.curves[0]) < 0.95
    photo, mask = scene
    difference = np.abs(edited.astype(float) - photo).mean(axis=2)
    assert difference[mask == 0].mean() < 4 < difference[mask > 0].mean()
    again = fitted(kind, scene, "attenuate", steps=STEPS)[1]
    assert np.array_equal(edited, again)


def test_amplifying_raises_the_regions_saliency(scene):
    method, _ = fitted(DeepsalRecolor, scene, "amplify", steps=8)
    assert max(step["share"] for step in method.curves[0]) > 1.02


def test_it_stops_where_enough_attention_is_gone(scene):
    method, _ = fitted(DeepsalRecolor, scene, "attenuate", steps=30, stop=0.9)
    shares = [step["share"] for step in method.curves[0]]
    assert len(shares) < 30 and shares[-1] <= 0.9 < min(shares[:-1])


def test_seeds_decide_the_network_and_nothing_else_draws(image):
    before = torch.random.get_rng_state()
    one, same, other = Convolve(seed=1), Convolve(seed=1), Convolve(seed=2)
    assert torch.equal(before, torch.random.get_rng_state())
    weights = [network.down[0][0].weight for network in (one, same, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_what_cannot_be_used_is_refused(scene):
    with pytest.raises(InputError, match="gradients"):
        DeepsalRecolor(PatchDistinctness(longest_side=64), progress=False).edit(*scene, "attenuate")
    with pytest.raises(InputError, match="stop"):
        baseline("deepsal_warp", stop=1.5)


def test_attention_falls_in_real_regions_by_a_held_out_network_too(mechrez_root):
    methods = {"quick": DeepsalRecolor(side=160, steps=20, progress=False)}
    figures, rows = moved(methods, mechrez_root, limit=1)
    assert len(rows) == figures["regions"] == 2
    assert figures["quick_attenuate_direction_accuracy"] == figures["quick_amplify_direction_accuracy"] == 1
    assert figures["quick_attenuate_heldout_change"] < -0.05 and figures["quick_amplify_heldout_change"] > 0.05
    assert figures["quick_attenuate_outside"] < 5


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_batch_equals_a_loop_and_each_photo_stops_by_itself(kind, scene):
    photo, mask = scene
    photos, masks = [photo, 60 + photo[:, ::-1] // 2], [mask, mask[:, ::-1].copy()]
    method = kind(side=64, steps=STEPS, stop=0.9, progress=False)
    together, curves = method.edit_all(photos, masks, "attenuate"), method.curves
    for index in range(2):
        alone = method.edit(photos[index], masks[index], "attenuate")
        shares = [[step["share"] for step in curve] for curve in (curves[index], method.curves[0])]
        assert shares[0] == pytest.approx(shares[1], rel=0.02)
        # In the mean: Adam's first steps have the size of the rate whatever the slope's, which rounding may turn round.
        moved = np.abs(alone.astype(int) - photos[index]).mean()
        assert np.abs(together[index].astype(int) - alone).mean() < 0.05 * moved
    assert kind is DeepsalRecolor or len(curves[0]) != len(curves[1])
    for curve in curves:
        assert len(curve) == STEPS or curve[-1]["share"] <= 0.9 < min(step["share"] for step in curve[:-1])


def test_a_batch_needs_one_size_and_a_mask_each(scene):
    photo, mask = scene
    method = DeepsalWarp(progress=False)
    with pytest.raises(InputError, match="give equal sizes, a mask each"):
        method.edit_all([photo, photo[:-1]], [mask, mask[:-1]], "attenuate")
    with pytest.raises(InputError, match="2 photos of sizes .* and 1 masks"):
        method.edit_all([photo, photo], [mask], "attenuate")
