"""realistic-editing doctor: what is here, and what cannot start without more."""
import json
import re
import sys
from pathlib import Path

import pytest

from realistic_editing.apps.cli import main

ROOT = Path(__file__).resolve().parents[2]


def test_the_doctor_finds_all_well(capsys):
    main(["doctor", "--json"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert {"attenuate", "amplify", "critic", "compact_saliency"} <= set(found["weights"]) and "all well" in err
    assert all(line.startswith("ok") for line in found["self-test"].values()) and len(found["self-test"]) == 3


def test_the_doctor_names_the_commands_that_cannot_start(capsys, monkeypatch):
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    packages = {re.split(r"[\[>=]", one)[0]: extra for extra in ("tools", "demo", "study") for one in extras[extra]}
    del packages["realistic-editing"]  # an extra that brings another
    for name in packages:
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    main(["doctor"])
    out, err = capsys.readouterr()
    for name, extra in packages.items():
        assert re.search(rf"  {name}: not here, for .*; pip install -e '\.\[{extra}\]'", out), name
    assert err.startswith("all well, but these need an extra: ")
    assert "batch, score, video and study (tools)" in err
    assert "realistic-editing page (demo)" in err and "study (study)" in err


def test_the_doctor_says_how_to_get_a_program(capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("realistic_editing.apps.doctor._tested", dict)
    main(["doctor"])
    out = capsys.readouterr().out
    assert "ffmpeg: not here, for video with sound; apt install ffmpeg" in out
    assert "chromium: not here, for tests, to open pages; apt install chromium" in out
