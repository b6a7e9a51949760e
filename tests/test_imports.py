"""Imports go one way: common, then ops and describe, data, saliency, the three users of it, evaluation, and apps last."""
import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "realistic_editing"
# What each part may import of the others. weights finds its networks by name, late, and so stands near the beginning.
ALLOWED = {
    "common": set(),
    "ops": {"common"},
    "describe": {"common", "weights"},
    "weights": {"common", "ops"},
    "data": {"common", "ops"},
    "training": {"common", "ops", "data", "weights"},
    "saliency": {"common", "ops", "describe", "data", "weights", "training"},
    "realism": {"common", "ops", "describe", "data", "weights", "training", "saliency"},
    "enhance": {"common", "ops", "describe", "data", "weights", "training", "saliency"},
    "baselines": {"common", "ops", "describe", "data", "weights", "training", "saliency"},
    "evaluation": {"common", "ops", "describe", "data", "weights", "training", "saliency", "realism", "enhance", "baselines"},
    "benchmark": {"common", "ops", "describe", "data", "weights", "training", "saliency", "realism", "enhance", "baselines"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    part = path.relative_to(PACKAGE).parts[0]
    if part not in ALLOWED:  # apps and the package's own __init__ may import everything
        return
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        imported |= {name.split(".")[1] for name in names if name.startswith("realistic_editing.")}
    assert imported <= ALLOWED[part] | {part}
    assert part == "common" or "apps" not in imported


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_short_and_say_what_they_are_for(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_every_package_that_is_imported_is_a_dependency():
    """None may be there only because another brings it, but for the halves of Hydra and FastAPI that their users import too."""
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    stated = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    named = {re.split(r"[\[>=<]", one)[0].lower() for one in stated} | {"omegaconf", "starlette"}
    imported = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            imported |= {name.split(".")[0] for name in names}
    makers = importlib.metadata.packages_distributions()
    for name in imported - set(sys.stdlib_module_names) - {PACKAGE.name}:
        found = {maker.lower().replace("_", "-") for maker in makers.get(name, [name])}
        assert found & named, f"{name} is imported, and pyproject.toml lacks it"
