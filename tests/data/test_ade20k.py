"""ADE20K: regions by class, named as the set names them, and what is refused."""
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.ade20k import read_ade20k
from realistic_editing.data.build import build
from realistic_editing.data.regions import read_region

NAMES = {1: "wall", 9: "windowpane, window ", 13: "person, man", 14: "screen, door", 15: "screen"}
INFO = "Idx\tRatio\tName\n" + "".join(f"{label}\t0.1\t{name}\n" for label, name in NAMES.items())


@pytest.fixture
def labels():
    labels = np.zeros((60, 80), np.uint8)
    labels[5:25, 5:30], labels[30:55, 5:30], labels[5:55, 40:50] = 9, 13, 1
    return labels


@pytest.fixture
def root(tmp_path, write, colour_noise, labels):
    for name in ("ADE_val_00000001", "ADE_val_00000002"):
        write(tmp_path / f"ade20k/images/validation/{name}.jpg", colour_noise(60, 80, int(name[-1])))
        write(tmp_path / f"ade20k/annotations/validation/{name}.png", labels)
    (tmp_path / "ade20k/objectInfo150.txt").write_text(INFO)
    return tmp_path


def test_a_region_for_each_class(root, tmp_path, labels):
    regions = build(read_ade20k(root), tmp_path / "built", root, matte=False, workers=0)
    assert [region.region_id for region in regions[:3]] == ["wall", "windowpane", "person"]
    assert [region.human for region in regions[:3]] == [False, False, True]
    assert {region.split for region in regions} == {"test"} and {region.source for region in regions} == {"ade20k"}
    assert np.array_equal(read_region(regions[1])[1] == 255, labels == 9)


def test_classes_of_one_name_are_told_apart(root):
    _, names = read_ade20k(root).photos[0].annotations
    assert names == {1: "wall", 9: "windowpane", 13: "person", 14: "screen-14", 15: "screen-15"}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda root, write: (root / "ade20k/objectInfo150.txt").unlink(), "objectInfo150.txt: not found"),
        (lambda root, write: (root / "ade20k/objectInfo150.txt").write_text("nothing"), "names no class"),
        (lambda root, write: (root / "ade20k/annotations/validation/ADE_val_00000002.png").unlink(), "no label map"),
    ],
)
def test_what_is_absent_is_named(root, write, damage, words):
    damage(root, write)
    with pytest.raises(InputError, match=words):
        read_ade20k(root)


def test_a_label_map_that_does_not_fit_is_named(root, write, labels):
    path = root / "ade20k/annotations/validation/ADE_val_00000001.png"
    for damage, words in ((labels[:40], "80 x 40 pixels"), (labels + 100, "label 100 is not in")):
        write(path, damage)
        source = read_ade20k(root)
        with pytest.raises(InputError, match=words):
            source.masks(source.photos[0], (60, 80))
    path.write_text("not an image")
    with pytest.raises(InputError, match="one channel"):
        source.masks(source.photos[0], (60, 80))
