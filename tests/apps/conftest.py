"""Photos to train on, made once for all tests of the training commands."""
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from realistic_editing.data.splits import split_of


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A data root with OSIE's layout, and a folder of photos with masks."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    (root / "osie/stimuli").mkdir(parents=True)
    (root / "mine").mkdir()
    rows = []
    # A photo's side follows from its name: as many names as give each side enough.
    sides = {source: [split_of(str(index), source) for index in range(60)] for source in ("osie", "folder")}
    assert all(sides[source].count(side) > 1 for source in sides for side in ("train", "val"))
    for index in range(60):
        photo = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((160, 120), Image.BICUBIC)
        photo.save(root / f"osie/stimuli/{index}.jpg")
        rows += [(f"{index}.jpg", viewer, *rng.uniform(0, 600, 2).round(1), 200) for viewer in range(3)]
        if index > 12 and sides["folder"][index] == "train":
            continue  # there are enough
        photo.save(root / f"mine/{index}.png")
        mask = np.zeros((120, 160), np.uint8)
        mask[30:80, 40 : 80 + index // 2] = 255
        Image.fromarray(mask).save(root / f"mine/{index}_mask.png")
    pd.DataFrame(rows, columns=["image", "subject", "x", "y", "duration_ms"]).to_csv(root / "osie/fixations.csv", index=False)
    return root


def _square(left, top):
    return [[left, top, left + 25, top, left + 25, top + 20, left, top + 20]]


@pytest.fixture(scope="session")
def things(tmp_path_factory):
    """A data root with COCO, ECSSD and BSDS500 of a few photos each."""
    root, rng = tmp_path_factory.mktemp("sets"), np.random.default_rng(0)

    def photo(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((80, 60)).save(path)

    for subset, count in (("train2017", 3), ("val2017", 6)):
        images, notes = [], []
        for number in range(1, count + 1):
            name = f"{number:012d}.jpg"
            photo(root / "coco" / subset / name)
            images.append({"id": number, "file_name": name, "height": 60, "width": 80})
            for part, category in enumerate((1, 3, 52)):
                notes.append({"id": 10 * number + part, "image_id": number, "category_id": category, "iscrowd": 0,
                              "segmentation": _square(4 + 25 * part, 15)})  # fmt: skip
        path = root / "coco/annotations" / f"instances_{subset}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"images": images, "annotations": notes, "categories": []}))
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:50] = 255
    photo(root / "ecssd/images/0300.jpg")
    photo(root / "bsds500/images/train/1.jpg")
    for path, pixels in (("ecssd/masks/0300.png", mask), ("bsds500/segments/train/1_0.png", mask // 255)):
        (root / path).parent.mkdir(parents=True)
        Image.fromarray(pixels).save(root / path)
    return root


@pytest.fixture(autouse=True)
def quick_edits(few_steps, small_networks, small_distinctness):
    """Commands know small networks by the names of the bundled ones; tests that need these ask for `bundled_networks`."""
