"""What a file says beside its pixels: what an edit makes false goes, what stays true is kept, and notes name the rest."""
import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from realistic_editing.data.containers import inflated
from realistic_editing.data.images import lost, read_photo, write_photo
from realistic_editing.data.kept import stripped
from realistic_editing.data.packets import clean_packet, merged_packets, split_packet
from realistic_editing.data.tiff_exif import read_tiff_tags

OUT = ("o.jpg", "o.png", "o.tif", "o.webp")
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
PIXELS = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)


def packet(attributes: str, inside: str = "") -> bytes:
    return (f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about="" {attributes}>{inside}'
            "</rdf:Description></rdf:RDF></x:xmpmeta>").encode()  # fmt: skip


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(path, *segments: bytes, **options) -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "JPEG", quality=95, **options)
    data = buffer.getvalue()
    path.write_bytes(data[:2] + b"".join(segments) + data[2:])


def written(tmp_path, name: str = "in.jpg", pixels=None):
    """The photo, and what it is read as from each format."""
    photo = read_photo(tmp_path / name)
    for out in OUT:
        write_photo(tmp_path / out, photo, photo.pixels)
    return photo, [read_photo(tmp_path / out) for out in OUT]


@pytest.mark.parametrize(
    "said",
    [
        'xmlns:tiff="{0}" tiff:Orientation="6"', "xmlns:t='{0}' t:Orientation='8'",
        'xmlns:tiff="{0}"|<tiff:Orientation>3</tiff:Orientation>',
    ],
)  # fmt: skip
def test_xmp_orientation_is_that_of_the_result(tmp_path, said):
    attributes, _, inside = said.format("http://ns.adobe.com/tiff/1.0/").partition("|")
    exif = Image.Exif()
    exif[274] = 6
    size = ' xmlns:e="http://ns.adobe.com/exif/1.0/" e:PixelXDimension="96"'
    jpeg(tmp_path / "in.jpg", exif=exif, xmp=packet(attributes + size, inside))
    photo, results = written(tmp_path)
    assert photo.pixels.shape[:2] == (96, 64)
    for result in results:
        found = result.metadata["xmp-data"]
        assert re.findall(rb"Orientation[=>]['\"]?(\d)", found) == [b"1"] and b'e:PixelXDimension="64"' in found


def test_exif_sizes_of_a_turned_photo_are_those_of_the_result(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    exif.get_ifd(0x8769).update({0xA002: 96, 0xA003: 64})
    jpeg(tmp_path / "in.jpg", exif=exif)
    written(tmp_path)
    for out in OUT:
        found = Image.open(tmp_path / out).getexif()
        assert found.get(274, 1) == 1
        assert [found.get_ifd(0x8769)[tag] for tag in (0xA002, 0xA003)] == [64, 96]


@pytest.mark.parametrize("resource", [1033, 1036])
def test_no_thumbnail_of_photoshop_survives(tmp_path, resource):
    small = b"a thumbnail of the photo before it was edited"
    block = b"8BIM" + struct.pack(">HHI", resource, 0, len(small)) + small + b"\0" * (len(small) % 2)
    jpeg(tmp_path / "in.jpg", segment(0xED, b"Photoshop 3.0\0" + block))
    written(tmp_path)
    assert not any(small in (tmp_path / out).read_bytes() for out in OUT)


@pytest.mark.parametrize(
    ("space", "name"),
    [
        ("http://ns.adobe.com/xap/1.0/", "Thumbnails"), ("http://ns.google.com/photos/1.0/image/", "Data"),
        ("http://ns.google.com/photos/1.0/depthmap/", "Data"), ("http://ns.adobe.com/hdr-gain-map/1.0/", "Version"),
        ("http://ns.google.com/photos/1.0/camera/", "MotionPhoto"), ("http://ns.google.com/photos/1.0/container/", "Directory"),
    ],
)  # fmt: skip
def test_xmp_says_nothing_of_pictures_that_the_result_has_not(space, name):
    rating = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"'
    for attributes, inside in ((f'xmlns:q="{space}" q:{name}="x"', ""), (f'xmlns:q="{space}"', f"<q:{name}>x</q:{name}>")):
        cleaned, _ = clean_packet(packet(f"{attributes} {rating}", inside), (10, 20))
        assert f"q:{name}".encode() not in cleaned and b'xmp:Rating="4"' in cleaned
    plain = packet(rating)
    assert clean_packet(plain, (10, 20)) == (plain, [])


def test_faces_of_a_turned_photo_go_with_a_note_and_line_breaks_stay():
    regions = 'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:c="http://me/" c:text="one&#xA;two"'
    whole = packet(regions, "<mwg-rs:Regions>face</mwg-rs:Regions>")
    assert clean_packet(whole, (1, 1))[0] == whole
    cleaned, notes = clean_packet(whole, (1, 1), orientation=6)
    assert b"face" not in cleaned and "faces" in notes[0] and b"one&#xA;two" in cleaned


def test_crops_and_masks_of_camera_raw_go_where_the_photo_is_turned():
    settings = 'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:Exposure2012="+0.50" crs:CropTop="0.1"'
    whole = packet(settings, "<crs:MaskGroupBasedCorrections>m</crs:MaskGroupBasedCorrections><crs:ToneCurve>t</crs:ToneCurve>")
    assert clean_packet(whole, (1, 1)) == (whole, [])
    cleaned, notes = clean_packet(whole, (1, 1), orientation=8)
    assert b"Crop" not in cleaned and b"Corrections" not in cleaned and "crops and masks" in notes[0]
    assert b'crs:Exposure2012="+0.50"' in cleaned and b"<crs:ToneCurve>t" in cleaned


def test_an_orientation_that_xmp_alone_names_is_told(tmp_path):
    jpeg(tmp_path / "in.jpg", xmp=packet('xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"'))
    photo, results = written(tmp_path)
    assert photo.pixels.shape == PIXELS.shape and "another orientation" in " ".join(photo.notes)
    assert all(b'tiff:Orientation="1"' in result.metadata["xmp-data"] and not result.notes for result in results)


DECLARED = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


@pytest.mark.parametrize(
    "bad",
    [
        b"<x:xmpmeta", DECLARED.encode(), b"\xff\xfe\x00", b"\xfe\xff" + DECLARED.encode("utf-16-be"),
        b"<a>" * 150 + b"</a>" * 150,
    ],
)  # fmt: skip
def test_damaged_xmp_is_told(tmp_path, bad):
    jpeg(tmp_path / "in.jpg", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bad))
    photo = read_photo(tmp_path / "in.jpg")
    assert "xmp-data" not in photo.metadata and "XMP is damaged" in " ".join(photo.notes)


def test_long_xmp_goes_through_every_format_and_back():
    whole = packet('xmlns:a="http://a/" a:short="s" a:long="' + "l" * 90000 + '"', "<a:more>" + "m" * 70000 + "</a:more>")
    main, more, guid = split_packet(whole, 65000)
    assert len(main) < 65000 and b'a:short="s"' in main and guid in main
    merged = merged_packets(main, {guid: more})
    assert merged.count(b"l" * 90000) == 1 and merged.count(b"m" * 70000) == 1 and b"HasExtendedXMP" not in merged
    assert merged_packets(main, {b"0" * 32: more}) == main  # of another packet


def test_long_xmp_in_files(tmp_path):
    jpeg(tmp_path / "in.jpg", xmp=packet('xmlns:a="http://a/" a:short="s"'))
    photo = read_photo(tmp_path / "in.jpg")
    photo.metadata["xmp-data"] = packet('xmlns:a="http://a/" a:short="s" a:long="' + "l" * 200000 + '"')
    for out in OUT:
        write_photo(tmp_path / out, photo, photo.pixels)
        found = read_photo(tmp_path / out).metadata["xmp-data"]
        assert b"l" * 200000 in found and b'a:short="s"' in found


ENTRIES = ((80, b"A. Muster"), (120, b"caption"), (25, b"k"))
IIM = b"".join(b"\x1c\x02" + bytes([n]) + struct.pack(">H", len(v)) + v for n, v in ENTRIES)


def test_iptc_of_jpeg_is_in_each_format_or_told(tmp_path):
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IIM)) + IIM + b"\0" * (len(IIM) % 2)
    jpeg(tmp_path / "in.jpg", segment(0xED, b"Photoshop 3.0\0" + block))
    photo, results = written(tmp_path)
    assert [IIM in result.metadata.get("iptc-data", b"") for result in results] == [True, True, True, False]
    assert "WebP has no place" in " ".join(photo.notes)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [1, 4, 7])
def test_iptc_of_tiff_whatever_its_type(tmp_path, order, kind):
    padded = IIM + b"\0" * (-len(IIM) % 4)
    info = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II" if order == "<" else b"MM")
    info[33723], info.tagtype[33723] = padded, 7
    Image.fromarray(PIXELS).save(tmp_path / "in.tif", tiffinfo=info)
    data = bytearray((tmp_path / "in.tif").read_bytes())
    end = "<" if data[:2] == b"II" else ">"
    place = data.index(struct.pack(end + "HHI", 33723, 7, len(padded)))
    struct.pack_into(end + "HI", data, place + 2, kind, len(padded) // (4 if kind == 4 else 1))
    (tmp_path / "in.tif").write_bytes(data)
    _, results = written(tmp_path, "in.tif")
    assert [IIM in result.metadata.get("iptc-data", b"") for result in results] == [True, True, True, False]
    assert read_tiff_tags((tmp_path / "o.tif").read_bytes(), {33723})[33723] == IIM


def test_damaged_iptc_is_never_handed_on(tmp_path):
    for cut, kept in ((len(IIM) - 3, True), (4, False)):
        block = b"8BIM\x04\x04\0\0" + struct.pack(">I", cut) + IIM[:cut] + b"\0" * (cut % 2)
        jpeg(tmp_path / "in.jpg", segment(0xED, b"Photoshop 3.0\0" + block))
        photo = read_photo(tmp_path / "in.jpg")
        assert "IPTC is damaged" in " ".join(photo.notes) and ("iptc-data" in photo.metadata) == kept


def test_a_last_entry_of_iptc_may_end_in_zeros(tmp_path):
    block = IIM + b"\x1c\x02\x05" + struct.pack(">H", 4) + b"end\0"
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    jpeg(tmp_path / "in.jpg", segment(0xED, b"Photoshop 3.0\0" + resource))
    photo = read_photo(tmp_path / "in.jpg")
    assert not [note for note in photo.notes if "damaged" in note] and block in photo.metadata["iptc-data"]


def test_texts_and_comments(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Creation Time", "noon")
    info.add_text("Title", "a" * 3000, zip=True)
    info.add_itxt("Author", "Łukasz")
    Image.fromarray(PIXELS).save(tmp_path / "in.png", pnginfo=info)
    photo, (_, png, *_) = written(tmp_path, "in.png")
    expected = {"Creation Time": "noon", "Title": "a" * 3000, "Author": "Łukasz"}
    assert dict(png.metadata["text"]) == expected and Image.open(tmp_path / "o.png").text == expected
    assert all("Creation Time, Title, Author" in lost(tmp_path / out, photo)[0] for out in ("o.jpg", "o.tif", "o.webp"))
    assert lost(tmp_path / "o.png", photo) == []
    jpeg(tmp_path / "in.jpg", segment(0xFE, "größer".encode()))
    photo, results = written(tmp_path)
    assert [dict(one.metadata.get("text", ())) for one in results[:2]] == [{"Comment": "größer"}] * 2
    assert Image.open(tmp_path / "o.jpg").info["comment"] == "größer".encode()


def test_strip_leaves_no_place_name_or_device(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif.get_ifd(0x8825)[1] = "A secret camera", "N"
    name = packet('xmlns:a="http://a/" a:b="A secret name"')
    jpeg(tmp_path / "in.jpg", segment(0xFE, b"A secret remark"), exif=exif, xmp=name)
    photo = read_photo(tmp_path / "in.jpg")
    for out in OUT:
        write_photo(tmp_path / out, photo, photo.pixels, strip=True)
        assert b"secret" not in (tmp_path / out).read_bytes()
    assert stripped(photo.metadata).keys() <= {"icc-profile-data", "xres", "yres", "resolution-unit"}


def test_pictures_behind_the_picture_are_told(tmp_path):
    jpeg(tmp_path / "in.jpg")
    whole = (tmp_path / "in.jpg").read_bytes()
    (tmp_path / "in.jpg").write_bytes(whole + whole + bytes(70000))
    assert "behind its picture" in read_photo(tmp_path / "in.jpg").notes[0]
    jpeg(tmp_path / "in.jpg", xmp=packet('xmlns:g="http://ns.google.com/photos/1.0/camera/" g:MotionPhoto="1"'))
    assert "motion photo" in read_photo(tmp_path / "in.jpg").notes[0]


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_alpha_of_every_model(tmp_path, mode):
    alpha = np.repeat(np.array([[0, 255] * 48], np.uint8), 64, axis=0)
    image = Image.fromarray(np.dstack([PIXELS, alpha]))
    image = image.convert("LA") if mode == "LA" else image
    if mode == "P":
        image = Image.fromarray((alpha // 255).astype(np.uint8), "P")
        image.putpalette([200, 0, 0, 0, 200, 0] + [0] * 762)
        image.save(tmp_path / "in.png", transparency=0)
    else:
        image.save(tmp_path / "in.png")
    photo = read_photo(tmp_path / "in.png")
    assert np.array_equal(photo.alpha, alpha)
    for out in OUT[1:]:
        write_photo(tmp_path / out, photo, photo.pixels)
        assert np.array_equal(read_photo(tmp_path / out).alpha, alpha)


def gain_map_jpeg(path, xmp: bytes, behind: bytes) -> None:
    """A JPEG with XMP and, behind its picture, another one or a clip."""
    jpeg(path, xmp=xmp)
    path.write_bytes(path.read_bytes() + behind)


@pytest.mark.parametrize(
    ("space", "said", "words"),
    [
        ("http://ns.adobe.com/hdr-gain-map/1.0/", 'q:Version="1.0"', "gain map"),
        ("http://ns.apple.com/HDRGainMap/1.0/", 'q:HDRGainMapVersion="65536"', "gain map"),
        ("http://ns.google.com/photos/1.0/camera/", 'q:MotionPhoto="1"', "motion photo"),
        ("http://ns.google.com/photos/1.0/camera/", 'q:MicroVideo="1"', "motion photo"),
        ("http://me/", 'q:nothing="1"', "kB behind its picture"),
    ],
)
def test_pictures_and_clips_beside_a_photo_are_told_and_all_else_is_kept(tmp_path, space, said, words):
    rating = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"'
    gain_map_jpeg(tmp_path / "in.jpg", packet(f'{rating} xmlns:q="{space}" {said}'), bytes(100_000))
    photo, results = written(tmp_path)
    assert words in " ".join(photo.notes)
    for result in results:
        assert b'xmp:Rating="4"' in result.metadata["xmp-data"] and words not in " ".join(result.notes)


def test_an_ultra_hdr_of_libvips_keeps_its_xmp(tmp_path):
    import pyvips

    jpeg(tmp_path / "plain.jpg", xmp=packet('xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"'))
    image = pyvips.Image.new_from_file(str(tmp_path / "plain.jpg"))
    try:
        (image.colourspace("scrgb") * 2).copy(interpretation="scrgb").uhdrsave(str(tmp_path / "in.jpg"))
    except (pyvips.Error, AttributeError):
        pytest.skip("this libvips writes no Ultra HDR")
    assert "gain map" in " ".join(read_photo(tmp_path / "in.jpg").notes)


def test_a_packet_of_countless_parts_is_not_taken_apart(monkeypatch):
    many = packet('xmlns:a="http://a/"', "<a:b/>" * 100)
    assert clean_packet(many, (64, 96))[0] == many
    monkeypatch.setattr("realistic_editing.data.packets._MOST_PARTS", 50)
    with pytest.raises(ValueError, match="more parts"):
        clean_packet(many, (64, 96))


@pytest.mark.parametrize("compressed", [True, False])
def test_texts_and_profiles_of_png_are_unpacked_up_to_a_limit(tmp_path, monkeypatch, compressed):
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "short")
    info.add_itxt("Story", "s" * 3000, zip=True) if compressed else info.add_text("Story", "s" * 3000, zip=True)
    Image.fromarray(PIXELS).save(tmp_path / "in.png", pnginfo=info)
    assert dict(read_photo(tmp_path / "in.png").metadata["text"]) == {"Title": "short", "Story": "s" * 3000}
    monkeypatch.setattr("realistic_editing.data.iptc.LARGEST", 2000)
    photo = read_photo(tmp_path / "in.png")
    assert dict(photo.metadata["text"]) == {"Title": "short"} and "text Story is damaged or too large" in photo.notes[0]
    with pytest.raises(zlib.error):
        inflated(zlib.compress(bytes(3000)), 2000)


def test_exif_and_xmp_in_the_custom_before_png_had_places_for_them(tmp_path):
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 6
    xmp = packet('xmlns:a="http://a/" a:short="s"')
    info = PngImagePlugin.PngInfo()
    for kind, block in (("exif", exif.tobytes()), ("xmp", xmp)):
        info.add_text(f"Raw profile type {kind}", f"\n{kind}\n{len(block):8d}\n{block.hex()}\n", zip=True)
    Image.fromarray(PIXELS).save(tmp_path / "in.png", pnginfo=info)
    photo, results = written(tmp_path, "in.png")
    assert photo.pixels.shape == PIXELS.shape  # not turned, as viewers show it
    for out, result in zip(OUT, results, strict=True):
        found = Image.open(tmp_path / out).getexif()
        assert (found[271], found[274]) == ("Maker", 1) and b'a:short="s"' in result.metadata["xmp-data"]


def test_what_is_longer_than_a_segment_is_told(tmp_path):
    exif = Image.Exif()
    exif[271], exif.get_ifd(0x8769)[37500] = "Maker", b"m" * 100_000
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Comment", "é" * 50_000)
    Image.fromarray(PIXELS).save(tmp_path / "in.png", exif=exif.tobytes(), pnginfo=info)
    photo, results = written(tmp_path, "in.png")
    long = [len(result.metadata["exif-data"]) > 100_000 for result in results]
    told = ["its EXIF has" in " ".join(lost(tmp_path / out, photo)) for out in OUT]
    assert told == [not kept for kept in long] == [True, True, False, True]
    assert results[0].metadata["text"] == (("Comment", "é" * 32_500),)
    assert ["comment is cut" in " ".join(lost(tmp_path / out, photo)) for out in OUT] == [True, False, False, False]
