"""No photo is on two sides, whatever its name and set."""
from types import SimpleNamespace

import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.bsds import read_bsds
from realistic_editing.data.coco import read_coco
from realistic_editing.data.ecssd import read_ecssd
from realistic_editing.data.gaze import read_gaze
from realistic_editing.data.mechrez import read_mechrez
from realistic_editing.data.pixels import same_picture, thumbnails
from realistic_editing.data.splits import folder_splits, split_of, train_and_val


def test_known_answers_never_change():
    found = " ".join(split_of(str(number), "osie") for number in range(1001, 1011))
    assert found == "train train train val train train train val train val"


@pytest.mark.parametrize("source", ["osie", "ecssd", "bsds500", "folder"])
def test_shares_are_80_10_10(source):
    found = [split_of(f"photo {number}", source) for number in range(5000)]
    assert [round(found.count(split) / 5000, 2) for split in ("train", "val", "test")] == pytest.approx(
        [0.8, 0.1, 0.1], abs=0.02
    )


def test_coco_trains_on_train_only_and_halves_val():
    names = [f"{number:012d}" for number in range(2000)]
    assert {split_of(name, "coco-train2017") for name in names} == {"train"}
    val = [split_of(name, "coco-val2017") for name in names]
    assert set(val) == {"val", "test"} and val.count("val") == pytest.approx(1000, abs=80)


def test_mechrez_only_tests_and_so_do_its_copies_in_ecssd():
    assert {split_of(f"object_enhancement/{number:03d}", "mechrez") for number in range(500)} == {"test"}
    assert split_of("0428", "ecssd") == "test"


def test_a_copy_goes_where_its_original_goes():
    assert split_of("0122", "ecssd") == split_of("78004", "bsds500")


def test_unknown_source():
    with pytest.raises(InputError, match="expected one of osie"):
        split_of("1", "imagenet")


def test_no_picture_of_the_real_sets_is_on_two_sides(real_root):
    sources = read_bsds(real_root), read_coco(real_root), read_coco(real_root, "val2017")
    photos = [(raw.photo, raw.split) for source in sources for raw in source.photos]
    photos += [(region.photo, region.split) for region in read_ecssd(real_root)]
    photos += [(gaze.photo, gaze.split) for gaze in read_gaze(real_root)]
    photos += [(made.region.photo, "test") for made in read_mechrez(real_root)]
    same = same_picture(*[thumbnails([photo for photo, _ in photos])] * 2)
    pairs = np.argwhere(np.triu(same, 1))
    assert len(pairs) > 40  # ECSSD's photos from BSDS500 and Mechrez: the check does find copies
    apart = [(str(photos[i][0]), str(photos[j][0])) for i, j in pairs if photos[i][1] != photos[j][1]]
    assert not apart, "the same picture on two sides; list the pair in splits.py"


def test_a_side_that_is_empty_is_named():
    def items(*splits):
        return [SimpleNamespace(split=split) for split in splits]

    train, val = train_and_val(items("train", "val", "test", "train"))
    assert [item.split for item in train + val] == ["train", "train", "val"]
    for side, splits in (("val", ("train", "test")), ("train", ("val",)), ("train", ())):
        with pytest.raises(InputError, match=f"{len(splits)} regions .*{side}"):
            train_and_val(items(*splits))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 20, 47, 299])
def test_a_small_folder_has_something_on_every_side(count):
    for start in range(0, 5000, 250):
        names = [f"IMG_{start + number}" for number in range(count)]
        found = folder_splits(names)
        sides = [list(found.values()).count(side) for side in ("train", "val", "test")]
        assert sum(sides) == count and sides[0] >= max(min(count, 1), count // 2)
        assert sides[1] >= (count > 1) * max(1, round(count / 10)) and sides[2] >= (count > 2) * max(1, round(count / 10))
        assert folder_splits(names[::-1]) == found  # whatever order they come in


def test_a_large_folder_keeps_each_photo_where_its_name_puts_it():
    names = [f"photo {number}" for number in range(2000)]
    assert folder_splits(names) == {name: split_of(name, "folder") for name in names}
