"""What the networks see of a photo, and what may be asked of a proposal."""
import dataclasses

import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.enhance import view as view_module
from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import SIZE, is_colorless, network_input
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import LOOK_EVERY
from realistic_editing.enhance.options import REFINE, EditOptions
from realistic_editing.enhance.view import PhotoView
from realistic_editing.ops import Recipe, all_orders
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.saliency.compact import CompactSaliency


@pytest.mark.parametrize("shape", [(20, 20_000, 3), (20_000, 20, 3), (2000, 1500, 3), (50, 40, 3), (1, 1, 3)])
def test_any_photo_becomes_a_square_with_its_mean(shape):
    photo = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    small, _ = network_input(photo, np.full(shape[:2], 255, np.uint8))
    assert small.shape == (1, 3, SIZE, SIZE) and small.dtype == torch.float32
    assert np.abs(small[0].mean(dim=(1, 2)).numpy() - photo.mean(axis=(0, 1)) / 255).max() < 0.03


def test_a_panorama_does_not_alias():
    stripes = np.zeros((20, 20_000), np.uint8)
    stripes[:, ::2] = 255  # far finer than the network's pixels: nothing but grey may be left
    small, mask = network_input(np.dstack([stripes] * 3), stripes)
    assert (small - 0.5).abs().max() < 0.05 and (mask - 0.5).abs().max() < 0.05


SALIENCY = {"input_size": (24, 32), "widths": (4, 8, 8, 8, 8), "join": 8}


@pytest.fixture(scope="module")
def enhancer():
    torch.manual_seed(0)
    network = CompactEnhancer(SALIENCY, input_size=48, stride=1, ring=8, palette=4, hidden=16)
    torch.nn.init.constant_(network.heads["exposure"].bias, -1.5)  # darker
    critic = CompactCritic(input_size=48, stride=1, ring=8, palette=4, hidden=16)
    objective = Objective(saliency_weight=-1.0, change="log_ratio", margin=0.05, realism_weight=10.0)
    return Enhancer(network, critic, CompactSaliency(**SALIENCY), "attenuate", objective)


@pytest.fixture(scope="module")
def photo():
    generator = np.random.default_rng(0)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:50] = 255
    return generator.integers(0, 256, (60, 80, 3), dtype=np.uint8), mask


def test_refining_lowers_the_loss_it_was_given(enhancer, photo):
    proposed = enhancer.propose(*photo, order=(3, 1, 0, 2), refine=0)
    refined = enhancer.propose(*photo, order=(3, 1, 0, 2), refine=4)
    default = enhancer.propose(*photo, order=(3, 1, 0, 2))

    def loss(edit):
        view = enhancer.view(*photo).region
        return float(view.loss(view.edited(edit.recipe), torch.tensor([False]), enhancer.objective)["total"])

    assert loss(default) <= loss(refined) < loss(proposed)
    assert default.refined and refined.refined and not proposed.refined
    assert refined.recipe.order.tolist() == [[3, 1, 0, 2]]
    assert not refined.recipe.exposure.requires_grad


def test_budgets_say_what_was_reached(enhancer, photo):
    whole = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=None)
    assert whole.strength == 1 and whole.realism_change != 0
    half = enhancer.propose(*photo, order=(3, 1, 0, 2), saliency_change=-0.01)
    assert 0 < half.strength <= 1.5
    again = enhancer.measure(*photo, half.recipe)
    assert again.saliency_change == pytest.approx(half.saliency_change, abs=1e-5)
    assert again.realism_change == pytest.approx(half.realism_change, abs=1e-5)
    kept = enhancer.propose(*photo, order=(3, 1, 0, 2), min_realism_change=-1.0)
    assert kept.strength == 1.5
    torch.testing.assert_close(kept.recipe.exposure, whole.recipe.exposure**1.5, rtol=1e-4, atol=0)


def test_a_proposal_that_loses_realism_is_taken_weaker(as_strong_as_proposed, enhancer, photo):
    enhancer = Enhancer(enhancer.network, enhancer.critic, enhancer.saliency, "attenuate")  # no objective: nothing is refined
    whole = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=None)
    assert whole.realism_change < 0 and whole.strength == 1
    guard = whole.realism_change / 2
    kept = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=guard)
    assert guard <= kept.realism_change < 0 and 0 < kept.strength < 1
    assert enhancer.propose(*photo, order=(3, 1, 0, 2), guard=3 * whole.realism_change).strength == 1
    # A budget that is asked for counts alone.
    asked = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=guard, min_realism_change=-1.0)
    assert asked.strength == 1.5


def test_an_edit_that_hardly_moves_attention_is_taken_weaker(enhancer, photo):
    enhancer = Enhancer(enhancer.network, enhancer.critic, enhancer.saliency, "attenuate")  # no objective: nothing is refined
    whole = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=None)
    held = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=-1.0)
    assert abs(whole.gain) < 0.005 and whole.strength == 1 and held.strength == 0.25
    torch.testing.assert_close(held.recipe.exposure, whole.recipe.exposure**0.25, rtol=1e-4, atol=0)
    assert enhancer.propose(*photo, order=(3, 1, 0, 2), strength=1.0).strength == 1  # what is asked for is done


def test_what_hardly_moves_attention_and_is_weakened_keeps_to_the_guard_on_the_way(enhancer, photo, monkeypatch):
    """dR may be lower between no edit and an edit that the guard lets through."""
    view = enhancer.view(*photo)
    edit = dataclasses.replace(view.pick((3, 1, 0, 2)), realism_change=-0.05, saliency_change=-0.01)

    def at_strength(given, strength):
        change = -0.05 if strength == 1 else -0.2 if 0.3 < strength else -0.3 * strength
        return given if strength == 1 else dataclasses.replace(given, strength=strength, realism_change=change)

    monkeypatch.setattr(view, "at_strength", at_strength)
    monkeypatch.setattr(view, "_strength_for_skin", lambda recipe: 1.0)
    monkeypatch.setattr(view, "least_realism_change", lambda guard: -0.1)
    monkeypatch.setattr(view_module, "weakened", lambda given, *_, **__: at_strength(given, 0.2))
    found = view.settled(edit)
    assert found.strength == pytest.approx(0.5 * 0.2) and found.realism_change >= -0.1


def test_a_target_that_no_strength_reaches_leaves_the_guard_in_force(as_strong_as_proposed, enhancer, photo):
    enhancer = Enhancer(enhancer.network, enhancer.critic, enhancer.saliency, "attenuate")  # no objective: nothing is refined
    whole = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=None)
    guard = whole.realism_change / 2
    kept = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=guard)
    assert 0 < kept.strength < 1
    held = enhancer.propose(*photo, order=(3, 1, 0, 2), guard=guard, saliency_change=-0.99)
    assert held.strength == pytest.approx(kept.strength, abs=0.02) and held.realism_change >= guard
    assert enhancer.propose(*photo, order=(3, 1, 0, 2), guard=-1.0, saliency_change=-0.99).strength == 1.5  # it lets all pass
    assert enhancer.propose(*photo, order=(3, 1, 0, 2), guard=None, saliency_change=-0.99).strength == 1.5


@pytest.mark.parametrize("task", ["attenuate", "amplify"])
def test_a_proposal_that_goes_the_wrong_way_is_turned_round(enhancer, photo, task):
    image, region = network_input(*photo)
    objective = Objective(saliency_weight=1.0 if task == "amplify" else -1.0, change="log_ratio")
    view, without = (PhotoView(enhancer.network, enhancer.judges, task, one, image, region) for one in (objective, None))
    still = Recipe.identity(torch.tensor([[3, 1, 0, 2]]))
    edits = [view.measure(dataclasses.replace(still, exposure=torch.tensor([value]))) for value in (1.5, 0.7)]
    wrong = min(edits, key=lambda edit: edit.gain)
    turned = view.refine(wrong)
    assert turned.gain > wrong.gain and turned.gain > 0 and turned.strength == 1 and turned.refined
    assert view.refine(wrong, 0) is wrong
    with pytest.raises(InputError, match="objective"):
        without.refine(wrong)
    assert not without.propose(EditOptions(order=(3, 1, 0, 2))).refined  # its default is the single pass


class Counting(torch.nn.Module):
    """A judge that counts the pictures it is shown."""

    def __init__(self, judge):
        super().__init__()
        self.judge, self.input_size, self.seen = judge, judge.input_size, 0

    def forward(self, image, *mask):
        self.seen += len(image)
        return self.judge(image, *mask)


@pytest.mark.parametrize(
    ("options", "edits"),
    [
        ({"refine": 0, "guard": None}, 24),
        ({"refine": 0, "guard": None, "order": (3, 1, 0, 2)}, 1),
        ({"order": "random", "guard": -1.0}, 1),
        ({"refine": 0, "strength": 1.0}, 24),
        ({"refine": 0, "strength": 0.5}, 25),
        ({"refine": 0, "order": (3, 1, 0, 2), "min_realism_change": -1.0}, (18, 2)),  # 16 strengths by the critic alone
        # The photo once more, at the size of refinement, and where it may start: at the proposal or at six plain edits.
        # The critic judges each step, the saliency network the first, the last, and of those between one of LOOK_EVERY.
        ({"order": (3, 1, 0, 2), "guard": None, "refine": 2}, (1 + 1 + 7 + 3 + 1, 1 + 1 + 7 + 2 + 1)),
        ({"guard": None}, (24 + 1 + 7 + (REFINE + 1) + 1, 24 + 1 + 7 + (REFINE // LOOK_EVERY + 1) + 1)),
    ],
)
def test_no_edit_is_judged_twice_by_both(as_strong_as_proposed, enhancer, photo, options, edits):
    critic, saliency = Counting(enhancer.critic), Counting(enhancer.saliency)
    counted = Enhancer(enhancer.network, critic, saliency, "attenuate", enhancer.objective)
    counted.judges.critic.eval()
    if options.get("guard", 0) == -1.0:
        counted = Enhancer(enhancer.network, critic, saliency, "attenuate")  # nothing to refine by
    edit = counted.propose(*photo, **options)
    by_critic, by_saliency = edits if isinstance(edits, tuple) else (edits, edits)
    assert (critic.seen, saliency.seen) == (1 + by_critic, 1 + by_saliency)  # the photo once, and each edit once
    again = enhancer.measure(*photo, edit.recipe)
    assert again.realism_change == pytest.approx(edit.realism_change, abs=1e-5)
    assert again.saliency_change == pytest.approx(edit.saliency_change, abs=1e-5)


def test_a_view_answers_many_questions_of_one_photo(enhancer, photo):
    view = enhancer.view(*photo)
    candidates = view.candidates()
    assert len(candidates) == 24 and candidates is view.candidates()
    assert candidates.recipe.order.tolist() == all_orders().tolist()
    assert view.pick("best_realism").recipe.order.tolist() in candidates.recipe.order[:, None].tolist()
    first = candidates[3]
    assert first.realism_change == float(candidates.realism_change[3]) and len(list(candidates)) == 24
    again = view.measure(first.recipe)
    assert again.realism_change == pytest.approx(first.realism_change, abs=1e-5)
    with pytest.raises(IndexError):
        candidates[24]
    asked = enhancer.propose(*photo, EditOptions(order="best_saliency", guard=None, refine=0))
    named = enhancer.propose(*photo, order="best_saliency", guard=None, refine=0)
    assert asked.realism_change == named.realism_change == view.pick("best_saliency").realism_change


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"guard": 0.1}, "guard"),
        ({"refine": -1}, "refine"),
        ({"min_realism_change": 0.5}, "min_realism_change"),
        ({"saliency_change": 0.3}, "below 0"),
        ({"strength": "x"}, "strength"),
        ({"strength": True}, "strength"),
        ({"order": None}, "order"),
        ({"order": 7}, "order"),
        ({"refine": 1.5}, "refine"),
        ({"refine": True}, "refine"),
        ({"seed": 2**70}, "seed"),
        ({"seed": -1}, "seed"),
        ({"human": 1}, "human"),
        ({"guard": float("nan")}, "guard"),
        ({"saliency_change": "-0.3"}, "saliency_change"),
        ({"strength": 1, "saliency_change": -0.3}, "beside"),
        ({"refin": 3}, "refin is no option of an edit; did you mean refine"),
        ({"colour": 3}, "colour is no option of an edit; use .*strength"),
    ],
)
def test_options_that_make_no_sense_are_refused(enhancer, photo, options, word):
    with pytest.raises(InputError, match=word):
        enhancer.propose(*photo, **options)
    without = Enhancer(enhancer.network, enhancer.critic, enhancer.saliency, "attenuate")
    with pytest.raises(InputError, match="objective"):
        without.propose(*photo, refine=1)


@pytest.mark.parametrize("options", [{}, {"order": (3, 1, 0, 2)}, {"order": (3, 1, 0, 2), "refine": 3}, {"guard": None}])
def test_black_and_white_photos_stay_so(photo, options):
    """Heads that answer give every photo a tint; of grey ones it is left out, refined or not."""
    torch.manual_seed(1)
    network = CompactEnhancer(SALIENCY, input_size=48, stride=1, ring=8, palette=4, hidden=16)
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, std=0.5)
    critic = CompactCritic(input_size=48, stride=1, ring=8, palette=4, hidden=16)
    objective = Objective(saliency_weight=-1.0, change="log_ratio")
    enhancer = Enhancer(network, critic, CompactSaliency(**SALIENCY), "attenuate", objective)
    pixels, mask = photo
    grey = np.repeat(pixels[:, :, :1], 3, axis=2)
    edited = enhancer.propose(grey, mask, **options).apply(grey, mask)
    assert (edited == edited[:, :, :1]).all() and not np.array_equal(edited, grey)
    colored = enhancer.propose(pixels, mask, **options).recipe
    assert not torch.allclose(colored.white_balance, torch.ones(1, 3), atol=1e-3)


def test_a_colored_thing_in_a_grey_scene_keeps_its_edit():
    image, mask = torch.full((1, 3, 96, 96), 0.5), torch.zeros(1, 1, 96, 96)
    image[:, :, 40:48, 40:48] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]
    mask[..., 40:48, 40:48] = 1
    assert not is_colorless(image, mask)
    assert is_colorless(image, mask.roll(24, dims=3))  # a grey region of the same scene
    assert is_colorless(image, 0 * mask)


def test_an_edit_that_refinement_stills_gives_place_to_the_proposal(as_strong_as_proposed, enhancer, photo, monkeypatch):
    view = enhancer.view(*photo)
    still = view.measure(Recipe.identity(torch.tensor([[0, 1, 2, 3]])))
    proposal = view.pick()
    monkeypatch.setattr(view, "refine", lambda edit, steps, progress, plain: still)
    for sign, wanted in ((1, proposal), (-1, still)):
        gaining = dataclasses.replace(proposal, saliency_change=-0.2 * sign)  # of attenuation
        monkeypatch.setattr(view, "pick", lambda order, seed, gaining=gaining: gaining)
        monkeypatch.setattr(view, "guard", lambda edit, realism=0.0: edit)
        assert view.propose().recipe is wanted.recipe
    monkeypatch.undo()
    assert view.measure(proposal).saliency_change == pytest.approx(proposal.saliency_change)  # an edit is taken as its recipe
