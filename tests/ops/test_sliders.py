"""Sliders of raw converters: the model, and how far it expresses recipes."""
import dataclasses
import math

import numpy as np
import pytest
import torch

from realistic_editing.ops import PRESETS, Recipe, sample_recipe
from realistic_editing.ops.sliders import LUMA, Sliders, fit_sliders, gap


@pytest.fixture(scope="module")
def colours():
    return np.random.default_rng(0).random((1500, 3)) * 0.7 + 0.02  # dark enough that a brighter exposure does not clip much


def changed(**values):
    identity = Recipe.identity(torch.tensor([[0, 1, 2, 3]]))
    return dataclasses.replace(identity, **{name: torch.tensor([value]) for name, value in values.items()})


def test_the_model_at_known_values(colours):
    assert np.allclose(Sliders().apply(colours), colours, atol=1e-6)
    # One stop is twice the linear light: 0.5 encoded is 0.21404 linear, and 0.42808 linear is 0.68580 encoded.
    assert np.allclose(Sliders(exposure=1).apply(np.full((1, 3), 0.5)), 0.68580, atol=1e-4)
    grey = Sliders(saturation=-100).apply(colours)
    assert np.allclose(grey, (colours @ LUMA)[:, None], atol=1e-6)
    red, green, blue = Sliders(temperature=40, tint=20).apply(np.full((1, 3), 0.5))[0]
    assert red > blue and red > 0.5 and green < 0.5
    curves = np.tile(np.linspace(0, 255, 9), (3, 1))
    curves[1] = 255
    wanted = np.stack([colours[:, 0], np.ones(1500), colours[:, 2]], axis=1)
    assert np.allclose(Sliders(curves=curves).apply(colours), wanted, atol=1e-6)


def test_gap_at_known_values():
    grey = np.full((4, 3), 0.5)
    assert gap(grey, grey) == gap(grey + 0.1, grey + 0.1)
    lighter = gap(grey + 10 / 255, grey)
    assert lighter.tone == pytest.approx(10) and lighter.tone_95 == pytest.approx(10) and lighter.colour < 1e-9
    assert gap(grey + np.array([0.1, 0, 0]), grey).colour > 1


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.0, 1.25])
def test_pure_exposure_is_expressed(colours, factor):
    fit = fit_sliders(changed(exposure=factor), colours)
    # A factor of encoded values is about the 2.2th power of itself in linear light.
    assert fit.sliders.exposure == pytest.approx(2.2 * math.log2(factor), rel=0.1, abs=0.01)
    assert max(abs(fit.sliders.temperature), abs(fit.sliders.tint), abs(fit.sliders.saturation)) <= 6
    assert fit.without_curves.tone < 2.5 and fit.with_curves.tone < 0.7 and fit.with_curves.colour < 0.7


def test_what_cannot_be_expressed_leaves_more(colours):
    exposed, grey = (fit_sliders(recipe, colours) for recipe in (changed(exposure=0.6), changed(saturation=0.2)))
    # Saturation about the largest channel is not saturation about luma.
    assert grey.with_curves.tone > 5 * exposed.with_curves.tone and grey.with_curves.tone > 2
    strong, mild = (
        fit_sliders(sample_recipe(part, 1, torch.Generator().manual_seed(3)), colours)
        for part in (PRESETS["released"].fake, PRESETS["released"].real)
    )
    assert strong.with_curves.tone > mild.with_curves.tone and strong.edit.tone > mild.edit.tone
    for fit in (exposed, grey, strong, mild):
        assert fit.with_curves.tone <= fit.without_curves.tone + 0.1 and fit.without_curves.tone < fit.edit.tone


def test_a_colour_cast_becomes_temperature(colours):
    warm = fit_sliders(changed(white_balance=[0.8, 0.9, 1.0]), colours)
    cold = fit_sliders(changed(white_balance=[1.0, 0.9, 0.8]), colours)
    assert warm.sliders.temperature > 20 > -20 > cold.sliders.temperature
    assert warm.without_curves.colour < 0.3 * warm.edit.colour
