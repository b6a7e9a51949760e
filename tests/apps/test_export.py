"""An edit in other programs: the files that `realistic-editing export` writes, read by others."""
import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
import pyvips
import torch
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.ops import PRESETS, sample_recipe
from realistic_editing.ops.photo import apply_to_photo


@pytest.fixture
def recipe():
    return sample_recipe(PRESETS["released"].real, 1, torch.Generator().manual_seed(3))


@pytest.fixture(params=[np.uint8, np.uint16])
def files(tmp_path, recipe, request):
    """A smooth photo, a soft mask and a recipe, of either depth."""
    y, x = np.mgrid[:60, :80] / 80
    photo = np.stack([0.2 + 0.7 * x, 0.3 + 0.5 * y, 0.8 - 0.6 * x], axis=-1)
    mask = np.clip(1.5 - 4 * np.hypot(x - 0.5, y - 0.4), 0, 1)
    for name, values in (("photo", photo), ("mask", mask)):
        levels = (values * np.iinfo(request.param).max).astype(request.param)
        wide = request.param == np.uint16
        depth = {"photo": ("srgb", "rgb16"), "mask": ("b-w", "grey16")}[name][wide]
        pyvips.Image.new_from_array(levels).copy(interpretation=depth).pngsave(str(tmp_path / f"{name}.png"))
    recipe.save(tmp_path / "edit.json")
    return tmp_path


def exported(folder, *options):
    main(["export", *(str(folder / name) for name in ("edit.json", "photo.png", "mask.png")), *options])


def read(path_or_bytes):
    if isinstance(path_or_bytes, bytes):
        return pyvips.Image.new_from_buffer(path_or_bytes, "").numpy()
    return pyvips.Image.new_from_file(str(path_or_bytes)).numpy()


def test_table_and_mask_make_the_edit_in_another_program(files, recipe, capsys):
    reader = pytest.importorskip("PyOpenColorIO", reason="needs OpenColorIO: pip install -e .[dev]")
    exported(files)
    printed = capsys.readouterr().out
    assert "levels of 255 on average" in printed and "edit.cube" in printed
    photo, mask = read(files / "photo.png"), read(files / "mask.png")
    kept = read(files / "edit_mask.png")
    assert kept.dtype == np.uint16 and np.array_equal(kept, mask if mask.dtype == np.uint16 else mask.astype(np.uint16) * 257)
    transform = reader.FileTransform(str(files / "edit.cube"), interpolation=reader.INTERP_LINEAR)
    pixels = (photo / np.iinfo(photo.dtype).max).astype(np.float32)
    edited = pixels.copy()
    reader.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor().applyRGB(edited)
    blend = kept[..., None] / 65535
    theirs = edited * blend + pixels * (1 - blend)
    ours = apply_to_photo(photo, mask, recipe) / np.iinfo(photo.dtype).max
    assert 255 * np.abs(theirs - ours).mean() < 1 and np.abs(ours - pixels).max() > 0.02


def test_layers_are_an_openraster_file_whose_picture_is_the_edit(files, recipe):
    exported(files)
    photo, mask = read(files / "photo.png"), read(files / "mask.png")
    with zipfile.ZipFile(files / "edit.ora") as file:
        first = file.infolist()[0]
        assert first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED
        assert file.read("mimetype") == b"image/openraster"
        image = ElementTree.fromstring(file.read("stack.xml"))
        assert (image.get("w"), image.get("h")) == ("80", "60")
        assert [layer.get("name") for layer in image.iter("layer")] == ["edit", "photo"]
        top, bottom = (read(file.read(layer.get("src"))) for layer in image.iter("layer"))
        merged, small = read(file.read("mergedimage.png")), Image.open(io.BytesIO(file.read("Thumbnails/thumbnail.png")))
    assert np.array_equal(bottom, photo) and top.dtype == photo.dtype and np.array_equal(top[..., 3], mask)
    ours = apply_to_photo(photo, mask, recipe).astype(int)
    assert np.abs(merged.astype(int) - ours).max() <= 1 and small.size == (80, 60)


def test_strength_and_folder(files):
    exported(files, "--strength", "0", "--output", str(files / "out"), "--size", "17")
    assert sorted(path.name for path in (files / "out").iterdir()) == ["edit.cube", "edit.ora", "edit_mask.png"]
    rows = (files / "out/edit.cube").read_text().splitlines()
    assert rows[1] == "LUT_3D_SIZE 17" and rows[4 + 1] == "0.0625000 0.0000000 0.0000000"  # red first, and unchanged


@pytest.mark.parametrize("change", ["edit.json", "mask.png"])
def test_what_is_missing_is_named(files, capsys, change):
    (files / change).unlink()
    with pytest.raises(SystemExit) as stop:
        exported(files)
    assert stop.value.code == 2 and f"{change}: " in capsys.readouterr().err
    assert not (files / "edit.cube").exists()
