"""The .cube as other programs apply it, beside our own edit, in levels of 255; each test skips where its program is absent."""
import shutil
import subprocess

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.ops import PRESETS, sample_recipe
from realistic_editing.ops.lut import recolored, write_cube

COMMANDS = {
    "ffmpeg": ["ffmpeg", "-v", "error", "-i", "in.png", "-vf", "format=rgb24,lut3d=e.cube:interp=trilinear", "o.png"],
    "gmic": ["gmic", "in.png", "e.cube", "map_clut[0]", "[1]", "o[0]", "o.png"],
    "magick": ["magick", "in.png", "cube:e.cube", "-hald-clut", "o.png"],
}
# Points of the table -> mean and greatest difference.
# ffmpeg cuts levels off instead of rounding; G'MIC brightens by its small tables.
WITHIN = {
    "ffmpeg": {17: (1.2, 14), 33: (0.9, 7), 65: (0.8, 5)},
    "gmic": {17: (4.5, 24), 33: (2.3, 12), 65: (1.2, 6)},
    "magick": {17: (1.2, 14), 33: (0.9, 7), 65: (0.8, 5)},
}


@pytest.mark.parametrize("size", [17, 33, 65])
@pytest.mark.parametrize("program", COMMANDS)
def test_other_programs_make_our_edit(tmp_path, program, size):
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} on PATH")
    recipe = sample_recipe(PRESETS["released"].fake, 1, torch.Generator().manual_seed(0))
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "in.png"), pixels[..., ::-1])
    write_cube(tmp_path / "e.cube", recipe, size)
    subprocess.run(COMMANDS[program], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    made = cv2.imread(str(tmp_path / "o.png"))[..., ::-1]
    ours = 255 * recolored(torch.from_numpy(pixels.reshape(-1, 3) / 255.0), recipe).reshape(pixels.shape)
    mean, worst = WITHIN[program][size]
    gap = np.abs(made - ours)
    assert gap.mean() < mean and gap.max() < worst and np.abs(pixels - ours).mean() > 10
