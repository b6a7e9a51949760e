"""One picture in several colour spaces is seen alike, edited alike, and keeps its own space."""
import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from scipy.interpolate import interpn

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.edit import edit_file
from realistic_editing.common.errors import InputError
from realistic_editing.data import color, icc
from realistic_editing.data.containers import embedded_profile
from realistic_editing.data.images import read_mask, read_photo, write_photo
from realistic_editing.data.pixels import read_rgb
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions

PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))


def table_profile() -> bytes:
    """A profile of tables, version 2, both ways between P3 and Lab."""
    matrix = np.stack([icc.xyz(*one) for one in color._PRIMARIES[12][:3]], axis=1)
    white = icc.xyz(*icc.D65)
    matrix = matrix * np.linalg.solve(matrix, white)

    def lab_of(rgb):  # relative to white; Bradford is left out, which any table may do
        light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ matrix.T / white
        f = np.where(light > 0.008856, np.cbrt(light), 7.787 * light + 16 / 116)
        lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
        return (lab * (652.8, 256, 256) + (0, 32768, 32768)) / 65535

    def rgb_of(coded):
        lab = (coded * 65535 - (0, 32768, 32768)) / (652.8, 256, 256)
        y = (lab[:, 0] + 16) / 116
        f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
        light = np.where(f > 0.206893, f**3, (f - 16 / 116) / 7.787) * white @ np.linalg.inv(matrix).T
        light = np.clip(light, 0, 1)
        return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)

    def table(size, function) -> bytes:
        axis = np.linspace(0, 1, size)
        grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
        head = b"mft2\0\0\0\0" + bytes([3, 3, size, 0]) + struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
        ramp = struct.pack(">2H", 0, 65535) * 3
        values = (np.clip(function(grid), 0, 1) * 65535).round().astype(">u2").tobytes()
        return head + struct.pack(">HH", 2, 2) + ramp + values + ramp

    forth, back = table(33, lab_of), table(51, rgb_of)
    text = b"text\0\0\0\0CC0\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", 7) + b"tables\0" + bytes(78)
    tags = [(b"desc", desc), (b"cprt", text), (b"wtpt", b"XYZ \0\0\0\0" + icc.fixed((0.9642, 1, 0.8249)))]
    tags += [(b"A2B0", forth), (b"B2A0", back)]
    listed, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, value in tags:
        listed += tag + struct.pack(">II", start + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    head = struct.pack(">I", start + len(body)) + bytes(4) + b"\x02\x40\0\0mntrRGB Lab "
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head = (head + b"acsp").ljust(68, b"\0") + icc.fixed((0.9642, 1, 0.8249))
    return head.ljust(128, b"\0") + listed + body


SPACES = {
    "P3": icc.matrix_profile("P3", color._PRIMARIES[12], None),
    "Adobe RGB": icc.matrix_profile("Adobe", color._ADOBE, 2.2),
    "ProPhoto": icc.matrix_profile("ProPhoto", PROPHOTO, 1.8),
    "tables": table_profile(),
}


def in_space(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """An sRGB picture of 16 bits in another space."""
    return color._converted(color._deep(pixels), None, profile)


def save(path, pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """Write an sRGB picture in another space, at its depth."""
    import pyvips

    deep = in_space(pixels, profile)
    image = pyvips.Image.new_from_array(deep if pixels.dtype == np.uint16 else np.rint(deep / 257).astype(np.uint8))
    image = image.copy(interpretation="srgb" if pixels.dtype == np.uint8 else "rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    image.write_to_file(str(path))


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return np.asarray(Image.open(FOLDER / "astronaut.jpg").convert("RGB"))


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer.from_pretrained("attenuate")


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("space", SPACES)
def test_a_picture_in_another_space_is_judged_as_it_looks(tmp_path, plain, enhancer, space, deep):
    plain = color._deep(plain) if deep else plain
    save(tmp_path / "a.tif", plain, SPACES[space])
    seen = read_photo(tmp_path / "a.tif").srgb
    mask = read_mask(FOLDER / "flag.png", plain.shape[:2])[0]
    view = enhancer.view(plain, mask)
    assert enhancer.view(seen, mask).realism == pytest.approx(view.realism, abs=0.005)
    assert view.compare(seen) == (pytest.approx(0, abs=0.005), pytest.approx(0, abs=0.005))


@pytest.mark.parametrize("space", SPACES)
def test_an_edit_looks_as_its_preview_and_leaves_the_rest_bit_for_bit(tmp_path, plain, enhancer, space):
    save(tmp_path / "a.tif", color._deep(plain), SPACES[space])
    photo, mask = read_photo(tmp_path / "a.tif"), read_mask(FOLDER / "flag.png", plain.shape[:2])[0]
    edit = enhancer.propose(photo.srgb, mask, refine=0, order=(3, 1, 0, 2))  # whatever it is
    preview = edit.apply(photo.srgb, mask)
    write_photo(tmp_path / "b.tif", photo, photo.from_srgb(preview))
    result = read_photo(tmp_path / "b.tif")
    assert result.metadata["icc-profile-data"] == SPACES[space]
    assert np.array_equal(result.pixels[mask == 0], photo.pixels[mask == 0])
    apart = np.abs(result.srgb.astype(int) - preview)[mask > 0] / 257
    assert apart.mean() < (0.2 if space == "tables" else 0.01)  # of 255; tables are coarse
    assert np.quantile(apart, 0.99) < (2 if space == "tables" else 0.1)


def test_tables_are_followed_closely_at_16_bits():
    rng = np.random.default_rng(0)
    seen = rng.integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    seen[:32] //= 16  # dark colours, which a coarse table moves most
    start = struct.unpack_from(">I", SPACES["tables"], 132 + 12 * 3 + 4)[0]
    grid = np.frombuffer(SPACES["tables"], ">u2", 33**3 * 3, start + 52 + 12).reshape(33, 33, 33, 3)
    coded = interpn((np.linspace(0, 1, 33),) * 3, grid, seen / 65535)
    lab = (coded - (0, 32768, 32768)) / (652.8, 256, 256)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    light = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 108 / 841) * icc.D50 @ np.linalg.inv(icc.space_of(None).matrix).T
    light = np.clip(light, 0, 1)
    wanted = 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    apart = np.abs(color.to_srgb(seen, SPACES["tables"]) / 257 - wanted)
    assert apart[:32].max() < 0.1 and apart.mean() < 0.05 and np.quantile(apart, 0.999) < 1
    # A picture of 8 bits is seen as its copy of 16: without the table on the way, by rounding alone.
    few = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    deep = color.to_srgb(few.astype(np.uint16) * 257, SPACES["tables"])
    assert np.abs(color.to_srgb(few, SPACES["tables"]) - deep / 257).max() <= 0.51


def test_colours_beyond_srgb_keep_what_lies_beyond():
    profile = SPACES["ProPhoto"]
    pixels = np.array([[[0, 60000, 0], [30000, 30000, 30000], [60000, 2000, 1000]]], np.uint16)
    seen = color.to_srgb(pixels, profile)
    assert np.array_equal(color.from_srgb(seen, seen, pixels, profile), pixels)
    darker = (seen * 0.9).astype(np.uint16)
    moved = color.from_srgb(darker, seen, pixels, profile).astype(int)
    nearest = color._converted(np.stack([seen[0], darker[0]]), None, profile).astype(int)
    assert np.array_equal(moved[0, 1], nearest[1, 1])  # grey, which sRGB holds
    beyond = pixels[0].astype(int) - nearest[0]
    assert np.abs(beyond[0]).max() > 1000
    assert np.array_equal(moved[0, 0], np.clip(nearest[1, 0] + beyond[0], 0, 65535))


def png(chunk: bytes, data: bytes, pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    whole = buffer.getvalue()
    name = chunk + data
    return whole[:33] + struct.pack(">I", len(data)) + name + struct.pack(">I", zlib.crc32(name)) + whole[33:]


PATCH = np.full((16, 24, 3), (180, 90, 50), np.uint8)
CHROMA = struct.pack(">8I", *(round(100000 * value) for point in (icc.D65, *color._ADOBE[:3]) for value in point))


@pytest.mark.parametrize(
    ("chunk", "data", "moves"),
    [
        (b"gAMA", struct.pack(">I", 45455), False), (b"gAMA", struct.pack(">I", 100000), True),
        (b"gAMA", struct.pack(">I", 55556), True), (b"cHRM", CHROMA, True), (b"cICP", bytes([1, 13, 0, 1]), False),
        (b"cICP", bytes([12, 13, 0, 1]), True), (b"cICP", bytes([9, 14, 0, 1]), True), (b"cICP", bytes([1, 8, 0, 1]), True),
        (b"cICP", bytes([2, 2, 0, 1]), False), (b"sRGB", b"\0", False),
    ],
)  # fmt: skip
def test_what_a_png_says_of_its_colours_beside_icc(tmp_path, chunk, data, moves):
    path = tmp_path / "a.png"
    path.write_bytes(png(chunk, data, PATCH))
    photo = read_photo(path)
    assert (photo.srgb is photo.pixels) != moves
    assert bool(photo.notes) == moves and ("icc-profile-data" in photo.metadata) == moves
    assert np.abs(read_rgb(path).astype(int) - photo.srgb).max() <= 1
    write_photo(tmp_path / "b.png", photo, photo.pixels)
    again = read_photo(tmp_path / "b.png")
    assert np.array_equal(again.srgb, photo.srgb) and np.array_equal(again.pixels, PATCH)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_refused_wherever_it_is_said(tmp_path, transfer):
    (tmp_path / "a.png").write_bytes(png(b"cICP", bytes([9, transfer, 0, 1]), PATCH))
    buffer = io.BytesIO()
    Image.fromarray(PATCH).save(buffer, "AVIF", quality=95)
    data = buffer.getvalue()
    place = data.index(b"colrnclx") + 8
    (tmp_path / "a.avif").write_bytes(data[:place] + struct.pack(">HH", 9, transfer) + data[place + 4 :])
    for name in ("a.png", "a.avif"):
        for reader in (read_photo, read_rgb):
            with pytest.raises(InputError, match=r"is HDR \((PQ|HLG).*convert it to a standard colour space"):
                reader(tmp_path / name)


def test_the_camera_s_adobe_rgb_without_a_profile(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    Image.fromarray(PATCH).save(tmp_path / "_a.jpg", quality=95, exif=exif)
    photo = read_photo(tmp_path / "_a.jpg")
    assert "Adobe RGB" in " ".join(photo.notes) and photo.srgb[0, 0, 0] > photo.pixels[0, 0, 0] + 5


def test_a_damaged_profile_and_one_of_another_kind_are_left_with_a_note(tmp_path):
    for number, profile in enumerate((b"junk" * 50, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())):
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(PATCH).save(path, icc_profile=profile)
        photo = read_photo(path)
        assert "icc-profile-data" not in photo.metadata and "taken as sRGB" in photo.notes[0]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_data_sets_photos_are_read_as_they_look(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(PATCH).save(path, icc_profile=SPACES["P3"], **({} if suffix in (".png", ".tif") else {"quality": 98}))
    assert embedded_profile(path.read_bytes()) == SPACES["P3"]
    assert np.abs(read_rgb(path).astype(int) - read_photo(path).srgb).max() <= 2
    assert read_rgb(path)[0, 0, 0] > 185


@pytest.mark.parametrize("deep", [False, True])
def test_score_finds_no_change_between_files_in_two_spaces(tmp_path, plain, capsys, deep):
    photo = color._deep(plain) if deep else plain
    spaces = {"tables": SPACES["tables"], "P3": SPACES["P3"], "srgb": icc.matrix_profile("sRGB", icc.BT709_SPACE, None)}
    for name, profile in spaces.items():
        save(tmp_path / f"{name}.tif", photo, profile)
    for first, second in (("srgb", "tables"), ("P3", "srgb"), ("tables", "P3")):
        names = (str(tmp_path / f"{name}.tif") for name in (first, second))
        main(["score", next(names), str(FOLDER / "flag.png"), "--edited", next(names), "--json"])
        (row,) = json.loads(capsys.readouterr().out)
        assert float(row["realism_change"]) == pytest.approx(0, abs=0.005)
        assert float(row["saliency_change"]) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("intent", [b"0", b"1"])
def test_raised_black_is_black_to_both_ways(intent):
    profile = bytearray(SPACES["tables"].replace(b"A2B0", b"A2B" + intent, 1).replace(b"B2A0", b"B2A" + intent, 1))
    start = struct.unpack_from(">I", profile, 132 + 12 * 3 + 4)[0] + 64
    grid = np.frombuffer(bytes(profile), ">u2", 33**3 * 3, start).reshape(-1, 3).astype(float)
    grid[:, 0] = grid[:, 0] * 0.9 + 0.1 * 65280  # black is L* 10, as of paper
    profile[start : start + 2 * grid.size] = grid.round().astype(">u2").tobytes()
    greys = np.array([0, 12, 78, 255], np.uint8)[None, :, None].repeat(40, 0).repeat(3, 2)
    deep, few = color.to_srgb(greys, bytes(profile)), color.to_srgb_bytes(greys, bytes(profile))
    assert (deep[:, 0] == 0).all() and (deep[:, 3] == 255).all() and np.abs(deep.astype(int) - few).max() <= 1


def chroma(*values: float) -> bytes:
    return struct.pack(">8I", *(round(100_000 * value) for value in values))


@pytest.mark.parametrize(
    "name, data",
    [
        (b"cHRM", chroma(0.3127, 0.329, 0.3, 0.3, 0.3, 0.3, 0.15, 0.06)),  # red and green are one
        (b"cHRM", chroma(0.3127, 0.329, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4)),  # all on one line
        (b"cHRM", chroma(0.3127, 0.00001, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)),  # a white that is no colour
        (b"gAMA", struct.pack(">I", 1)), (b"gAMA", struct.pack(">I", 0)), (b"gAMA", struct.pack(">I", 2**32 - 1)),
    ],
)  # fmt: skip
def test_tags_that_name_no_real_space_are_told(tmp_path, name, data):
    path = tmp_path / "a.png"
    path.write_bytes(png(name, data, PATCH))
    photo = read_photo(path)
    assert photo.srgb is photo.pixels and any("cannot be real" in note for note in photo.notes)
    assert np.array_equal(read_rgb(path), PATCH)


def test_video_levels_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(png(b"cICP", bytes([1, 13, 0, 0]), PATCH))
    with pytest.raises(InputError, match="a.png: holds video levels"):
        read_photo(tmp_path / "a.png")


def test_srgb_stays_srgb_where_exif_alone_would_say_adobe(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    (tmp_path / "a.png").write_bytes(png(b"eXIf", block, PATCH))
    assert any("Adobe RGB by its EXIF" in note for note in read_photo(tmp_path / "a.png").notes)
    data = png(b"gAMA", struct.pack(">I", 45455), PATCH)
    (tmp_path / "a.png").write_bytes(data[:49] + png(b"eXIf", block, PATCH)[33 : 45 + len(block)] + data[49:])
    photo = read_photo(tmp_path / "a.png")
    assert photo.srgb is photo.pixels
    for suffix in ("jpg", "png", "tif", "webp"):
        write_photo(tmp_path / f"o.{suffix}", photo, photo.pixels)
        again = read_photo(tmp_path / f"o.{suffix}")
        assert again.srgb is again.pixels and not again.notes


def test_pixels_are_not_taken_for_exif(tmp_path, plain):
    path = tmp_path / "a.jpg"
    Image.fromarray(plain).save(path, quality=95, comment=b"R03\0")
    expected = np.asarray(Image.open(path))
    assert np.abs(read_rgb(path).astype(int) - expected).max() <= 2


def test_a_profile_of_another_kind_is_not_said_to_be_used(tmp_path, plain):
    small = Image.fromarray(plain).resize((64, 64))
    small.convert("CMYK").save(tmp_path / "ink.jpg", icc_profile=SPACES["P3"])
    assert "a standard CMYK profile" in read_photo(tmp_path / "ink.jpg").notes[0]
    small.convert("L").save(tmp_path / "grey.jpg", icc_profile=bytes(200))
    photo = read_photo(tmp_path / "grey.jpg")
    assert any("profile is damaged" in note for note in photo.notes) and not any("through" in note for note in photo.notes)


def test_what_is_printed_is_what_the_result_does(tmp_path, plain, enhancer, capsys):
    Image.fromarray(plain).save(tmp_path / "a.png", icc_profile=SPACES["P3"])  # whose red flag lies beyond sRGB
    photo = read_photo(tmp_path / "a.png")
    mask = read_mask(FOLDER / "flag.png", plain.shape[:2])[0]
    edit = edit_file(enhancer, photo.path, {"mask": FOLDER / "flag.png"}, tmp_path / "o.png", EditOptions(refine=2)).edit
    found = enhancer.judge(photo.srgb, mask, read_photo(tmp_path / "o.png").srgb)
    assert (edit.realism_change, edit.saliency_change) == pytest.approx(found, abs=0.005)
    assert "beyond sRGB, which stay there: proposed were" in capsys.readouterr().err


def test_a_plan_prints_what_each_step_shows(tmp_path, plain, enhancer, capsys):
    Image.fromarray(plain).save(tmp_path / "a.png", icc_profile=SPACES["P3"])
    for name in ("flag", "tank"):
        (tmp_path / f"{name}.png").write_bytes((FOLDER / f"{name}.png").read_bytes())
    steps = [{"mask": f"{name}.png", "task": "attenuate", "refine": 2} for name in ("flag", "tank")]
    (tmp_path / "plan.json").write_text(json.dumps(steps))
    main(["plan", str(tmp_path / "a.png"), str(tmp_path / "plan.json"), "--output", str(tmp_path / "out")])
    assert "beyond sRGB, which stay there: proposed were" in capsys.readouterr().err
    before = read_photo(tmp_path / "a.png").srgb
    for number, step in enumerate(json.loads((tmp_path / "out/a_plan.json").read_text()), start=1):
        name = step["region"]
        after = read_photo(tmp_path / f"out/a_{number}_{name}.png").srgb
        mask = read_mask(FOLDER / f"{name}.png", plain.shape[:2])[0]
        found = enhancer.judge(before, mask, after)
        assert (step["realism_change"], step["saliency_change"]) == pytest.approx(found, abs=0.005)
        before = after
