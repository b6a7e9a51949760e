"""Eq. 1, the release's human term, and eq. 2."""
import math

import pytest
import torch

from realistic_editing.realism.equations import realism_change
from realistic_editing.realism.loss import critic_loss, patch_loss

REAL, FAKE = torch.tensor([0.8, 1.0]), torch.tensor([0.4, 0.0])
NOBODY, FIRST = torch.tensor([False, False]), torch.tensor([True, False])


def test_equation_1_by_hand():
    found = critic_loss(REAL, FAKE, NOBODY)
    assert float(found["real"]) == pytest.approx(0.5 * 0.2**2 / 2)
    assert float(found["fake"]) == pytest.approx(0.5 * 0.4**2 / 2)
    assert float(found["total"]) == pytest.approx(float(found["real"] + found["fake"]))


def test_cross_entropy_by_hand():
    found = critic_loss(torch.tensor([0.5]), torch.tensor([0.5]), NOBODY[:1], kind="cross_entropy")
    assert float(found["total"]) == pytest.approx(2 * math.log(2))


def test_the_human_term_counts_human_regions_only():
    fake_human = torch.tensor([0.6, 0.9])
    assert float(critic_loss(REAL, FAKE, FIRST, fake_human)["fake_human"]) == pytest.approx(0.5 * 0.36)
    assert float(critic_loss(REAL, FAKE, NOBODY, fake_human)["fake_human"]) == 0


def test_ranking_rewards_real_above_fake():
    right = critic_loss(torch.tensor([0.6]), torch.tensor([0.4]), NOBODY[:1], rank=1.0)["rank"]
    wrong = critic_loss(torch.tensor([0.4]), torch.tensor([0.6]), NOBODY[:1], rank=1.0)["rank"]
    assert float(right) < math.log(2) < float(wrong)
    # logit(0.6) - logit(0.4) = 2 log 1.5, so the loss is log(1 + 1.5^-2).
    assert float(right) == pytest.approx(math.log(1 + 1.5**-2), rel=1e-5)


def test_perfect_scores_cost_nothing_and_gradients_have_the_expected_signs():
    assert float(critic_loss(torch.ones(2), torch.zeros(2), NOBODY)["total"]) == 0
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    critic_loss(real, fake, NOBODY)["total"].backward()
    assert real.grad[0] < 0 < fake.grad[0]


def test_realism_change_is_after_minus_before():
    def critic(image, mask):
        return image.mean(dim=(1, 2, 3)) * mask.mean()

    image, mask = torch.full((1, 3, 4, 4), 0.6), torch.ones(1, 1, 4, 4)
    assert float(realism_change(image, image / 2, mask, critic)) == pytest.approx(-0.3)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="squares"):
        critic_loss(REAL, FAKE, NOBODY, kind="hinge")


def test_patches_count_as_far_as_the_mask_covers_them():
    mask = torch.zeros(2, 1, 16, 16)
    mask[:, :, 4:8, 4:8] = 1  # the first of the 2 x 2 patches
    mask[:, :, 4:8, 8:12] = 0.5
    patches = torch.zeros(2, 2, 2, requires_grad=True)
    loss = patch_loss(patches, mask, torch.tensor([True, False]), stride=4)
    assert float(loss.detach()) == pytest.approx(math.log(2))
    loss.backward()
    real, fake = patches.grad
    assert real[0, 0] < 0 < fake[0, 0] and float(real[0, 1] / real[0, 0]) == pytest.approx(0.5)
    assert not real[1].any() and not fake[1].any()  # no edit reached them, so nothing is said of them


def test_a_mask_between_the_centres_of_patches_stays_finite():
    patches = torch.zeros(1, 2, 2, requires_grad=True)
    loss = patch_loss(patches, torch.zeros(1, 1, 16, 16), torch.tensor([False]), stride=4)
    loss.backward()
    assert float(loss) == 0 and not patches.grad.any()
