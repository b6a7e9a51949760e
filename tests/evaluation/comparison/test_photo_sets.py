"""Which photos are compared, and by which methods."""
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realistic_editing.baselines import BASELINES
from realistic_editing.common.errors import InputError
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.comparison.methods import OPTIMISED, OWN, choose
from realistic_editing.evaluation.comparison.photo_sets import TestPhoto, folder_set, quick_look, region_set


def photos(**parts):
    return [
        TestPhoto(Region(Path("x"), None, "folder", f"{part}{index}", "mask", task="amplify"), part)
        for part, count in parts.items()
        for index in range(count)
    ]


def test_a_folder_gives_photos_masks_and_results_by_name(photo_folder):
    (photo_folder / ".cache").mkdir()
    (photo_folder / "notes").mkdir()
    found = folder_set(photo_folder, "attenuate")
    assert [photo.region.photo.name for photo in found.photos] == ["a.png", "b.png", "c.png"]
    assert [sorted(photo.results) for photo in found.photos] == [["bright", "dark"], ["bright", "dark"], ["bright"]]
    assert found.photos[0].results["dark"] == photo_folder / "dark/a.png"
    assert {photo.region.task for photo in found.photos} == {"attenuate"} and not found.problems
    assert len({photo.name for photo in found.photos}) == 3


def test_what_does_not_belong_is_named(photo_folder):
    shutil.copy(photo_folder / "bright/a.png", photo_folder / "bright/z.png")
    (photo_folder / "masks/b.png").write_text("not an image")
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(photo_folder / "masks/c.png")
    found = folder_set(photo_folder, "amplify")
    assert [photo.region.photo.name for photo in found.photos] == ["a.png"]
    text = "\n".join(found.problems)
    assert "bright/z.png: a result of no photo" in text and "masks/b.png: cannot be decoded" in text and "all black" in text


@pytest.mark.parametrize(("path", "task", "words"), [(None, "amplify", "add path="), ("x", None, "task=amplify")])
def test_a_folder_needs_path_and_task(path, task, words):
    with pytest.raises(InputError, match=words):
        folder_set(path, task)


def test_regions_without_a_task_serve_both():
    regions = [Region(Path("x"), None, "coco", str(index), "1", task=task) for index, task in enumerate(("amplify", ""))]
    found = region_set(regions, None, lambda region: f"kind {region.photo_id}").photos
    assert found[0].category == "kind 1"
    assert [(photo.part, photo.region.photo_id) for photo in found] == [("attenuate", "1"), ("amplify", "0"), ("amplify", "1")]
    assert len(region_set(regions, "attenuate", str).photos) == 1


@pytest.mark.parametrize(("limit", "expected"), [(3, [1, 1, 1]), (8, [3, 2, 3]), (12, [5, 2, 5]), (99, [10, 2, 10])])
def test_a_quick_look_takes_of_all_parts_alike(limit, expected):
    chosen = quick_look(photos(one=10, two=2, three=10), limit)
    assert [sum(photo.part == part for photo in chosen) for part in ("one", "two", "three")] == expected
    assert len(set(chosen_names := [photo.name for photo in chosen])) == len(chosen_names)


def test_a_quick_look_is_evenly_spaced():
    assert [photo.region.photo_id for photo in quick_look(photos(one=9), 3)] == ["one0", "one3", "one6"]
    assert len(quick_look(photos(one=9), None)) == 9
    with pytest.raises(InputError, match="limit is 0"):
        quick_look(photos(one=9), 0)


def test_methods_are_all_or_those_asked_for(photo_folder):
    found = folder_set(photo_folder, "amplify").photos
    assert choose(None, found) == [*OWN, "bright", "dark"]
    assert choose(["dark", "ours", "ours_realism"], found) == ["ours_realism", "ours", "dark"]
    assert choose(["ours_guarded"], found) == ["ours"]  # an old name
    assert choose("input", found) == ["input"]
    # A bare name is the published results, or, where a set has none, the method run here.
    assert choose(["mec", "bright"], found) == ["mec_reproduced", "bright"]
    operators = [f"deepsal_{name}_reproduced" for name in ("conv", "recolor", "warp")]
    assert choose(["deepsal", "input"], found) == ["input", *operators]
    assert choose("all", found, ["adversarial"]) == [
        *OWN, "adversarial", OPTIMISED, *(f"{name}_reproduced" for name in BASELINES), "bright", "dark",
    ]  # fmt: skip
    words = r"method names mek; did you mean mec\? Use one or several of all, .*ours.*mec_reproduced.*bright, dark"
    with pytest.raises(InputError, match=words):
        choose(["ours", "mek"], found)
    with pytest.raises(InputError, match="nothing"):
        choose([], found)


def test_a_method_may_not_take_a_name_of_ours(photo_folder):
    (photo_folder / "dark").rename(photo_folder / "ours")
    with pytest.raises(InputError, match="rename"):
        choose(None, folder_set(photo_folder, "amplify").photos)


def test_copies_of_the_photos_are_rated_by_a_study_and_measured_once(photo_folder):
    (photo_folder / "input").mkdir()
    for name in "abc":
        Image.open(photo_folder / f"{name}.png").save(photo_folder / f"input/{name}.jpg", quality=98)
    assert "input" in folder_set(photo_folder, "amplify").photos[0].results
    measured = folder_set(photo_folder, "amplify", with_input=False)
    assert not measured.problems and choose(None, measured.photos) == [*OWN, "bright", "dark"]
    shutil.copy(photo_folder / "bright/b.png", photo_folder / "input/b.jpg")
    with pytest.raises(InputError, match=r"input.b.jpg: is no copy of b.png, and input/ is the name of the unedited photos"):
        folder_set(photo_folder, "amplify", with_input=False)
