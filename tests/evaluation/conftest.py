"""A folder of photos with masks and the results of two methods."""
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """a, b and c with masks; bright/ has all three, dark/ has a and b."""
    folder, rng = tmp_path / "photos", np.random.default_rng(0)
    for child in ("masks", "bright", "dark"):
        (folder / child).mkdir(parents=True)
    mask = np.zeros((30, 40), np.uint8)
    mask[8:22, 10:28] = 255
    for name in "abc":
        pixels = np.asarray(Image.fromarray(rng.integers(40, 200, (5, 6, 3), dtype=np.uint8)).resize((40, 30), Image.BICUBIC))
        Image.fromarray(pixels).save(folder / f"{name}.png")
        Image.fromarray(mask).save(folder / f"masks/{name}.png")
        for method, shift in (("bright", 40), ("dark", -30)):
            if (method, name) != ("dark", "c"):
                edited = np.where(mask[..., None] > 0, np.clip(pixels.astype(int) + shift, 0, 255), pixels)
                Image.fromarray(edited.astype(np.uint8)).save(folder / f"{method}/{name}.png")
    return folder
