"""Saliency measures: identity, bounds, hand-computed answers, agreement with other code."""
import numpy as np
import pytest
import torch
from scipy.stats import entropy, mannwhitneyu, pearsonr

from realistic_editing.saliency import measures
from realistic_editing.saliency.losses import saliency_map_loss

GENERATOR = torch.Generator().manual_seed(0)
A, B = (torch.rand(2, 1, 6, 8, generator=GENERATOR) for _ in range(2))
FIXATIONS = (torch.rand(2, 1, 6, 8, generator=GENERATOR) > 0.8).float()


def test_cc_agrees_with_scipy_and_is_symmetric():
    want = [pearsonr(a.flatten(), b.flatten()).statistic for a, b in zip(A, B, strict=True)]
    assert measures.cc(A, B).tolist() == pytest.approx(want, abs=1e-5)
    torch.testing.assert_close(measures.cc(A, B), measures.cc(B, A))
    assert measures.cc(A, 3 * A + 1).tolist() == pytest.approx([1, 1])
    assert measures.cc(torch.ones_like(A), B).tolist() == [0, 0]


@pytest.mark.parametrize("value", [0.0, 0.1, 0.3, 0.7, 0.0123, 1e-9, 100.3, 1e6])
@pytest.mark.parametrize("noise", [0, 1])  # in the last place, as resizing leaves
def test_a_constant_map_predicts_nothing(value, noise):
    flat = torch.full((1, 1, 480, 640), value)
    if noise:
        flat = torch.where(torch.rand(flat.shape, generator=GENERATOR) < 0.5, flat, torch.nextafter(flat, 2 * flat))
    fixated = torch.zeros_like(flat)
    fixated[0, 0, 100, 100] = 1
    density = torch.rand(flat.shape, generator=GENERATOR)
    assert float(measures.nss(flat, fixated)) == 0 and float(measures.cc(flat, density)) == 0


def test_a_map_that_varies_a_little_counts_in_full():
    small = 0.7 + 1e-3 * A
    assert measures.cc(small, A).tolist() == pytest.approx([1, 1], abs=1e-3)
    torch.testing.assert_close(measures.nss(small, FIXATIONS), measures.nss(A, FIXATIONS), atol=2e-3, rtol=0)


def test_nss_by_hand():
    saliency = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])  # mean 1.5, deviation sqrt(1.25)
    fixated = torch.tensor([[[[0.0, 0.0], [0.0, 2.0]]]])
    assert float(measures.nss(saliency, fixated)) == pytest.approx(1.5 / 1.25**0.5)


def test_kl_agrees_with_scipy_and_is_zero_at_itself():
    want = [entropy(b.flatten(), a.flatten()) for a, b in zip(A, B, strict=True)]
    assert measures.kl(A, B).tolist() == pytest.approx(want, abs=1e-4)
    assert measures.kl(A, A).abs().max() < 1e-6 < measures.kl(A, B).min()


def test_kl_is_the_published_measure_where_a_map_is_zero_and_at_any_size():
    y, x = np.mgrid[0:300, 0:400]
    density = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / 2 / 12**2) for a, b in ((90, 80), (210, 150), (330, 220)))
    smooth = np.exp(-((x - 200) ** 2 + (y - 150) ** 2) / 2 / 90**2)
    peaky = np.where(smooth > np.quantile(smooth, 0.8), smooth, 0.0)
    for prediction in (smooth, peaky, np.ones_like(smooth)):
        for step in (1, 4):
            p, q = (one[::step, ::step] / one[::step, ::step].sum() for one in (density, prediction))
            published = (p * np.log(2.2204e-16 + p / (q + 2.2204e-16))).sum()
            small = (np.float32(one[::step, ::step]) for one in (prediction, density))
            maps = (torch.from_numpy(one.copy())[None, None] for one in small)
            assert float(measures.kl(*maps)) == pytest.approx(published, abs=0.01)


def test_sim_by_hand_symmetric_and_bounded():
    p, q = torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[[[2.0, 2.0]]]])
    assert float(measures.sim(p, q)) == float(measures.sim(q, p)) == pytest.approx(0.75)
    assert measures.sim(A, A).tolist() == pytest.approx([1, 1])


def test_information_gain_by_hand():
    baseline = np.full((2, 2), 0.25)
    fixated = np.array([[2, 1], [0, 0]])
    prediction = np.array([[0.5, 0.0], [0.25, 0.25]])
    wanted = (2 * np.log2(0.99 * 2 + 0.01) + np.log2(0.01)) / 3
    assert measures.information_gain(7 * prediction, fixated, baseline) == pytest.approx(wanted, abs=1e-9)
    assert measures.information_gain(3 * baseline, fixated, baseline) == pytest.approx(0, abs=1e-12)
    assert np.isnan(measures.information_gain(prediction, np.zeros((2, 2)), baseline))


def test_auc_judd_agrees_with_scipy():
    saliency, fixated = A[0, 0].numpy().round(1), FIXATIONS[0, 0].numpy()
    inside, outside = saliency[fixated > 0], saliency[fixated == 0]
    want = mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))
    assert measures.auc_judd(saliency, fixated) == pytest.approx(want)
    assert measures.auc_judd(fixated, fixated) == 1
    assert measures.auc_judd(np.ones_like(saliency), fixated) == 0.5
    assert np.isnan(measures.auc_judd(saliency, np.zeros_like(saliency)))


def test_the_loss_is_lowest_at_the_truth_and_its_gradient_is_finite():
    truth = A / A.amax(dim=(1, 2, 3), keepdim=True)
    good, bad = (saliency_map_loss(p, truth, FIXATIONS, nss=0.0)["total"] for p in (truth, B))
    assert good < bad
    zero = torch.zeros_like(A, requires_grad=True)
    saliency_map_loss(zero, truth, FIXATIONS)["total"].backward()
    assert zero.grad.isfinite().all()


def test_auc_shuffled_by_hand():
    saliency = np.array([[0.1, 0.5], [0.5, 0.9]])
    fixated, others = np.array([[0, 1], [0, 1]]), np.array([[3, 0], [1, 0]])
    # 0.5 beats 0.1 (weight 3) and ties with 0.5 (weight 1); 0.9 beats both.
    assert measures.auc_shuffled(saliency, fixated, others) == pytest.approx(((3 + 0.5) / 4 + 1) / 2)
    assert measures.auc_shuffled(np.ones((2, 2)), fixated, others) == 0.5
    assert measures.auc_shuffled(saliency, fixated, fixated) == 0.5
    assert np.isnan(measures.auc_shuffled(saliency, fixated, np.zeros((2, 2))))
    for others in (fixated / 2, -fixated):
        with pytest.raises(ValueError, match="whole numbers"):
            measures.auc_shuffled(saliency, fixated, others)


def test_auc_shuffled_against_every_pixel_once_is_auc_judd():
    saliency, fixated = A[0, 0].numpy().round(1), FIXATIONS[0, 0].numpy()
    found = measures.auc_shuffled(saliency, fixated, 1 - fixated)
    assert found == pytest.approx(measures.auc_judd(saliency, fixated))


def test_auc_shuffled_is_the_mean_over_random_draws():
    rng = np.random.default_rng(0)
    saliency, fixated = A[1, 0].numpy(), FIXATIONS[1, 0].numpy()
    others = rng.integers(0, 4, saliency.shape)
    inside, pool = saliency[fixated > 0], np.repeat(saliency.ravel(), others.ravel())
    drawn = rng.choice(pool, (3000, len(inside)))
    draws = (inside[None, :, None] > drawn[:, None]).mean(axis=(1, 2))  # no ties among positives and negatives here
    assert measures.auc_shuffled(saliency, fixated, others) == pytest.approx(np.mean(draws), abs=0.01)


def published_shuffled(saliency, fixated, others, draws, step=0.1):
    """The MIT benchmark's loop, draws and all."""
    rng = np.random.default_rng(0)
    scaled = (saliency - saliency.min()) / (saliency.max() - saliency.min())
    hit, pool, areas = scaled[fixated > 0], scaled[others > 0], []
    for _ in range(draws):
        miss = rng.permutation(pool)[: len(hit)]
        levels = np.arange(0, max(hit.max(), miss.max()) + 1e-12, step)[::-1]
        shares = [[0, *((part >= level).mean() for level in levels), 1] for part in (miss, hit)]
        areas.append(np.sum(np.diff(shares[0]) * (np.add(shares[1][1:], shares[1][:-1]) / 2)))
    return np.mean(areas)


def test_auc_shuffled_in_the_published_form_is_that_of_its_loop():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:60, :80]
    for power in (1, 6):  # a broad map, and a peaked one, whose pixels lie between two thresholds
        saliency = np.exp(-((y - 20) ** 2 + (x - 25) ** 2) / 2 / 12**2) ** power
        fixated = rng.binomial(1, 0.004 + 0.1 * saliency)
        others = rng.binomial(3, np.full(saliency.shape, 0.05))
        found = measures.auc_shuffled_published(saliency, fixated, others)
        assert found == pytest.approx(published_shuffled(saliency, fixated, others, 800), abs=0.01)
        fine = measures.auc_shuffled_published(saliency, fixated, others, step=1e-4)
        # Of the peaked map much lies below the finest threshold yet.
        assert fine == pytest.approx(measures.auc_shuffled(saliency, fixated, others > 0), abs=0.005 if power == 1 else 0.02)
    assert found < measures.auc_shuffled(saliency, fixated, others) - 0.005
    assert measures.auc_shuffled_published(np.ones((2, 2)), np.eye(2), np.eye(2)) == 0.5
    assert np.isnan(measures.auc_shuffled_published(saliency, 0 * fixated, others))


def test_a_prior_gains_nothing_under_auc_shuffled():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:24, :32]
    center = np.exp(-(((y - 11.5) / 6) ** 2 + ((x - 15.5) / 8) ** 2) / 2)
    photos = rng.multinomial(1, np.ravel(center / center.sum()), (60, 20)).sum(axis=1).reshape(60, 24, 32)
    total = photos.sum(axis=0)
    judd = np.mean([measures.auc_judd(center, photo) for photo in photos])
    shuffled = np.mean([measures.auc_shuffled(center, photo, total - photo) for photo in photos])
    assert judd > 0.65 and abs(shuffled - 0.5) < 0.04
