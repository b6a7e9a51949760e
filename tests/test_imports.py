"""Imports go one way: common, then ops and describe, data, saliency, the three users of it, evaluation, and apps last."""
import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "realistic_editing"
# What each part may import of the others. weights finds its networks by name, late, and so stands near the beginning.
ALLOWED = {
    "common": set(),
    "ops": {"common"},
    "describe": {"common"},
    "weights": {"common", "ops"},
    "data": {"common", "ops"},
    "training": {"common", "ops", "data", "weights"},
    "saliency": {"common", "ops", "data", "weights", "training"},
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
