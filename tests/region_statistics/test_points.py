"""Pixels drawn of each zone."""
import torch

from realistic_editing.ops import PRESETS, apply, sample_recipe
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.region_statistics.points import on_full_grid, sample_points, take_points, with_neighbours


def test_pixels_are_drawn_in_proportion_to_their_weights():
    weights = torch.zeros(1, 2, 1, 4)
    weights[0, 0, 0] = torch.tensor([0.0, 1.0, 3.0, 0.0])
    drawn = sample_points(weights, 4000, torch.Generator().manual_seed(0))
    counts = drawn[0, 0].bincount(minlength=4)
    assert counts[0] == counts[3] == 0 and abs(counts[2] / 4000 - 0.75) < 0.03
    assert drawn[0, 1].bincount(minlength=4).min() > 800  # a zone without weight is drawn from everywhere


def test_the_same_seed_draws_the_same():
    weights = torch.rand(2, 3, 8, 8)
    first, again = (sample_points(weights, 10, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, again)


def test_neighbours_and_the_border():
    pixels = torch.arange(12.0).reshape(1, 1, 3, 4)
    where = torch.tensor([[[0, 5, 11]]])  # first, middle, last
    own, right, below = (part[0, 0, 0].tolist() for part in with_neighbours(take_points(pixels, where)))
    assert own == [0, 5, 11] and right == [1, 6, 11] and below == [4, 9, 11]


def test_editing_points_is_taking_points_of_the_edited():
    generator = torch.Generator().manual_seed(0)
    image, mask = torch.rand(2, 3, 9, 7, generator=generator), torch.rand(2, 1, 9, 7, generator=generator)
    where = sample_points(torch.rand(2, 3, 9, 7, generator=generator), 20, generator)
    recipe = sample_recipe(PRESETS["released"].fake, 2, generator)
    torch.testing.assert_close(
        apply(take_points(image, where), take_points(mask, where), recipe), take_points(apply(image, mask, recipe), where)
    )


def test_points_of_a_grid_lie_where_the_critic_looks():
    critic = CompactCritic(input_size=12, stride=3, ring=1, palette=0, hidden=8)
    picture = torch.arange(144.0).reshape(1, 1, 12, 12)
    seen = critic.grid(picture)
    where = on_full_grid(torch.arange(16).reshape(1, 1, 16), 4, 12, 3)
    assert torch.equal(take_points(picture, where)[0, 0, 0, :16], seen.flatten())
