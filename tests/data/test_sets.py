"""ECSSD, Mechrez and users' folders: sets whose masks are used as they are."""
import logging

import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.ecssd import read_ecssd
from realistic_editing.data.folder import read_folder
from realistic_editing.data.mechrez import METHOD_NAMES, read_mechrez, read_result
from realistic_editing.data.regions import read_region


def square(side: int, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[:side, :side] = 255
    return mask


def test_ecssd_keeps_1_to_40_percent_of_coloured_photos(tmp_path, write, colour_noise):
    for name, side in (("0001", 9), ("0003", 10), ("0005", 63), ("0006", 64), ("0007", 30)):
        photo = np.full((100, 100, 3), 90, np.uint8) if name == "0007" else colour_noise(100, 100, side)
        write(tmp_path / f"ecssd/images/{name}.jpg", photo)
        write(tmp_path / f"ecssd/masks/{name}.png", square(side))
    regions = read_ecssd(tmp_path)
    assert [(region.photo_id, region.area) for region in regions] == [("0003", 0.01), ("0005", 0.3969)]
    assert all(region.task == "" and region.source == "ecssd" and np.isnan(region.saliency) for region in regions)
    (tmp_path / "ecssd/masks/0003.png").unlink()
    with pytest.raises(InputError, match=r"masks/0003\.png: no such file"):
        read_ecssd(tmp_path)
    with pytest.raises(InputError, match="REALISTIC_EDITING_DATA"):
        read_ecssd(tmp_path / "nowhere")


@pytest.fixture
def mechrez_root(tmp_path, write, colour_noise):
    folder = tmp_path / "mechrez/object_enhancement"
    for ending in ("in", "out", "hor", "wong"):
        shape = (61, 80) if ending == "out" else (60, 80)
        write(folder / f"001_{ending}.jpg", colour_noise(*shape, 1))
        write(folder / f"saliency/PCA/001_{ending}_pca.jpg", square(10, (30, 40)))
    write(folder / "masks/001_mask.jpg", square(12, (30, 40)))
    return tmp_path


def test_mechrez_photos_with_their_results(mechrez_root):
    (photo,) = read_mechrez(mechrez_root, "object_enhancement")
    assert photo.region.split == "test" and photo.region.task == "amplify"
    assert set(photo.results) == {"mec", "ohr", "wrs"} and set(photo.pca_saliency) == {"in", "mec", "ohr", "wrs"}
    image, mask = read_region(photo.region)
    assert mask.shape == (60, 80) and set(mask.ravel()) == {0, 255} and (mask[:22, :22] == 255).all()
    assert all(read_result(photo, method, image.shape[:2]).shape == image.shape for method in photo.results)
    with pytest.raises(InputError, match="no result of 'hag'"):
        read_result(photo, "hag", (60, 80))


def test_mechrez_says_what_is_missing(mechrez_root):
    with pytest.raises(InputError, match="expected one of object_enhancement"):
        read_mechrez(mechrez_root, "enhance")
    with pytest.raises(InputError, match=r"distractors_attenuation: no photos.*REALISTIC_EDITING_DATA"):
        read_mechrez(mechrez_root)
    (mechrez_root / "mechrez/object_enhancement/masks/001_mask.jpg").unlink()
    with pytest.raises(InputError, match=r"001_mask\.jpg"):
        read_mechrez(mechrez_root, "object_enhancement")


@pytest.mark.parametrize("apart", [True, False])
def test_folder_pairs_by_name_and_names_what_it_leaves_out(tmp_path, write, colour_noise, caplog, apart):
    for name in ("a.jpg", "b.b.png", "c.tif", "d.webp", "e.jpg"):
        write(tmp_path / "photos" / name, colour_noise(100, 100, 1))
    (tmp_path / "photos/notes.txt").write_text("not a photo")
    masks, ending = (tmp_path / "masks", "") if apart else (tmp_path / "photos", "_mask")
    for name in ("a", "b.b", "c"):
        write(masks / f"{name}{ending}.png", square(50))
    write(masks / f"d{ending}.png", square(0))
    with caplog.at_level(logging.WARNING):
        regions = read_folder(tmp_path / "photos", masks if apart else None)
    assert [region.photo.name for region in regions] == ["a.jpg", "b.b.png", "c.tif"]
    assert all(region.area == 0.25 and region.source == "folder" for region in regions)
    assert "2 photos left out" in caplog.text and "e.jpg: no mask" in caplog.text and "all black" in caplog.text
    assert read_region(regions[0])[1].mean() == pytest.approx(255 / 4)


def test_folder_errors(tmp_path, write, colour_noise):
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere")
    write(tmp_path / "a.jpg", colour_noise(10, 10, 1))
    with pytest.raises(InputError, match=r"expected NAME_mask\.png beside NAME\.jpg"):
        read_folder(tmp_path)
    (tmp_path / "a_mask.png").write_text("not an image")
    with pytest.raises(InputError, match="cannot be decoded"):
        read_folder(tmp_path)
    write(tmp_path / "a_mask.jpg", colour_noise(10, 10, 1))
    with pytest.raises(InputError, match="has the same name"):
        read_folder(tmp_path)


def test_the_real_mechrez_set(real_root):
    photos = read_mechrez(real_root)
    assert len(photos) == 153
    for photo in photos[::15]:
        image, mask = read_region(photo.region)
        assert mask.shape == image.shape[:2] and set(mask.ravel()) == {0, 255}
        assert (mask > 0).mean() == pytest.approx(photo.region.area, abs=0.005)
        assert all(read_result(photo, method, image.shape[:2]).shape == image.shape for method in photo.results)
    assert {len(photo.results) for photo in photos} == {len(METHOD_NAMES), len(METHOD_NAMES) - 1}


def test_the_real_ecssd_set(real_root):
    regions = read_ecssd(real_root)
    assert 600 < len(regions) < 900
    for region in regions[::100]:
        image, mask = read_region(region)
        assert image.shape[:2] == mask.shape and (mask >= 128).mean() == pytest.approx(region.area)
