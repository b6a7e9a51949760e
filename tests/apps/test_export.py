"""An edit in other programs: the files that `realistic-editing export` writes, read by others."""
import io
import zipfile
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import pyvips
import torch
from PIL import Image, ImageOps, ImageSequence

from realistic_editing.apps.cli import main
from realistic_editing.common.arrays import to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.ellipse import Ellipse, as_stored
from realistic_editing.data.images import read_photo
from realistic_editing.data.layers import write_pages
from realistic_editing.data.xmp import write_xmp
from realistic_editing.ops import PRESETS, sample_recipe
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.sliders import Sliders, fit_sliders


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
    assert rows[1] == "LUT_3D_SIZE 17" and rows[2 + 1] == "0.0625000 0.0000000 0.0000000"  # red first, and unchanged


@pytest.mark.parametrize("change", ["edit.json", "mask.png"])
def test_what_is_missing_is_named(files, capsys, change):
    (files / change).unlink()
    with pytest.raises(SystemExit) as stop:
        exported(files)
    assert stop.value.code == 2 and f"{change}: " in capsys.readouterr().err
    assert not (files / "edit.cube").exists()


def test_pages_of_a_tiff_are_the_photo_and_the_edit_with_its_mask(files, recipe):
    exported(files, "--formats", "tiff")
    photo, mask = read(files / "photo.png"), read(files / "mask.png")
    below, top = pages_of(files / "edit_layers.tif", photo.dtype)
    assert below.shape == top.shape == (60, 80, 4) and below.dtype == top.dtype == photo.dtype
    assert np.array_equal(below[..., :3], photo) and (below[..., 3] == np.iinfo(photo.dtype).max).all()
    assert np.array_equal(top[..., 3], mask) and not np.array_equal(top[..., :3], photo)
    blend = top[..., 3:] / np.iinfo(photo.dtype).max
    merged = top[..., :3] * blend + below[..., :3] * (1 - blend)
    assert np.abs(merged - apply_to_photo(photo, mask, recipe)).max() <= 1
    assert sorted(path.suffix for path in files.glob("edit*")) == [".json", ".tif"]


def pages_of(path, depth):
    """Both pages as RGBA, by a reader that is not libvips: Pillow knows no colour of 16 bits, and OpenCV premultiplies 8."""
    if depth == np.uint16:
        done, pages = cv2.imreadmulti(str(path), flags=cv2.IMREAD_UNCHANGED)
        assert done
        return [page[..., [2, 1, 0, 3]] for page in pages]
    with Image.open(path) as file:
        return [np.asarray(page) for page in ImageSequence.Iterator(file)]


def with_profile(path, alpha=None):
    """Give a photo a Display P3 profile, and transparency where asked for; the profile's bytes."""
    profile = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb").icc_transform("p3", input_profile="srgb")
    image = pyvips.Image.new_from_file(str(path)).copy()
    image = image if alpha is None else image.bandjoin(pyvips.Image.new_from_array(alpha)).copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile.get("icc-profile-data"))
    data = image.pngsave_buffer()
    path.write_bytes(data)
    return bytes(profile.get("icc-profile-data"))


def test_pages_keep_the_profile(files):
    profile = with_profile(files / "photo.png")
    exported(files, "--formats", "tiff")
    with Image.open(files / "edit_layers.tif") as file:
        assert bytes(file.info["icc_profile"]) == profile


def test_layers_keep_the_profile_and_the_transparency(files, recipe):
    photo, mask = read(files / "photo.png"), read(files / "mask.png")
    alpha = np.full(mask.shape, np.iinfo(mask.dtype).max, mask.dtype)
    alpha[:, :35], alpha[:, 35:45] = 0, alpha.max() // 2  # the mask lies across all three
    profile = with_profile(files / "photo.png", alpha)
    exported(files, "--formats", "ora", "tiff")
    with zipfile.ZipFile(files / "edit.ora") as file:
        pictures = {name: file.read(name) for name in file.namelist() if name.endswith(".png")}
        blends = [layer.get("composite-op") for layer in ElementTree.fromstring(file.read("stack.xml")).iter("layer")]
    assert len(pictures) == 4 and blends == ["svg:src-atop", "svg:src-over"]
    for data in pictures.values():
        with Image.open(io.BytesIO(data)) as picture:
            assert bytes(picture.info["icc_profile"]) == profile
    below, merged, top = (read(pictures[name]) for name in ("data/0.png", "mergedimage.png", "data/1.png"))
    assert np.array_equal(below, np.dstack([photo, alpha])) and np.array_equal(merged[..., 3], alpha)
    assert np.array_equal(top[..., 3], np.where(alpha > 0, mask, 0))
    there = alpha > 0
    opened = read_photo(files / "photo.png")  # of another space than sRGB, in which it is edited
    expected = opened.from_srgb(apply_to_photo(opened.srgb, mask, recipe))
    assert np.abs(merged[..., :3].astype(int) - expected)[there].max() <= (1 if photo.dtype == np.uint8 else 16)
    page = pages_of(files / "edit_layers.tif", photo.dtype)[0]
    assert np.array_equal(page[..., 3], alpha)


def test_no_file_that_is_read_is_written_over(files, capsys):
    (files / "mask.png").rename(files / "edit_mask.png")
    before = (files / "edit_mask.png").read_bytes()
    read_here = [str(files / name) for name in ("edit.json", "photo.png", "edit_mask.png")]
    for formats in (["cube"], ["ora", "cube"]):
        with pytest.raises(SystemExit) as stop:
            main(["export", *read_here, "--formats", *formats])
        assert stop.value.code == 2 and "edit_mask.png: would overwrite" in capsys.readouterr().err
    assert (files / "edit_mask.png").read_bytes() == before
    assert {path.name for path in files.iterdir()} == {"edit.json", "edit_mask.png", "photo.png"}


def test_a_name_with_dots_is_kept(files):
    (files / "edit.json").rename(files / "IMG.2024.01_a.json")
    recipe, photo, mask = (str(files / name) for name in ("IMG.2024.01_a.json", "photo.png", "mask.png"))
    main(["export", recipe, photo, mask, "--formats", "cube", "ora", "tiff", "xmp", "--output", str(files / "out")])
    ends = {".cube", ".ora", ".xmp", "_layers.tif", "_mask.png"}
    assert {path.name for path in (files / "out").iterdir()} == {f"IMG.2024.01_a{end}" for end in ends}


@pytest.mark.parametrize("strength", ["-1", "nan", "3"])
def test_a_strength_out_of_range_is_refused(files, capsys, strength):
    with pytest.raises(SystemExit) as stop:
        exported(files, f"--strength={strength}")
    assert stop.value.code == 2 and "use a number from 0" in capsys.readouterr().err
    assert not (files / "edit.cube").exists()


CRS, RDF = ("{http://ns.adobe.com/camera-raw-settings/1.0/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}")
TIFF = "{http://ns.adobe.com/tiff/1.0/}"


def test_sidecar_is_read_back_by_a_parser(files, recipe, capsys):
    exported(files, "--formats", "xmp")
    printed = capsys.readouterr().out
    assert "sliders alone miss it" in printed and "intersection over union" in printed
    tree = ElementTree.parse(files / "edit.xmp")
    (correction,) = (part for part in tree.iter(f"{RDF}Description") if part.get(f"{CRS}What") == "Correction")
    photo, mask = (read(files / f"{name}.png") for name in ("photo", "mask"))
    fit = fit_sliders(recipe, to_unit(photo)[to_unit(mask) >= 0.5])
    assert float(correction.get(f"{CRS}LocalExposure2012")) * 4 == pytest.approx(fit.sliders.exposure, abs=1e-5)
    for name in ("Temperature", "Tint", "Saturation"):
        assert float(correction.get(f"{CRS}Local{name}")) * 100 == pytest.approx(getattr(fit.sliders, name.lower()), abs=1e-3)
    for channel, levels in zip(("Red", "Green", "Blue"), fit.sliders.curves, strict=True):
        points = [tuple(map(int, point.text.split(","))) for point in correction.find(f"{CRS}{channel}Curve").iter(f"{RDF}li")]
        assert points == list(zip((0, 32, 64, 96, 128, 159, 191, 223, 255), levels.round().astype(int).tolist(), strict=True))
    (region,) = (part for part in tree.iter() if part.get(f"{CRS}What") == "Mask/CircularGradient")
    # The mask of these tests is round, about (0.5, 0.4) of 80 pixels: all of it inside 0.125, nothing outside 0.375.
    top, left, bottom, right = (float(region.get(f"{CRS}{side}")) for side in ("Top", "Left", "Bottom", "Right"))
    assert (left + right) / 2 * 80 == pytest.approx(40.5, abs=2) and (top + bottom) / 2 * 60 == pytest.approx(32.5, abs=2)
    assert 0.125 * 80 < (right - left) / 2 * 80 < 0.375 * 80 and region.get(f"{CRS}Angle") == "0"
    assert int(region.get(f"{CRS}Feather")) > 20


def test_the_corners_of_a_turned_ellipse_turn_with_it(tmp_path):
    ellipse, name = Ellipse(100, 50, 40, 20, angle=30), 'a "name" & <more>'
    write_xmp(tmp_path / "turned.xmp", Sliders(exposure=0.5), ellipse, (100, 200), name)
    tree = ElementTree.parse(tmp_path / "turned.xmp")
    (region,) = (part for part in tree.iter() if part.get(f"{CRS}What") == "Mask/CircularGradient")
    corner = np.array([float(region.get(f"{CRS}Right")) * 200 - 100, float(region.get(f"{CRS}Bottom")) * 100 - 50])
    turn = np.radians(-30)
    back = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ corner
    assert back == pytest.approx([40, 20], abs=1e-3) and float(region.get(f"{CRS}Angle")) == 30
    assert region.get(f"{CRS}MaskName") == f"{name}: ellipse" and not list(tree.iter(f"{CRS}RedCurve"))


def turned(pixels, orientation):
    """Stored pixels as a viewer shows them, by Pillow."""
    exif = Image.Exif()
    exif[274] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "TIFF", exif=exif)
    with Image.open(buffer) as picture:
        return np.asarray(ImageOps.exif_transpose(picture))


@pytest.mark.parametrize("suffix", ["jpg", "tif", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_sidecar_counts_places_on_the_picture_as_stored(tmp_path, recipe, orientation, suffix):
    y, x = np.mgrid[:90, :120]
    stored = (255 * np.clip(2 - np.hypot((x - 30) / 20, (y - 60) / 10), 0, 1)).astype(np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.stack([stored // 2 + 60] * 3, axis=-1)).save(tmp_path / f"photo.{suffix}", exif=exif)
    Image.fromarray(turned(stored, orientation)).save(tmp_path / "mask.png")
    recipe.save(tmp_path / "edit.json")
    main(["export", *(str(tmp_path / name) for name in ("edit.json", f"photo.{suffix}", "mask.png")), "--formats", "xmp"])
    tree = ElementTree.parse(tmp_path / "edit.xmp")
    (region,) = (part for part in tree.iter() if part.get(f"{CRS}What") == "Mask/CircularGradient")
    top, left, bottom, right = (float(region.get(f"{CRS}{side}")) for side in ("Top", "Left", "Bottom", "Right"))
    assert (left + right) / 2 * 120 == pytest.approx(30.5, abs=2) and (top + bottom) / 2 * 90 == pytest.approx(60.5, abs=2)
    assert (right - left) * 120 > 1.5 * (bottom - top) * 90
    said = [part.get(f"{TIFF}Orientation") for part in tree.iter(f"{RDF}Description") if part.get(f"{TIFF}Orientation")]
    assert said == ([] if orientation == 1 else [str(orientation)])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_ellipse_is_the_same_on_the_stored_picture(orientation):
    ellipse = Ellipse(34, 50, 30, 12, angle=25, feather=40)
    stored, (height, width) = as_stored(ellipse, (80, 110), orientation)
    shown = turned(np.rint(255 * stored.weights(height, width)).astype(np.uint8), orientation)
    assert np.abs(shown - 255 * ellipse.weights(80, 110)).max() < 1


def test_wrong_suffixes_are_named(tmp_path):
    photo, mask = np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8)
    with pytest.raises(InputError, match=r"a\.png: pages are written as TIFF"):
        write_pages(tmp_path / "a.png", photo, [("edit", photo, mask)])
    with pytest.raises(InputError, match=r"a\.txt: .*end the name in \.xmp"):
        write_xmp(tmp_path / "a.txt", Sliders(), Ellipse(2, 2, 1, 1), (4, 4), "edit")
