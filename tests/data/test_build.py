"""The build step: what it keeps, how it ranks, and that interruptions leave no trace."""
import json
import logging

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.data import build as module
from realistic_editing.data.build import build, mean_within, tasks_of
from realistic_editing.data.coco import read_coco
from realistic_editing.data.raw import RawMask, qualify
from realistic_editing.data.regions import read_manifest, read_region


def brightness(images: torch.Tensor) -> torch.Tensor:
    return images.mean(dim=1, keepdim=True)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_regions_are_ranked_by_saliency_and_written_losslessly(coco_root, tmp_path):
    regions = build(read_coco(coco_root), tmp_path / "out", coco_root, brightness, matte=False, workers=0)
    assert len(regions) == 45
    listed = read_manifest(tmp_path / "out/manifest.csv", coco_root)
    assert listed == regions
    for photo_id in {region.photo_id for region in regions}:
        ranked = sorted((r for r in regions if r.photo_id == photo_id), key=lambda region: -region.saliency)
        assert [region.task for region in ranked] == ["attenuate"] * 2 + ["amplify"] * 3
    for region in regions[:10]:
        image, mask = read_region(region)
        assert mask.shape == image.shape[:2] and set(mask.ravel()) == {0, 255}
        assert (mask > 0).mean() == pytest.approx(region.area)
        assert region.saliency == pytest.approx(image[mask > 0].mean() / 255, abs=0.03)
    assert regions[0].human and not regions[1].human


def test_filters(tmp_path, tiny_coco, five_boxes, box):
    tiny = tiny_coco(tmp_path)
    tiny.add(1, five_boxes, pixels=np.full((60, 80, 3), 120, np.uint8))
    tiny.add(2, [box(1, 1, 3, 3), box(5, 5, 3, 3), box(0, 0, 80, 60), box(0, 0, 70, 50), five_boxes[0]])
    tiny.add(3, [box(1, 1, 3, 3), five_boxes[0], five_boxes[1], box(0, 0, 80, 60), box(0, 0, 70, 50)])
    regions = build(read_coco(tiny.save()), tmp_path / "out", tmp_path, matte=False, workers=0)
    assert [(region.photo_id[-1], region.region_id) for region in regions] == [("3", "301"), ("3", "302")]
    assert all(region.task == "" and np.isnan(region.saliency) for region in regions)
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["photos"] == {"grey": 1, "few regions": 1, "used": 1}


def test_bounds_of_the_area_are_included():
    def covering(pixels):
        mask = np.zeros(1000, bool)
        mask[:pixels] = True
        return RawMask(str(pixels), 0, mask.reshape(20, 50))

    kept = qualify([covering(pixels) for pixels in (0, 9, 10, 11, 399, 400, 401, 1000)])
    assert [one.region_id for one in kept] == ["10", "11", "399", "400"]


@pytest.mark.parametrize(
    ("saliency", "tasks"),
    [([0.1, 0.9], "+-"), ([0.5, 0.9, 0.1], "+-+"), ([0.2, 0.2, 0.2, 0.2], "--++"), ([0.3], "+"), ([], "")],
)
def test_the_more_salient_half_is_attenuated(saliency, tasks):
    assert tasks_of(saliency) == [{"-": "attenuate", "+": "amplify"}[sign] for sign in tasks]


def test_mean_within_is_the_mean_over_the_mask():
    saliency = np.array([[0.1, 0.2], [0.3, 0.4]])
    masks = np.array([[[255, 255], [0, 0]], [[0, 0], [0, 128]]], np.uint8)
    assert mean_within(saliency, masks) == pytest.approx([0.15, 0.4])


class Stop(Exception):
    pass


@pytest.mark.parametrize("after", [0, 3, 8])
def test_an_interrupted_build_ends_as_an_unbroken_one(coco_root, tmp_path, monkeypatch, after):
    source = read_coco(coco_root)
    build(source, tmp_path / "whole", coco_root, brightness, workers=0)
    prepare, calls = module.prepare, []

    def stops(raw, job):
        if len(calls) == after:
            raise Stop
        calls.append(raw)
        return prepare(raw, job)

    monkeypatch.setattr(module, "prepare", stops)
    with pytest.raises(Stop):
        build(source, tmp_path / "out", coco_root, brightness, workers=0)
    assert not (tmp_path / "out/manifest.csv").exists()
    monkeypatch.setattr(module, "prepare", prepare)
    (tmp_path / "out/masks").mkdir(exist_ok=True)
    (tmp_path / "out/masks/.half.x1.png").write_bytes(b"left by a killed process")
    build(source, tmp_path / "out", coco_root, brightness, workers=0)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_finished_build_does_no_work_again(coco_root, tmp_path, monkeypatch):
    source = read_coco(coco_root)
    regions = build(source, tmp_path / "out", coco_root, brightness, matte=False, workers=0)
    monkeypatch.setattr(module, "prepare", None)
    assert build(source, tmp_path / "out", coco_root, brightness, matte=False, workers=2) == regions


def test_processes_give_the_same_files(coco_root, tmp_path):
    source = read_coco(coco_root)
    build(source, tmp_path / "alone", coco_root, brightness, workers=0)
    build(source, tmp_path / "shared", coco_root, brightness, workers=2)
    assert contents(tmp_path / "alone") == contents(tmp_path / "shared")


def test_saliency_sees_photos_in_the_same_batches_after_an_interruption(coco_root, tmp_path):
    sizes = []

    def counting(images):
        sizes.append(len(images))
        return brightness(images)

    source = read_coco(coco_root)
    build(source, tmp_path / "out", coco_root, counting, matte=False, workers=0)
    (tmp_path / f"out/records/{source.photos[4].photo_id}.json").unlink()
    build(source, tmp_path / "out", coco_root, counting, matte=False, workers=0)
    assert sizes == [8, 1, 8]


def test_unreadable_photos_are_named_not_fatal(coco_root, tmp_path, caplog):
    source = read_coco(coco_root)
    source.photos[2].photo.write_bytes(b"not an image")
    source.photos[5].photo.unlink()
    cv2.imwrite(str(source.photos[7].photo), np.zeros((80, 60, 3), np.uint8))
    with caplog.at_level(logging.WARNING):
        regions = build(source, tmp_path / "out", coco_root, brightness, matte=False, workers=0)
    assert len({region.photo_id for region in regions}) == 6
    assert "3 of 9 photos could not be used" in caplog.text
    unreadable = json.loads((tmp_path / "out/report.json").read_text())["unreadable"]
    assert sorted(unreadable) == [source.photos[index].photo_id for index in (2, 5, 7)]
    assert "cannot be decoded" in unreadable[source.photos[2].photo_id]


def test_pictures_kept_for_evaluation_are_left_out(coco_root, tmp_path):
    source = read_coco(coco_root)
    copy = tmp_path / "copy.jpg"
    pixels = cv2.imread(str(source.photos[3].photo))
    cv2.imwrite(str(copy), cv2.resize(pixels, (160, 120)))
    regions = build(source, tmp_path / "out", coco_root, matte=False, workers=0, keep_out=[copy])
    assert len({region.photo_id for region in regions}) == 8
    assert source.photos[3].photo_id not in {region.photo_id for region in regions}


def test_a_folder_holds_one_kind_of_build(coco_root, tmp_path):
    source = read_coco(coco_root)
    build(source, tmp_path / "out", coco_root, matte=False, workers=0)
    with pytest.raises(InputError, match="choose another folder or delete"):
        build(source, tmp_path / "out", coco_root, matte=True, workers=0)
