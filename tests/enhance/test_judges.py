"""Scenes: what the judges say of photos and edits, whole and at a glance; the optimiser and strengths built on them."""
import pytest
import torch
from torch import nn

from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective, saliency_change
from realistic_editing.enhance.optimise import optimise
from realistic_editing.enhance.parameters import FREE, bounded
from realistic_editing.enhance.strength import find_strength
from realistic_editing.ops import Recipe, all_orders, apply, random_orders
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.saliency.compact import CompactSaliency

GENERATOR = torch.Generator().manual_seed(0)


class Brightness(nn.Module):
    """A saliency that can be reasoned about: the mean of the channels."""

    input_size = (24, 32)

    def forward(self, image):
        return image.mean(dim=1, keepdim=True)


class Closeness(nn.Module):
    """A critic that can be reasoned about: 1 less the distance of the region's mean from 0.4."""

    def forward(self, image, mask):
        return 1 - (((image * mask).sum(dim=(1, 2, 3)) / (3 * mask.sum(dim=(1, 2, 3)))) - 0.4).abs()


@pytest.fixture(scope="module")
def judges():
    torch.manual_seed(0)
    return Judges(CompactCritic(input_size=48, stride=1, ring=8, palette=8, hidden=16), CompactSaliency(input_size=(24, 32)))


@pytest.fixture(scope="module")
def photos():
    image = torch.rand(3, 3, 48, 48, generator=GENERATOR)
    mask = torch.zeros(3, 1, 48, 48)
    mask[..., 10:30, 12:40] = 1
    return image, mask


@pytest.fixture(scope="module")
def plain():
    image = torch.full((1, 3, 8, 8), 0.4)
    return Judges(Closeness(), Brightness()).look(image, torch.ones(1, 1, 8, 8))


def exposed(*factors):
    recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3]] * len(factors)))
    return Recipe(recipe.order, recipe.white_balance, recipe.color_curve, recipe.saturation, torch.tensor(factors))


def test_a_scene_says_what_the_judges_say(judges, photos):
    image, mask = photos
    recipe = bounded(random_orders(3, GENERATOR), torch.randn(3, FREE, generator=GENERATOR))
    scene = judges.look(image, mask)
    outcome = scene.edited(recipe)
    edited = apply(image, mask, recipe)
    torch.testing.assert_close(outcome.image, edited)
    torch.testing.assert_close(outcome.realism_change, judges.critic(edited, mask) - judges.critic(image, mask))
    wanted = -saliency_change(judges.saliency(image), judges.saliency(edited), mask)
    torch.testing.assert_close(scene.saliency_change(outcome), wanted)
    again = scene[torch.tensor([2, 2, 0])]
    torch.testing.assert_close(again.edited(recipe[[2, 2, 0]]).realism_change, outcome.realism_change[[2, 2, 0]])


def test_judges_are_frozen_but_let_gradients_through(judges, photos):
    image, mask = photos
    logits = torch.zeros(3, FREE, requires_grad=True)
    outcome = judges.look(image, mask).edited(bounded(random_orders(3, GENERATOR), logits))
    (outcome.realism_change.sum() + outcome.saliency.sum()).backward()
    assert logits.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for judge in (judges.critic, judges.saliency) for p in judge.parameters())
    assert not judges.critic.training


def test_a_glance_approaches_a_look(judges, photos):
    image, mask = photos
    recipe = bounded(random_orders(3, GENERATOR), torch.randn(3, FREE, generator=GENERATOR))
    whole, quick = judges.look(image, mask), judges.glance(image, mask, 4000, GENERATOR)
    assert quick.image.shape == (3, 3, 24, 32)
    for scene in (whole, quick):
        assert scene.saliency.shape[-2:] == scene.image.shape[-2:]
    first, second = whole.edited(recipe), quick.edited(recipe)
    torch.testing.assert_close(second.realism_change, first.realism_change, atol=0.01, rtol=0)
    torch.testing.assert_close(quick.saliency_change(second), whole.saliency_change(first), atol=0.05, rtol=0.2)


def test_a_critic_of_another_kind_is_shown_the_photo(photos):
    image, mask = photos
    scene = Judges(Closeness(), Brightness()).glance(image, mask, 10, GENERATOR)
    recipe = exposed(0.5, 1.0, 1.5)
    wanted = Closeness()(apply(image, mask, recipe), mask) - Closeness()(image, mask)
    torch.testing.assert_close(scene.edited(recipe).realism_change, wanted)


@pytest.mark.parametrize(("weight", "sign"), [(-1.0, -1), (1.0, 1)])
def test_optimisation_finds_what_the_objective_wants(plain, weight, sign):
    objective = Objective(saliency_weight=weight, change="log_ratio", margin=0.1, realism_weight=100.0)
    order = torch.tensor([[3, 1, 0, 2]])
    found = optimise(plain, objective, torch.tensor([False]), order, steps=80)
    assert found.curve.shape == (81, 1) and found.curve[0] == pytest.approx(1.0, abs=1e-5)
    assert found.loss.item() == found.curve.min().item() < 0.9
    outcome = plain.edited(found.recipe)
    # As far as the margin of realism goes: a tenth darker or brighter than 0.4.
    assert outcome.image.mean().item() == pytest.approx(0.4 + sign * 0.1, abs=0.02)
    assert plain.loss(outcome, torch.tensor([False]), objective)["total"].item() == pytest.approx(found.loss.item(), rel=1e-4)


def test_all_orders_at_once_are_each_alone(judges, photos):
    image, mask = photos
    scene, human = judges.look(image[:1], mask[:1]), torch.tensor([False])
    objective = Objective(saliency_weight=-1.0, change="log_ratio")
    orders = all_orders()[[0, 7, 23]]
    together = optimise(scene[torch.zeros(3, dtype=torch.long)], objective, human.expand(3), orders, steps=3)
    for index in range(3):
        alone = optimise(scene, objective, human, orders[index : index + 1], steps=3)
        torch.testing.assert_close(alone.curve[:, 0], together.curve[:, index], atol=1e-5, rtol=1e-4)


def test_it_starts_where_it_is_told_and_never_gets_worse(plain):
    objective, order = Objective(saliency_weight=-1.0), torch.tensor([[0, 1, 2, 3]])
    start = exposed(0.8)
    found = optimise(plain, objective, torch.tensor([False]), order, start, steps=0)
    torch.testing.assert_close(found.recipe.exposure, start.exposure, atol=1e-4, rtol=0)
    rough = optimise(plain, objective, torch.tensor([False]), order, start, steps=5, learning_rate=50.0)
    assert rough.loss.item() <= found.loss.item()


def test_strengths_keep_to_a_budget_of_realism(plain):
    # 0.4 darkened by 2^-s costs 0.4 (1 - 2^-s) of realism: 0.1 at s = 0.415.
    strength = find_strength(plain, exposed(0.5), "attenuate", min_realism_change=-0.1)
    assert strength == pytest.approx(0.415, abs=0.01)
    assert plain.edited(exposed(0.5).at_strength(strength)).realism_change.item() >= -0.1
    assert find_strength(plain, exposed(0.99), "attenuate", min_realism_change=-0.1) == 1.5


@pytest.mark.parametrize(("factor", "task", "wanted"), [(0.5, "attenuate", -0.3), (1.5, "amplify", 0.3)])
def test_strengths_reach_a_wanted_change_with_the_least(plain, factor, task, wanted):
    strength = find_strength(plain, exposed(factor), task, saliency_change=wanted)
    outcome = plain.edited(exposed(factor).at_strength(strength))
    assert plain.saliency_change(outcome).item() == pytest.approx(wanted, abs=0.01)
    assert abs(plain.saliency_change(outcome).item()) >= abs(wanted)


def test_what_cannot_be_reached_gives_what_is_allowed(plain):
    assert find_strength(plain, exposed(0.99), "attenuate", saliency_change=-0.5) == 1.5
    bounded_by = find_strength(plain, exposed(0.5), "attenuate", min_realism_change=-0.1, saliency_change=-0.9)
    assert bounded_by == pytest.approx(0.415, abs=0.01)
    assert find_strength(plain, exposed(0.5), "attenuate", min_realism_change=0.0) == 0


class Wavy(nn.Module):
    """A critic that dips between two strengths it allows."""

    def forward(self, image, mask):
        level = image.mean(dim=(1, 2, 3))
        return 0.5 - 0.4 * torch.exp(-(((level - 0.34) / 0.008) ** 2))


@pytest.mark.parametrize("wanted", [-0.1, -0.155, -0.2, None])
def test_a_budget_is_kept_where_the_critic_wavers(wanted):
    scene = Judges(Wavy(), Brightness()).look(torch.full((1, 3, 8, 8), 0.4), torch.ones(1, 1, 8, 8))
    strength = find_strength(scene, exposed(0.5), "attenuate", -0.1, wanted)
    outcome = scene.edited(exposed(0.5).at_strength(strength))
    assert strength > 0 and outcome.realism_change.item() >= -0.1
