"""The notebooks run from top to bottom without any data set, leave no file behind, and keep clean outputs.

They run with small networks, few steps of refinement and small copies of the demo's photos: what is looked at is whether each
cell still works, and shows what it showed. What the bundled weights make of the photos is in the outputs that are kept, which
are marked with these weights. Kernels are split off from a process that has imported PyTorch.
"""
import os
import re
import runpy
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from realistic_editing.apps.demo import FOLDER

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST = 1_500_000  # bytes of a notebook
MACHINE = re.compile(r"/(tmp|work|home|root|Users|private|mnt)\b|[A-Z]:\\")
NOISE = re.compile(r"it/s|step/s|region/s|\d%\||IProgress|Warning")
OWN_PLACES = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "TORCHINDUCTOR_CACHE_DIR")  # of the kernel and of torch


@pytest.fixture(scope="module")
def executed():
    return runpy.run_path(str(ROOT / "scripts/run_notebooks.py"))["executed"]


# What a kernel does first.
START = """
from pathlib import Path
from realistic_editing.apps import demo
from realistic_editing.enhance import options
from realistic_editing.saliency.distinctness import PatchDistinctness
from realistic_editing.weights import files
PatchDistinctness.__init__.__defaults__ = (64, *PatchDistinctness.__init__.__defaults__[1:])
options.REFINE, files.WEIGHTS_FOLDER, demo.FOLDER = 2, Path({weights!r}), Path({photos!r})
del Path, PatchDistinctness, demo, options, files
"""

KERNEL = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance(argv={words!r})"


@pytest.fixture
def split_kernels(split_off, monkeypatch):
    """Jupyter's kernels are split off; nobody reads what they write beside their messages."""
    from jupyter_client.provisioning import local_provisioner

    def launch(command, env, cwd, **_):
        words = command[command.index("-f") :]  # after the program that would start it
        return split_off(KERNEL, words, [(1, os.devnull), (2, os.devnull)], cwd, environment=env)

    monkeypatch.setattr(local_provisioner, "launch_kernel", launch)
    # A signal would go to the process group of all that is split off.
    monkeypatch.setattr(local_provisioner.os, "getpgid", lambda _: None)


@pytest.fixture(scope="module")
def small_photos(tmp_path_factory):
    """The demo's folder, with its photos and masks at a third of their size."""
    folder = tmp_path_factory.mktemp("photos")
    for path in (path for path in FOLDER.iterdir() if path.suffix in (".jpg", ".png")):
        with Image.open(path) as image:
            image.resize((image.width // 3, image.height // 3)).save(folder / path.name)
    return folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_leaves_nothing_behind(
    path, executed, tiny_bundle, small_photos, split_kernels, tmp_path, monkeypatch
):
    places = {name: tmp_path / name for name in ("start", "TMPDIR", *OWN_PLACES)}
    for name, place in places.items():
        place.mkdir()
        monkeypatch.setenv(name, str(place))
    monkeypatch.delenv("REALISTIC_EDITING_DATA", raising=False)
    startup = places["IPYTHONDIR"] / "profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "small.py").write_text(START.format(weights=str(tiny_bundle), photos=str(small_photos)))
    kept = nbformat.read(path, as_version=4)
    fresh = executed(path, places["start"])
    assert [kinds(cell) for cell in fresh.cells] == [kinds(cell) for cell in kept.cells]
    check_outputs(fresh)
    assert not list(places["start"].iterdir()) and not list(places["TMPDIR"].iterdir())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_kept_outputs_are_whole_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "not run from top to bottom; make notebooks does"
    assert any("image/jpeg" in kinds(cell) for cell in notebook.cells)
    assert path.stat().st_size < MOST
    check_outputs(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_kept_outputs_are_of_todays_weights(path):
    mark = runpy.run_path(str(ROOT / "scripts/run_notebooks.py"))["weights_mark"]()
    assert nbformat.read(path, as_version=4).metadata.get("weights") == mark, "kept from other weights; run make notebooks"


def test_there_are_notebooks():
    assert NOTEBOOKS


def kinds(cell):
    """What a cell shows: the kinds of its outputs, in order."""
    shown = []
    for output in cell.get("outputs", []):
        shown += sorted(output.data) if "data" in output else [output.output_type]
    return shown


def check_outputs(notebook):
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}, cell.metadata  # no times of execution
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", output
            data = {"text": output.get("text", "")} | output.get("data", {})
            for text in [data[kind] for kind in data if kind.startswith("text")]:
                assert not MACHINE.search(text) and not NOISE.search(text), text
