"""Photos to train on, made once for all tests of the training commands."""
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


@pytest.fixture(autouse=True)
def quick_edits(few_steps, small_networks, small_distinctness):
    """Commands know small networks by the names of the bundled ones; tests that need these ask for `bundled_networks`."""
