"""The .cube as other programs apply it, beside our own edit, in levels of 255; each test skips where its program is absent."""
import shutil
import struct
import subprocess
from pathlib import Path

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
    "darktable-cli": ["darktable-cli", "in.png", "e.xmp", "o.png", "--core", "--configdir", "settings", "--library", ":memory:",
                      "--conf", "plugins/imageio/format/png/bpp=8", "--conf"],
}  # fmt: skip
# Points of the table -> mean and greatest difference.
# ffmpeg cuts levels off instead of rounding; G'MIC brightens by its small tables.
WITHIN = {
    "ffmpeg": {17: (1.2, 14), 33: (0.9, 7), 65: (0.8, 5)},
    "gmic": {17: (4.5, 24), 33: (2.3, 12), 65: (1.2, 6)},
    "magick": {17: (1.2, 14), 33: (0.9, 7), 65: (0.8, 5)},
    "darktable-cli": {17: (0.8, 12), 33: (0.5, 6), 65: (0.4, 3)},
    "OpenColorIO": {17: (0.8, 12), 33: (0.5, 6), 65: (0.4, 3)},
}


def compare(folder: Path, size: int, made) -> tuple[float, float]:
    """Mean and greatest difference of `made(pixels)`, (H, W, 3) of 255, from our edit."""
    recipe = sample_recipe(PRESETS["released"].fake, 1, torch.Generator().manual_seed(0))
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    write_cube(folder / "e.cube", recipe, size)
    ours = 255 * recolored(torch.from_numpy(pixels.reshape(-1, 3) / 255.0), recipe).reshape(pixels.shape)
    assert np.abs(pixels - ours).mean() > 10
    gap = np.abs(made(pixels) - ours)
    return float(gap.mean()), float(gap.max())


@pytest.mark.parametrize("size", [17, 33, 65])
@pytest.mark.parametrize("program", COMMANDS)
def test_other_programs_make_our_edit(tmp_path, program, size):
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} on PATH")

    def made(pixels: np.ndarray) -> np.ndarray:
        cv2.imwrite(str(tmp_path / "in.png"), pixels[..., ::-1])
        command = list(COMMANDS[program])
        if program == "darktable-cli":
            (tmp_path / "e.xmp").write_text(darktable_edit("e.cube"))
            command.append(f"plugins/darkroom/lut3d/def_path={tmp_path}")
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
        return cv2.imread(str(tmp_path / "o.png"))[..., ::-1]

    mean, worst = compare(tmp_path, size, made)
    assert mean < WITHIN[program][size][0] and worst < WITHIN[program][size][1], (mean, worst)


@pytest.mark.parametrize("size", [17, 33, 65])
def test_opencolorio_makes_our_edit(tmp_path, size):
    reader = pytest.importorskip("PyOpenColorIO", reason="needs OpenColorIO: pip install -e .[dev]")

    def made(pixels: np.ndarray) -> np.ndarray:
        values = (pixels / 255).astype(np.float32)
        transform = reader.FileTransform(str(tmp_path / "e.cube"), interpolation=reader.INTERP_LINEAR)
        reader.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor().applyRGB(values)
        return np.rint(255 * values)

    mean, worst = compare(tmp_path, size, made)
    assert mean < WITHIN["OpenColorIO"][size][0] and worst < WITHIN["OpenColorIO"][size][1], (mean, worst)


def darktable_edit(cube: str) -> str:
    """A sidecar of darktable with its module "LUT 3D" alone: the file, sRGB, trilinear; version 3 of its parameters."""
    values = cube.encode().ljust(512, b"\0") + struct.pack("<3i", 0, 1, 0) + bytes(12288 + 128)
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" darktable:xmp_version="5" darktable:raw_params="0"
 darktable:auto_presets_applied="1" darktable:history_end="1" darktable:iop_order_version="4"><darktable:history><rdf:Seq>
<rdf:li darktable:num="0" darktable:operation="lut3d" darktable:enabled="1" darktable:modversion="3"
 darktable:params="{values.hex()}" darktable:multi_name="" darktable:multi_priority="0" darktable:blendop_version="12"
 darktable:blendop_params="gz11eJxjYGBgkGAAgRNODESDBnsIHll8ANNSGQM="/>
</rdf:Seq></darktable:history></rdf:Description></rdf:RDF></x:xmpmeta>"""
