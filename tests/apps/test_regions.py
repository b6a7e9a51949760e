"""Regions are built by one process at a time."""
import threading
import time

import fsspec
import numpy as np
import pytest

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.regions import (
    _alone_in,
    a_few_regions,
    few_to_validate,
    load_regions,
    of_some_photos,
    pack_regions,
    told,
)
from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.common.errors import InputError


def test_a_second_builder_waits_for_the_first(tmp_path, caplog):
    inside, most = [], []

    def build():
        with _alone_in(tmp_path / "regions"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.2)
            inside.pop()

    threads = [threading.Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
    assert "waiting for it" in caplog.text


def test_a_build_that_fails_leaves_the_lock(tmp_path):
    with pytest.raises(KeyError), _alone_in(tmp_path):
        raise KeyError
    with _alone_in(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"regions.*set paths\.regions"), _alone_in(tmp_path / "file" / "regions"):
        pass


def test_what_is_packed_past_a_broken_photo_is_read_into_the_cache_that_is_asked_for(tmp_path, capsys):
    photos, packed, cache = (tmp_path / name for name in ("photos", "packed", "cache"))
    photos.mkdir()
    synthetic_regions(photos, 3, seed=0)
    (photos / "1.jpg").write_bytes(b"no photo")
    options = [f"regions.folders=[{photos}]", "regions.sources=[]", f"output={packed}", "size=32", "workers=1"]
    with pytest.raises(InputError, match="1 regions were left out:\n  .*1.jpg"):
        pack_regions(_compose("pack_regions", options))
    assert f"{packed}: 2 regions" in capsys.readouterr().out
    memory = fsspec.filesystem("memory")
    for file in packed.iterdir():
        memory.pipe(f"/asked/{file.name}", file.read_bytes())
    config = _compose("train_realism", ["regions.shards=memory://asked", f"regions.cache={cache}"])
    regions = load_regions(config)
    regions[0].unpacked()
    assert len(regions) == 2 and len(list(cache.rglob("*.bin"))) == 1


@pytest.fixture
def sets(tmp_path):
    """A data root with ecssd/, and a folder of twenty photos of the user's."""
    for folder, count in (("ecssd/images", 12), ("mine", 20)):
        (tmp_path / folder).mkdir(parents=True)
        synthetic_regions(tmp_path / folder, count, seed=0)
    (tmp_path / "ecssd/masks").mkdir()
    for mask in (tmp_path / "ecssd/images").glob("*_mask.png"):
        mask.rename(tmp_path / "ecssd/masks" / mask.name.replace("_mask", ""))
    return tmp_path


def test_own_folders_train_alone_unless_others_are_asked_for(sets):
    def sources(*options):
        config = _compose("train_realism", [f"paths.data={sets}", *options])
        regions = load_regions(config)
        return {region.source for region in regions}, told(regions, config.regions.folders)

    mine = f"regions.folders=[{sets / 'mine'}]"
    assert sources()[0] == {"ecssd"}
    found, line = sources(mine)
    assert found == {"folder"}
    assert line == f"learns from 16 regions of 16 photos: 16 of your folder {sets / 'mine'}; validates on 2 regions"
    regions = load_regions(_compose("train_realism", [mine]))
    few = [next(place for place, one in enumerate(regions) if one.split == split) for split in ("train", "val")]
    line = told(regions.at(np.array(few)))
    assert line == "learns from 1 region of 1 photo: 1 of your folder; validates on 1 region"
    assert sources(mine, "regions.sources=[ecssd]")[0] == {"ecssd", "folder"}
    with pytest.raises(InputError, match="holds none of coco; set"):  # the paper's preset looks for nothing else
        sources("preset=paper")


def test_few_photos_and_few_to_validate(sets):
    config = _compose("train_realism", [f"paths.data={sets}", f"regions.folders=[{sets / 'mine'}]"])
    regions = load_regions(config)
    few = of_some_photos(regions, 1)
    assert sorted(region.split for region in few) == ["test", "train", "val"]
    assert [region.split for region in few_to_validate(regions, 1)].count("val") == 1
    assert len(few_to_validate(regions, 1)) == len(regions) - 1 and few_to_validate(regions, None) is regions
    assert {region.split for region in load_regions(config, ("val", "test"))} == {"val", "test"}
    smoke = a_few_regions(config, 2)
    assert [region.split for region in smoke].count("train") == 2 and len(smoke) == 6


def test_a_few_regions_of_sets_are_dealt_out_anew(sets):
    regions = a_few_regions(_compose("train_realism", [f"paths.data={sets}"]), 2)
    assert {region.split for region in regions} == {"train", "val"} and {one.source for one in regions} == {"ecssd"}
