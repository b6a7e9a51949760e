"""The paper's figures: what they show is what the enhancer says."""
import re

import numpy as np
import pytest
import torch
from torch import nn

from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.reports import paper_figures
from realistic_editing.ops import PRESETS, Recipe, all_orders

RNG = np.random.default_rng(0)


class Value(nn.Module):
    """Scores and maps that can be computed by hand: the value of each pixel, and 1 minus its mean in the mask."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, image, mask=None):
        value = image.mean(dim=1, keepdim=True)
        return value if mask is None else 1 - (value * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))


class Dimmer(Value):
    """An enhancer with one edit: so much exposure."""

    def forward(self, image, mask, order):
        return Recipe(order, *(getattr(Recipe.identity(order), n) for n in ("white_balance", "color_curve", "saturation")),
                      torch.full((len(order),), 0.7))  # fmt: skip

    def all_orders(self, image, mask):
        return self(image, mask, all_orders())


@pytest.fixture
def enhancer():
    return Enhancer(Dimmer(), Value(), Value(), "attenuate")


@pytest.fixture
def photos():
    made = []
    for height, width in ((40, 60), (64, 48)):
        mask = np.zeros((height, width), np.uint8)
        mask[10:30, 12:40] = 255
        made.append(paper_figures.FigurePhoto(RNG.integers(60, 160, (height, width, 3), dtype=np.uint8), mask))
    return made


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts if text.get_text()]


def test_extreme_edits_beside_their_saliency(enhancer, photos):
    figure = paper_figures.figure_2(enhancer, photos, PRESETS["released"], seed=1)
    assert sum(bool(axes.images) for axes in figure.axes) == 8
    assert len(texts(figure)) == 2 and all(re.match(r"saliency [+-]\d+ %, dR [+-]\d\.\d\d", text) for text in texts(figure))


def test_realism_over_exposure_and_saturation(enhancer, photos):
    figure = paper_figures.figure_3(enhancer, photos[:1], steps=5)
    line = figure.axes[0].get_lines()[0]
    factors, changes = line.get_xdata(), line.get_ydata()
    mean = photos[0].pixels[photos[0].mask > 0].mean() / 255
    # The critic scores 1 - value, and below clipping value follows exposure. Photos are judged enlarged, so about.
    assert factors[0] == 0.5 and changes[0] == pytest.approx(mean / 2, abs=0.02)
    assert changes[2] == pytest.approx(0, abs=1e-6) and changes[-1] < -0.2
    assert f"exposure 0.5: dR {changes[0]:+.2f}" in texts(figure)


def test_realism_that_rises_stays_inside_its_panel(enhancer):
    bright = paper_figures.FigurePhoto(np.full((40, 40, 3), 220, np.uint8), np.full((40, 40), 255, np.uint8))
    axes = paper_figures.figure_3(enhancer, [bright], steps=3).axes[0]
    assert 0.3 < axes.get_lines()[0].get_ydata().max() < axes.get_ylim()[1]


def test_the_estimate_is_the_middle_of_its_map(enhancer, photos, monkeypatch):
    monkeypatch.setattr(paper_figures, "HEAT", 7)  # each cell is a measurement
    recipe = enhancer.propose(photos[0].pixels, photos[0].mask).recipe
    scores = paper_figures.realism_around(enhancer.view(photos[0].pixels, photos[0].mask), recipe)
    middle = paper_figures.HEAT // 2
    assert scores[middle, middle] == pytest.approx(enhancer.measure(photos[0].pixels, photos[0].mask, recipe).realism_change)
    assert (np.diff(scores[middle:, middle]) < 0).all()  # brighter is less real to this critic
    assert scores[0, middle] == scores[1, middle]  # an exposure below its range is cut to it
    figure = paper_figures.figure_9a(enhancer, photos)
    assert len(figure.axes) == 2 * 3 + 2
    heat, bar = figure.axes[2], figure.axes[-1]
    left, right, bottom, top = heat.images[0].get_extent()
    half = (right - left) / paper_figures.HEAT / 2  # of a cell: the outermost samples, at 0.4, stand in the middle of theirs
    assert [left + half, right - half, bottom + half, top - half] == pytest.approx([-0.4, 0.4, -0.4, 0.4])
    assert bar.yaxis.label.get_size() == heat.yaxis.label.get_size() == 7


def test_parameters_are_told_in_stops(enhancer, photos):
    order = torch.tensor([[0, 1, 2, 3]])
    plain = Recipe.identity(order)
    warm = Recipe(order, torch.tensor([[0.5, 1.0, 1.0]]), plain.color_curve, plain.saturation, plain.exposure * 2)
    figure = paper_figures.figure_9b({"attenuate": [plain], "amplify": [warm]})
    ends = [axes.get_xlim() for axes in figure.axes[:3]]
    assert ends[0][0] < 0 < 1 < ends[0][1] and ends[2][0] < 0 < 1 < ends[2][1]  # one stop of exposure, and of red
    assert figure.axes[0].get_title() == "exposure"


def test_regions_one_after_another_and_side_by_side(enhancer, photos):
    photo = photos[0]
    figure = paper_figures.figure_10({"attenuate": enhancer}, photo.pixels, [("attenuate", photo.mask)] * 2)
    pictures = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    inside = photo.mask > 0
    means = [np.asarray(pictures[index])[inside].mean() for index in (0, 2, 4)]
    assert means[1] == pytest.approx(0.7 * means[0], abs=0.6) and means[2] == pytest.approx(0.7 * means[1], abs=0.6)
    pair = paper_figures.figure_8(enhancer, enhancer, photos)
    assert texts(pair)[0] == texts(pair)[1] and len([axes for axes in pair.axes if axes.images]) == 6
