"""Pipes and devices given for files, names that none can have, huge pictures, and a full disk: named, and nothing lost."""
import errno
import os
import struct
import zlib

import pytest
import torch
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.plan import read_plan
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing, replacing_folder
from realistic_editing.data.clips import open_clip
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.data.pixels import read_grey, read_own_mask, read_rgb
from realistic_editing.data.regions import read_manifest
from realistic_editing.evaluation.suites.ratings import read_ratings
from realistic_editing.ops import Recipe
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.training.checkpoint import load_state, save_state
from realistic_editing.weights import load_network, load_released, save_network

PICTURES = {
    "photo": read_photo, "mask": lambda path: read_mask(path, (8, 8)), "rgb": read_rgb, "grey": read_grey, "own": read_own_mask,
}  # fmt: skip
READERS = PICTURES | {
    "clip": open_clip,
    "recipe": Recipe.load,
    "plan": lambda path: read_plan(path, None),
    "ratings": read_ratings,
    "manifest": lambda path: read_manifest(path, "."),
    "weights": load_network,
    "released": lambda path: load_released(path, "editnet"),
    "checkpoint": lambda path: load_state(path, {}, None, None, torch.device("cpu")),
}
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes and limits")


@posix
@pytest.mark.parametrize("name", READERS)
def test_a_pipe_or_device_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / "a.png")
    for path in (tmp_path / "a.png", "/dev/zero"):
        with pytest.raises(InputError, match="is a pipe, a device or a socket"):
            READERS[name](path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("path", ["a\0b.png", "x" * 300 + ".png"], ids=["null", "long"])
def test_a_name_that_no_file_can_have(tmp_path, monkeypatch, name, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        READERS[name](path)
    assert len(str(error.value)) < 400


@posix
@pytest.mark.parametrize("output", ["a\0b.png", "x" * 300 + ".png", "pipe.png", "/dev/null"])
def test_a_result_that_can_have_no_such_place(tmp_path, monkeypatch, capsys, output):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.png")
    Image.new("RGB", (32, 32), (90, 120, 60)).save("photo.png")
    Image.new("L", (32, 32), 255).save("mask.png")
    with pytest.raises(SystemExit) as stop:
        main(["edit", "photo.png", "mask.png", "--output", output])
    assert stop.value.code == 2 and "error:" in capsys.readouterr().err
    with pytest.raises(InputError), replacing(output):
        pass
    with pytest.raises(InputError), replacing_folder(output):
        pass


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("x" * 250 + ".txt")
    with replacing(path) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole" and len(list(tmp_path.iterdir())) == 1


def header(width: int, height: int) -> bytes:
    """A PNG that says its size, and holds next to nothing."""
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))  # noqa: E731
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_30000_by_30000_is_refused_with_its_need(tmp_path, name):
    (tmp_path / "a.png").write_bytes(header(30000, 30000))
    with pytest.raises(InputError, match=r"is 30000 x 30000, 900.0 megapixels, above the limit of 160; .*--max-megapixels"):
        PICTURES[name](tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".tif", ".bmp", ".jpg", ".webp", ".gif"])
def test_the_size_is_known_of_every_format(tmp_path, monkeypatch, suffix):
    monkeypatch.setenv("REALISTIC_EDITING_MAX_MEGAPIXELS", "0.001")
    Image.new("RGB", (60, 40)).save(tmp_path / f"a{suffix}")
    for name in PICTURES:
        with pytest.raises(InputError, match="60 x 40"):
            PICTURES[name](tmp_path / f"a{suffix}")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_full_disk_leaves_what_was_there(tmp_path, code):
    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(InputError, match=r"a.csv: cannot be written .*free some disk space"), replacing(tmp_path / "a.csv"):
        raise OSError(code, os.strerror(code))
    assert (tmp_path / "a.csv").read_text() == "before" and len(list(tmp_path.iterdir())) == 1


@posix
@pytest.mark.parametrize("most", [100, 5000, 200_000])
@pytest.mark.parametrize("what", ["checkpoint", "weights", "recipe"])
def test_a_disk_that_fills_while_it_is_written(tmp_path, most, what):
    """The system's own limit on the size of a file, in a child, stands for the full disk."""
    import resource
    import signal

    network = CompactCritic()
    path = tmp_path / "out.safetensors"
    path.write_bytes(b"before")
    optimizer = torch.optim.Adam(network.parameters())
    write = {
        "checkpoint": lambda: save_state(path, {"network": network}, optimizer, None, 1, None),
        "weights": lambda: save_network(network, "compact_critic", path, {}, {}),
        "recipe": lambda: Recipe.identity(torch.tensor([[0, 1, 2, 3]]).repeat(1000, 1)).save(path),
    }[what]
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        try:
            write()
        except InputError as error:
            os._exit(2 if "out.safetensors: cannot be written" in str(error) else 3)
        except BaseException:
            os._exit(4)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert path.read_bytes() == b"before" and [one.name for one in tmp_path.iterdir()] == ["out.safetensors"]


def test_masks_of_another_kind_than_pictures(tmp_path):
    for data in (b"<!-- " + b"x" * 5000 + b" --><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", b"1,2\n3,4\n"):
        (tmp_path / "a.png").write_bytes(data)
        for read in PICTURES.values():
            with pytest.raises(InputError):
                read(tmp_path / "a.png")
