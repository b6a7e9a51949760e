"""What the page does, without a browser."""
import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing import Enhancer, Recipe
from realistic_editing.apps.cli import _compose
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.main import call
from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page import view
from realistic_editing.apps.page.dials import Dials
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_photo, write_photo
from realistic_editing.ops.photo import apply_to_photo


@pytest.fixture(scope="module")
def enhancers():
    return {task: Enhancer.from_pretrained(task) for task in ("attenuate", "amplify")}


@pytest.fixture(scope="module")
def proposed(enhancers):
    return steps.propose(steps.example(), enhancers)


def test_the_example_opens_with_two_regions_and_no_edit():
    session = steps.example()
    assert [(region.name, region.task) for region in session.regions] == [("flag", "attenuate"), ("tank", "amplify")]
    assert np.array_equal(steps.rendered(session), session.photo.pixels) and session.region.recipe is None
    with pytest.raises(InputError, match="press Propose"):
        steps.take_order(session, 0, {})
    assert "Press Propose" in view.gauges(session) and view.order_pictures(session, "realism") == []


def test_a_proposal_is_that_of_the_enhancer(proposed, enhancers):
    region = proposed.region
    edit = enhancers["attenuate"].propose(proposed.photo.pixels, region.mask)
    for name in ("order", "white_balance", "color_curve", "saturation", "exposure"):
        assert torch.allclose(getattr(region.recipe, name), getattr(edit.recipe, name), rtol=1e-5)
    assert region.effect == pytest.approx((edit.realism_change, edit.saliency_change), abs=1e-4)
    assert "against" not in view.gauges(proposed) and "Draws less attention, as asked" in view.gauges(proposed)


def test_sliders_change_the_picture_and_what_is_measured(proposed, enhancers):
    bright = steps.set_dials(proposed, dataclasses.replace(proposed.region.dials, exposure=1.5), 1.0, enhancers)
    inside = bright.region.mask > 250
    assert steps.rendered(bright)[inside].mean() > steps.rendered(proposed)[inside].mean() + 20
    assert (steps.rendered(bright)[bright.region.mask == 0] == bright.photo.pixels[bright.region.mask == 0]).all()
    assert bright.region.effect != proposed.region.effect and proposed.region.dials.exposure != 1.5  # values, not places
    none = steps.set_dials(proposed, proposed.region.dials, 0.0, enhancers)
    assert np.array_equal(steps.rendered(none), none.photo.pixels) and none.region.effect == pytest.approx((0, 0), abs=1e-6)
    with pytest.raises(InputError, match="strength is 1.6"):
        steps.set_dials(proposed, Dials(), 1.6, enhancers)


def test_another_order_is_taken_and_sorted(proposed, enhancers):
    real, strong = (view.order_pictures(proposed, sort) for sort in view.SORTS)
    assert len(real) == len(strong) == 24 and all(max(pixels.shape) <= view.THUMBNAIL for _, pixels, _ in real)
    candidates = proposed.region.candidates
    assert np.all(np.diff(candidates.realism_change[[index for index, *_ in real]].numpy()) <= 0)
    lowest_first = candidates.saliency_change[[index for index, *_ in strong]].numpy()  # attenuation
    assert np.all(np.diff(lowest_first) >= 0)
    index = strong[0][0]
    other = steps.take_order(proposed, index, enhancers)
    assert other.region.taken == index and torch.equal(other.region.recipe.order, candidates[index].recipe.order)
    assert other.region.effect[1] == pytest.approx(candidates[index].saliency_change, abs=1e-3)


def test_regions_come_one_on_top_of_the_other(proposed, enhancers):
    both = steps.propose(steps.choose(proposed, 1, enhancers), enhancers)
    flag, tank = both.regions
    expected = apply_to_photo(apply_to_photo(both.photo.pixels, flag.mask, flag.recipe), tank.mask, tank.recipe)
    assert np.array_equal(steps.rendered(both), expected)
    edit = enhancers["amplify"].propose(steps.rendered(proposed), tank.mask)
    assert torch.allclose(tank.recipe.exposure, edit.recipe.exposure, rtol=1e-5) and tank.start.refined
    fewer = steps.remove_region(steps.choose(both, 0, enhancers))
    assert [region.name for region in fewer.regions] == ["tank"] and fewer.region.recipe is not None
    again = steps.set_task(fewer, "attenuate")
    assert again.region.task == "attenuate" and again.region.start is None and steps.set_task(fewer, "amplify") is fewer


def test_downloads_hold_what_is_shown(proposed, tmp_path):
    photo = read_photo(steps.export(proposed, "photo", tmp_path))
    assert np.array_equal(photo.pixels, steps.rendered(proposed))
    recipe = Recipe.load(steps.export(proposed, "recipe", tmp_path))
    assert np.array_equal(apply_to_photo(proposed.photo.pixels, proposed.region.mask, recipe), photo.pixels)
    assert "LUT_3D_SIZE 33" in steps.export(proposed, "lut", tmp_path).read_text(encoding="ascii")
    mask = np.array(Image.open(steps.export(proposed, "mask", tmp_path)))
    assert np.array_equal(mask, proposed.region.mask.astype(np.uint16) * 257)
    with pytest.raises(InputError, match="no region is marked"):
        steps.export(steps.open_photo(FOLDER / "astronaut.jpg"), "recipe", tmp_path)


def test_sixteen_bits_and_full_size_come_back(enhancers, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (900, 1500, 3), np.uint16)
    first = read_photo(FOLDER / "astronaut.jpg")
    write_photo(tmp_path / "deep.tif", dataclasses.replace(first, pixels=pixels), pixels)
    session = steps.open_photo(tmp_path / "deep.tif")
    assert session.small.shape == (720, 1200, 3)
    painted = np.zeros((720, 1200, 4), np.uint8)
    painted[100:300, 200:500, 3] = 140
    session = steps.add_region(session, view.painted_mask({"layers": [painted]}), "amplify")
    region = session.region
    assert region.mask.shape == (900, 1500) and region.mask[200, 400] == 255 and region.name == "region 1"
    session = steps.propose(session, enhancers)
    written = read_photo(steps.export(session, "photo", tmp_path))
    assert written.pixels.dtype == np.uint16 and written.path.suffix == ".tif"
    assert (written.pixels != pixels)[200, 400].any() and (written.pixels == pixels)[700].all()
    before, after = view.before_and_after(session, outline=False)
    assert before.dtype == after.dtype == np.uint8 and before.shape == after.shape == (720, 1200, 3)


def test_what_cannot_be_a_region_is_refused():
    session = steps.example()
    for value in (None, {"layers": []}, {"layers": [np.zeros((4, 4, 4), np.uint8)]}):
        with pytest.raises(InputError, match="nothing is painted"):
            view.painted_mask(value)
    with pytest.raises(InputError, match="0 everywhere"):
        steps.add_region(session, np.zeros((512, 512), np.uint8), "amplify")
    with pytest.raises(InputError, match="there is no region 3"):
        steps.choose(session, 2, {})


def test_the_gauge_warns_below_the_guard():
    assert view.realism_words(-0.11) == ("Stops looking real: take less of it", "bad")
    assert [view.realism_words(value)[1] for value in (-0.1, -0.05, 0.0, 0.3)] == ["doubt", "doubt", "good", "good"]
    assert view.effect_words(0.2, "attenuate")[1] == "bad" and view.effect_words(0.2, "amplify")[1] == "good"


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
    session = steps.open_photo(FOLDER / "astronaut.jpg")
    small = np.zeros((256, 256), np.uint8)
    small[100:102, 100:102] = 15
    session = steps.add_region(session, small, "attenuate", notes=("brightest value is 15 of 255; if it is a <label map>",))
    for told in (session, steps.set_task(session, "amplify")):
        assert "if it is a &lt;label map&gt;" in view.steps(steps.propose(told, enhancers).region)
