"""Views: what the judges find in photos and edits, whole and by sampled pixels; the optimiser and strengths built on them."""
import dataclasses

import pytest
import torch
from torch import nn

from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.enhance.judged_edit import Slope
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import _Descent, optimise
from realistic_editing.enhance.options import MAX_STRENGTH
from realistic_editing.enhance.parameters import FREE, bounded
from realistic_editing.enhance.strength import find_strength
from realistic_editing.enhance.view import PhotoView
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
    return Judges(Closeness(), Brightness()).view(image, torch.ones(1, 1, 8, 8))


def strength_of(view, recipe, *wanted, **budgets):
    """`find_strength` along one recipe for one photo."""

    def change(which):
        return lambda strength: float(view.changes(recipe.at_strength(strength))[which])

    return find_strength(change(0), change(1), *wanted, **budgets)


def exposed(*factors):
    recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3]] * len(factors)))
    return Recipe(recipe.order, recipe.white_balance, recipe.color_curve, recipe.saturation, torch.tensor(factors))


def test_a_view_gives_what_the_judges_give(judges, photos):
    image, mask = photos
    recipe = bounded(random_orders(3, GENERATOR), torch.randn(3, FREE, generator=GENERATOR))
    view = judges.view(image, mask)
    judged = view.edited(recipe)
    edited = apply(image, mask, recipe)
    torch.testing.assert_close(judged.image, edited)
    torch.testing.assert_close(judged.realism_change, judges.critic(edited, mask) - judges.critic(image, mask))
    wanted = -saliency_drop(judges.saliency(image), judges.saliency(edited), mask)
    torch.testing.assert_close(view.saliency_change(judged), wanted)
    again = view[torch.tensor([2, 2, 0])]
    torch.testing.assert_close(again.edited(recipe[[2, 2, 0]]).realism_change, judged.realism_change[[2, 2, 0]])


@pytest.mark.parametrize("quick", [False, True])
def test_realism_alone_is_what_it_is_beside_saliency(judges, photos, quick):
    image, mask = (part[:1] for part in photos)
    view = judges.quick_view(image, mask, judges.critic_of(image, mask)) if quick else judges.view(image, mask)
    recipe = bounded(random_orders(7, GENERATOR), torch.randn(7, FREE, generator=GENERATOR))
    torch.testing.assert_close(view.realism_changes(recipe), view.changes(recipe)[0])


def test_the_default_judges_can_take_a_quick_look():
    enhancer = Enhancer.from_pretrained("attenuate")
    assert enhancer.judges.can_be_quick


def test_a_budget_of_realism_alone_asks_the_saliency_network_once(judges, photos, monkeypatch):
    image, mask = (part[:1] for part in photos)
    shape = {"saliency": {"input_size": (24, 32)}, "input_size": 48, "stride": 1, "ring": 8, "palette": 8, "hidden": 16}
    network = CompactEnhancer(**shape).eval()
    view = PhotoView(network, judges, "attenuate", None, image, mask)
    edit, asked = view.pick((3, 1, 0, 2)), []
    forward = CompactSaliency.forward
    monkeypatch.setattr(CompactSaliency, "forward", lambda self, photo: (asked.append(len(photo)), forward(self, photo))[1])
    least = -abs(edit.realism_change) / 2
    held = view.limit(edit, realism=least)
    assert len(asked) == 1 and held.realism_change >= least and 0 <= held.strength <= MAX_STRENGTH


def test_judges_are_frozen_but_let_gradients_through(judges, photos):
    image, mask = photos
    logits = torch.zeros(3, FREE, requires_grad=True)
    judged = judges.view(image, mask).edited(bounded(random_orders(3, GENERATOR), logits))
    (judged.realism_change.sum() + judged.saliency.sum()).backward()
    assert logits.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for judge in (judges.critic, judges.saliency) for p in judge.parameters())
    assert not judges.critic.training


def test_a_sampled_view_approaches_the_whole(judges, photos):
    image, mask = photos
    recipe = bounded(random_orders(3, GENERATOR), torch.randn(3, FREE, generator=GENERATOR))
    whole, quick = judges.view(image, mask), judges.sampled_view(image, mask, 4000, GENERATOR)
    assert quick.image.shape == (3, 3, 24, 32)
    for view in (whole, quick):
        assert view.saliency.shape[-2:] == view.image.shape[-2:]
    first, second = whole.edited(recipe), quick.edited(recipe)
    torch.testing.assert_close(second.realism_change, first.realism_change, atol=0.01, rtol=0)
    torch.testing.assert_close(quick.saliency_change(second), whole.saliency_change(first), atol=0.05, rtol=0.2)


@pytest.mark.parametrize("term", ["flat", "veil"])
def test_shading_that_an_edit_takes_costs_in_the_loss_of_a_view(term):
    image, mask = torch.full((1, 3, 24, 24), 0.2), torch.ones(1, 1, 24, 24)
    image[:, 0] = torch.linspace(0.6, 0.9, 24)  # red with shading, which ends at white on the way
    recipe = dataclasses.replace(exposed(3.0), saturation=torch.zeros(1), order=torch.tensor([[3, 0, 1, 2]]))
    view, human = Judges(Closeness(), Brightness()).view(image, mask), torch.zeros(1, dtype=torch.bool)
    free, paid = (Objective(-1.0, **{f"{term}_margin": 0.1, f"{term}_weight": weight}) for weight in (0.0, 4.0))
    losses = [float(view.loss(view.edited(recipe), human, objective)["realism"]) for objective in (free, paid)]
    assert losses[1] > losses[0] + 0.1


def test_contrast_between_pixels_that_grey_takes_costs_in_the_loss_of_a_view():
    image, mask = torch.full((1, 3, 24, 24), 0.9), torch.ones(1, 1, 24, 24)
    image[:, 1:, :, ::2], image[:, 1:, :, 1::2] = 0.1, 0.4  # two reds, whose shading grey keeps
    recipe = dataclasses.replace(exposed(1.0), saturation=torch.tensor([0.3]))
    view, human = Judges(Closeness(), Brightness()).view(image, mask), torch.zeros(1, dtype=torch.bool)
    free, paid = (Objective(-1.0, veil_margin=0.1, veil_weight=weight) for weight in (0.0, 4.0))
    losses = [float(view.loss(view.edited(recipe), human, objective)["realism"]) for objective in (free, paid)]
    assert losses[1] > losses[0] + 0.5


def test_a_quick_view_sees_less_and_the_same_each_time(judges, photos):
    image, mask = (part[:1] for part in photos)
    big = Judges(judges.critic, CompactSaliency((96, 128), (4, 4, 4, 4, 4), 8))
    one, two = (big.quick_view(image, mask, big.critic_of(image, mask)) for _ in range(2))
    assert one.image.shape[-2:] == (64, 64) and torch.equal(one.realism, two.realism)
    assert big.can_be_quick and not Judges(judges.critic, Brightness()).can_be_quick


def test_a_critic_of_another_kind_is_shown_the_photo(photos):
    image, mask = photos
    view = Judges(Closeness(), Brightness()).sampled_view(image, mask, 10, GENERATOR)
    recipe = exposed(0.5, 1.0, 1.5)
    wanted = Closeness()(apply(image, mask, recipe), mask) - Closeness()(image, mask)
    torch.testing.assert_close(view.edited(recipe).realism_change, wanted)


@pytest.mark.parametrize(("weight", "sign"), [(-1.0, -1), (1.0, 1)])
def test_optimisation_finds_what_the_objective_wants(plain, weight, sign):
    objective = Objective(saliency_weight=weight, change="log_ratio", margin=0.1, realism_weight=100.0)
    order = torch.tensor([[3, 1, 0, 2]])
    found = optimise(plain, objective, torch.tensor([False]), order, steps=80)
    assert found.curve.shape == (81, 1) and found.curve[0] == pytest.approx(1.0, abs=1e-5)
    assert found.loss.item() == found.curve.min().item() < 0.9
    judged = plain.edited(found.recipe)
    # As far as the margin of realism goes: a tenth darker or brighter than 0.4.
    assert judged.image.mean().item() == pytest.approx(0.4 + sign * 0.1, abs=0.02)
    assert plain.loss(judged, torch.tensor([False]), objective)["total"].item() == pytest.approx(found.loss.item(), rel=1e-4)


class Contrast(nn.Module):
    """A saliency that is not linear in the pixels: how far they are from mid-grey, squared."""

    input_size, asked = (24, 32), 0

    def forward(self, image):
        self.asked += 1
        return (image - 0.5).square().mean(dim=1, keepdim=True)


def test_a_slope_is_the_judges_own_near_an_edit(photos):
    image, mask = (part[:1] for part in photos)
    judges, objective = Judges(Closeness(), Contrast()), Objective(saliency_weight=-1.0, change="log_ratio")
    view = judges.view(image, mask)
    drops, recipes = [], [exposed(0.8), exposed(0.81)]
    judged = view.edited(recipes[0])
    seen = judged.image.detach().requires_grad_(True)
    drop = objective.change_between(view.saliency, judges.saliency(seen), mask)
    slope = Slope(drop.detach(), torch.autograd.grad(drop.sum(), seen)[0], seen.detach())
    for recipe in recipes:
        exact, near = view.edited(recipe), view.edited(recipe, slope)
        assert near.saliency is None and torch.equal(near.realism_change, exact.realism_change)
        drops.append([view.drop(one, objective).item() for one in (exact, near)])
    assert drops[0][0] == pytest.approx(drops[0][1], abs=1e-6)
    moved, foretold = (drops[1][which] - drops[0][which] for which in (0, 1))
    assert foretold == pytest.approx(moved, rel=0.1) and abs(moved) > 1e-4


@pytest.mark.parametrize("weight", [-1.0, 1.0])
def test_steps_by_a_slope_end_where_full_ones_do_for_a_quarter_of_the_looks(weight):
    image = 0.3 + 0.1 * torch.rand(1, 3, 48, 64, generator=GENERATOR)
    mask = torch.zeros(1, 1, 48, 64)
    mask[..., 10:30, 12:40] = 1
    objective = Objective(saliency_weight=weight, change="log_ratio", bound=0.7, margin=0.05, realism_weight=20.0)
    order, human, losses, looks = torch.tensor([[3, 1, 0, 2]]), torch.tensor([False]), [], []
    for look in (1, 4):
        saliency = Contrast()
        view = Judges(Closeness(), saliency).view(image, mask)
        saliency.asked = 0
        found = optimise(view, objective, human, order, steps=24, look=look)
        assert len(found.curve) == saliency.asked
        assert found.loss.item() == found.curve.min().item()
        judged = view.edited(found.recipe)
        assert view.loss(judged, human, objective)["total"].item() == pytest.approx(found.loss.item(), rel=1e-4)
        losses.append(found.loss.item())
        looks.append(len(found.curve))
    assert looks == [25, 7] and losses[1] <= losses[0] + 0.01 and losses[0] < 0.95


def test_steps_that_a_slope_led_astray_go_back_to_the_last_look(plain):
    """Far along a slope the critic says no: the next look sees it, and the descent begins anew from the best."""
    objective = Objective(saliency_weight=1.0, change="log_ratio", margin=0.0, realism_weight=100.0)
    order, human = torch.tensor([[3, 1, 0, 2]]), torch.tensor([False])
    found = optimise(plain, objective, human, order, steps=24, learning_rate=3.0, look=6)
    assert found.curve.shape == (5, 1) and found.loss.item() <= found.curve[0].item()
    patient = [_Descent(torch.zeros(1, 2), look) for look in (1, 6)]
    for descent in patient:
        descent.keep(torch.tensor([1.0]))
        descent.update(torch.ones(1, 2), 0.1)
        descent.keep(torch.tensor([2.0]))
    # Six steps are more than patience has.
    assert [bool(descent.update(torch.ones(1, 2), 0.1)) for descent in patient] == [False, True]
    with pytest.raises(ValueError, match="look is 0"):
        optimise(plain, objective, human, order, steps=1, look=0)


def test_of_two_slopes_each_edit_has_its_own():
    one, two = (Slope(torch.full((2,), value), *(torch.full((2, 3, 4, 4), value),) * 2) for value in (1.0, 2.0))
    mixed = one.where(torch.tensor([True, False]), two)
    assert mixed.change.tolist() == [1, 2] and mixed.gradient[:, 0, 0, 0].tolist() == [1, 2]
    assert mixed.at(torch.full((2, 3, 4, 4), 3.0)).tolist() == [1 + 48 * 2, 2 + 48 * 2]


def test_views_of_one_photo_as_a_person_and_as_none_share_no_skin(judges, photos):
    image, mask = (part[:1] for part in photos)
    network = CompactEnhancer({"input_size": (24, 32)}, input_size=48, stride=1, ring=8, palette=8, hidden=16).eval()
    view = PhotoView(network, judges, "attenuate", Objective(saliency_weight=-1.0, change="log_ratio"), image, mask)
    view.refine(view.pick(), 1, plain=True)
    assert view._quick.skin is None


def test_all_orders_at_once_are_each_alone(judges, photos):
    image, mask = photos
    view, human = judges.view(image[:1], mask[:1]), torch.tensor([False])
    objective = Objective(saliency_weight=-1.0, change="log_ratio")
    orders = all_orders()[[0, 7, 23]]
    together = optimise(view[torch.zeros(3, dtype=torch.long)], objective, human.expand(3), orders, steps=3)
    for index in range(3):
        alone = optimise(view, objective, human, orders[index : index + 1], steps=3)
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
    strength = strength_of(plain, exposed(0.5), "attenuate", min_realism_change=-0.1)
    assert strength == pytest.approx(0.415, abs=0.01)
    assert plain.edited(exposed(0.5).at_strength(strength)).realism_change.item() >= -0.1
    assert strength_of(plain, exposed(0.99), "attenuate", min_realism_change=-0.1) == 1.5


@pytest.mark.parametrize(("factor", "task", "wanted"), [(0.5, "attenuate", -0.3), (1.5, "amplify", 0.3)])
def test_strengths_reach_a_wanted_change_with_the_least(plain, factor, task, wanted):
    strength = strength_of(plain, exposed(factor), task, wanted=wanted)
    judged = plain.edited(exposed(factor).at_strength(strength))
    assert plain.saliency_change(judged).item() == pytest.approx(wanted, abs=0.01)
    assert abs(plain.saliency_change(judged).item()) >= abs(wanted)


def test_the_least_strength_is_found_where_the_budget_ends_within_a_step_too():
    asked = []

    def saliency(strength):
        asked.append(strength)
        return -strength

    found = find_strength(lambda strength: -strength, saliency, "attenuate", -0.09, -0.01)
    assert 0.01 <= found < 0.02 and max(asked) <= 0.09


def test_what_cannot_be_reached_gives_what_is_allowed(plain):
    assert strength_of(plain, exposed(0.99), "attenuate", wanted=-0.5) == 1.5
    bounded_by = strength_of(plain, exposed(0.5), "attenuate", min_realism_change=-0.1, wanted=-0.9)
    assert bounded_by == pytest.approx(0.415, abs=0.01)
    assert strength_of(plain, exposed(0.5), "attenuate", min_realism_change=0.0) == 0


class Wavy(nn.Module):
    """A critic that dips between two strengths it allows."""

    def forward(self, image, mask):
        level = image.mean(dim=(1, 2, 3))
        return 0.5 - 0.4 * torch.exp(-(((level - 0.34) / 0.008) ** 2))


@pytest.mark.parametrize("wanted", [-0.1, -0.155, -0.2, None])
def test_a_budget_is_kept_where_the_critic_wavers(wanted):
    view = Judges(Wavy(), Brightness()).view(torch.full((1, 3, 8, 8), 0.4), torch.ones(1, 1, 8, 8))
    strength = strength_of(view, exposed(0.5), "attenuate", -0.1, wanted)
    judged = view.edited(exposed(0.5).at_strength(strength))
    assert strength > 0 and judged.realism_change.item() >= -0.1


def test_more_that_is_blown_out_costs_and_what_was_so_before_does_not():
    image = torch.full((1, 3, 8, 8), 0.4)
    image[..., :4] = 1.0  # half of it, in the photo
    view = Judges(Closeness(), Brightness()).view(image, torch.ones(1, 1, 8, 8))
    objective = Objective(saliency_weight=1.0, change="log_ratio", realism_weight=0.0, blown_margin=0.1, blown_weight=2.0)
    still = Recipe.identity(torch.tensor([[0, 1, 2, 3]]))
    lit = dataclasses.replace(still, exposure=torch.tensor([3.0]))
    losses = [view.loss(view.edited(recipe), torch.tensor([False]), objective)["realism"] for recipe in (still, lit)]
    assert float(losses[0]) == 0 and float(losses[1]) == pytest.approx(2 * (0.5 - 0.1), abs=1e-5)
