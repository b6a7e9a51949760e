"""Sound is copied by ffmpeg; where that is absent or fails, the clip stays and it is said."""
import json
import os
import shutil
import subprocess
import sys

import pytest

from realistic_editing.data.sound import add_sound, sound_command

FAKE = """#!{python}
import json, os, sys
json.dump(sys.argv[1:], open(os.environ["FFMPEG_SAID"], "w"))
if os.environ.get("FFMPEG_FAILS"):
    open(sys.argv[-1], "w").write("half")
    sys.exit("codec pcm_s16le is not supported in mp4")
open(sys.argv[-1], "wb").write(open(sys.argv[sys.argv.index("-i") + 1], "rb").read() + b" with sound")
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A silent clip and its source; PATH holds no program."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    silent, source = tmp_path / "a result.mp4", tmp_path / "source.mov"
    silent.write_bytes(b"picture")
    source.write_bytes(b"picture and sound")
    return silent, source


@pytest.fixture
def fake(tmp_path, files, monkeypatch):
    program = tmp_path / "bin/ffmpeg"
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("FFMPEG_SAID", str(tmp_path / "said.json"))
    return tmp_path / "said.json"


def test_picture_and_sound_are_copied_as_they_are(files, fake):
    silent, source = files
    assert add_sound(silent, source) is None and silent.read_bytes() == b"picture with sound"
    said = json.loads(fake.read_text())
    assert [said[place + 1] for place, word in enumerate(said) if word == "-i"] == [str(silent), str(source)]
    assert [said[place + 1] for place, word in enumerate(said) if word == "-map"] == ["0:v:0", "1:a?"]
    assert said[said.index("-c") + 1] == "copy" and "-nostdin" in said
    assert said[-1] != str(silent) and os.path.dirname(said[-1]) == str(silent.parent) and said[-1].endswith(".mp4")
    assert sorted(path.name for path in silent.parent.iterdir()) == ["a result.mp4", "bin", "said.json", "source.mov"]


def test_a_failure_leaves_the_silent_clip(files, fake, monkeypatch):
    silent, source = files
    monkeypatch.setenv("FFMPEG_FAILS", "1")
    assert "pcm_s16le is not supported" in add_sound(silent, source)
    assert silent.read_bytes() == b"picture" and not list(silent.parent.glob(".*"))


def test_without_ffmpeg_it_says_how(files):
    silent, source = files
    said = add_sound(silent, source)
    assert "ffmpeg is not installed" in said and "a result_sound.mp4'" in said and "'1:a?'" in said
    assert silent.read_bytes() == b"picture"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg on PATH")
def test_the_real_ffmpeg_keeps_picture_and_sound(tmp_path, video_clips):
    source, silent = tmp_path / "source.mkv", tmp_path / "silent.mkv"
    made = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=1", "-f", "lavfi", "-i", "sine=duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", *made, "-c:v", "ffv1", "-c:a", "pcm_s16le", str(source)], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), "-an", "-c:v", "copy", str(silent)], check=True)
    assert add_sound(silent, source) is None
    found = subprocess.run(["ffmpeg", "-hide_banner", "-i", str(silent)], capture_output=True, text=True, check=False).stderr
    assert "Audio: pcm_s16le" in found and "Video: ffv1" in found
    assert sound_command("ffmpeg", silent, source, tmp_path / "x.mkv")[0] == "ffmpeg"
