"""--max-megapixels bounds what every command that reads a photo will open, by the photo's header."""
import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.data.limits import SETTING


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv(SETTING, "160")  # put back as it was when the test ends
    monkeypatch.chdir(tmp_path)
    for name, mode in (("photo.png", "RGB"), ("photo_mask.png", "L")):
        Image.new(mode, (200, 100), 255 if mode == "L" else (90, 120, 60)).save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["edit", "photo.png", "photo_mask.png"],
        ["score", "photo.png", "photo_mask.png"],
        ["mask", "photo.png", "photo_mask.png", "--output", "better.png"],
        ["batch", ".", "--output", "out"],
    ],
    ids=lambda words: words[0],
)
def test_a_photo_above_the_limit_is_refused(files, capsys, command):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--max-megapixels", "0.01"])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and "200 x 100" in said and "--max-megapixels" in said
    assert not list(files.glob("**/*_attenuate*")) and not (files / "better.png").exists()


@pytest.mark.parametrize("value", ["0", "-1", "many", "nan"])
def test_a_limit_that_is_none_is_named(files, capsys, value):
    with pytest.raises(SystemExit) as stop:
        main(["edit", "photo.png", "photo_mask.png", f"--max-megapixels={value}"])
    assert stop.value.code == 2 and "max-megapixels" in capsys.readouterr().err
