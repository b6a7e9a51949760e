"""A sequence kept as columns is that of its objects, and a process that reads all of it comes to own next to nothing."""
import pickle
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from realistic_editing.data.columnar import Columnar, select
from realistic_editing.data.regions import MIN_AREA, Region


def some():
    odd = Region(Path("/photos/ä,\udcff.jpg"), None, "folder", "ä", "", area=0.25, split="test")
    usual = [Region(Path(f"/c/{i}.jpg"), Path(f"{i}.png"), "coco", f"{i:03}", "7", i, i / 5, task="amplify") for i in range(5)]
    return [*usual, odd]


def test_items_are_those_that_were_given():
    items = some()
    found = Columnar.of(Region, items)
    assert len(found) == 6 and [str(one) for one in found] == [str(one) for one in items]  # as text: nan is not nan
    assert found[-1].mask is None and isinstance(found[-1].photo, Path) and found[0].area == 0
    assert [one.photo_id for one in found[1::2]] == ["001", "003", "ä"]
    assert str(pickle.loads(pickle.dumps(found))[4]) == str(items[4])  # for workers that are not forked
    with pytest.raises(IndexError):
        found[6]
    empty = Columnar.of(Region, [])
    assert list(empty) == [] and len(empty.where("task", bool)) == 0


def test_a_field_selects_as_from_a_list():
    items = some()
    for field, keep in (
        ("task", lambda task: task == "amplify"),
        ("area", lambda area: not area < MIN_AREA),
        ("mask", lambda mask: mask is None),
        ("category", lambda category: category in (1, 3)),
    ):
        wanted, found = select(items, field, keep), select(Columnar.of(Region, items), field, keep)
        assert isinstance(found, Columnar) and list(map(str, found)) == list(map(str, wanted))
    assert found.numbered("photo_id").tolist() == [0, 1]


# 60,000 regions, all of the same few pixels, are read by a loader's worker; prints the bytes of a region, and by how many the
# worker's own memory grew after a tenth of the epoch.
READING = """
import dataclasses, gc, sys
from pathlib import Path
from torch.utils.data import DataLoader
from realistic_editing.data.columnar import Columnar
from realistic_editing.data.packed import PackedRegion
from realistic_editing.data.transforms import RegionDataset, StepSampler

def own_bytes(_):
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))

shard, mask_bytes, count, steps = sys.argv[1], int(sys.argv[2]), 60_000, 50
columns = {field.name: [field.default] * count for field in dataclasses.fields(PackedRegion)}
columns |= {"source": ["coco"] * count, "shard": [shard] * count, "height": [2] * count, "width": [2] * count}
columns |= {"photo": [f"/data/coco/train2017/{i:012}.jpg" for i in range(count)], "photo_id": list(range(count))}
columns |= {"mask": [f"/built/coco/masks/{i:012}.png" for i in range(count)], "region_id": ["1"] * count}
many = Columnar(PackedRegion, columns | {"mask_at": [12] * count, "mask_bytes": [mask_bytes] * count})
del columns
if "list" in sys.argv:
    many = list(many)
options = {"num_workers": 1, "collate_fn": own_bytes, "multiprocessing_context": "fork"}
sampler = StepSampler(count, 100, seed=0, start_step=0, total_steps=steps)
# What was imported is kept from the collector of garbage, which would write to it.
owned = list(DataLoader(RegionDataset(many, 2), batch_sampler=sampler, worker_init_fn=lambda _: gc.freeze(), **options))
print(getattr(many, "nbytes", 0) / count, owned[-1] - owned[steps // 10])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process owns")
@pytest.mark.parametrize("kept", ["columns", "list"])
def test_a_loaders_worker_comes_to_own_no_regions(tmp_path, run_script, kept):
    """In a process of its own, without the memory that tests before have left; of a list a worker comes to own a lot."""
    mask = cv2.imencode(".png", np.full((2, 2), 255, np.uint8))[1].tobytes()
    (tmp_path / "00000.bin").write_bytes(bytes(12) + mask)
    (tmp_path / "reading.py").write_text(READING)
    done = run_script(tmp_path / "reading.py", tmp_path / "00000.bin", len(mask), kept, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    each, grown = map(float, done.stdout.split()[-2:])
    if kept == "list":
        assert grown > 16e6
    else:
        assert each < 250 and grown < 8e6  # the allocator of C takes 4 MB now and then
