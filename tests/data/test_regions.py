"""Regions, their pixels and their manifest."""
import math
import multiprocessing

import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing.common.errors import InputError
from realistic_editing.data.folder import read_folder
from realistic_editing.data.images import read_mask
from realistic_editing.data.pixels import read_own_mask
from realistic_editing.data.regions import Region, read_manifest, read_region, write_manifest


def region(root, **changes):
    fields = {
        "photo": root / "data/coco/0012.jpg", "mask": root / "built/masks/0012_7.png", "source": "coco",
        "photo_id": "0012", "region_id": "007", "category": 1, "area": 1 / 3, "saliency": 0.1, "task": "amplify",
        "split": "val",
    }  # fmt: skip
    return Region(**{**fields, **changes})


def test_manifest_round_trip_is_exact_and_moves(tmp_path):
    regions = [
        region(tmp_path),
        region(tmp_path, photo_id="NA", mask=None, category=0, task=""),
        region(tmp_path, mask=tmp_path / "data/ecssd/masks/1.png", source="ecssd"),
    ]
    path = tmp_path / "built/manifest.csv"
    write_manifest(regions, path, tmp_path / "data")
    assert str(tmp_path) not in path.read_text()
    assert read_manifest(path, tmp_path / "data") == regions
    (tmp_path / "moved").mkdir()
    moved = path.rename(tmp_path / "moved/manifest.csv")
    again = read_manifest(moved, tmp_path / "elsewhere")
    assert again[0].photo == tmp_path / "elsewhere/coco/0012.jpg"
    assert again[0].mask == tmp_path / "moved/masks/0012_7.png"
    assert again[2].mask == tmp_path / "elsewhere/ecssd/masks/1.png"


def test_unknown_saliency_survives(tmp_path):
    write_manifest([region(tmp_path, saliency=math.nan)], tmp_path / "m.csv", tmp_path)
    assert math.isnan(read_manifest(tmp_path / "m.csv", tmp_path)[0].saliency)


def test_no_regions(tmp_path):
    write_manifest([], tmp_path / "m.csv", tmp_path)
    assert read_manifest(tmp_path / "m.csv", tmp_path) == []


def test_human(tmp_path):
    assert region(tmp_path).human and not region(tmp_path, category=0).human


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("amplify", "enlarge", "line 2: task is 'enlarge'"),
        (",val", ",dev", "line 2: split is 'dev'"),
        ("0.1,", "much,", "line 2: column saliency holds 'much'"),
        ("0012,007", ",007", "line 2: column photo_id is empty"),
        ("category", "kind", "column category is missing"),
    ],
)
def test_broken_manifests_name_what_is_wrong(tmp_path, old, new, message):
    path = tmp_path / "manifest.csv"
    write_manifest([region(tmp_path)], path, tmp_path / "data")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        read_manifest(path, tmp_path)
    assert str(path) in str(caught.value) and "build step" in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00\x01"])
def test_what_is_no_manifest(tmp_path, content):
    path = tmp_path / "manifest.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.csv"):
        read_manifest(path, tmp_path)


def test_mechrez_may_not_train(tmp_path):
    with pytest.raises(ValueError, match="evaluation only"):
        region(tmp_path, source="mechrez", split="train")


def test_half_size_jpeg_masks_are_resized_and_cut(tmp_path, write, colour_noise):
    photo = write(tmp_path / "p.png", colour_noise(60, 81, 1))
    mask = np.zeros((30, 40), np.uint8)
    mask[10:20, 10:30] = 255
    read = read_region(region(tmp_path, photo=photo, mask=write(tmp_path / "m.jpg", mask)))
    assert read[0].shape == (60, 81, 3) and read[1].shape == (60, 81) and set(read[1].ravel()) == {0, 255}
    assert (read[1] > 0).mean() == pytest.approx((mask > 0).mean(), abs=0.01)
    soft = read_region(region(tmp_path, photo=photo, mask=write(tmp_path / "m.png", mask)))[1]
    assert len(set(soft.ravel())) > 2


def test_masks_of_another_shape_or_none(tmp_path, write, colour_noise):
    photo = write(tmp_path / "p.png", colour_noise(60, 80, 1))
    with pytest.raises(InputError, match="of another shape than its photo"):
        read_region(region(tmp_path, photo=photo, mask=write(tmp_path / "m.png", np.zeros((80, 60), np.uint8))))
    with pytest.raises(InputError, match="has no mask"):
        read_region(region(tmp_path, photo=photo, mask=None))
    (tmp_path / "broken.png").write_text("not an image")
    with pytest.raises(InputError, match="cannot be decoded"):
        read_region(region(tmp_path, photo=photo, mask=tmp_path / "broken.png"))


@pytest.mark.parametrize("wide", [False, True])
def test_a_cut_out_of_a_users_folder_is_the_region_that_an_edit_takes(tmp_path, write, colour_noise, wide):
    """Neither the colours of the thing nor black under it may be taken for the mask."""
    square = np.zeros((60, 80), np.uint8)
    square[10:20, 10:30] = 255
    cut_out = np.dstack([colour_noise(60, 80, 1) if wide else np.zeros((60, 80, 3), np.uint8), square])
    levels = cut_out.astype(np.uint16) * 257 if wide else cut_out
    photo, mask = write(tmp_path / "p.jpg", colour_noise(60, 80, 1)), tmp_path / "p_mask.png"
    assert cv2.imwrite(str(mask), levels)
    (found,) = read_folder(tmp_path)
    assert found.photo == photo and found.area == pytest.approx(200 / 4800)
    assert np.array_equal(read_region(found)[1], square)
    assert np.array_equal(read_mask(mask, (60, 80))[0] > 0, square > 0)


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_masks_of_a_folder_are_understood_as_those_of_an_edit(tmp_path, ending, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 15, channels), dtype=np.uint8)
    assert cv2.imwrite(str(tmp_path / f"m{ending}"), pixels, [cv2.IMWRITE_WEBP_QUALITY, 101])  # above 100: without loss
    theirs = read_mask(tmp_path / f"m{ending}", (12, 15))[0]
    assert np.array_equal(read_own_mask(tmp_path / f"m{ending}"), theirs)


def _area(folder):
    return read_folder(folder)[0].area


def test_a_folders_masks_can_be_read_again_in_forked_workers(tmp_path, write, colour_noise):
    """Training reads the masks of a folder in the process that then forks the loader's workers."""
    write(tmp_path / "p.png", colour_noise(300, 400, 1))
    cut_out = np.full((300, 400, 4), 255, np.uint8)
    cut_out[:200, :, 3] = 0
    assert cv2.imwrite(str(tmp_path / "p_mask.png"), cut_out)
    area = _area(tmp_path)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map_async(_area, [tmp_path]).get(60) == [area]


def test_a_cut_out_that_exif_turns_is_refused(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 3
    pixels = np.random.default_rng(0).integers(0, 256, (12, 15, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "m.png", exif=turned)
    with pytest.raises(InputError, match=r"m\.png: has transparency and an EXIF orientation; save it upright"):
        read_own_mask(tmp_path / "m.png")


def test_orientation_is_obeyed_for_users_photos_only(tmp_path, write, colour_noise):
    ok, encoded = cv2.imencode(".jpg", colour_noise(60, 80, 1))
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6: turn right
    jpeg = encoded.tobytes()
    assert ok
    photo = tmp_path / "p.jpg"
    photo.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
    upright, stored = write(tmp_path / "u.png", np.zeros((80, 60), np.uint8)), np.zeros((60, 80), np.uint8)
    assert read_region(region(tmp_path, photo=photo, mask=upright, source="folder"))[0].shape == (80, 60, 3)
    assert read_region(region(tmp_path, photo=photo, mask=write(tmp_path / "s.png", stored)))[0].shape == (60, 80, 3)
