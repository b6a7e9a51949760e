"""Skin keeps its hue and its chroma: how it is found, measured, and spared."""
import dataclasses

import numpy as np
import pytest
import torch

from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import lead_back
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.parameters import FREE, bounded, unchanged
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.enhance.signs import signs_of
from realistic_editing.enhance.skin import FIXED_LIMITS, OTHER_LIMITS, PERSON_LIMITS, Limits, Skin, find_skin
from realistic_editing.ops import Recipe, apply, random_orders
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.region_statistics.color_statistics import rgb_to_lab
from realistic_editing.saliency.compact import CompactSaliency

# Rows of the Fitzpatrick scale as they are often printed, light to dark.
TONES = [(244, 208, 177), (231, 180, 143), (210, 158, 124), (186, 119, 80), (165, 94, 43), (60, 32, 29)]
STILL = Recipe.identity(torch.tensor([[3, 1, 0, 2]]))


def photo_of(color: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    image, mask = torch.full((1, 3, 40, 40), 0.4), torch.zeros(1, 1, 40, 40)
    mask[..., 10:30, 10:30] = 1
    image[..., 10:30, 10:30] = torch.tensor(color)[:, None, None] / 255
    return image, mask


@pytest.mark.parametrize("color", TONES)
def test_skin_of_all_tones_is_found(color):
    skin = find_skin(*photo_of(color))
    torch.testing.assert_close(skin.pixels, (torch.tensor(color) / 255)[None, :, None, None].expand_as(skin.pixels))


@pytest.mark.parametrize("color", [(40, 60, 160), (30, 120, 40), (128, 128, 128), (0, 0, 0), (255, 255, 255)])
def test_blue_green_and_grey_are_no_skin(color):
    assert find_skin(*photo_of(color)) is None


@pytest.mark.parametrize("color", [TONES[1], (40, 60, 160), (230, 20, 40)])
def test_what_comes_in_any_colour_is_free_and_what_nature_colours_keeps_all_colours(color):
    free = find_skin(*photo_of(color), human=False, any_color=0.7)
    assert (free is None) == (color != TONES[1])  # under an orange cap there may be a face
    fixed = find_skin(*photo_of(color), human=False, any_color=0.1)
    assert fixed.limits == FIXED_LIMITS and fixed.pixels.shape[-1] == 400
    leaves = find_skin(*photo_of((60, 130, 50)), human=False, any_color=1.0)
    assert leaves.limits == OTHER_LIMITS  # a plant in its pot may be taken for a thing
    doubt = find_skin(*photo_of(color), human=False, any_color=0.5)
    assert doubt.limits == OTHER_LIMITS and doubt.pixels.shape[-1] == 400  # it may be a flower
    vivid = find_skin(*photo_of(color), human=False, any_color=0.5, fades=False)
    assert (vivid is None) == (find_skin(*photo_of(color), human=False) is None) == (color != TONES[1])
    person = find_skin(*photo_of(TONES[1]), human=True, any_color=1.0)
    assert person.limits == PERSON_LIMITS  # a person is one, whatever else it looks like
    assert find_skin(*photo_of((128, 128, 128)), human=False, any_color=0.0) is None  # grey has no hue


def test_changes_are_those_of_cielab():
    skin = find_skin(*photo_of(TONES[2]))
    hue, chroma = skin.change(STILL)
    assert float(hue) < 0.05 and float(chroma) < 1e-4 and float(skin.excess(STILL)) == 0
    grey = dataclasses.replace(STILL, saturation=torch.tensor([0.0]))
    assert float(skin.change(grey)[1]) == pytest.approx(1, abs=0.01)
    green = dataclasses.replace(STILL, white_balance=torch.tensor([[1.0, 0.7, 1.0]]))
    assert float(skin.change(green)[0]) > 2 * PERSON_LIMITS[0]
    assert float(skin.excess(green)) > 1 and float(skin.excess(grey)) > 1


@pytest.mark.parametrize("exposure", [0.45, 2.6])
def test_a_person_goes_no_deeper_into_the_shade_or_the_light_than_the_limit(exposure):
    assert PERSON_LIMITS.lightness == 1.4  # as documents say
    (pixels, factor), free = (find_skin(*photo_of(TONES[4])).pixels, PERSON_LIMITS.lightness), Limits(360.0, 9.0)
    far, near = (dataclasses.replace(STILL, exposure=torch.tensor([exposure**power])) for power in (1, 0.3))
    light, *lights = (rgb_to_lab(apply(pixels, torch.ones_like(pixels[:, :1]), one))[0, 0].mean() for one in (STILL, far, near))
    spared = [1 / factor < float(after / light) < factor for after in lights]
    skin = Skin(pixels, free._replace(lightness=factor))
    assert [skin.is_spared(one) for one in (far, near)] == spared == [False, True]
    assert Skin(pixels, free).is_spared(far), "other things may be as dark or as light as looks real"


@pytest.mark.parametrize("color", TONES[:5])
def test_skin_in_the_shade_grows_no_more_colourful(color):
    skin = find_skin(*photo_of(color))
    shade, bronze = (
        dataclasses.replace(STILL, exposure=torch.tensor([0.8]), saturation=torch.tensor([value])) for value in (1.1, 1.22)
    )
    hue, chroma = skin.change(bronze)
    assert skin.is_spared(shade) and not skin.is_spared(bronze)
    assert float(hue) < 4 and float(chroma) < 0.15, "it is refused by its vividness alone"


class Grey(CompactEnhancer):
    """A network that takes the colour out of everything."""

    def all_orders(self, image, mask):
        return dataclasses.replace(super().all_orders(image, mask), saturation=torch.zeros(24))


@pytest.fixture(scope="module")
def enhancer():
    torch.manual_seed(0)
    saliency = {"input_size": (24, 32), "widths": (4, 4, 4, 4, 4), "join": 8}
    network = Grey(saliency, input_size=48, stride=1, ring=8, palette=4, hidden=16)
    critic = CompactCritic(input_size=48, stride=1, ring=8, palette=4, hidden=16)
    objective = Objective(saliency_weight=-1.0, change="log_ratio", skin_weight=10.0)
    return Enhancer(network, critic, CompactSaliency(**saliency), "attenuate", objective)


@pytest.mark.parametrize("refine", [0, 8])
def test_people_keep_their_skin_and_other_things_of_its_colours_keep_more_or_less(as_strong_as_proposed, enhancer, refine):
    image, mask = photo_of(TONES[1])
    pixels = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    mask = (mask[0, 0] * 255).byte().numpy()
    changes = []
    for human, (most_hue, most_chroma, *_) in ((True, PERSON_LIMITS), (False, OTHER_LIMITS)):
        edit = enhancer.propose(pixels, mask, human=human, refine=refine, guard=-1.0)
        hue, chroma = find_skin(*photo_of(TONES[1]), human).change(edit.recipe)
        # Pixels of the mask's border are mixed.
        assert float(hue) <= most_hue + 0.1 and float(chroma) <= most_chroma + 0.01
        assert not np.array_equal(edit.apply(pixels, mask), pixels)
        changes.append(float(chroma))
    assert changes[0] < changes[1]
    blue = np.where(mask[..., None] > 0, np.uint8([40, 60, 160]), pixels)
    assert float(enhancer.propose(blue, mask, refine=0, guard=-1.0).recipe.saturation) == 0  # free


def test_a_critic_that_cannot_tell_takes_no_region_for_a_person(enhancer):
    image, mask = photo_of(TONES[1])
    unknown, told = enhancer.view_of(image, mask), enhancer.view_of(image, mask, True)
    assert unknown.human is False and unknown.skin.limits == OTHER_LIMITS
    assert told.human and told.skin.limits == PERSON_LIMITS


def seen_as(enhancer, monkeypatch, any_color, task="attenuate", color=TONES[1]):
    monkeypatch.setattr(RegionView, "any_color", lambda self, may_be_person=True: any_color)
    monkeypatch.setattr(enhancer, "task", task)
    return enhancer.view_of(*photo_of(color), human=False)


def test_a_thing_with_much_of_the_colour_of_skin_keeps_it_and_with_little_does_not():
    image, mask = photo_of((230, 120, 20))  # an orange cap
    face = torch.tensor(TONES[1])[:, None, None] / 255
    image[..., 10:12, 10:30] = face  # a tenth
    assert find_skin(image, mask, human=False, any_color=0.9) is None
    image[..., 12:16, 10:30] = face
    skin = find_skin(image, mask, human=False, any_color=0.9)
    torch.testing.assert_close(skin.pixels, face.expand(1, 3, 6, 20).reshape(1, 3, 1, -1))
    assert skin.limits == OTHER_LIMITS


def test_leaves_and_a_face_keep_their_colours_each_by_itself():
    """Together their mean is grey, and says nothing of either."""
    image, mask = photo_of((60, 130, 50))
    image[..., 10:20, 10:30] = torch.tensor(TONES[1])[:, None, None] / 255
    both = find_skin(image, mask, human=False, any_color=0.9)
    assert both.pixels.shape[-1] == both.other_pixels.shape[-1] == 200
    generator = torch.Generator().manual_seed(0)
    recipes = bounded(random_orders(60, generator), torch.randn(60, FREE, generator=generator))
    alone = [Skin(pixels, OTHER_LIMITS) for pixels in (both.pixels, both.other_pixels)]
    expected = torch.stack([one.excess(recipes) for one in alone])
    assert (expected > 0).any(dim=1).all()
    for limits, one in zip(both.in_limits(recipes).unflatten(1, (2, 2, 2)).unbind(2), alone, strict=True):
        torch.testing.assert_close(limits.flatten(1), one.in_limits(recipes))
    assert ((both.excess(recipes) > 0) == (expected > 0).any(dim=0)).all()


def test_a_thing_of_any_colour_may_fade_and_not_glow(as_strong_as_proposed, enhancer, monkeypatch):
    fading = seen_as(enhancer, monkeypatch, 0.9, color=(230, 150, 150))
    glowing = seen_as(enhancer, monkeypatch, 0.9, "amplify")
    assert fading.skin is None and glowing.skin.limits == OTHER_LIMITS and fading.free and glowing.free
    assert float(fading.propose(EditOptions(refine=0, guard=-1.0)).recipe.saturation) == 0
    animal = seen_as(enhancer, monkeypatch, 0.01)
    assert animal.skin.limits == FIXED_LIMITS and not animal.free
    assert float(animal.propose(EditOptions(refine=0, guard=-1.0)).recipe.saturation) > 0.5


def test_what_is_told_of_colours_overrules_what_is_seen(enhancer):
    image, mask = photo_of(TONES[1])
    free, fixed = (enhancer.view_of(image, mask, False, any_color) for any_color in (1.0, 0.0))
    assert free.free and free.skin.limits == OTHER_LIMITS
    assert not fixed.free and fixed.skin.limits == FIXED_LIMITS
    person = enhancer.view_of(image, mask, True, 1.0)
    assert not person.free and person.skin.limits == PERSON_LIMITS
    recipe = dataclasses.replace(STILL, saturation=torch.zeros(1))
    assert signs_of(free, recipe, 0.0).skin_change == 0 < signs_of(fixed, recipe, 0.0).skin_change


def test_improving_may_start_at_a_plain_edit_and_refining_does_not(enhancer, monkeypatch):
    started = []

    def noted(region, objective, human, proposed):
        started.append(proposed)
        return proposed

    monkeypatch.setattr("realistic_editing.enhance.view.best_start", noted)
    view = enhancer.view_of(*photo_of((40, 60, 160)), False)
    edit = view.pick()
    view.refine(edit, 1)
    assert not started
    view.improve(edit, 1)
    assert len(started) == 1
    view.task = "amplify"
    view.improve(edit, 1)
    assert len(started) == 1


def test_a_view_of_a_thing_proposes_as_for_a_person_where_the_options_say_so(enhancer):
    image, mask = photo_of(TONES[1])
    thing, person = enhancer.view_of(image, mask, False), enhancer.view_of(image, mask, True)
    asked = EditOptions(human=True, refine=0, guard=-1.0)
    found, expected = (view.propose(asked).recipe.saturation for view in (thing, person))
    assert found == expected and found != thing.propose(EditOptions(refine=0, guard=-1.0)).recipe.saturation
    assert thing.human is False  # the view stays as it is


class InDoubt(CompactCritic):
    """Sees a thing of any colour, which may be a person."""

    def people(self) -> torch.Tensor:
        return torch.tensor([0.4])

    def any_color(self) -> torch.Tensor:
        return torch.tensor([0.9])


def test_a_thing_that_the_critic_may_take_for_a_person_is_free_where_the_options_say_so(enhancer):
    critic = InDoubt(input_size=48, stride=1, ring=8, palette=4, hidden=16)
    enhancer = Enhancer(enhancer.network, critic, enhancer.saliency, "attenuate", enhancer.objective)
    image, mask = photo_of(TONES[1])
    seen, told = enhancer.view_of(image, mask), enhancer.view_of(image, mask, False)
    assert not seen.free and told.free
    asked = EditOptions(human=False, refine=0, guard=-1.0)
    assert seen._taken_for(False).free and seen.propose(asked).recipe.saturation == told.propose(asked).recipe.saturation
    fixed = enhancer.view_of(image, mask, None, 0.1)
    assert fixed._taken_for(False).any_color == 0.1, "what the caller says stays"


def strong(order=(0, 1, 2, 3)):
    """Free numbers of two edits that turn skin green and grey."""
    numbers = unchanged(torch.tensor([order, order]))
    numbers[0, :3] += torch.tensor([0.6, -0.6, 0.6])  # white balance
    numbers[1, 27] -= 2  # saturation
    return torch.tensor([order, order]), numbers


def test_edits_that_change_skin_too_much_are_led_back_by_what_matters_least():
    skin = find_skin(*photo_of(TONES[2]))
    order, numbers = strong()
    assert (skin.excess(bounded(order, numbers)) > 1).all()
    ease = torch.ones_like(numbers)
    ease[:, 28] = 1e-6  # exposure matters most to this loss
    led = numbers.clone()
    lead_back(skin, order, led, "final", ease, times=10)
    assert (skin.excess(bounded(order, led)) == 0).all() and torch.isfinite(led).all()
    # A millionth of the others' step, ten times: exposure all but stays.
    assert float((led - numbers)[:, 28].abs().max()) < 1e-3 < float((led - numbers).abs().max())
    within = led.clone()
    lead_back(skin, order, within, "final", ease)
    assert torch.equal(within, led)  # nothing is done to what is within the limits


def test_the_lighter_half_of_skin_counts_for_itself():
    dark, light = torch.tensor([0.35, 0.22, 0.16]), torch.tensor([0.85, 0.62, 0.50])
    skin = Skin(torch.stack([dark] * 40 + [light] * 40, dim=1)[None, :, None], PERSON_LIMITS)
    curve = torch.ones(1, 3, 8)
    curve[0, 1, 5:] = 0.6  # what is light loses green
    recipe = dataclasses.replace(STILL, color_curve=curve)
    whole, lighter = (skin.in_limits(recipe)[0, k].abs() for k in (0, 1))
    assert float(lighter) > float(whole) > 0
    assert float(skin.change(recipe)[0]) == pytest.approx(float(lighter) * PERSON_LIMITS[0], rel=1e-5)


@pytest.mark.parametrize("spread", ["even", "random", "one"])
def test_edits_end_no_farther_outside_than_they_began(spread):
    skin = find_skin(*photo_of(TONES[2]))
    generator = torch.Generator().manual_seed(0)
    numbers = unchanged(torch.tensor([[0, 1, 2, 3]] * 30)) + torch.randn(30, 29, generator=generator)
    numbers[0, 27] = -5  # nearly grey: a slope of next to nothing
    ease = torch.ones_like(numbers)
    if spread == "random":
        ease = 10 ** (4 * torch.rand(ease.shape, generator=generator))
    if spread == "one":
        ease[torch.arange(30), torch.arange(30) % 29] = 1e8
    numbers[1, 3] = ease[1, 3] = float("nan")
    order = torch.tensor([[0, 1, 2, 3]] * 30)
    before, led = skin.in_limits(bounded(order, numbers)).abs().amax(dim=1), numbers.clone()
    lead_back(skin, order, led, "final", ease)
    after = skin.in_limits(bounded(order, led)).abs().amax(dim=1)
    known = before.isfinite()
    assert (after[known] <= before[known].clamp(min=0.93) + 1e-4).all() and (led - numbers)[known].abs().max() <= 3
    assert float(after[known].mean()) < 0.5 * float(before[known].mean())


def test_steps_are_led_back_only_where_the_objective_spares_skin(enhancer):
    image, mask = photo_of(TONES[1])
    view = enhancer.view_of(image, mask, True)
    changes = []
    for weight in (0.0, 2.0):
        objective = dataclasses.replace(enhancer.objective, skin_weight=weight, saliency_weight=-3.0)
        edit = view.by(view.network, objective).refine(view.measure(STILL), 12)
        changes.append(float(view.skin.excess(edit.recipe)))
    assert changes[0] > changes[1] == 0


def test_on_workers_the_edit_is_the_same(enhancer):
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            view = enhancer.view_of(*photo_of(TONES[1]), True)
            found.append((view.candidates().saliency_change, view.refine(view.measure(STILL), 6)))
    finally:
        torch.set_num_threads(before)
    assert torch.allclose(found[0][0], found[1][0], atol=1e-5)
    assert found[0][1].saliency_change == pytest.approx(found[1][1].saliency_change, abs=1e-4)
    assert found[0][1].saliency_change != 0
