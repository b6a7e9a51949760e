"""Training from shards is training from the files, without their being read again."""
import subprocess
import sys
import time

import cv2
import fsspec
import numpy as np
import pandas as pd
import pytest
import torch

from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.common.errors import InputError
from realistic_editing.data import packed as reading
from realistic_editing.data.shards import DIGEST, read_shards, write_shards
from realistic_editing.data.transforms import RegionDataset

SIZE = 64

# Serves a folder, a shard in a second and a half.
SLOW_SERVER = """
import functools, http.server, sys, time
class Slow(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
    def copyfile(self, source, target):
        data = source.read()
        for start in range(0, len(data), max(1, len(data) // 15)):
            target.write(data[start : start + max(1, len(data) // 15)])
            time.sleep(0.1 if self.path.endswith("bin") else 0)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Slow, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
"""


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    made = synthetic_regions(folder, 5, seed=0)
    other = {**vars(made[0]), "region_id": "second", "mask": made[1].mask}
    return [made[0], type(made[0])(**other), *made[1:]]


@pytest.fixture(scope="module")
def packed(regions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    write_shards(regions, folder, SIZE, photos=2)
    return folder


def test_samples_are_those_of_the_files(regions, packed):
    from_files = RegionDataset(regions, SIZE, augment=True, jitter=True, damage=0.5)
    from_shards = RegionDataset(read_shards(packed), SIZE, augment=True, jitter=True, damage=0.5)
    assert len(from_shards) == len(regions) == 6
    for index in range(6):
        for seed in (1, 2, 3):
            want, found = from_files[index, seed], from_shards[index, seed]
            assert all(torch.equal(want[name], found[name]) for name in want)


def test_a_photo_lies_there_once_and_shrunk(regions, packed):
    found = read_shards(packed)
    assert found[0].photo_at == found[1].photo_at and found[0].mask_at != found[1].mask_at
    assert [region.shard[-9:] for region in found] == ["00000.bin"] * 3 + ["00001.bin"] * 2 + ["00002.bin"]
    assert RegionDataset(found, SIZE).shards().tolist() == [0, 0, 0, 1, 1, 2] and RegionDataset(regions, SIZE).shards() is None
    assert (found[0].height, found[0].width) == (2 * SIZE, round(2 * SIZE * 640 / 480))
    for field in ("photo", "mask", "source", "photo_id", "region_id", "category", "task", "split", "area"):
        assert [getattr(region, field) for region in found] == [getattr(region, field) for region in regions]


def test_nothing_is_kept_in_memory_and_files_are_not_needed(packed):
    found = [type(region)(**{**vars(region), "photo": region.photo.with_name("gone.jpg")}) for region in read_shards(packed)]
    data = RegionDataset(found, SIZE, augment=True)
    data[0, 1]
    assert not data._cache and data._photos == {}
    assert isinstance(found[0].unpacked()[0].base, np.memmap)


def test_packing_goes_on_where_it_stopped(regions, packed, tmp_path):
    write_shards(regions, tmp_path, SIZE, photos=2)
    (tmp_path / "regions.csv").unlink()
    (tmp_path / "00001.csv").unlink()  # as if it had been killed in the second shard
    first = (tmp_path / "00000.bin").stat().st_mtime_ns
    write_shards(regions, tmp_path, SIZE, photos=2)
    assert (tmp_path / "00000.bin").stat().st_mtime_ns == first
    for name in ("regions.csv", "00000.bin", "00001.bin", "00002.bin"):
        assert (tmp_path / name).read_bytes() == (packed / name).read_bytes()


def test_other_regions_do_not_go_into_the_same_folder(regions, packed):
    with pytest.raises(InputError, match="other regions or settings.*another folder"):
        write_shards(regions[:3], packed, SIZE, photos=2)


def test_a_mask_that_was_painted_anew_is_not_passed_over(tmp_path):
    regions = synthetic_regions(tmp_path, 2, seed=1)
    write_shards(regions, tmp_path / "shards", SIZE)
    cv2.imwrite(str(regions[0].mask), np.full((480, 640), 255, np.uint8))
    with pytest.raises(InputError, match="other regions or settings"):
        write_shards(regions, tmp_path / "shards", SIZE)


def test_a_photo_that_cannot_be_read_leaves_no_table(regions, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    bad = type(regions[0])(**{**vars(regions[0]), "photo": broken})
    with pytest.raises(InputError, match="broken.jpg"):
        write_shards([regions[2], bad], tmp_path / "shards", SIZE)
    assert not list((tmp_path / "shards").glob("*.csv")) and not list((tmp_path / "shards").glob("*.bin"))


def test_packing_goes_past_what_cannot_be_read_and_names_it(regions, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    bad = type(regions[0])(**{**vars(regions[0]), "photo": broken})
    with pytest.raises(InputError, match="broken.jpg"):
        write_shards([bad], tmp_path / "nothing", SIZE, problems=[])
    for _ in range(2):  # the second finds all done
        problems = []
        write_shards([bad, regions[2], bad], tmp_path / "shards", SIZE, problems=problems)
        assert len(problems) == 2 and all("broken.jpg" in problem for problem in problems)
    (found,) = read_shards(tmp_path / "shards")
    assert found.photo == regions[2].photo and found.unpacked()[1].any()


def test_a_download_that_is_damaged_is_fetched_again_once_and_never_kept(packed, tmp_path, monkeypatch):
    memory, whole = fsspec.filesystem("memory"), (packed / "00000.bin").read_bytes()
    memory.pipe("/damaged/regions.csv", (packed / "regions.csv").read_bytes())
    cache = tmp_path / "cache"
    for content in (whole[:-7], whole[:-1] + bytes([whole[-1] ^ 1])):
        memory.pipe("/damaged/00000.bin", content)
        with pytest.raises(InputError, match="memory://damaged/00000.bin: cannot be fetched.*bytes and hash"):
            read_shards("memory://damaged", cache)[0].unpacked()
        assert not list(cache.rglob("*.bin"))
    fetch, tries = reading._fetch, []

    def mended(*args):
        tries.append(args)
        if len(tries) == 2:
            memory.pipe("/damaged/00000.bin", whole)
        fetch(*args)

    monkeypatch.setattr(reading, "_fetch", mended)
    read_shards("memory://damaged", cache)[0].unpacked()
    (kept,) = cache.rglob("*.bin")
    assert len(tries) == 2 and kept.read_bytes() == whole
    kept.write_bytes(whole[:-7])  # by an earlier version, which did not look
    reading._mapped.cache_clear()
    read_shards("memory://damaged", cache)[0].unpacked()
    assert kept.read_bytes() == whole


def test_a_table_without_hashes_is_read(packed, tmp_path):
    table = pd.read_csv(packed / "regions.csv", dtype=str, keep_default_na=False)
    table.drop(columns=DIGEST).to_csv(tmp_path / "regions.csv", index=False)
    (tmp_path / "00000.bin").write_bytes((packed / "00000.bin").read_bytes())
    assert read_shards(tmp_path)[0].unpacked()[1].any()


def test_shards_behind_a_url_are_fetched_when_needed(packed, tmp_path):
    memory = fsspec.filesystem("memory")
    for file in packed.iterdir():
        memory.pipe(f"/bucket/{file.name}", file.read_bytes())
    found = read_shards("memory://bucket", cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    here = read_shards(packed)
    for index in (0, 5):
        assert all(np.array_equal(*pair) for pair in zip(found[index].unpacked(), here[index].unpacked(), strict=True))
    kept = list((tmp_path / "cache").rglob("*.bin"))
    assert len(kept) == 2 and {file.read_bytes() for file in kept} == {(packed / file.name).read_bytes() for file in kept}
    memory.pipe("/bucket/regions.csv", (packed / "regions.csv").read_bytes() + b"\n")  # packed anew, under the same address
    read_shards("memory://bucket", cache=tmp_path / "cache")[0].unpacked()
    assert len(list((tmp_path / "cache").rglob("*.bin"))) == 3


def test_several_processes_fetch_a_shard_once_and_whole(packed, tmp_path):
    pytest.importorskip("aiohttp", reason="fsspec needs aiohttp to read over HTTP")
    server = subprocess.Popen([sys.executable, "-c", SLOW_SERVER, str(packed)], stdout=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        code = "import sys; from realistic_editing.data.shards import read_shards; read_shards(*sys.argv[1:])[0].unpacked()"
        command = [sys.executable, "-c", code, url, str(tmp_path)]
        killed = subprocess.Popen(command)
        wait_for(lambda: list(tmp_path.rglob(".00000*")))  # in the middle of a download
        killed.kill()
        killed.wait()
        others = [subprocess.Popen(command) for _ in range(2)]
        assert [other.wait(120) for other in others] == [0, 0]
    finally:
        server.kill()
    (kept,) = tmp_path.rglob("00000.bin")
    assert kept.read_bytes() == (packed / "00000.bin").read_bytes()


def test_what_is_not_whole_is_refused(packed, tmp_path):
    with pytest.raises(InputError, match="pack the regions first"):
        read_shards(tmp_path)
    for file in packed.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "00002.bin").write_bytes((packed / "00002.bin").read_bytes()[:1000])
    with pytest.raises(InputError, match="cut short"):
        read_shards(tmp_path)[-1].unpacked()
    (tmp_path / "00000.bin").unlink()
    with pytest.raises(InputError, match="no such shard"):
        read_shards(tmp_path)[0].unpacked()
