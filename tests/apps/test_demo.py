"""The demo: what `make demo` leaves behind and says."""
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realistic_editing import Recipe
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import DEMO_EDITS, FOLDER
from realistic_editing.apps.main import EXTRAS

ROOT = Path(__file__).resolve().parents[2]


def test_results_recipes_and_sheet_are_written_and_said_with_what_numbers_mean(tmp_path, capsys, bundled_networks):
    main(["demo", "--output", str(tmp_path)])
    before = np.array(Image.open(FOLDER / "astronaut.jpg"))
    for task, region in DEMO_EDITS:
        after = np.array(Image.open(tmp_path / f"{region}_{task}.png"))
        outside = np.array(Image.open(FOLDER / f"{region}.png")) == 0
        assert (after[outside] == before[outside]).mean() > 0.99  # JPEG decoders differ by a level here and there
        assert (after != before).any()
        assert len(Recipe.load(tmp_path / f"{region}_{task}.json")) == 1
    assert Image.open(tmp_path / "sheet.png").size[0] > 3 * 512
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 5 and lines[2].startswith("realism: how much more real") and "sheet.png" in lines[4]
    saliency = [int(line.split("saliency ")[1].split(" %")[0]) for line in lines[:2]]
    assert saliency[0] < 0 < saliency[1]


def test_every_core_dependency_is_one_that_the_demo_imports(tmp_path, tiny_bundle):
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = {re.split(r"[\[>=<]", one)[0].lower() for one in project["dependencies"]}
    code = (
        "import sys; from importlib.metadata import packages_distributions\n"
        "from pathlib import Path\n"
        "from realistic_editing.apps.cli import main\n"
        "from realistic_editing.enhance import options\n"
        "from realistic_editing.weights import files\n"
        "options.REFINE, files.WEIGHTS_FOLDER = 2, Path(sys.argv[2])\n"
        "main(['demo', '--output', sys.argv[1]])\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "makers = packages_distributions()\n"
        "print(*{one.lower() for name in loaded for one in makers.get(name, [])})"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(tiny_bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    assert stated <= imported, f"no package of the core that the demo does not need: {sorted(stated - imported)}"


EDITING = ("demo", "enhance", "export", "mask", "plan", "recipe", "doctor")


def test_editing_needs_the_core_alone_and_what_needs_more_names_the_extra(tmp_path):
    """As if all that only extras bring were not installed."""
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    brought = {re.split(r"[\[>=<]", one)[0].replace("-", "_") for extra in EXTRAS for one in extras[extra]}
    assert {name for names in EXTRAS.values() for name in names} == brought - {"realistic_editing"}
    code = (
        f"import importlib, sys\nfor name in {sorted(brought - {'realistic_editing'})}: sys.modules[name] = None\n"
        "from realistic_editing.apps.main import JOBS, call\n"
        f"for job in {EDITING}: importlib.import_module(JOBS[job].split(':')[0])\n"
        "for job in sys.argv[1:]:\n"
        "    try: call(job, {})\n"
        "    except SystemExit as left: print(job, left.code)\n"
    )
    needing = {"batch": "tools", "score": "tools", "train_realism": "train", "figures": "train"}
    done = subprocess.run([sys.executable, "-c", code, *needing], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{job} 2" for job in needing]
    for line, extra in zip(done.stderr.splitlines(), needing.values(), strict=True):
        assert line.startswith("error: this needs the package ") and f"pip install -e '.[{extra}]'" in line
