"""The critic that knows things: its score, its shortcuts, and where it looks."""
import pytest
import torch

from realistic_editing.common.protocols import CachesBackground, CachesFeatures, JudgesPixels
from realistic_editing.enhance.judges import Judges
from realistic_editing.ops import Recipe, apply
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.region_statistics.things import surroundings
from realistic_editing.saliency.compact import CompactSaliency

GENERATOR = torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def critic():
    torch.manual_seed(0)
    return LiteCritic(things_size=64, input_size=64, stride=1, ring=8, palette=8, hidden=16, projection=8).eval()


@pytest.fixture(scope="module")
def photos():
    image, mask = torch.rand(3, 3, 64, 64, generator=GENERATOR), torch.zeros(3, 1, 64, 64)
    for number, start in enumerate((8, 20, 40)):
        mask[number, :, start : start + 16, 10 : 30 + number] = 1
    return image, mask


def test_scores_are_shares_and_a_batch_is_its_photos(critic, photos):
    image, mask = photos
    with torch.no_grad():
        together = critic(image, mask)
        alone = torch.cat([critic(image[i : i + 1], mask[i : i + 1]) for i in range(3)])
    assert together.shape == (3,) and ((together > 0) & (together < 1)).all() and together.dtype == torch.float32
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("area", ["none", "part", "all"])
def test_gradients_are_finite_at_black_grey_and_white(critic, level, area):
    image, mask = torch.full((1, 3, 48, 80), level, requires_grad=True), torch.zeros(1, 1, 48, 80)
    if area == "part":
        mask[..., 8:20, 8:20] = 1
    elif area == "all":
        mask += 1
    critic(image, mask).sum().backward()
    assert image.grad.isfinite().all()


def test_calibration_moves_scores_and_not_their_order(critic, photos):
    with torch.no_grad():
        before = critic(*photos)
        critic.temperature.fill_(2.0), critic.offset.fill_(-1.0)
        after = critic(*photos)
        critic.temperature.fill_(1.0), critic.offset.fill_(0.0)
    torch.testing.assert_close(torch.logit(after), (torch.logit(before) + 1) / 2, atol=1e-4, rtol=0)


def test_the_frozen_trunk_learns_nothing_and_keeps_its_statistics(critic):
    assert not any(weight.requires_grad for weight in critic.things.parameters())
    critic.train()
    assert critic.normalise.training and not critic.things.training and not critic.things.trunk.norm.training
    critic.eval()


def test_edits_are_judged_with_the_things_of_their_photo_however_they_come(critic, photos):
    image, mask = photos[0][:1], photos[1][:1]
    assert isinstance(critic, CachesBackground)
    recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3]] * 2))
    recipe.exposure[:] = torch.tensor([0.6, 1.7])
    edits = apply(image.expand(2, -1, -1, -1), mask.expand(2, -1, -1, -1), recipe)
    cached = critic.cache_background(image, mask)
    with torch.no_grad():
        torch.testing.assert_close(cached.realism, critic(image, mask), atol=1e-5, rtol=0)
        known = critic.cache_features(image, mask)
        torch.testing.assert_close(cached.judge(edits), known(edits, mask.expand(2, -1, -1, -1)), atol=1e-4, rtol=0)
        view = Judges(critic, CompactSaliency(input_size=(24, 32))).view(image, mask)
        changes, _ = view.changes(recipe)
        compared = view.compare(edits[:1])
    torch.testing.assert_close(changes[:1], compared.realism_change, atol=1e-4, rtol=0)
    assert changes.abs().min() > 1e-4
    assert critic.cache_background(*photos) is None


def test_photos_with_cached_features_are_judged_by_pixels_with_the_things_they_had(critic, photos):
    assert isinstance(critic, CachesFeatures) and not isinstance(critic, JudgesPixels)
    with torch.no_grad():
        known = critic.cache_features(*photos)
        assert isinstance(known, JudgesPixels)
        every, _ = known.sample_pixels(*photos, 4000, torch.Generator().manual_seed(0))
        by_pixels, none = known.judge_pixels(every)
        torch.testing.assert_close(torch.logit(by_pixels), torch.logit(critic(*photos)), atol=0.1, rtol=0)
        second = known[torch.tensor([1])].judge_pixels(every[1:2])[0]
    assert none is None
    torch.testing.assert_close(second, by_pixels[1:2])


def test_a_sampled_view_keeps_each_photo_with_its_things(critic, photos):
    judges = Judges(critic, CompactSaliency(input_size=(24, 32)))
    view = judges.sampled_view(*photos, 200, torch.Generator().manual_seed(0))
    taken = view[torch.tensor([2, 0])]
    still = Recipe.identity(torch.tensor([[0, 1, 2, 3]] * 2))
    assert view.critic.things.shape[0] == 3
    torch.testing.assert_close(taken.critic.things, view.critic.things[[2, 0]])
    torch.testing.assert_close(taken.edited(still).realism_change, torch.zeros(2), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        ((40, 60), (10, 30), (35, 5, 30)),       # half as wide again as the region, about its middle
        ((0, 60), (0, 20), (0, 0, 90)),          # moved inside the photo
        ((50, 52), (98, 100), (38, 75, 25)),     # at least a quarter of the photo
        ((0, 100), (0, 100), (0, 0, 100)),
    ],
)  # fmt: skip
def test_surroundings_of_a_region(rows, columns, expected):
    mask = torch.zeros(100, 100)
    mask[rows[0] : rows[1], columns[0] : columns[1]] = 1
    top, left, side = surroundings(mask)
    assert (top, left, side) == expected
    assert top <= rows[0] and left <= columns[0] and top + side <= 100 and left + side <= 100


def test_surroundings_of_nothing_are_the_whole_photo():
    assert surroundings(torch.zeros(50, 50)) == (0, 0, 50)


def test_the_trunk_sees_multiples_of_32():
    with pytest.raises(ValueError, match="100"):
        LiteCritic(things_size=100)
