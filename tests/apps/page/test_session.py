"""What the page does, without a browser."""
import base64
import dataclasses
import json
import re

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing import Enhancer, Recipe
from realistic_editing.apps.cli import _compose
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.main import call
from realistic_editing.apps.page import layout, regions, view
from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.dials import Dials, read_dials
from realistic_editing.apps.page.different import most_different
from realistic_editing.apps.page.draft import Draft
from realistic_editing.apps.page.examples import EXAMPLES, example
from realistic_editing.apps.page.exports import export, formats
from realistic_editing.apps.page.state import open_photo, rendered, shrunk, with_active
from realistic_editing.apps.writing import Writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.foreground import apply_to_foreground, apply_with_colours
from realistic_editing.data.images import read_photo, write_photo
from realistic_editing.enhance import options
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.verdict import CANNOT_JUDGE, LOOKS_EDITED, SAFE, SHOWS, WEAKER, Verdict
from realistic_editing.enhance.view import Candidates
from realistic_editing.ops import PRESETS, sample_recipe
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.weights import files


@pytest.fixture(scope="module")
def enhancers(tiny_bundle):
    """Small networks in the place of the bundled ones, and few steps, as in all tests of the commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "WEIGHTS_FOLDER", tiny_bundle)
        patch.setattr(options, "REFINE", 2)
        yield {task: Enhancer.from_pretrained(task) for task in ("attenuate", "amplify")}


@pytest.fixture(scope="module")
def proposed(enhancers):
    return steps.propose(example("coffee"), enhancers)


def test_the_examples_open_with_their_regions_and_no_edit():
    for name, (_, tasks) in EXAMPLES.items():
        session = example(name)
        assert {region.name: region.task for region in session.regions} == tasks
        assert np.array_equal(rendered(session), session.photo.srgb) and session.region.recipe is None
        assert session.task == session.region.task  # what the switch shows
        assert all(0.002 < region.mask.mean() / 255 < 0.4 for region in session.regions)
    assert len(EXAMPLES) == 3
    with pytest.raises(InputError, match="press Propose"):
        steps.take_order(session, 0, {})
    assert "Press Propose" in view.gauges(session) and view.proposals(session) == ""
    with pytest.raises(InputError, match="no example 'cat'"):
        example("cat")


def test_a_proposal_is_that_of_the_enhancer_judged_on_the_whole_photo(proposed, enhancers):
    region = proposed.region
    edit = enhancers["attenuate"].propose(proposed.photo.pixels, region.mask, refine=None, human=False)
    for name in ("order", "white_balance", "color_curve", "saturation", "exposure"):
        assert torch.allclose(getattr(region.recipe, name), getattr(edit.recipe, name), rtol=1e-4)
    whole = enhancers["attenuate"].judge(proposed.photo.pixels, region.mask, rendered(proposed))
    assert region.exact and region.effect == pytest.approx(whole, abs=1e-5)
    assert region.effect == pytest.approx((edit.realism_change, edit.saliency_change), abs=1e-3)
    assert "Draws less attention" in view.gauges(proposed) and "about" not in view.gauges(proposed)


def test_sliders_change_the_picture_and_what_is_measured(proposed, enhancers):
    dials = dataclasses.replace(proposed.region.dials, exposure=1.2)
    bright = steps.set_dials(proposed, dials, 1.0, enhancers)
    inside = bright.region.mask > 250
    assert rendered(bright)[inside].mean() > rendered(proposed)[inside].mean() + 20
    assert (rendered(bright)[bright.region.mask == 0] == bright.photo.pixels[bright.region.mask == 0]).all()
    assert bright.region.effect != proposed.region.effect and proposed.region.dials.exposure != 1.2  # values, not places
    quick = steps.set_dials(proposed, dials, 1.0, enhancers, quickly=True)
    assert not quick.region.exact and "about dR" in view.gauges(quick)
    assert quick.region.effect == pytest.approx(bright.region.effect, abs=0.25)  # of changes near 1
    none = steps.set_dials(proposed, proposed.region.dials, 0.0, enhancers)
    assert np.array_equal(rendered(none), none.photo.pixels) and none.region.effect == pytest.approx((0, 0), abs=1e-6)
    assert "✓" not in view.gauges(none) and view.verdict_words(none.region.verdict, "attenuate", 0.0)[1] != "good"
    with pytest.raises(InputError, match="strength is 1.6"):
        steps.set_dials(proposed, Dials(), 1.6, enhancers)


def test_an_edit_is_toned_down_until_it_does_not_look_edited(bundled_networks):
    enhancers = {"attenuate": Enhancer.from_pretrained("attenuate")}  # whose edits have an effect that the verdict sees
    proposed = steps.propose(example("coffee"), enhancers)
    dials = dataclasses.replace(proposed.region.dials, exposure=-2.0, saturation=-100)
    strong = steps.set_dials(proposed, dials, 1.5, enhancers)
    assert view.may_be_toned_down(strong) and strong.region.verdict.name == LOOKS_EDITED
    weaker = steps.tone_down(strong, enhancers)
    assert 0 < weaker.region.strength < 1.5 and weaker.region.dials == strong.region.dials
    order = (SAFE, SHOWS, LOOKS_EDITED)
    assert order.index(weaker.region.verdict.name) < 2 or weaker.region.strength == 0.75
    if weaker.region.verdict.is_safe:
        again = steps.tone_down(weaker, enhancers)
        assert again.region.strength == weaker.region.strength and not view.may_be_toned_down(weaker)


@pytest.mark.parametrize(("found", "strength"), [
    # Not the safe one without effect.
    ([(LOOKS_EDITED, 0.3), (LOOKS_EDITED, 0.25), (SHOWS, 0.2), (SHOWS, 0.1), (SAFE, 0.04)], 0.7),
    ([(LOOKS_EDITED, 0.3), (SHOWS, 0.2), (SAFE, 0.1)], 0.7),
    ([(LOOKS_EDITED, 0.3), (LOOKS_EDITED, 0.04), (SAFE, 0.02)], 0.7),  # rather without effect than edited
    ([(SAFE, 0.01)], 1.0), ([(LOOKS_EDITED, 0.3)], 0.5),
])  # fmt: skip
def test_toning_down_keeps_some_effect_where_that_is_possible(monkeypatch, proposed, found, strength):
    by_strength = dict(zip(WEAKER, found + found[-1:] * len(WEAKER), strict=False))

    def set_dials(session, dials, strength, enhancers):
        name, gain = by_strength.get(strength, (SHOWS, 0.1))
        region = dataclasses.replace(session.region, strength=strength, verdict=Verdict(name), effect=(0.0, -gain))
        return steps.with_active(session, region)

    monkeypatch.setattr(steps, "set_dials", set_dials)
    session = steps.with_active(proposed, dataclasses.replace(proposed.region, strength=1.0, task="attenuate"))
    assert steps.tone_down(session, {}).region.strength == strength


def test_six_proposals_are_shown_and_another_is_taken(proposed, enhancers):
    pictures = view.proposal_pictures(proposed)
    assert [index for index, *_ in pictures] == list(proposed.region.different) and len(pictures) == 6
    assert pictures[0][0] == proposed.region.taken and all(max(pixels.shape) <= view.THUMBNAIL for _, pixels, _ in pictures)
    index = pictures[3][0]
    other = steps.take_order(proposed, index, enhancers)
    order = proposed.region.candidates.recipe[index].order
    assert other.region.taken == index and torch.equal(other.region.recipe.order, order)
    assert other.region.different == proposed.region.different
    shown = view.proposals(other)
    assert re.findall(r'data-index="(\d+)" aria-pressed="true"', shown) == [str(index)] and shown.count("<button") == 6


def test_the_six_differ_more_than_any_other_six_picked_at_random():
    torch.manual_seed(0)
    recipe = sample_recipe(PRESETS["released"].fake, batch=24)
    recipe.exposure[:12] = recipe.exposure[0]
    for name in ("white_balance", "color_curve", "saturation"):
        getattr(recipe, name)[:12] = getattr(recipe, name)[0]  # half are alike but for their order
    found = Candidates(recipe, "amplify", torch.zeros(24), torch.ones(24))
    pixels = np.random.default_rng(0).integers(40, 200, (48, 64, 3), np.uint8)
    mask = np.full((48, 64), 255, np.uint8)
    six = most_different(pixels, mask, found, first=3)
    assert six[0] == 3 and len(set(six)) == 6 and sum(index < 12 for index in six) == 1

    def nearest(indices):
        looks = [cv2.cvtColor(apply_to_photo(pixels, mask, recipe[index]).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
                 for index in indices]  # fmt: skip
        return min(np.linalg.norm(one - other, axis=2).mean() for i, one in enumerate(looks) for other in looks[:i])

    rng = np.random.default_rng(1)
    assert nearest(six) > max(nearest(rng.choice(24, 6, replace=False).tolist()) for _ in range(10))


def test_those_that_do_as_asked_come_before_others():
    recipe = sample_recipe(PRESETS["released"].fake, batch=24)
    gains = torch.where(torch.arange(24) < 8, 0.1, -0.1)
    found = Candidates(recipe, "amplify", torch.zeros(24), gains)
    pixels, mask = np.full((20, 20, 3), 120, np.uint8), np.full((20, 20), 255, np.uint8)
    assert all(index < 8 for index in most_different(pixels, mask, found, first=0))
    few = Candidates(recipe, "amplify", torch.zeros(24), torch.where(torch.arange(24) < 3, 0.1, -0.1))
    assert set(most_different(pixels, mask, few, first=0)[:3]) == {0, 1, 2}


def test_regions_come_one_on_top_of_the_other(proposed, enhancers):
    both = steps.propose(steps.choose(proposed, 1, enhancers), enhancers)
    spoon, cup = both.regions
    expected = both.photo.pixels
    for region in (spoon, cup):
        expected = apply_with_colours(expected, region.mask, region.recipe, region.colours)
    assert np.array_equal(rendered(both), expected) and both.task == "amplify"
    fewer = regions.remove_region(steps.choose(both, 0, enhancers))
    assert [region.name for region in fewer.regions] == ["cup"] and fewer.region.recipe is not None and fewer.task == "amplify"
    again = regions.set_task(fewer, "attenuate")
    assert again.region.task == "attenuate" and again.region.start is None


def test_downloads_hold_what_is_shown(proposed, tmp_path):
    photo = read_photo(export(proposed, "photo", tmp_path))
    assert np.array_equal(photo.pixels, rendered(proposed))
    recipe = Recipe.load(export(proposed, "recipe", tmp_path))
    assert np.array_equal(apply_to_foreground(proposed.photo.pixels, proposed.region.mask, recipe), photo.pixels)
    assert "LUT_3D_SIZE 33" in export(proposed, "lut", tmp_path).read_text(encoding="ascii")
    mask = np.array(Image.open(export(proposed, "mask", tmp_path)))
    assert np.array_equal(mask, proposed.region.mask.astype(np.uint16) * 257)
    with pytest.raises(InputError, match="no region is marked"):
        export(open_photo(FOLDER / "astronaut.jpg"), "recipe", tmp_path)


def test_soft_borders_are_edited_as_by_the_commands_at_every_size(tmp_path):
    alpha = np.zeros((1000, 1600), np.float32)
    cv2.circle(alpha, (800, 500), 250, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 6)
    pixels = np.rint(alpha[..., None] * (210, 30, 30) + (1 - alpha[..., None]) * (60, 150, 60)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "disc.png")
    session = regions.add_region(open_photo(tmp_path / "disc.png"), np.rint(255 * alpha).astype(np.uint8), "attenuate")
    grey = dataclasses.replace(Recipe.identity(torch.arange(4)[None]), saturation=torch.zeros(1))
    session = with_active(session, dataclasses.replace(session.region, start=Edit(grey, "attenuate", 0.0, 0.0)))
    session = with_active(session, dataclasses.replace(session.region, dials=read_dials(grey)))
    whole, mask, turned = rendered(session), session.region.mask, session.region.recipe
    assert np.array_equal(whole, apply_to_foreground(pixels, mask, turned))
    assert np.abs(whole.astype(int) - apply_to_photo(pixels, mask, turned)).max() > 20  # the old rim
    assert np.abs(rendered(session, small=True).astype(int) - shrunk(whole)).max() <= 6  # rounded twice
    shown = json.loads(view.detail(session, {"x": 0.25, "y": 0.25, "width": 0.25, "height": 0.25}))["after"].split(",")[1]
    part = cv2.imdecode(np.frombuffer(base64.b64decode(shown), np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    assert np.abs(part - whole[250:500, 400:800]).mean() < 1


def test_the_photo_is_downloaded_as_jpeg_or_png_and_as_what_it_was(proposed, tmp_path):
    choices, first = formats(proposed)
    assert [suffix for _, suffix in choices] == [".jpg", ".png"] and first == ".png"
    assert formats(proposed, Writing(format="jpg"))[1] == ".jpg"
    written = export(proposed, "photo", tmp_path, suffix=".jpg")
    with Image.open(written) as picture:
        assert picture.format == "JPEG" and written.suffix == ".jpg"
        assert np.abs(np.array(picture).astype(int) - rendered(proposed)).mean() < 2
    with pytest.raises(InputError, match="no format"):
        export(proposed, "photo", tmp_path, suffix=".exe")


def test_sixteen_bits_and_full_size_come_back(enhancers, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (900, 1500, 3), np.uint16)
    first = read_photo(FOLDER / "astronaut.jpg")
    write_photo(tmp_path / "deep.tif", dataclasses.replace(first, pixels=pixels), pixels)
    session = open_photo(tmp_path / "deep.tif")
    assert session.small.shape == (720, 1200, 3)
    assert [suffix for _, suffix in formats(session)[0]] == [".png", ".tif"]  # no JPEG, which has 8 bits
    session = regions.mark(session, {"kind": "stroke", "points": [[0.2, 0.3], [0.4, 0.3]], "radius": 0.06})
    session = steps.propose(regions.set_task(session, "amplify"), enhancers)
    region = session.region
    assert region.mask.shape == (900, 1500) and region.mask[270, 450] == 255 and region.name == "region 1"
    assert region.task == "amplify" and session.draft is None
    written = read_photo(export(session, "photo", tmp_path))
    assert written.pixels.dtype == np.uint16 and written.path.suffix == ".tif"
    assert (written.pixels != pixels)[270, 450].any() and (written.pixels == pixels)[700].all()
    before, after = view.before_and_after(session)
    assert before.dtype == after.dtype == np.uint8 and before.shape == after.shape == (720, 1200, 3)


def test_the_stage_shows_photo_edit_and_outlines(proposed):
    shown = json.loads(view.stage(proposed, whole=True))
    assert shown["size"] == shown["full"] == [600, 400] and shown["draft"] is None
    for name, expected in zip(("before", "after"), view.before_and_after(proposed), strict=True):
        data = np.frombuffer(base64.b64decode(shown[name].split(",")[1]), np.uint8)
        assert np.abs(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(int) - expected).mean() < 2
    spoon, cup = shown["outlines"]
    assert (spoon["active"], spoon["edited"]) == (True, True) and (cup["active"], cup["edited"]) == (False, False)
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", spoon["path"]), float)
    rows, columns = np.nonzero(proposed.regions[0].mask > 127)
    assert points.min(axis=0) == pytest.approx((columns.min(), rows.min()), abs=2)
    assert points.max(axis=0) == pytest.approx((columns.max(), rows.max()), abs=2)
    marked = json.loads(view.stage(regions.mark(proposed, {"kind": "stroke", "points": [[0.5, 0.5]], "radius": 0.1}), False))
    assert marked["before"] is None and marked["draft"].startswith("M") and 1 < marked["share"] < 10


def test_who_zooms_in_sees_the_photos_own_pixels(proposed):
    place = {"x": 0.5, "y": 0.5, "width": 0.25, "height": 0.25}
    found = json.loads(view.detail(proposed, place))
    expected = (proposed.photo.pixels, rendered(proposed))
    for name, pixels in zip(("before", "after"), expected, strict=True):
        data = np.frombuffer(base64.b64decode(found[name].split(",")[1]), np.uint8)
        part = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(int)
        assert np.abs(part - pixels[200:300, 300:450]).mean() < 2
    assert (found["x"], found["y"], found["width"], found["height"]) == (0.5, 0.5, 0.25, 0.25)
    for bad in ({}, {**place, "width": 0}, {**place, "x": float("nan")}, {**place, "y": "0"}, {**place, "height": 10**400}):
        with pytest.raises(InputError, match="not in the photo"):
            view.detail(proposed, bad)


def test_what_cannot_be_a_region_is_refused():
    session = example("coffee")
    with pytest.raises(InputError, match="0 everywhere"):
        regions.add_region(session, np.zeros((400, 600), np.uint8), "amplify")
    with pytest.raises(InputError, match="there is no region 3"):
        steps.choose(session, 2, {})
    with pytest.raises(InputError, match="no region is marked"):
        steps.propose(open_photo(FOLDER / "rocket.jpg"), {})


@pytest.mark.parametrize(("verdict", "saliency", "kind", "words"), [
    (Verdict(SAFE), -0.2, "good", "Safe"), (Verdict(SAFE), -0.04, "doubt", "hardly moves attention"),
    (Verdict(SAFE), 0.2, "doubt", "against the request"), (Verdict(SHOWS, ("a",)), -0.2, "doubt", "Visible: a"),
    (Verdict(LOOKS_EDITED, ("a", "b")), -0.2, "bad", "Looks edited: a; b"),
    (Verdict(CANNOT_JUDGE, ("a",)), -0.2, "none", "Cannot judge: a"),
])  # fmt: skip
def test_a_verdict_is_said_in_one_sentence(verdict, saliency, kind, words):
    said, found = view.verdict_words(verdict, "attenuate", saliency)
    assert words in said and found == kind


def test_where_r_is_low_no_tick_is_shown(proposed):
    region = dataclasses.replace(proposed.region, effect=(0.0, -0.3), verdict=Verdict(CANNOT_JUDGE, ("R is 0.10",)))
    shown = view.gauges(dataclasses.replace(proposed, regions=(region, *proposed.regions[1:])))
    assert "Cannot judge" in shown and not re.search(r'class="[^"]*good', shown)
    safe = dataclasses.replace(region, verdict=Verdict(SAFE))
    assert re.search(r'class="verdict good', view.gauges(dataclasses.replace(proposed, regions=(safe,))))


def test_attention_is_said_honestly():
    assert view.effect_words(0.2, "attenuate") == ("Draws more attention, against what was asked", "bad")
    assert view.effect_words(0.2, "amplify")[1] == "good" and view.effect_words(0.04, "amplify")[1] == "doubt"
    assert "less than 5 %" in view.effect_words(0.04, "amplify")[0]
    assert view.realism_words(-0.11)[1] == "bad" and view.realism_words(0.0)[1] == "good"
    assert view.realism_words(0.0, judged=False)[1] == "none"


def test_thumbnails_show_the_densest_part_of_a_long_region_and_all_of_a_short_one():
    """Thumbnails that are mostly other things look all alike."""
    pixels = np.zeros((400, 600, 3), np.uint8)
    long, short = (np.zeros((400, 600), np.uint8) for _ in range(2))
    long[10:390, 40:80], long[200:300, 40:110] = 255, 255
    short[100:140, 500:560] = 255
    for mask, least, whole in ((long, 0.4, False), (short, 0.3, True)):
        _, shown = view._around(pixels, mask)
        assert shown.shape[0] == shown.shape[1] <= view.THUMBNAIL and (shown > 127).mean() > least
        assert not whole or shown[[0, -1]].max() == shown[:, [0, -1]].max() == 0


def test_the_suite_of_the_page_times_a_proposal_and_a_slider(tmp_path):
    options = ["suite=page", f"output={tmp_path}", "photos=2", "page.seconds=0", "page.side=300"]
    call("benchmark", _compose("benchmark", options))
    rows = json.loads((tmp_path / "page.json").read_text())["results"]
    assert [row["case"].split(", ")[0] for row in rows] == ["a proposal", "a slider"] and "300" in rows[0]["case"]


def test_notes_on_a_mask_are_shown_with_its_edit(enhancers):
    session = open_photo(FOLDER / "astronaut.jpg")
    small = np.zeros((256, 256), np.uint8)
    small[100:102, 100:102] = 15
    session = regions.add_region(session, small, "attenuate", notes=("brightest value is 15 of 255; if it is a <label map>",))
    for told in (session, regions.set_task(session, "amplify")):
        assert "if it is a &lt;label map&gt;" in view.steps(steps.propose(told, enhancers).region)


def test_a_suggestion_is_marked_by_its_number_and_clicks_go_on_from_it(enhancers):
    session = regions.look_for_suggestions(open_photo(FOLDER / "astronaut.jpg"))
    shown = json.loads(view.stage(session, whole=False))["suggested"]
    assert shown and [one["number"] for one in shown] == list(range(1, len(shown) + 1)) and session.draft is None
    first = session.suggested[0]
    assert shown[0]["reason"].endswith("% of attention") and shown[0]["path"].startswith("M")
    assert first.mask[int(first.point[1] * first.mask.shape[0]), int(first.point[0] * first.mask.shape[1])] >= 128
    taken = regions.take_suggestion(session, 1)
    assert np.array_equal(taken.draft.mask, first.mask)
    assert [one.number for one in taken.suggested] == list(range(2, len(shown) + 1))
    more = regions.mark(taken, {"kind": "click", "x": 0.1, "y": 0.1, "adds": False})
    assert more.draft.inside == (first.point,) and more.draft.outside == ((0.1, 0.1),)
    proposed = steps.propose(taken, enhancers)
    assert proposed.region.start is not None and proposed.suggested == taken.suggested
    for gone in (1, 99, 0, "2", True, None, 2.0):
        with pytest.raises(InputError, match="no such suggestion"):
            regions.take_suggestion(taken, gone)
    with pytest.raises(InputError, match="no such suggestion"):
        regions.take_suggestion(open_photo(FOLDER / "astronaut.jpg"), 1)
    assert json.loads(view.stage(open_photo(FOLDER / "astronaut.jpg"), whole=False))["suggested"] is None


def test_another_answer_on_the_person_lets_go_of_the_edit_and_a_task_keeps_the_answer(proposed):
    thing = proposed.region
    assert thing.human is False and regions.set_human(proposed, False) is proposed
    person = regions.set_human(proposed, True)
    assert person.region.human is True and person.region.start is None and person.region.mask is thing.mask
    assert regions.set_task(person, "amplify").region.human is True
    assert layout.person_update(person.region)["value"] == "yes" and layout.person_update(proposed.region)["value"] == "no"
    assert layout.person_update(None) == layout.person_update(None) | {"value": "seen", "interactive": False}
    marked = dataclasses.replace(proposed, draft=Draft(proposed.region.mask))
    with pytest.raises(InputError, match="something is marked"):
        regions.set_human(marked, True)  # the edit of the region before stays
    with pytest.raises(InputError, match="no region is marked"):
        regions.set_human(open_photo(FOLDER / "coffee.jpg"), True)


def test_a_refused_suggestion_answers_the_stage_each_time_anew(proposed):
    first, second = (json.loads(view.stage(proposed, False, "full")) for _ in range(2))
    assert first["refusal"][0] == "full" and first != second
    assert json.loads(view.stage(proposed, False))["refusal"] is None
