"""Which COCO photos and annotations become candidates."""
import json

import numpy as np
import pytest
from pycocotools import mask as rle

from realistic_editing.common.errors import InputError
from realistic_editing.data.coco import read_coco, region_masks


def test_polygons_are_decoded_where_they_are(coco_root):
    source = read_coco(coco_root)
    assert [raw.photo_id for raw in source.photos] == [f"{number:012d}" for number in range(1, 10)]
    raw = source.photos[0]
    assert raw.split == "train" and raw.photo.is_file()
    masks = region_masks(raw, (60, 80))
    assert [(one.region_id, one.category) for one in masks] == [(str(100 + k), 1 + k) for k in range(5)]
    expected = np.zeros((60, 80), bool)
    expected[2:22, 2:22] = True
    assert masks[0].mask.dtype == bool and (masks[0].mask != expected).mean() < 0.01


def test_photos_need_five_annotations_and_crowds_count_but_are_no_regions(tmp_path, tiny_coco, five_boxes):
    tiny = tiny_coco(tmp_path, "val2017")
    tiny.add(1, five_boxes[:4])
    crowd = {"size": [60, 80], "counts": [100, 500, 4200]}
    tiny.add(2, [*five_boxes[:4], crowd], crowds=(4,))
    (raw,) = read_coco(tiny.save(), "val2017").photos
    assert raw.photo_id.endswith("2") and raw.split in ("val", "test")
    assert [one.region_id for one in region_masks(raw, (60, 80))] == ["200", "201", "202", "203"]


def test_run_lengths_many_polygons_and_slivers(tmp_path, tiny_coco, five_boxes):
    pixels = np.zeros((60, 80), np.uint8)
    pixels[10:20, 5:25] = 1
    packed = rle.encode(np.asfortranarray(pixels))
    packed["counts"] = packed["counts"].decode()
    loose = {"size": [60, 80], "counts": [100, 500, 4200]}
    tiny = tiny_coco(tmp_path)
    tiny.add(1, [packed, loose, five_boxes[0] + five_boxes[4], [[1, 1, 30, 30]], []])
    masks = [one.mask for one in region_masks(read_coco(tiny.save()).photos[0], (60, 80))]
    assert (masks[0] == (pixels > 0)).all() and masks[1].sum() == 500
    assert masks[2].sum() == pytest.approx(800, rel=0.1)
    assert not masks[3].any() and not masks[4].any()


def test_a_photo_of_another_size_than_annotated(coco_root):
    with pytest.raises(InputError, match="annotated at 80 x 60"):
        region_masks(read_coco(coco_root).photos[0], (80, 60))


def changed(tmp_path, tiny_coco, five_boxes, change):
    """The one photo of a set whose annotations were changed in its file."""
    tiny = tiny_coco(tmp_path)
    tiny.add(1, five_boxes)
    root = tiny.save()
    (path,) = (file for file in (root / "coco/annotations").glob("instances_*.json") if '"annotations": [{' in file.read_text())
    content = json.loads(path.read_text())
    change(content["annotations"])
    path.write_text(json.dumps(content))
    return read_coco(root).photos[0]


def test_ids_of_text_come_behind_numbers(tmp_path, tiny_coco, five_boxes):
    def change(shapes):
        shapes[0]["id"], shapes[1]["id"], shapes[2]["id"] = "ann-1", "Türe", "12"

    raw = changed(tmp_path, tiny_coco, five_boxes, change)
    assert [one.region_id for one in region_masks(raw, (60, 80))] == ["12", "103", "104", "Türe", "ann-1"]


@pytest.mark.parametrize(("name", "words"), [("a/b", "file name"), ("a/", "file name"), ("c\\d", "file name"), (104, "twice")])
def test_ids_that_no_mask_can_be_called_by_are_refused(tmp_path, tiny_coco, five_boxes, name, words):
    with pytest.raises(InputError, match=rf"annotation id .*{words}.*number the annotations"):
        changed(tmp_path, tiny_coco, five_boxes, lambda shapes: shapes[0].update(id=name))


@pytest.mark.parametrize("size", [(30, 40), (60, 81), (80, 60)])
@pytest.mark.parametrize("loose", [False, True])
def test_run_lengths_of_another_size_are_refused(tmp_path, tiny_coco, five_boxes, size, loose):
    packed = rle.encode(np.asfortranarray(np.ones(size, np.uint8)))
    packed["counts"] = [0, size[0] * size[1]] if loose else packed["counts"].decode()
    raw = changed(tmp_path, tiny_coco, five_boxes, lambda shapes: shapes[0].update(segmentation=dict(packed)))
    with pytest.raises(InputError, match="annotation 100 is a mask of .*export the annotations at the photo's own size"):
        region_masks(raw, (60, 80))


def test_a_malformed_segmentation(tmp_path, tiny_coco, five_boxes):
    tiny = tiny_coco(tmp_path)
    tiny.add(1, [*five_boxes[:4], {"size": [60, 80]}])
    with pytest.raises(InputError, match="annotation 104 has a malformed segmentation"):
        region_masks(read_coco(tiny.save()).photos[0], (60, 80))


def test_missing_and_broken_files(tmp_path, tiny_coco, five_boxes):
    with pytest.raises(InputError, match=r"coco/train2017.*REALISTIC_EDITING_DATA"):
        read_coco(tmp_path)
    tiny = tiny_coco(tmp_path)
    tiny.add(1, five_boxes[:2])
    annotations = tiny.save() / "coco/annotations/instances_train2017.json"
    with pytest.raises(InputError, match="no image has 5 annotations"):
        read_coco(tmp_path)
    for content in ("", "[]", json.dumps({"images": [{"file_name": "x"}], "annotations": []})):
        annotations.write_text(content)
        with pytest.raises(InputError, match="fetch the file again"):
            read_coco(tmp_path)
    annotations.unlink()
    with pytest.raises(InputError, match=r"instances_train2017\.json: not found"):
        read_coco(tmp_path)


def test_the_real_set(real_root):
    train, val = read_coco(real_root), read_coco(real_root, "val2017")
    assert len(train.photos) > 50 and {raw.split for raw in train.photos} == {"train"}
    assert {raw.split for raw in val.photos} == {"val", "test"}
    assert all(len(region_masks(raw, raw.annotations[0])) >= 1 for raw in val.photos)
