"""The table in docs/formats.md: a file of each format that is read, written in each format, and read back with exiftool.

`python tests/data/test_formats_table.py` prints it anew.
"""
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realistic_editing.common.errors import InputError
from realistic_editing.data import color, icc
from realistic_editing.data.images import lost, read_photo, write_photo

DOCS = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
WRITTEN = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WebP": ".webp"}
# What is put in, and the names under which exiftool finds it: all of them must come back with their values.
PARTS = {
    "EXIF": ("EXIF:Make", "EXIF:DateTimeOriginal", "EXIF:GPSLatitude"),
    "XMP": ("XMP:Rating", "XMP:Title"),
    "IPTC": ("IPTC:Caption-Abstract", "IPTC:Keywords"),
    "profile": ("ICC_Profile:ProfileDescription",),
    "text": ("PNG:Copyright", "File:Comment", "PNG:Comment"),
}
VALUES = {
    "Make": "A camera", "DateTimeOriginal": "2020:01:02 03:04:05", "GPSLatitude": "48.5", "GPSLatitudeRef": "N",
}  # fmt: skip


def picture(channels: int, dtype: type) -> np.ndarray:
    rng = np.random.default_rng(0)
    small = rng.integers(60, 200, (6, 8, channels)).astype(np.uint8)
    pixels = np.kron(small, np.ones((8, 8, 1), np.uint8))
    return pixels if dtype == np.uint8 else pixels.astype(np.uint16) * 257


def save_deep(path: Path, pixels: np.ndarray) -> None:
    import pyvips

    pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16").write_to_file(str(path))


def sources(folder: Path) -> dict[str, Path]:
    """A file of each kind, with all that exiftool can put into it."""
    made, profile = {}, folder / "p3.icc"
    profile.write_bytes(icc.matrix_profile("Wide", color._PRIMARIES[12], None))
    for name, suffix, channels, options in (
        ("JPEG", ".jpg", 3, {"quality": 95}), ("PNG", ".png", 4, {}), ("TIFF", ".tif", 4, {}),
        ("WebP", ".webp", 4, {"lossless": True}), ("GIF", ".gif", 3, {}), ("AVIF", ".avif", 4, {"quality": 95}),
        ("BMP", ".bmp", 3, {}),
    ):  # fmt: skip
        made[name] = folder / f"in_{name}{suffix}"
        if suffix in (".webp", ".avif"):  # exiftool loses the alpha of the one, and puts no profile into the other
            options |= {"icc_profile": profile.read_bytes()}
        Image.fromarray(picture(channels, np.uint8)).save(made[name], **options)
    for name, suffix in (("PNG, 16 bits", ".png"), ("TIFF, 16 bits", ".tif")):
        made[name] = folder / f"in_16{suffix}"
        save_deep(made[name], picture(4, np.uint16))
    try:
        import pillow_heif
    except ImportError:
        pass
    else:
        made["HEIC"] = folder / "in_HEIC.heic"
        pillow_heif.from_pillow(Image.fromarray(picture(3, np.uint8))).save(
            made["HEIC"], quality=95, icc_profile=profile.read_bytes()
        )
    for path in made.values():
        groups = [
            [f"-EXIF:{name}={value}" for name, value in VALUES.items()], ["-XMP:Rating=4", "-XMP-dc:Title=A title"],
            ["-IPTC:Caption-Abstract=A caption", "-IPTC:Keywords=door"], [f"-icc_profile<={profile}"],
            ["-PNG:Copyright=Someone"] if path.suffix == ".png" else ["-Comment=A remark"],
        ]  # fmt: skip
        for group in groups:  # a format takes what it can
            told("-m", "-n", "-overwrite_original", *group, str(path))
    return made


def told(*words: str) -> str:
    """What exiftool says to words; one process answers all, since each would need a tenth of a second to start."""
    program = running()
    program.stdin.write("\n".join([*words, "-execute", ""]))
    program.stdin.flush()
    return "".join(iter(program.stdout.readline, "{ready}\n"))


@functools.cache
def running() -> subprocess.Popen:
    program = ["exiftool", "-stay_open", "True", "-@", "-"]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def held(path: Path) -> dict[str, str]:
    return json.loads(told("-j", "-G", "-n", str(path)))[0]


def row(source: Path, kind: str, folder: Path) -> list[str]:
    """What became of each part."""
    photo, before = read_photo(source), held(source)
    target = folder / f"out_{source.stem}{WRITTEN[kind]}"
    try:
        notes = " ".join((*photo.notes, *lost(target, photo)))
        write_photo(target, photo, photo.pixels)
    except InputError as error:
        return [f"refused: {'16 bits' if '16' in str(error) and '8 bits' in str(error) else 'transparency'}"]
    after, cells = held(target), []
    for part, names in PARTS.items():
        values = [before[name] for name in names if name in before]
        if not values:
            cells.append("kept" if part == "profile" and after.get(names[0]) else "")
        elif all(value in [after.get(name) for name in names] for value in values):
            cells.append("kept")
        else:
            cells.append("noted" if part in notes else "LOST")
    result = read_photo(target)
    same = photo.alpha is not None and result.alpha is not None and np.array_equal(photo.alpha, result.alpha)
    cells.append("" if photo.alpha is None else "kept" if same else "LOST")
    cells.append("16" if result.pixels.dtype == np.uint16 else "8")
    return cells


def table() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = ["read", "written", *PARTS, "alpha", "bits"]
        lines = [head, ["---"] * len(head)]
        for form, source in sources(folder).items():
            for kind in WRITTEN:
                cells = row(source, kind, folder)
                lines.append([form, kind, *cells, *[""] * (len(head) - 2 - len(cells))])
        running().communicate("-stay_open\nFalse\n")
        running.cache_clear()
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool")
def test_the_table_in_the_docs_is_what_exiftool_finds():
    pytest.importorskip("pillow_heif", reason="needs the extra heif")
    made = table()
    assert "LOST" not in made
    assert made == DOCS.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


if __name__ == "__main__":
    sys.stdout.write(table())
