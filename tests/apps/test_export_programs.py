"""What `export` writes, read by the programs that it is for, in levels beside our own edit; each skips without its program."""
import json
import shutil
import subprocess

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.apps.cli import main
from realistic_editing.common.arrays import to_unit
from realistic_editing.data.images import read_photo
from realistic_editing.ops import PRESETS, sample_recipe
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.sliders import fit_sliders

DEPTHS = {np.uint8: 255, np.uint16: 65535}


def needs(*names: str) -> str:
    """The first of these programs that is there; skips the test without one."""
    found = next((shutil.which(name) for name in names if shutil.which(name)), None)
    return found or pytest.skip(f"needs {' or '.join(names)} on PATH")


def run(*command, folder) -> str:
    return subprocess.run([*map(str, command)], cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture
def recipe():
    return sample_recipe(PRESETS["released"].fake, 1, torch.Generator().manual_seed(0))


@pytest.fixture(params=DEPTHS)
def files(tmp_path, recipe, request):
    """A photo of noise on a ramp, a soft mask, their recipe, and what is exported of them."""
    depth, most = request.param, DEPTHS[request.param]
    y, x = np.mgrid[:60, :80] / 80
    noise = np.random.default_rng(0).random((60, 80, 3)) * 0.2
    photo = np.stack([0.1 + 0.7 * x, 0.2 + 0.5 * y, 0.7 - 0.6 * x], axis=-1) + noise
    mask = np.clip(1.5 - 4 * np.hypot(x - 0.5, y - 0.4), 0, 1)
    cv2.imwrite(str(tmp_path / "photo.png"), np.rint(photo[..., ::-1] * most).astype(depth))
    cv2.imwrite(str(tmp_path / "mask.png"), np.rint(mask * most).astype(depth))
    recipe.save(tmp_path / "edit.json")
    names = (str(tmp_path / name) for name in ("edit.json", "photo.png", "mask.png"))
    main(["export", *names, "--formats", "cube", "ora", "tiff", "xmp", "--size", "65"])
    return tmp_path


def stored(path) -> np.ndarray:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]] if pixels.ndim == 3 else pixels


def edit_of(files, recipe) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photo, mask and our edit, at their depth."""
    photo, mask = stored(files / "photo.png"), stored(files / "mask.png")
    return photo, mask, apply_to_photo(photo, mask, recipe)


def blended(below: np.ndarray, top: np.ndarray) -> np.ndarray:
    opacity = top[..., 3:] / np.iinfo(top.dtype).max
    return top[..., :3] * opacity + below[..., :3] * (1.0 - opacity)


def test_imagemagick_reads_both_pages(files, recipe):
    program = needs("magick", "convert")
    photo, mask, ours = edit_of(files, recipe)
    deep = 16 if photo.dtype == np.uint16 else 8
    for page in (0, 1):  # as a PNG of the same depth with alpha, whatever the page holds
        run(program, f"edit_layers.tif[{page}]", "-depth", deep, f"PNG{32 if deep == 8 else 64}:page{page}.png", folder=files)
    below, top = (stored(files / f"page{page}.png") for page in (0, 1))
    assert np.array_equal(below[..., :3], photo) and np.array_equal(top[..., 3], mask)
    assert np.abs(blended(below, top) - ours).max() <= 1
    pages = ("edit_layers.tif[0]", "edit_layers.tif[1]")
    run(program, *pages, "-composite", "-depth", deep, f"PNG{3 * deep}:whole.png", folder=files)
    assert np.abs(stored(files / "whole.png").astype(int) - ours).max() <= 1 + deep // 16


def test_gmic_reads_both_pages(files, recipe):
    program = needs("gmic")
    photo, mask, ours = edit_of(files, recipe)
    kind = "uchar" if photo.dtype == np.uint8 else "ushort"
    outputs = [part for page in (0, 1) for part in (f"-output[{page}]", f"page{page}.tiff,{kind}")]
    run(program, "-v", "-1", "edit_layers.tif", *outputs, folder=files)
    below, top = (stored(files / f"page{page}.tiff") for page in (0, 1))
    assert below.dtype == photo.dtype and np.array_equal(below[..., :3], photo) and np.array_equal(top[..., 3], mask)
    assert np.abs(blended(below, top) - ours).max() <= 1


def test_ffmpeg_reads_the_first_page_and_the_mask(files, recipe):
    program = needs("ffmpeg")
    photo, mask, _ = edit_of(files, recipe)
    colors, wide = ("rgb24", mask * np.uint16(257)) if photo.dtype == np.uint8 else ("rgb48be", mask)
    for name, wanted, kind in (("edit_layers.tif", photo, colors), ("edit_mask.png", wide, "gray16be")):
        run(program, "-v", "error", "-i", name, "-pix_fmt", kind, "-y", "made.png", folder=files)
        assert np.array_equal(stored(files / "made.png"), wanted)


def test_table_and_mask_in_ffmpeg_make_the_edit(files, recipe):
    program = needs("ffmpeg")
    photo, _, ours = edit_of(files, recipe)
    chain = "[0]format=gbrp16le,split[a][b];[b]lut3d=edit.cube:interp=tetrahedral,format=gbrp16le[c];"
    chain += "[1]format=gbrp16le[m];[a][c][m]maskedmerge,format=rgb48be"
    inputs = ("-i", "photo.png", "-i", "edit_mask.png")
    run(program, "-v", "error", *inputs, "-filter_complex", chain, "-y", "made.png", folder=files)
    gap = 255 * np.abs(to_unit(stored(files / "made.png")) - to_unit(ours))
    moved = 255 * np.abs(to_unit(ours) - to_unit(photo))
    assert gap.mean() < 0.7 and gap.max() < 4 and moved.max() > 10


def test_exiftool_reads_the_sidecar(files, recipe):
    program = needs("exiftool")
    found = json.loads(run(program, "-j", "-n", "-struct", "edit.xmp", folder=files))[0]
    (correction,) = found["MaskGroupBasedCorrections"]
    (mask,) = correction["CorrectionMasks"]
    photo, selected = (stored(files / f"{name}.png") for name in ("photo", "mask"))
    sliders = fit_sliders(recipe, to_unit(photo)[to_unit(selected) >= 0.5]).sliders
    assert correction["LocalExposure2012"] * 4 == pytest.approx(sliders.exposure, abs=1e-5)
    assert correction["LocalSaturation"] * 100 == pytest.approx(sliders.saturation, abs=1e-3)
    assert (mask["Left"] + mask["Right"]) / 2 * 80 == pytest.approx(40.5, abs=2)
    assert (mask["Top"] + mask["Bottom"]) / 2 * 60 == pytest.approx(32.5, abs=2)
    told = run(program, "-validate", "-warning", "-a", "edit.xmp", folder=files).splitlines()
    assert all("Boolean value" in line for line in told[1:])  # Camera Raw itself writes "true" here, not "True"


def test_exiftool_reads_the_pages_and_their_profile(files):
    program = needs("exiftool")
    found = json.loads(run(program, "-j", "-n", "-a", "-G1", "edit_layers.tif", folder=files))[0]
    assert found["IFD0:ImageWidth"] == found["IFD1:ImageWidth"] == 80 and found["IFD1:ExtraSamples"] == 2
    assert read_photo(files / "edit_layers.tif").notes == ("the first of 2 pages is used",)


def test_darktable_takes_nothing_of_the_sidecar(files):
    program = needs("darktable-cli")
    shutil.copy(files / "edit.xmp", files / "photo.xmp")  # where it looks for one of Camera Raw
    settings = ("--core", "--configdir", "settings", "--library", ":memory:", "--conf", "plugins/imageio/format/png/bpp=16")
    run(program, "photo.png", "made.png", *settings, folder=files)
    apart = 255 * np.abs(to_unit(stored(files / "made.png")) - to_unit(stored(files / "photo.png")))
    assert apart.max() < 1  # docs/export.md: it knows settings of the whole picture only
