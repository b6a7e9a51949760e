"""CIELAB there and back, and chroma that fits."""
import cv2
import numpy as np
import pytest
import torch

from realistic_editing.baselines.gamut import fit_chroma, lab_to_rgb, rgb_to_lab


@pytest.fixture
def colours():
    levels = torch.linspace(0, 1, 9)
    return torch.cartesian_prod(levels, levels, levels).T[None, :, None].contiguous()  # (1, 3, 1, 729)


def test_there_and_back(colours):
    assert (lab_to_rgb(rgb_to_lab(colours)) - colours).abs().max() < 2e-4


def test_agrees_with_opencv(colours):
    lab = rgb_to_lab(colours)
    theirs = cv2.cvtColor((100 * lab)[0].permute(1, 2, 0).contiguous().numpy(), cv2.COLOR_Lab2RGB)
    assert np.abs(theirs - lab_to_rgb(lab)[0].permute(1, 2, 0).numpy()).max() < 3e-3


def test_colours_that_fit_stay(colours):
    lab = rgb_to_lab(colours)
    assert torch.equal(fit_chroma(lab), lab)


def test_chroma_falls_to_the_edge_and_lightness_and_hue_stay():
    lab = torch.tensor([[0.5, 1.5, 0.5], [0.9, -1.0, 1.2], [0.2, 0.3, -1.3]]).T[None, :, :, None]  # none of them fits
    fitted = fit_chroma(lab)
    rgb = lab_to_rgb(fitted)
    assert rgb.min() > -2e-4 and rgb.max() < 1 + 2e-4
    assert torch.equal(fitted[:, 0], lab[:, 0])
    assert torch.allclose(torch.atan2(fitted[:, 2], fitted[:, 1]), torch.atan2(lab[:, 2], lab[:, 1]), atol=1e-5)
    # One channel at its end: no more chroma would have fitted.
    edge = torch.minimum(rgb.abs(), (1 - rgb).abs()).amin(dim=1)
    assert edge.max() < 5e-3


def test_gradients_are_finite_at_black_white_and_grey():
    image = torch.tensor([0.0, 0.5, 1.0])[None, None, None].repeat(1, 3, 1, 1).requires_grad_()
    lab_to_rgb(rgb_to_lab(image)).sum().backward()
    assert image.grad.isfinite().all()
