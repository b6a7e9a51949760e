"""Masks without a mask on the bundled photo, as users make them; and edits that need none."""
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.mask import box_doubts, region_of
from realistic_editing.common.errors import InputError
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.images import read_photo

TANK = np.array(Image.open(FOLDER / "tank.png").convert("L")) >= 128
ROWS, COLUMNS = np.flatnonzero(TANK.any(axis=1)), np.flatnonzero(TANK.any(axis=0))
BOX = f"{COLUMNS[0] - 4},{ROWS[0]},{np.ptp(COLUMNS) + 9},{np.ptp(ROWS) + 1}"


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.open(FOLDER / "astronaut.jpg").save(path)
    return path


def read(path):
    pixels = np.array(Image.open(path))
    assert pixels.dtype in (np.uint16, np.int32)
    return pixels >= 32768


def overlap(mask):
    return (mask & TANK).sum() / (mask | TANK).sum()


def test_a_box_and_points_select_the_tank(photo, capsys):
    main(["mask", str(photo), "--box", BOX])
    assert "of the photo" in capsys.readouterr().out
    assert overlap(read(photo.with_name("photo_mask.png"))) > 0.5
    y, x = np.argwhere(TANK).mean(axis=0)
    main(["mask", str(photo), "--points", f"{x:.0f},{y:.0f}", "--outside", "20,400", "--output", str(photo.with_name("b.png"))])
    assert read(photo.with_name("b.png"))[round(y), round(x)]


def test_transparency_is_a_mask(photo, tmp_path):
    cut = np.dstack([np.array(Image.open(photo)), TANK.astype(np.uint8) * 255])
    Image.fromarray(cut).save(tmp_path / "cut.png")
    main(["mask", str(tmp_path / "cut.png"), "--alpha"])
    assert overlap(read(tmp_path / "cut_mask.png")) == 1


def test_a_rough_mask_is_mended_and_never_overwritten(photo, tmp_path, capsys):
    rough = tmp_path / "rough.png"
    Image.fromarray(np.roll(TANK, 8, axis=1).astype(np.uint8) * 255).save(rough)
    main(["mask", str(photo), str(rough), "--output", str(tmp_path / "mended.png")])
    assert overlap(read(tmp_path / "mended.png")) > overlap(np.roll(TANK, 8, axis=1))
    with pytest.raises(SystemExit):
        main(["mask", str(photo), str(rough), "--output", str(rough)])
    assert "would overwrite" in capsys.readouterr().err


def test_a_mask_that_is_there_is_replaced_only_by_name(photo, tmp_path):
    drawn = photo.with_name("photo_mask.png")
    Image.fromarray(TANK.astype(np.uint8) * 255).save(drawn)
    before = drawn.read_bytes()
    main(["mask", str(photo), "--box", BOX])
    assert drawn.read_bytes() == before and photo.with_name("photo_mask_2.png").is_file()
    main(["mask", str(photo), "--box", BOX, "--output", str(drawn)])
    assert drawn.read_bytes() != before


def test_a_mask_is_a_png_by_name_too(photo, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["mask", str(photo), "--box", BOX, "--output", str(photo.with_name("m.jpg"))])
    assert stop.value.code == 2 and "m.jpg: a mask is written as PNG" in capsys.readouterr().err
    assert not photo.with_name("m.jpg").exists()


def test_the_mask_of_a_box_lies_beside_the_edit_and_replaces_none(photo, tmp_path, capsys):
    drawn = tmp_path / "result_mask.png"
    drawn.write_bytes(b"drawn by hand")
    for method in ([], ["--method", "ohr"]):
        quick = [] if method else ["--order", "3,1,0,2"]
        main(["edit", str(photo), "--box", BOX, *quick, *method, "--output", str(tmp_path / f"result{len(method)}.png")])
        assert np.array(Image.open(tmp_path / f"result{len(method)}_mask.png")).any()
    main(["edit", str(photo), "--box", BOX, "--order", "3,1,0,2", "--output", str(tmp_path / "result.png"), "--json"])
    assert drawn.read_bytes() == b"drawn by hand" and (tmp_path / "result_mask_2.png").is_file()
    assert '"mask": "' + str(tmp_path / "result_mask_2.png") in capsys.readouterr().out


def test_an_edit_takes_a_box_in_a_masks_place(photo, tmp_path):
    main(["edit", str(photo), "--box", BOX, "--order", "3,1,0,2", "--output", str(tmp_path / "result.png")])
    before, after = np.array(Image.open(photo)), np.array(Image.open(tmp_path / "result.png"))
    x, y, wide, high = (int(part) for part in BOX.split(","))
    outside = np.ones(TANK.shape, bool)
    outside[max(0, y - 30) : y + high + 30, max(0, x - 30) : x + wide + 30] = False
    assert (before != after).any() and (before[outside] == after[outside]).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "no region is named; give one of a mask (--mask), a box (--box x,y,width,height)"),
        (["--box", BOX, "--alpha"], "box and alpha are given"),
        (["--box", "1,2"], "use x,y,width,height in pixels"),
        (["--points", "1,b"], "use x,y in pixels"),
        (["--alpha"], "has no transparency"),
    ],
)
def test_what_names_no_region_is_refused(photo, capsys, options, words):
    for command in ("mask", "edit"):
        with pytest.raises(SystemExit) as stop:
            main([command, str(photo), *options])
        assert stop.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((10, 10, 48, 90), "spans 48 % of the box's width and 100 % of its height: it probably missed"),
        ((10, 10, 90, 90), "covers 100 % of the box: it probably took surroundings along"), ((0, 0, 0, 0), "spans 0 %"),
        ((14, 12, 86, 88), None), ((10, 10, 60, 90), None),  # a roomy box
    ],
)  # fmt: skip
def test_what_does_not_fill_its_box_is_doubted(found, words):
    mask = np.zeros((100, 100), np.uint8)
    left, top, right, bottom = found
    mask[top:bottom, left:right] = 255
    said = box_doubts(mask, (10, 10, 80, 80))
    assert (said == ()) if words is None else (len(said) == 1 and words in said[0])


def test_a_thin_cross_in_its_box_is_doubted():
    mask = np.zeros((100, 100), np.uint8)
    mask[48:52, 10:90] = mask[10:90, 48:52] = 255
    assert "covers 10 % of the box" in box_doubts(mask, (10, 10, 80, 80))[0]


def test_a_mask_goes_into_a_folder_under_a_new_name(photo, tmp_path, capsys):
    for name in ("photo_mask.png", "photo_mask_2.png"):
        main(["mask", str(photo), "--box", BOX, "--output", str(tmp_path / "masks") + "/"])
        assert (tmp_path / "masks" / name).is_file()


@pytest.fixture
def grown(tmp_path):
    """The tank's mask, drawn generously."""
    path = tmp_path / "grown.png"
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
    Image.fromarray(cv2.dilate(TANK.astype(np.uint8) * 255, disc)).save(path)
    return path


def test_a_loose_mask_is_mended_unless_it_is_to_be_kept(photo, grown, monkeypatch):
    opened, given = read_photo(photo), np.array(Image.open(grown))
    mended, notes = region_of(opened, {"mask": grown, "keep_mask": False})
    assert overlap(mended >= 128) > overlap(given >= 128) + 0.1
    assert len(notes) == 1 and "was moved to a border in the photo (the two overlap by " in notes[0]
    for kept, wanted in (({"keep_mask": True}, given), ({}, soften_hard(opened.srgb, given))):  # a batch and a plan do not say
        found, notes = region_of(opened, {"mask": grown, **kept})
        assert np.array_equal(found, wanted) and notes == ()
    found, notes = region_of(opened, {"mask": FOLDER / "tank.png", "keep_mask": False})
    assert np.array_equal(found, np.array(Image.open(FOLDER / "tank.png").convert("L"))) and notes == ()
    with pytest.raises(InputError, match="leave one out"):
        region_of(opened, {"mask": grown, "keep_mask": True, "refine_mask": True})
    monkeypatch.setitem(sys.modules, "pymatting", None)  # as if it were not installed
    found, notes = region_of(opened, {"mask": grown, "keep_mask": False})
    assert np.array_equal(found, soften_hard(opened.srgb, given)) and "pip install -e '.[tools]'" in notes[0]


def test_an_edit_mends_a_loose_mask_and_says_so(photo, grown, tmp_path, tiny_weights, capsys):
    roles = {"weights": "attenuate", "critic": "critic", "saliency": "saliency"}
    small = [word for option, role in roles.items() for word in (f"--{option}", tiny_weights[role])]
    before, far = np.array(Image.open(photo)), (np.array(Image.open(grown)) > 0) & ~cv2.dilate(
        TANK.astype(np.uint8), np.ones((9, 9), np.uint8)
    ).astype(bool)
    changed = []
    for words in ([], ["--keep-mask"]):
        output = tmp_path / "result.png"
        main(["edit", str(photo), str(grown), "--order", "3,1,0,2", "--output", str(output), "--no-guard", *small, *words])
        changed.append((np.array(Image.open(output)) != before).any(axis=2)[far].mean())
        assert ("was moved to a border" in capsys.readouterr().err) == (not words)
    assert changed[0] < 0.7 * changed[1]
