"""The documentation builds without a warning, links among it hold, its commands are accepted, and its Python runs."""
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from realistic_editing.apps.cli import _parser
from realistic_editing.apps.config import (
    CONFIGS,
    ENHANCE_TEXT,
    EVALUATE_TEXT,
    FIGURES_TEXT,
    TEXT,
    TRAIN_TEXT,
    quoted,
)
from realistic_editing.apps.presets import full_names
from realistic_editing.data.gaze import SETS
from realistic_editing.data.splits import split_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Script -> the folder of its config, its name, and its options that are plain text.
SCRIPTS = {
    "train_saliency": ("", "train_saliency", TRAIN_TEXT),
    "train_realism": ("", "train_realism", TRAIN_TEXT),
    "train_enhancer": ("", "train_enhancer", TRAIN_TEXT),
    "train_selector": ("", "train_selector", TRAIN_TEXT),
    "evaluate": ("evaluate", "evaluate", EVALUATE_TEXT),
    "make_figures": ("figures", "figures", FIGURES_TEXT),
    "enhance": ("enhance", "enhance", ENHANCE_TEXT),
    "benchmark": ("", "benchmark", ()),
    "gpu_run": ("", "gpu_run", TEXT["gpu_run"]),
    "pack_regions": ("", "pack_regions", TRAIN_TEXT),
}
DEMO = ROOT / "realistic_editing/apps/demo_photo"
# Pages whose Python is not run here, and why.
NOT_RUN = {"extend.md": "its blocks are files, and lines of files, that a reader writes: tests/apps/test_extend.py runs them"}


def python_of(page):
    """The blocks of Python of a page, in their order."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


RUN = [page for page in PAGES if python_of(page) and page.name not in NOT_RUN]
WRITES = {"README.md": "calmer.png", "edit.md": "edit.json", "train.md": "looked_at/*_mask.png"}


def commands(program):
    """(page, words) of each line of a bash block that runs a program."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == [program] or (words[:1] == ["python"] and program == "python"):
                    found.append((page.name, words))
    return found


@pytest.mark.parametrize(("page", "words"), commands("realistic-editing"), ids=lambda value: str(value)[:70])
def test_every_command_is_accepted(page, words):
    _parser().parse_args(words[1:])


@pytest.mark.parametrize(("page", "words"), commands("python"), ids=lambda value: str(value)[:70])
def test_every_script_takes_these_options(page, words):
    script = ROOT / words[1]
    assert script.is_file()
    if script.stem in SCRIPTS and not any("hydra.searchpath" in word for word in words):  # tests/apps/test_extend.py has those
        folder, name, text = SCRIPTS[script.stem]
        options = [word for word in words[2:] if not word.startswith("-")]
        if "-m" in words:  # of a sweep, its first job
            options = [word.split(",")[0] for word in options]
        with initialize_config_dir(str(CONFIGS / folder), version_base="1.3"):
            compose(name, overrides=full_names(script.stem, quoted(options, text)))


def test_every_install_command_is_one_that_a_clone_can_run():
    """There is no release on an index: what is installed is the clone, with extras that pyproject.toml has."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = project.split("[project.optional-dependencies]")[1].split("[project.scripts]")[0]
    known, asked = {"NAME", *re.findall(r"^(\w+) = \[", extras, re.MULTILINE)}, set()
    for file in [*PAGES, *sorted((ROOT / "realistic_editing").rglob("*.py"))]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"pip install ['\"]?realistic-editing", text), file
        for named in re.findall(r"pip install -e ['\"]?\.\[([\w,]+)\]", text):
            asked |= set(named.split(","))
    assert {"tools", "sam"} <= asked <= known


def test_the_documentation_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx", reason="needs Sphinx: pip install -e .[docs]")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "cache")]
    done = subprocess.run([*build, str(ROOT / "docs"), str(tmp_path / "html")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= {path.stem for path in (tmp_path / "html").glob("*.html")}
    pictures = re.findall(r'src="(_images/[^"]+)"', (tmp_path / "html/index.html").read_text())
    assert pictures and all((tmp_path / "html" / picture).is_file() for picture in pictures)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_to_files_hold(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.fixture
def readers_folder(tmp_path, monkeypatch, small_networks, few_steps):
    """A folder with photo.jpg and mask.png, and in data/ one photo of each set of eye tracking."""
    shutil.copy(DEMO / "coffee.jpg", tmp_path / "photo.jpg")
    shutil.copy(DEMO / "cup.png", tmp_path / "mask.png")
    for name in SETS:
        stimuli = tmp_path / "data" / name / "stimuli"
        stimuli.mkdir(parents=True)
        file = next(f"{number}.jpg" for number in range(100) if split_of(str(number), name) == "train")
        Image.open(DEMO / "coffee.jpg").resize((200, 150)).save(stimuli / file)  # small, for it is selected in twice
        height, width = SETS[name].frame or (150, 200)
        rows = [(file, viewer, 0.48 * width, 0.4 * height, 200) for viewer in (0, 0, 1, 1)]  # on the cup
        table = pd.DataFrame(rows, columns=["image", "subject", "x", "y", "duration_ms"])
        table.to_csv(stimuli.parent / "fixations.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REALISTIC_EDITING_DATA", raising=False)
    return tmp_path


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_python_of_a_page_runs_in_order_in_a_folder_with_a_photo_and_a_mask(page, readers_folder):
    names = {"__name__": "__main__"}
    for number, block in enumerate(python_of(page), 1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)
    assert page.name not in WRITES or any(readers_folder.glob(WRITES[page.name]))


def test_pages_whose_python_is_not_run_have_some():
    assert all(python_of(ROOT / "docs" / page) for page in NOT_RUN)
