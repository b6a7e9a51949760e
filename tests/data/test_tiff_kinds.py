"""TIFFs of other kinds: BigTIFF, several pages, floating point, 32 bits."""
import struct

import numpy as np
import pytest
import pyvips
from PIL import Image

from realistic_editing.common.errors import InputError
from realistic_editing.data import color, icc
from realistic_editing.data.images import read_mask, read_photo, write_photo
from realistic_editing.data.pixels import read_rgb

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
PROFILE = icc.matrix_profile("P3", color._PRIMARIES[12], None)
IIM = b"\x1c\x02\x78" + struct.pack(">H", 9) + b"a caption"


def as_big(data: bytes, more: dict, order: str) -> bytes:
    """A BigTIFF of PIXELS with more tags: (type, value), where a value may be a directory."""
    height, width = PIXELS.shape[:2]
    strip = 16
    tags = {256: (4, width), 257: (4, height), 258: (3, (8, 8, 8)), 259: (3, 1), 262: (3, 2), 273: (16, strip), 277: (3, 3),
            278: (4, height), 279: (16, PIXELS.nbytes), 284: (3, 1)} | more  # fmt: skip
    first = strip + PIXELS.nbytes + 8
    size = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q", 18: "Q"}

    def directory(tags, place):
        after, table, long = place + 8 + 20 * len(tags) + 8, struct.pack(order + "Q", len(tags)), b""
        for tag, (kind, value) in sorted(tags.items()):
            if isinstance(value, dict):
                packed, count = struct.pack(order + "Q", after + len(long)), 1
                long += directory(value, after + len(long))
            elif isinstance(value, bytes):
                packed, count = value, len(value)
            else:
                values = value if isinstance(value, tuple) else (value,)
                packed, count = struct.pack(f"{order}{len(values)}{size[kind]}", *values), len(values)
            if len(packed) > 8:
                packed, long = struct.pack(order + "Q", after + len(long)), long + packed + bytes(-len(packed) % 8)
            table += struct.pack(order + "HHQ", tag, kind, count) + packed.ljust(8, b"\0")
        return table + bytes(8) + long

    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, first)
    return head + data + bytes(8) + directory(tags, first)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_bigtiff_keeps_what_a_tiff_does(tmp_path, order):
    lens = struct.pack(order + "II", 28, 10)
    tags = {315: (2, b"A. Muster\0"), 34675: (7, PROFILE), 33723: (7, IIM), 34665: (18, {33437: (5, lens)})}
    path = tmp_path / "a.tif"
    path.write_bytes(as_big(PIXELS.tobytes(), tags, order))
    fraction = path.read_bytes().replace(struct.pack(order + "HHQ", 33437, 5, 8), struct.pack(order + "HHQ", 33437, 5, 1))
    path.write_bytes(fraction)  # one fraction of eight bytes
    assert pyvips.Image.new_from_file(str(path)).width == 60
    photo = read_photo(path)
    assert np.array_equal(photo.pixels, PIXELS) and photo.metadata["icc-profile-data"] == PROFILE and not photo.notes[:-1]
    assert IIM in photo.metadata["iptc-data"]
    assert np.abs(read_rgb(path).astype(int) - photo.srgb).max() <= 1
    for name in ("o.tif", "o.jpg", "o.png"):
        write_photo(tmp_path / name, photo, photo.pixels)
        with Image.open(tmp_path / name) as result:
            exif = result.getexif()
            assert exif[315] == "A. Muster" and exif.get_ifd(34665)[33437] == pytest.approx(2.8)
            assert result.info["icc_profile"] == PROFILE
    assert (tmp_path / "o.tif").read_bytes()[:4] == b"II*\0"


def test_the_first_of_several_pages_is_named(tmp_path):
    pages = pyvips.Image.new_from_array(np.concatenate([PIXELS, PIXELS[::-1]])).copy(interpretation="srgb")
    pages.set_type(pyvips.GValue.gint_type, "page-height", 40)
    pages.tiffsave(str(tmp_path / "a.tif"))
    photo, (mask, notes) = read_photo(tmp_path / "a.tif"), read_mask(tmp_path / "a.tif", (40, 60))
    assert np.array_equal(photo.pixels, PIXELS) and mask.shape == (40, 60)
    assert photo.notes == ("the first of 2 pages is used",) and notes[0] == photo.notes[0]


def test_lab_is_refused_by_its_name(tmp_path):
    Image.fromarray(PIXELS).convert("LAB").save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: its colours are CIELAB.*convert it to RGB"):
        read_photo(tmp_path / "a.tif")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {}), ("a.jpg", {"progressive": True}), ("a.png", {}), ("a.webp", {}), ("a.webp", {"lossless": True}),
        ("a.gif", {}), ("a.bmp", {}), ("a.tif", {}), ("a.tif", {"compression": "tiff_lzw"}), ("a.avif", {}), ("a.heic", {}),
    ],
)  # fmt: skip
def test_a_file_of_any_format_cut_short_is_refused_by_every_reader(tmp_path, name, options, share):
    if name == "a.heic":
        pytest.importorskip("pillow_heif", reason="needs the extra heif").register_heif_opener()
    Image.fromarray(PIXELS).save(tmp_path / name, **options)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(share * len(data))])
    for read in (read_photo, read_rgb):
        with pytest.raises(InputError):
            read(tmp_path / name)


@pytest.mark.parametrize(("kind", "words"), [("float", "floating-point"), ("double", "a depth"), ("uint", "of type uint")])
def test_other_numbers_are_refused_by_their_name(tmp_path, kind, words):
    pyvips.Image.new_from_array(PIXELS).cast(kind).copy(interpretation="srgb").tiffsave(str(tmp_path / "a.tif"))
    for read in (read_photo, lambda path: read_mask(path, (40, 60))):
        with pytest.raises(InputError, match=rf"a\.tif: .*{words}.*convert it to 8 or 16 bits"):
            read(tmp_path / "a.tif")
