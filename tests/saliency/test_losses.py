"""The loss of a saliency network."""
import pytest
import torch

from realistic_editing.saliency.losses import saliency_map_loss


def maps(batch=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    fixations = (torch.rand(batch, 1, 12, 16, generator=generator) > 0.9).float()
    return torch.rand(batch, 1, 12, 16, generator=generator), torch.rand(batch, 1, 12, 16, generator=generator), fixations


def test_the_density_itself_is_the_best_prediction():
    _, density, _ = maps()
    best = saliency_map_loss(density / density.amax(dim=(2, 3), keepdim=True), density, density)
    assert best["kl"] == pytest.approx(0, abs=1e-5) and best["cc"] == pytest.approx(1, abs=1e-5)
    assert saliency_map_loss(1 - density, density, density)["total"] > best["total"]


def test_samples_without_eye_tracking_count_for_nothing():
    prediction, density, fixations = maps()
    density[2], fixations[2] = 0, 0
    weighted = saliency_map_loss(prediction, density, fixations, sample_weight=torch.tensor([1.0, 1.0, 0.0]))
    alone = saliency_map_loss(prediction[:2], density[:2], fixations[:2])
    for name, value in alone.items():
        assert weighted[name] == pytest.approx(float(value), abs=1e-6)


def test_a_batch_without_eye_tracking_has_a_finite_gradient():
    prediction = torch.rand(2, 1, 8, 8, requires_grad=True)
    nothing = torch.zeros(2, 1, 8, 8)
    saliency_map_loss(prediction, nothing, nothing, sample_weight=torch.zeros(2))["total"].backward()
    assert prediction.grad.abs().max() == 0


def test_the_target_fixes_the_scale():
    prediction = torch.full((1, 1, 8, 8), 0.2)
    prediction[..., :4] = 0.1
    terms = {value: saliency_map_loss(prediction * value, prediction, prediction, target=prediction) for value in (0.5, 1, 2)}
    at = {value: found["scale"] for value, found in terms.items()}
    assert at[1] < at[0.5] and at[1] < at[2]
