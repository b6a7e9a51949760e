"""What stands out from its surround: the odd one out on made pictures, and the operator N by hand."""
import pytest
import torch

from realistic_editing.saliency.conspicuity import FEATURES, Conspicuity, features, normalised


def grey(height=96, width=128, level=0.5):
    return torch.full((1, 3, height, width), level)


def patch(image, colour, rows=slice(30, 46), columns=slice(80, 96)):
    """Paint a colour (3,) on a copy."""
    image = image.clone()
    image[..., rows, columns] = torch.tensor(colour)[None, :, None, None]
    return image


def test_features_by_hand():
    colours = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0.5, 0.5, 0.5], [0.01, 0, 0]]).T[None, :, None]
    # Red of intensity 1/3 over that is (1, 0, 0): R = 1, G = -1/2 -> 0. Its yellow is 1/2 - 1/2 = 0. Pure yellow, of
    # intensity 2/3, is (1/2, 1/2, 0): R = G = 1/4, Y = 1/2. The last is too dark to have a hue.
    intensity = [1 / 3, 1 / 3, 1 / 3, 2 / 3, 0.5, 0.01 / 3]
    expected = torch.tensor([intensity, [1, -1, 0, 0, 0, 0], [0, 0, 1, -0.5, 0, 0]])
    assert torch.allclose(features(colours)[0, :, 0], expected, atol=1e-6)


def test_one_peak_is_promoted_and_many_are_suppressed():
    maps = torch.zeros(1, 3, 9, 9)
    maps[0, 0, 4, 4] = 2.0
    maps[0, 1, 1, 1], maps[0, 1, 1, 7], maps[0, 1, 7, 1] = 2.0, 1.0, 0.5
    maps[0, 2, 4, 4] = 0.2
    found = normalised(maps, least=1.0)
    assert found[0, 0, 4, 4] == 1  # alone: scaled to 1
    assert found[0, 1, 1, 1] == pytest.approx((1 - (0.5 + 0.25) / 2) ** 2)
    assert found[0, 2, 4, 4] == pytest.approx(0.2)  # below `least`: stays


@pytest.mark.parametrize(
    ("colour", "feature"), [((0.9, 0.9, 0.9), "intensity"), ((0.9, 0.3, 0.3), "red_green"), ((0.55, 0.55, 0.4), "blue_yellow")]
)
def test_what_differs_gets_the_peak_and_its_feature_is_the_most_conspicuous(colour, feature):
    image, model = patch(grey(), colour), Conspicuity()
    saliency = model(image)[0, 0]
    row, column = divmod(int(saliency.argmax()), saliency.shape[1])
    assert 26 <= row < 50 and 76 <= column < 100
    assert saliency[30:46, 80:96].mean() > 5 * saliency[:, :60].mean()
    assert model.maps(image).sum(dim=(0, 2, 3)).argmax() == FEATURES.index(feature)


def test_the_odd_one_out_of_many_is_the_most_salient():
    image = grey()
    for top in range(8, 96, 24):
        for left in range(8, 128, 24):
            image = patch(image, (0.7, 0.7, 0.7), slice(top, top + 8), slice(left, left + 8))
    odd = patch(image, (0.65, 0.425, 0.425), slice(56, 64), slice(80, 88))
    saliency = Conspicuity()(odd)[0, 0]
    row, column = divmod(int(saliency.argmax()), saliency.shape[1])
    assert 52 <= row < 68 and 76 <= column < 92


@pytest.mark.parametrize("size", [(37, 51), (1, 1), (3, 200), (600, 400)])
def test_any_size_in_the_same_size_out_in_range(size):
    found = Conspicuity()(torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)))
    assert found.shape == (2, 1, *size)
    assert bool(found.isfinite().all()) and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_flat_photo_has_no_saliency(level):
    assert Conspicuity()(grey(level=level)).max() < 0.05


def test_batch_equals_loop_and_gradients_pass():
    images = torch.rand(3, 3, 60, 80, generator=torch.Generator().manual_seed(2)).requires_grad_()
    model = Conspicuity()
    together = model(images)
    assert torch.allclose(together, torch.cat([model(image[None]) for image in images]), atol=1e-5)
    together[:, :, 20:40, 20:40].mean().backward()
    assert images.grad.isfinite().all() and images.grad.abs().max() > 0
    black = torch.zeros(1, 3, 60, 80).requires_grad_()
    model(black).mean().backward()
    assert black.grad.isfinite().all()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"\(3, 8, 8\)"):
        Conspicuity()(torch.rand(3, 8, 8))
    with pytest.raises(ValueError, match="longest_side 0"):
        Conspicuity(longest_side=0)
