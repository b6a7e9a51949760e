"""How results are written: format, quality, and without place and personal data."""
from pathlib import Path

import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.writing import Writing
from realistic_editing.common.errors import InputError


@pytest.mark.parametrize(
    ("form", "photo", "suffix"),
    [
        (None, "a.jpg", ".png"), (None, "a.tif", ".tif"), ("same", "a.JPG", ".JPG"), ("same", "a.jfif", ".jpg"),
        ("same", "a.heic", ".png"), ("jpg", "a.png", ".jpg"), ("webp", "a.jpg", ".webp"),
    ],
)  # fmt: skip
def test_the_suffix_of_a_result(form, photo, suffix):
    assert Writing(form).suffix(Path(photo)) == suffix


@pytest.mark.parametrize("options", [{"format": "gif"}, {"quality": 0}, {"quality": "x"}, {"quality": 101}])
def test_what_cannot_be_written_is_refused(options):
    with pytest.raises(InputError, match=r"; use "):
        Writing.read(options)


def test_a_jpeg_stays_one_when_asked_and_says_what_that_does(tmp_path, tiny_weights, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exif = Image.Exif()
    exif[0x010F] = "A secret camera"
    Image.linear_gradient("L").convert("RGB").save("a.jpg", exif=exif)
    Image.new("L", (256, 256), 0).save("m.png")
    Image.open("m.png").point(lambda _: 255).crop((0, 0, 128, 256)).resize((256, 256)).save("m.png")
    judges = ["--critic", tiny_weights["critic"], "--saliency", tiny_weights["saliency"]]
    ours = ["--weights", tiny_weights["attenuate"], *judges]
    sizes = []
    for quality, name in (("40", "a_attenuate.jpg"), ("95", "a_attenuate_2.jpg")):
        main(["edit", "a.jpg", "m.png", "--format", "same", "--quality", quality, "--strip", *ours])
        sizes.append(Path("outputs", name).stat().st_size)
    assert sizes[0] < sizes[1] and b"secret" not in Path("outputs/a_attenuate.jpg").read_bytes()
    assert "encoded again" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["edit", "a.jpg", "m.png", "--format", "jpg", "--output", "o.png", *ours])
    assert "format is jpg, and the result o.png; leave out --format" in capsys.readouterr().err and not Path("o.png").exists()
