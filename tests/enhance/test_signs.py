"""The signs of an edit: none without one, each by what causes it, and none of what lies outside the region."""
import cv2
import numpy as np
import pytest
import torch

from realistic_editing.enhance.signs import measure_signs

SIDE = 48
SKIN = (0.86, 0.68, 0.58)


@pytest.fixture
def mask():
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., 12:36, 12:36] = 1
    return mask


def plain(*color):
    return torch.tensor(color).reshape(1, 3, 1, 1).repeat(1, 1, SIDE, SIDE)


def edited(image, mask, change):
    return torch.where(mask > 0, change(image), image).clamp(0, 1)


def signs(image, mask, change):
    return measure_signs(image, edited(image, mask, change), mask, 0.8, -0.03)


@pytest.mark.parametrize("color", [SKIN, (0.05, 0.05, 0.05), (0.2, 0.5, 0.9)])
def test_no_edit_has_no_sign(mask, color):
    found = signs(plain(*color), mask, lambda image: image)
    assert (found.realism, found.realism_change) == (0.8, -0.03)
    assert (found.border_step, found.skin_change, found.lifted_blacks, found.dulled_whites) == (0, 0, 0, 0)
    assert (found.skin_light, found.tinted_greys, found.lost_contrast) == (0, pytest.approx(0, abs=1e-3), 0)


def test_a_step_along_the_border_is_measured(mask):
    slight, strong = (signs(plain(0.2, 0.5, 0.9), mask, lambda image, by=by: image * by) for by in (0.95, 0.6))
    assert 0 < slight.border_step < strong.border_step
    assert strong.skin_change == strong.lifted_blacks == 0


@pytest.mark.parametrize("color", [SKIN, (0.45, 0.3, 0.23), (0.95, 0.82, 0.74)])
def test_skin_that_turns_grey_is_measured(mask, color):
    grey = signs(plain(*color), mask, lambda image: image.mean(dim=1, keepdim=True).expand_as(image))
    darker = signs(plain(*color), mask, lambda image: image * 0.95)
    assert grey.skin_change > 12 and darker.skin_change < 3


def test_what_skin_gains_in_chroma_counts_half_of_what_it_loses_and_another_hue_in_full(mask):
    ab = torch.tensor([8.0, 16.0])[:, None, None].expand(2, SIDE, SIDE)
    lab = torch.cat([torch.full((1, SIDE, SIDE), 60.0), ab])
    chroma = float((8.0**2 + 16.0**2) ** 0.5)

    def moved(a, b):
        found = []
        for one in (lab, torch.stack([lab[0], torch.full((SIDE, SIDE), a), torch.full((SIDE, SIDE), b)])):
            pixels = cv2.cvtColor(np.ascontiguousarray(one.permute(1, 2, 0).numpy()), cv2.COLOR_LAB2RGB)
            found.append(torch.from_numpy(pixels).permute(2, 0, 1)[None])
        return measure_signs(*found, mask, 0.8, 0.0).skin_change

    assert moved(10.0, 20.0) == pytest.approx(0.5 * 0.25 * chroma, abs=0.2)
    assert moved(6.0, 12.0) == pytest.approx(0.25 * chroma, abs=0.2)
    assert moved(16.0, 8.0) == pytest.approx(8.0 * 2**0.5, abs=0.3)


def test_a_thing_that_comes_in_any_colour_has_no_skin(mask):
    image = plain(*SKIN)
    grey = torch.where(mask > 0, image.mean(dim=1, keepdim=True), image)
    assert [measure_signs(image, grey, mask, 0.8, 0.0, free).skin_change > 0 for free in (False, True)] == [True, False]


def test_skin_that_turns_lighter_or_darker_is_measured_both_ways(mask):
    darker, lighter = (signs(plain(*SKIN), mask, lambda image, by=by: image * by).skin_light for by in (0.7, 1.15))
    assert darker > 15 and 5 < lighter < 12
    assert signs(plain(0.2, 0.5, 0.9), mask, lambda image: image * 0.7).skin_light == 0  # no skin
    image = plain(*SKIN)
    assert measure_signs(image, image * 0.7, mask, 0.8, 0.0, human=False).skin_light == 0  # sand, or a stripe of a flag


def test_greys_that_take_on_colour_are_measured(mask):
    mint = torch.tensor([-0.06, 0.03, 0.0]).reshape(1, 3, 1, 1)
    assert signs(plain(0.7, 0.7, 0.7), mask, lambda image: image + mint).tinted_greys > 4
    assert signs(plain(0.7, 0.7, 0.7), mask, lambda image: image * 0.8).tinted_greys < 0.1  # a grey shade
    assert signs(plain(0.2, 0.5, 0.9), mask, lambda image: image + mint).tinted_greys == 0  # blue is no grey


@pytest.mark.parametrize("color", [(0.9, 0.1, 0.1), (0.2, 0.6, 0.2), (0.5, 0.5, 0.5), (1.0, 0.65, 0.0)])
def test_colours_that_no_skin_has_are_no_skin(mask, color):
    assert signs(plain(*color), mask, lambda image: image * 0.5 + 0.2).skin_change == 0


def test_blacks_that_turn_grey_are_measured_and_darkened_ones_are_not(mask):
    black = plain(0.1, 0.1, 0.1)
    assert signs(black, mask, lambda image: image + 0.1).lifted_blacks > 8
    assert signs(black, mask, lambda image: image * 0.5).lifted_blacks == 0
    assert signs(plain(0.5, 0.5, 0.5), mask, lambda image: image + 0.1).lifted_blacks == 0


def test_a_few_pixels_say_nothing(mask):
    image = plain(0.5, 0.5, 0.5)
    image[..., 20:22, 20:23] = 0.0  # 6 of 576 pixels
    assert signs(image, mask, lambda image: image + 0.2).lifted_blacks == 0
    image[..., 20:26, 20:26] = 0.0
    assert signs(image, mask, lambda image: image + 0.2).lifted_blacks > 8


def test_whites_that_turn_grey_count_by_their_share_of_the_region(mask):
    white = plain(0.95, 0.95, 0.95)
    assert signs(white, mask, lambda image: image - 0.4).dulled_whites == pytest.approx(40, abs=3)
    assert signs(white, mask, lambda image: image + 0.05).dulled_whites == 0
    assert signs(plain(0.95, 0.9, 0.3), mask, lambda image: image * 0.5).dulled_whites == 0  # yellow is not white
    few = plain(0.5, 0.5, 0.5)
    few[..., 12:13] = 0.95  # one of the region's 24 columns
    assert signs(few, mask, lambda image: image - 0.4).dulled_whites == pytest.approx(40 / 24 / (1 / 24 + 0.01), abs=1)


def test_contrast_that_is_lost_inside_the_region_is_measured(mask):
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 0.3 + 0.4
    assert signs(image, mask, lambda image: 0.55 + (image - 0.55) / 2).lost_contrast == pytest.approx(50, abs=3)
    assert signs(image, mask, lambda image: image * 0.8).lost_contrast < 2  # shade keeps it
    assert signs(image * 0.1, mask, lambda image: image * 0.3).lost_contrast < 2  # in the dark as well
    wall = 0.9 + 0.004 * (image - 0.55)
    assert signs(wall, mask, lambda image: image * 0 + 0.9).lost_contrast == 0  # what is flat has none to lose
    assert signs(image, mask, lambda image: 0.55 + (image - 0.55) * 1.3).lost_contrast == 0
    assert signs(image, 1 - mask, lambda image: 0.55 + (image - 0.55) / 2).lost_contrast == pytest.approx(50, abs=3)
    assert signs(image, 0 * mask, lambda image: image * 0.5).lost_contrast == 0
