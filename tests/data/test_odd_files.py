"""Damaged and odd files: JPEGs that break off, raw files, HEIC, names of other systems, masks that mean little."""
import base64
import builtins
import io
import re
import struct
import unicodedata

import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps.demo import FOLDER
from realistic_editing.common.errors import InputError
from realistic_editing.data.folder import SUFFIXES, as_stored, images_by_name, read_folder
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.data.labels import check_label
from realistic_editing.data.pixels import read_grey, read_own_mask, read_rgb
from realistic_editing.data.whole import scan_is_whole

# 64 x 64, one colour, by libheif
HEIC = base64.b64decode("""
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERA
AAEAAQAAAAABegABAAAAAAAAABgAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAA
AHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq
SSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgA
AAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACBtZGF0AAAAFCgBrwtg+sbB1//2/O/BwQPj7Ttw
""")


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    return Image.open(FOLDER / "astronaut.jpg").convert("RGB").resize((256, 256))


def encoded(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 90, **options})
    return buffer.getvalue()


def cut(data: bytes, share: float) -> bytes:
    scan = data.find(b"\xff\xda")
    at = scan + 20 + int((len(data) - scan - 20) * share)
    while data[at - 1] == 0xFF:
        at += 1
    return data[:at] + b"\xff\xd9"


KINDS = [{}, {"subsampling": 0}, {"progressive": True}, {"restart_marker_blocks": 7}, {"optimize": True, "quality": 40}]


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
def test_a_jpeg_that_breaks_off_before_its_end_marker_is_refused(tmp_path, astronaut, options, share):
    whole, path = encoded(astronaut, **options), tmp_path / "a.jpg"
    path.write_bytes(whole)
    assert read_photo(path).notes == () and read_rgb(path).shape == (256, 256, 3)
    path.write_bytes(cut(whole, share))
    for reader in (read_photo, read_rgb, read_grey, read_own_mask, lambda one: read_mask(one, (256, 256))):
        with pytest.raises(InputError, match="its pixels break off"):
            reader(path)


@pytest.mark.parametrize("options", KINDS)
def test_a_flat_sky_or_border_is_no_damage(astronaut, options):
    pixels = np.asarray(astronaut).copy()
    pixels[180:] = 255
    for image in (Image.fromarray(pixels), Image.new("RGB", (64, 48), (9, 90, 200)), Image.fromarray(pixels).convert("L")):
        data = encoded(image, **options)
        shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert scan_is_whole(data, shown)
        assert scan_is_whole(data[:-2] + bytes(9) + data[-2:], shown)  # stray bytes before the marker, as some cameras leave


RAW = (b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x08\0\0\0", b"\0\0\0\x18ftypcrx ", b"II*\0\x10\0\0\0CR\x02\0")


@pytest.mark.parametrize("start", RAW)
def test_raw_files_are_refused_by_content_and_named(tmp_path, start):
    path = tmp_path / "a.jpg"
    path.write_bytes(start + bytes(200))
    for reader in (read_photo, read_rgb, read_own_mask):
        with pytest.raises(InputError, match="camera raw file.*develop it"):
            reader(path)


TAGS = ({50706: b"\1\4\0\0"}, {262: struct.pack("<H", 32803)}, {254: struct.pack("<I", 1), 330: bytes(4)})


@pytest.mark.parametrize("tags", TAGS)
def test_raw_tiffs_are_refused_by_their_tags(tmp_path, tags):
    table = b"".join(struct.pack("<HHI", tag, 4, 1) + value.ljust(4, b"\0") for tag, value in sorted(tags.items()))
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + table + bytes(200))
    with pytest.raises(InputError, match="camera raw file"):
        read_photo(tmp_path / "a.tif")


def test_heic_is_read_by_every_reader(tmp_path):
    pytest.importorskip("pillow_heif", reason="needs the extra heif")
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(HEIC)
    photo = read_photo(path)
    assert photo.pixels.shape == (64, 64, 3) and np.array_equal(read_rgb(path), photo.pixels)
    path.write_bytes(HEIC[:-15])
    with pytest.raises(InputError, match="convert it to JPEG or PNG"):
        read_photo(path)


def test_heic_without_the_extra_names_it(tmp_path, monkeypatch):
    (tmp_path / "a.heic").write_bytes(HEIC)
    found = builtins.__import__

    def without(name, *others):
        if name == "pillow_heif":
            raise ImportError(name)
        return found(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    for reader in (read_photo, read_rgb):
        with pytest.raises(InputError, match=r"\[heif\].*convert it to JPEG or PNG"):
            reader(tmp_path / "a.heic")


def pair(folder, photo: str, mask: str, kind: str | None = None) -> None:
    Image.new("RGB", (32, 24), (90, 60, 30)).save(folder / photo, kind)
    Image.fromarray(np.full((24, 32), 255, np.uint8)).save(folder / mask)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Tür", "Çeşme", "がん"])
def test_names_are_compared_as_they_read(tmp_path, form, name):
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    pair(tmp_path, unicodedata.normalize(form, name) + ".jpg", unicodedata.normalize(other, name) + "_mask.png")
    assert [region.photo_id for region in read_folder(tmp_path)] == [unicodedata.normalize("NFC", name)]
    assert as_stored(tmp_path / (unicodedata.normalize(other, name) + ".jpg")).exists()


def test_every_suffix_that_is_listed_is_read(tmp_path):
    kinds = {".jpe": "JPEG", ".jfif": "JPEG", ".heic": None, ".heif": None, ".hif": None}
    for suffix in SUFFIXES:
        if kinds.get(suffix, "") is None:
            (tmp_path / f"a{suffix}").write_bytes(HEIC)
        else:
            Image.new("RGB", (64, 64), (90, 60, 30)).save(tmp_path / f"a{suffix}", kinds.get(suffix))
        if kinds.get(suffix, "") is not None or pytest.importorskip("pillow_heif", reason="needs the extra heif"):
            assert read_photo(tmp_path / f"a{suffix}").pixels.shape == read_rgb(tmp_path / f"a{suffix}").shape == (64, 64, 3)


def test_a_folder_with_what_other_programs_leave(tmp_path):
    pair(tmp_path, "a.jpg", "a_mask.png")
    pair(tmp_path, "a.png", "a_mask.png")
    pair(tmp_path, "b.gif", "b_mask.png")
    for name in ("._a.jpg", "._a_mask.png", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7 no picture")
    (tmp_path / "c.dng").write_bytes(b"raw")
    (tmp_path / "notes.txt").write_text("words")
    problems = []
    found = read_folder(tmp_path, problems=problems)
    assert [(one.photo.name, one.photo_id) for one in found] == [("a.jpg", "a"), ("a.png", "a.png"), ("b.gif", "b")]
    assert len(problems) == 1 and "c.dng" in problems[0]
    with pytest.raises(InputError, match="has the same name"):
        images_by_name(tmp_path)


def hard(dtype: type = np.uint8) -> np.ndarray:
    mask = np.zeros((40, 60), dtype)
    mask[10:30, 20:40] = 1
    return mask


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (hard(np.uint16) * 255, "values of 8 bits in a file of 16"), (hard() * 15, "label map.*0, 15.*--label"),
        (hard() * 120, "120 of 255, so the edit is made at 47 % at most"),
        (np.pad(hard()[:1, 20:21] + 254, ((0, 39), (0, 59))), "selects 0.042 % of the photo"),
        (255 - np.pad(hard()[:1, :1] + 254, ((0, 39), (0, 59))), "selects 100 % of the photo.*--invert"),
        (np.full((40, 60), 255, np.uint8), "selects 100 % of the photo; .*beside others: paint one"),
    ],
)  # fmt: skip
def test_masks_that_mean_little_are_told(tmp_path, mask, words):
    cv2.imwrite(str(tmp_path / "m.png"), mask)
    notes = " ".join(read_mask(tmp_path / "m.png", (40, 60))[1])
    assert re.search(words, notes), notes


def test_a_mask_that_means_what_it_says_has_no_note(tmp_path):
    for number, mask in enumerate((hard() * 255, hard(np.uint16) * 65535, cv2.GaussianBlur(hard() * 255, (7, 7), 2))):
        cv2.imwrite(str(tmp_path / f"{number}.png"), mask)
        assert read_mask(tmp_path / f"{number}.png", (40, 60))[1] == ()


def test_one_label_of_a_label_map_and_its_inverse(tmp_path):
    labels = hard() * 1 + np.pad(np.full((5, 5), 7, np.uint8), ((0, 35), (0, 55)))
    Image.fromarray(labels).save(tmp_path / "grey.png")
    indexed = Image.fromarray(labels, "P")
    indexed.putpalette([0, 0, 0, 128, 0, 0, *[0] * 15, 255, 255, 255, *[9] * 744])
    indexed.save(tmp_path / "indexed.png")
    for name in ("grey.png", "indexed.png"):
        for label in (1, 7):
            mask = read_mask(tmp_path / name, (40, 60), label=label)[0]
            assert np.array_equal(mask > 0, labels == label) and mask.max() == 255
            assert np.array_equal(read_mask(tmp_path / name, (40, 60), label=label, invert=True)[0] > 0, labels != label)
        with pytest.raises(InputError, match="no pixel has the label 3; it holds 0, 1, 7"):
            read_mask(tmp_path / name, (40, 60), label=3)
    Image.fromarray(np.dstack([labels, labels * 2, labels])).save(tmp_path / "colours.png")
    with pytest.raises(InputError, match="grey or indexed"):
        read_mask(tmp_path / "colours.png", (40, 60), label=1)


def test_a_label_of_countless_digits_is_refused():
    with pytest.raises(InputError, match="use the index or grey value"):
        check_label("9" * 5000)
