"""Regions are built by one process at a time."""
import threading
import time

import fsspec
import pytest

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.regions import _alone_in, load_regions, pack_regions
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
