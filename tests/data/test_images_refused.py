"""Photos that cannot be read or written: errors that say what to do, and nothing left behind."""
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips

from realistic_editing.common.errors import InputError
from realistic_editing.data.images import Photo, read_photo, write_photo


def whole_photo(tmp_path: Path, dtype=np.uint8, alpha: bool = True) -> Photo:
    pixels = np.full((12, 15, 3), 100, dtype)
    metadata = {"xres": 11.811, "yres": 11.811}
    return Photo(pixels, pixels[..., 0] if alpha else None, metadata, tmp_path / "source")


def test_refuses_a_missing_file(tmp_path, assert_refused):
    assert_refused(lambda: read_photo(tmp_path / "no.jpg"), tmp_path / "no.jpg", "No such file", "check the path")


def test_refuses_a_folder(tmp_path, assert_refused):
    (tmp_path / "photos.jpg").mkdir()
    assert_refused(lambda: read_photo(tmp_path / "photos.jpg"), tmp_path / "photos.jpg", "folder", "name one file")


def test_refuses_an_empty_file(tmp_path, assert_refused):
    path = tmp_path / "a.jpg"
    path.touch()
    assert_refused(lambda: read_photo(path), path, "0 bytes", "copy the file again")


@pytest.mark.parametrize("content", [b"this is text\n" * 100, b"BM" + bytes(100)])
def test_refuses_what_is_not_a_photo(tmp_path, content, assert_refused):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert_refused(lambda: read_photo(path), path, "holds no JPEG, PNG", "convert")


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_refuses_a_file_cut_short(tmp_path, suffix, kept, noise, save, assert_refused):
    path = save(tmp_path / f"a{suffix}", noise(64, 64, 3))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert_refused(lambda: read_photo(path), path, "cut short", "again")


def test_refuses_a_compressed_tiff_cut_short(tmp_path, noise, save, assert_refused):
    path = save(tmp_path / "a.tif", noise(64, 64, 3), compression="tiff_adobe_deflate")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert_refused(lambda: read_photo(path), path, "cut short", "again")


def test_refuses_float_pixels(tmp_path, noise, save, assert_refused):
    path = save(tmp_path / "a.tif", noise(6, 6).astype(np.float32))
    assert_refused(lambda: read_photo(path), path, "float", "8 or 16 bits")


def test_refuses_five_channels(tmp_path, noise, assert_refused):
    path = tmp_path / "a.tif"
    pyvips.Image.new_from_array(noise(6, 6, 5)).copy(interpretation="srgb").tiffsave(str(path))
    assert_refused(lambda: read_photo(path), path, "5 channels", "convert it to RGB")


@pytest.mark.parametrize("name", ["out.bmp", "out", "out.jpeg2000"])
def test_refuses_to_write_another_format(tmp_path, name, assert_refused):
    photo = whole_photo(tmp_path)
    assert_refused(lambda: write_photo(tmp_path / name, photo, photo.pixels), tmp_path / name, "format", ".png")


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_refuses_16_bits_where_the_format_holds_8(tmp_path, suffix, assert_refused):
    photo, path = whole_photo(tmp_path, np.uint16, alpha=False), tmp_path / f"out{suffix}"
    assert_refused(lambda: write_photo(path, photo, photo.pixels), path, "8 bits", "write .tif or .png")


def test_refuses_transparency_in_jpeg_but_not_opaque_alpha(tmp_path, assert_refused):
    photo, path = whole_photo(tmp_path), tmp_path / "out.jpg"
    assert_refused(lambda: write_photo(path, photo, photo.pixels), path, "transparency", ".png")
    opaque = dataclasses.replace(photo, alpha=np.full_like(photo.alpha, 255))
    write_photo(path, opaque, photo.pixels)
    assert read_photo(path).alpha is None


def test_refuses_pixels_of_another_photo(tmp_path, noise):
    photo = whole_photo(tmp_path)
    with pytest.raises(InputError, match=r"uint8 \(4, 4, 3\).*uint8 \(12, 15, 3\)"):
        write_photo(tmp_path / "out.png", photo, noise(4, 4, 3))
    with pytest.raises(InputError, match="keep the photo's size and dtype"):
        write_photo(tmp_path / "out.png", photo, photo.pixels.astype(np.uint16))
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_side_too_long_for_the_format_and_leaves_the_old_file(tmp_path, noise, save, assert_refused):
    photo, path = read_photo(save(tmp_path / "a.png", noise(20000, 4, 3))), tmp_path / "out.webp"
    path.write_bytes(b"old")
    assert_refused(lambda: write_photo(path, photo, photo.pixels), path, "WebP", ".tif")
    assert path.read_bytes() == b"old"


def test_refuses_a_folder_that_cannot_be_made(tmp_path, assert_refused):
    (tmp_path / "file").touch()
    photo, path = whole_photo(tmp_path), tmp_path / "file" / "out.png"
    assert_refused(lambda: write_photo(path, photo, photo.pixels), path, "cannot write", "another output folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_refuses_a_folder_without_permission(tmp_path, assert_refused):
    photo, folder = whole_photo(tmp_path), tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert_refused(lambda: write_photo(folder / "out.png", photo, photo.pixels), folder / "out.png", "cannot write")


def test_is_silent_and_leaves_no_temporary_files(tmp_path, noise, save):
    save(tmp_path / "a.jpg", noise(64, 64, 3))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(save(tmp_path / "whole.tif", noise(64, 64, 3)).read_bytes()[:5000])
    (tmp_path / "temporary").mkdir()
    script = (
        "import sys; from realistic_editing.common.errors import InputError\n"
        "from realistic_editing.data.images import read_photo, write_photo\n"
        "photo = read_photo(sys.argv[1] + '/a.jpg'); write_photo(sys.argv[1] + '/b.tif', photo, photo.pixels)\n"
        "try: read_photo(sys.argv[1] + '/cut.tif')\n"
        "except InputError: print('refused')\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("refused\n", "", 0)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jpg", "b.tif", "cut.tif", "temporary", "whole.tif"]
