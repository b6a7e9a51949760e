"""Eqs. 2 to 6 and the release's variants: hand-computed values, and the signs that the task depends on."""
import dataclasses
import math

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.config import CONFIGS, instantiate_node
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.enhance.loss import Objective, enhancement_loss
from realistic_editing.enhance.terms import (
    blown_out,
    color_cast,
    dulled_whites,
    log_saliency_both,
    log_saliency_ratio,
    shadow_lift,
)
from realistic_editing.ops import Recipe

ATTENUATE, AMPLIFY = Objective(saliency_weight=-1.0), Objective(saliency_weight=5.0)
CALIBRATED = {"change": "log_ratio", "margin": 0.05, "realism_weight": 10.0}

# A region of two pixels, and a third outside that must not count.
MASK = torch.tensor([[[[1.0, 1.0, 0.0]]]])
BEFORE = torch.tensor([[[[0.5, 0.8, 0.1]]]])
LESS = torch.tensor([[[[0.25, 0.6, 0.9]]]])  # relative losses 0.5 and 0.25: S = 0.375
MORE = torch.tensor([[[[0.75, 1.0, 0.0]]]])  # relative gains 0.5 and 0.25: S = -0.375


def loss(after, objective, realism_change=0.0, human=False):
    terms = enhancement_loss(
        BEFORE, after, MASK, torch.tensor([realism_change]), torch.tensor([human]), objective
    )
    return {name: float(value) for name, value in terms.items()}


def test_s_by_hand_and_only_inside_the_mask():
    assert float(saliency_drop(BEFORE, LESS, MASK)) == pytest.approx(0.375)
    assert float(saliency_drop(BEFORE, MORE, MASK)) == pytest.approx(-0.375)
    assert float(saliency_drop(BEFORE, BEFORE, MASK)) == 0
    assert float(saliency_drop(BEFORE, LESS, MASK, epsilon=0.5)) == pytest.approx((0.25 / 1.0 + 0.2 / 1.3) / 2)


def test_s_weighs_by_a_soft_mask():
    mask = torch.tensor([[[[1.0, 0.5, 0.0]]]])
    assert float(saliency_drop(BEFORE, LESS, mask)) == pytest.approx((0.5 + 0.5 * 0.25) / 1.5)


def test_both_log_ratios_by_hand():
    before, after = torch.tensor([[[[0.2, 0.01]]]]), torch.tensor([[[[0.1, 0.02]]]])
    mask = torch.ones(1, 1, 1, 2)
    pixels = (math.log(0.203 / 0.103) + math.log(0.013 / 0.023)) / 2
    wanted = (math.log(0.21 / 0.12) + pixels) / 2
    assert log_saliency_both(before, after, mask).item() == pytest.approx(wanted, rel=1e-5)
    # A faint pixel that grows weighs more than in the ratio of means, and less than in S of eq. 3, which calls this a gain.
    assert saliency_drop(before, after, mask) < 0 < wanted < math.log(0.21 / 0.12)


def test_log_ratio_by_hand():
    assert float(log_saliency_ratio(BEFORE, LESS, MASK)) == pytest.approx(math.log(0.65 / 0.425), rel=1e-5)


def test_equations_4_and_6_by_hand():
    assert loss(LESS, ATTENUATE)["total"] == pytest.approx(math.exp(-0.375))
    assert loss(LESS, AMPLIFY)["total"] == pytest.approx(math.exp(5 * 0.375), rel=1e-5)
    found = loss(LESS, ATTENUATE, realism_change=-0.4)
    assert found["realism"] == pytest.approx(0.3)
    assert found["total"] == pytest.approx(1.3 * math.exp(-0.375), rel=1e-5)


@pytest.mark.parametrize("extra", [{}, CALIBRATED, {"exponential": False, "combine": "sum"}, {"combine": "sum"}])
def test_losing_saliency_is_good_for_attenuation_and_bad_for_amplification(extra):
    attenuate, amplify = Objective(saliency_weight=-1.0, **extra), Objective(saliency_weight=5.0, **extra)
    none = loss(BEFORE, attenuate)["total"]
    assert loss(LESS, attenuate)["total"] < none < loss(MORE, attenuate)["total"]
    none = loss(BEFORE, amplify)["total"]
    assert loss(MORE, amplify)["total"] < none < loss(LESS, amplify)["total"]


@pytest.mark.parametrize("objective", [ATTENUATE, AMPLIFY, Objective(saliency_weight=1.0, **CALIBRATED)])
def test_realism_gained_is_never_rewarded(objective):
    assert loss(LESS, objective, 0.5) == loss(LESS, objective, 0.0)


def test_the_margin_is_free_and_what_lies_beyond_costs():
    assert loss(LESS, ATTENUATE, -0.1)["realism"] == pytest.approx(0, abs=1e-7)
    assert loss(LESS, ATTENUATE, -0.11)["realism"] == pytest.approx(0.01, abs=1e-6)
    assert loss(LESS, ATTENUATE, -0.5)["total"] > loss(LESS, ATTENUATE, -0.2)["total"]


def test_human_regions_have_no_margin_in_the_release():
    released = Objective(saliency_weight=-1.0, clip=1.0, cap=10.0, human_weight=10.0)
    assert loss(LESS, released, -0.05, human=True)["realism"] == pytest.approx(0.5)
    assert loss(LESS, released, -0.05, human=False)["realism"] == pytest.approx(0, abs=1e-7)
    assert loss(LESS, released, 0.05, human=True)["realism"] == 0


def test_the_releases_clips():
    faint = BEFORE.new_tensor([[[[0.01, 0.01, 0.1]]]])
    bright = faint * 40
    terms = (MASK, torch.zeros(1), torch.zeros(1, dtype=torch.bool))
    clipped = enhancement_loss(faint, bright, *terms, Objective(saliency_weight=-1.0, clip=1.0))
    assert float(clipped["drop"]) == -1 and float(clipped["total"]) == pytest.approx(math.e, rel=1e-5)
    capped = enhancement_loss(faint, bright, *terms, Objective(saliency_weight=-1.0, cap=10.0))
    assert float(capped["total"]) == 10


def test_gradients_reach_saliency_and_realism():
    after, change = LESS.clone().requires_grad_(), torch.tensor([-0.4], requires_grad=True)
    enhancement_loss(BEFORE, after, MASK, change, torch.tensor([False]), ATTENUATE)["total"].sum().backward()
    assert (after.grad[..., :2] > 0).all() and after.grad[..., 2] == 0 and change.grad < 0


def test_unknown_choices_are_refused():
    with pytest.raises(ValueError, match="log_ratio"):
        Objective(saliency_weight=1.0, change="ratio")
    with pytest.raises(ValueError, match="product"):
        Objective(saliency_weight=1.0, combine="mean")


def test_a_bound_is_approached_and_keeps_the_sign():
    bounded = Objective(saliency_weight=-1.0, change="log_ratio", bound=0.3)
    change = math.log(0.65 / 0.425)
    assert loss(LESS, bounded)["drop"] == pytest.approx(0.3 * math.tanh(change / 0.3), rel=1e-5)
    assert -0.3 < loss(MORE, bounded)["drop"] < 0
    assert loss(BEFORE / 1000, bounded)["total"] == pytest.approx(math.exp(-0.3), rel=1e-4)


def balanced(red, blue=1.0):
    recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3]]))
    return dataclasses.replace(recipe, white_balance=torch.tensor([[red, 1.0, blue]]))


def test_casts_of_grey_by_opencv():
    assert float(color_cast(Recipe.identity(torch.tensor([[3, 2, 1, 0]])))) == pytest.approx(0, abs=0.02)
    brighter = dataclasses.replace(balanced(1.0), exposure=torch.tensor([1.3]), saturation=torch.tensor([0.2]))
    assert float(color_cast(brighter)) == pytest.approx(0, abs=0.02)  # grey stays grey
    tones = np.linspace(0.125, 0.875, 7, dtype=np.float32)
    reddish = np.stack([(tones / 0.9).clip(max=1), tones, tones], axis=1)[None]
    chroma = np.hypot(*cv2.cvtColor(reddish, cv2.COLOR_RGB2LAB)[0].T[1:]).mean()
    assert float(color_cast(balanced(0.9))) == pytest.approx(float(chroma), rel=0.02) and chroma > 3


def test_casts_beyond_the_margin_cost_realism():
    objective = Objective(saliency_weight=-1.0, cast_margin=2.0, cast_weight=0.5)
    terms = enhancement_loss(BEFORE, LESS, MASK, torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective, balanced(0.9))
    assert float(terms["realism"]) == pytest.approx(0.5 * (float(color_cast(balanced(0.9))) - 2), rel=1e-4)
    mild = enhancement_loss(BEFORE, LESS, MASK, torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective, balanced(0.99))
    assert float(mild["realism"]) == 0


def test_the_slope_of_a_cast_is_finite_at_no_cast():
    white = torch.ones(1, 3, requires_grad=True)
    color_cast(dataclasses.replace(balanced(1.0), white_balance=white)).sum().backward()
    assert white.grad.isfinite().all()


def lit(exposure=1.0, saturation=1.0):
    return dataclasses.replace(balanced(1.0), exposure=torch.tensor([exposure]), saturation=torch.tensor([saturation]))


def test_lifted_shadows_by_opencv():
    dark = np.float32([[[0.125] * 3, [0.25] * 3]])
    before, after = cv2.cvtColor(dark, cv2.COLOR_RGB2LAB)[0, :, 0]
    assert float(shadow_lift(lit(2.0))) == pytest.approx(after - before, rel=1e-3) and after - before > 10
    assert float(shadow_lift(lit())) == pytest.approx(0, abs=1e-4)
    assert float(shadow_lift(lit(0.7))) < 0
    assert float(shadow_lift(lit(saturation=0.0))) == pytest.approx(0, abs=1e-4)


def test_lifted_shadows_beyond_the_margin_cost_realism():
    objective = Objective(saliency_weight=-1.0, lift_margin=6.0, lift_weight=0.05)
    others = torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective
    terms = [enhancement_loss(BEFORE, LESS, MASK, *others, edit) for edit in (lit(2.0), lit(1.2), lit(0.5))]
    expected = pytest.approx(0.05 * (float(shadow_lift(lit(2.0))) - 6), rel=1e-4)
    assert [float(one["realism"]) for one in terms] == [expected, 0, 0]


def test_faded_people_cost_realism_and_faded_things_do_not():
    objective = Objective(saliency_weight=-1.0, fade_margin=0.25, fade_weight=4.0)
    for saturation, person, thing in ((0.5, 1.0, 0.0), (0.8, 0.0, 0.0), (1.5, 0.0, 0.0)):
        for human, expected in ((True, person), (False, thing)):
            terms = enhancement_loss(
                BEFORE, LESS, MASK, torch.zeros(1), torch.tensor([human]), objective, lit(saturation=saturation)
            )
            assert float(terms["realism"]) == pytest.approx(expected)


def test_what_is_blown_out_beyond_the_margin_costs_realism():
    objective = Objective(saliency_weight=-1.0, blown_margin=0.1, blown_weight=4.0)
    others = torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective
    terms = [enhancement_loss(BEFORE, LESS, MASK, *others, blown=torch.tensor([share])) for share in (-0.2, 0.1, 0.6)]
    assert [float(one["realism"]) for one in terms] == [0, 0, pytest.approx(2.0)]


def test_blown_out_is_the_share_of_the_region_at_the_end_of_a_channel():
    image, mask = torch.full((1, 3, 4, 4), 0.5), torch.zeros(1, 1, 4, 4)
    mask[..., :2] = 1
    image[:, 0, :, 0] = 1.0  # half of the region, in red alone
    image[..., 3] = 1.0  # outside
    assert float(blown_out(image, mask)) == pytest.approx(0.5)
    image[:, 0, :, 0] = 0.96  # half way
    assert float(blown_out(image, mask)) == pytest.approx(0.25, abs=1e-5)


def test_shading_that_is_lost_beyond_the_margin_costs_realism():
    objective = Objective(saliency_weight=-1.0, flat_margin=0.4, flat_weight=4.0)
    others = torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective
    terms = [enhancement_loss(BEFORE, LESS, MASK, *others, shading=torch.full((1, 5), lost)) for lost in (0.5, 0.7, 0.95)]
    assert [float(one["realism"]) for one in terms] == [0, pytest.approx(0, abs=1e-5), pytest.approx(2.0)]


def test_the_greater_loss_of_shading_and_of_contrast_costs_realism_beyond_the_margin():
    objective = Objective(saliency_weight=-1.0, veil_margin=0.2, veil_weight=5.0)
    others = torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective
    for shading, contrast, cost in ((0.1, -0.5, 0), (0.1, 0.2, 0), (0.1, 0.4, 1.0), (0.4, -0.5, 1.0)):
        lost = {"shading": torch.full((1, 5), shading), "contrast": torch.tensor([contrast])}
        term = enhancement_loss(BEFORE, LESS, MASK, *others, **lost)["realism"]
        assert float(term) == pytest.approx(cost, abs=1e-5)


def test_whites_that_darken_beyond_the_margin_cost_realism():
    objective = Objective(saliency_weight=-1.0, dull_margin=0.15, dull_weight=4.0)
    others = torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective
    terms = [enhancement_loss(BEFORE, LESS, MASK, *others, dull=torch.tensor([dull])) for dull in (0.0, 0.15, 0.65)]
    assert [float(one["realism"]) for one in terms] == [0, 0, pytest.approx(2.0)]


def test_greys_that_take_on_colour_beyond_the_margin_cost_realism():
    objective = Objective(saliency_weight=-1.0, tint_margin=2.0, tint_weight=0.5)
    others = torch.zeros(1), torch.zeros(1, dtype=torch.bool), objective
    terms = [enhancement_loss(BEFORE, LESS, MASK, *others, tint=torch.tensor([tint])) for tint in (0.0, 2.0, 5.0)]
    assert [float(one["realism"]) for one in terms] == [0, 0, pytest.approx(1.5)]


def test_whites_are_dulled_by_what_they_lose_inside_the_region():
    image, mask = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    assert float(dulled_whites(image, image * 0.5, mask)) == 0  # grey is no white
    image[..., 6:] = 1.0  # nor is what lies outside
    assert float(dulled_whites(image, image * 0.5, mask)) == 0
    image[..., :2] = 1.0
    assert float(dulled_whites(image, image * 0.5, mask)) == pytest.approx(0.5 * 0.5 / 0.51)
    assert float(dulled_whites(image, (image * 1.2).clamp(max=1), mask)) == 0


OBJECTIVES = sorted(path.stem for path in (CONFIGS / "objective").glob("*.yaml"))
ABLATIONS = sorted(path.stem for path in (CONFIGS / "ablation/train_enhancer").glob("*.yaml"))


@pytest.mark.parametrize("choice", [f"objective={n}" for n in OBJECTIVES] + [f"ablation={n}" for n in ABLATIONS])
@pytest.mark.parametrize("task", ["attenuate", "amplify"])
def test_every_objective_minds_realism_and_wants_its_task(choice, task):
    objective = instantiate_node(_compose("train_enhancer", [f"task={task}", choice]).objective, "objective")
    wanted, unwanted = (LESS, MORE) if task == "attenuate" else (MORE, LESS)
    assert loss(wanted, objective)["total"] < loss(unwanted, objective)["total"]
    worse = loss(wanted, objective, realism_change=-0.6)["total"] - loss(wanted, objective)["total"]
    assert worse == 0 if choice == "ablation=no_realism" else worse > 0.01


@pytest.mark.parametrize("task", ["attenuate", "amplify"])
def test_bundled_enhancers_refine_by_the_objective_that_the_configuration_names(task):
    objective = instantiate_node(_compose("train_enhancer", [f"task={task}", "objective=refined"]).objective, "objective")
    assert objective == Enhancer.from_pretrained(task).objective


def test_a_product_with_a_loss_that_may_be_negative_is_refused():
    with pytest.raises(ValueError, match="combine='sum'"):
        Objective(saliency_weight=-1.0, exponential=False)
