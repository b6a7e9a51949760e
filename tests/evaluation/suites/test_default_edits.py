"""Default edits that are looked at: which regions are drawn, their pictures, and what is said of them."""
import types
from pathlib import Path

import cv2
import numpy as np
import pytest

from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import MAX_STRENGTH
from realistic_editing.evaluation.suites.default_edits import measure_default_edits, one_of_each_photo
from realistic_editing.weights import load_network


def region(source, photo, number, folder="."):
    return Region(Path(folder) / f"{photo}.png", Path(folder) / f"{photo}_mask.png", source, photo, str(number), split="test")


def test_one_region_of_each_photo_evenly_over_the_sets_by_the_seed():
    regions = [region("coco", f"c{photo}", number) for photo in range(3) for number in range(4)]
    regions += [region("ecssd", f"e{photo}", 0) for photo in range(9)]
    drawn = one_of_each_photo(regions, 8, seed=0)
    assert len({(one.source, one.photo_id) for one in drawn}) == len(drawn) == 8
    assert [one.source for one in drawn].count("coco") == 3  # all that there are
    assert drawn == one_of_each_photo(regions, 8, seed=0) != one_of_each_photo(regions, 8, seed=1)
    assert len(one_of_each_photo(regions, 50, seed=0)) == 12


def test_a_picture_of_each_edit_with_the_photo_as_it_is(tmp_path):
    rng = np.random.default_rng(0)
    photo = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (96, 72), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros((72, 96), np.uint8)
    mask[20:50, 30:70] = 255
    cv2.imwrite(str(tmp_path / "a.png"), photo[..., ::-1])
    cv2.imwrite(str(tmp_path / "a_mask.png"), mask)
    judge = load_network("compact_saliency", "saliency")
    enhancers = {
        task: Enhancer.from_pretrained(f"compact_{task}", critic="critic", saliency="compact_saliency", task=task)
        for task in ("attenuate", "amplify")
    }
    settings = types.SimpleNamespace(output=str(tmp_path), resamples=10, seed=0)
    tables, pictures = measure_default_edits(enhancers, {"same": judge}, [region("coco", "a", 1, tmp_path)], settings)
    assert [table.name for table in tables] == ["attenuate", "attenuate_each", "amplify", "amplify_each"]
    for task in enhancers:
        name = f"{task}_coco_a_1.jpg"
        picture = cv2.imread(str(tmp_path / name))[..., ::-1]
        assert picture.shape == (72, 2 * 96 + 2 * 12 + 32, 3) and "dR" in pictures[name]
        before, after = picture[:, :96].astype(int), picture[:, 108 : 108 + 96].astype(int)
        assert np.abs(before - photo).mean() < 3  # JPEG's
        assert np.abs(before - after)[25:45, 35:65].mean() > np.abs(before - after)[:10].mean()
        (row,) = next(table.frame for table in tables if table.name == f"{task}_each").to_dict("records")
        assert row["saliency, same"] == pytest.approx(row["saliency"], abs=1e-4)  # the same judge says the same
        assert 0 <= row["R"] <= 1 and 0 <= row["strength"] <= MAX_STRENGTH and row["verdict"] in pictures[name]
        total = next(table.frame for table in tables if table.name == task).iloc[0]
        assert total["edits"] == 1 and total["dR"].value == pytest.approx(row["dR"])
