"""Imports go one way: common, ops and region_statistics, data, saliency, the three users of it, evaluation, and apps last."""
import ast
import graphlib
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

import realistic_editing.weights

PACKAGE = Path(__file__).resolve().parents[1] / "realistic_editing"
# What each part may import of the others. weights finds its networks by name, late, and so comes near the beginning.
SHARED = {"common", "ops", "region_statistics", "data", "weights", "training", "saliency", "selection"}
ALLOWED = {
    "common": set(),
    "ops": {"common"},
    "region_statistics": {"common", "weights"},
    "weights": {"common", "ops"},
    "data": {"common", "ops", "weights"},  # which find the network that selects by its name, late
    "training": {"common", "ops", "data", "weights"},
    "saliency": {"common", "ops", "region_statistics", "data", "weights", "training"},
    "selection": SHARED - {"selection"},
    "realism": SHARED,
    "enhance": SHARED,
    "baselines": SHARED,
    "evaluation": {*SHARED, "realism", "enhance", "baselines"},
    "benchmark": {*SHARED, "realism", "enhance", "baselines"},
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


def _graph():
    """Each module of the package -> the modules of the package that it imports when it is loaded."""
    parts = {path: path.relative_to(PACKAGE.parent).with_suffix("").parts for path in FILES}
    modules = {".".join(names).removesuffix(".__init__"): path for path, names in parts.items()}
    graph = {}
    for name, path in modules.items():
        found = set()
        for node in ast.parse(path.read_text()).body:  # imports inside functions come later, and close no circle
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                # What a package is asked for may be a file of it, which does not need the rest of the package.
                found |= {one if one in modules else node.module for one in inner}
        graph[name] = found & modules.keys() - {name}
    return graph


def test_imports_close_no_circle():
    try:
        tuple(graphlib.TopologicalSorter(_graph()).static_order())
    except graphlib.CycleError as error:
        pytest.fail("a circle of imports: " + " <- ".join(error.args[1]))


def test_the_folders_of_evaluation_build_on_each_other_one_way():
    prefix, order = f"{PACKAGE.name}.evaluation.", ("statistics", "measures", "reports", "comparison", "suites")
    for name, imported in _graph().items():
        if name.startswith(prefix):
            folder = name.removeprefix(prefix).split(".")[0]
            if folder == "bench":  # an old name, which finds the new one late
                continue
            used = {other.removeprefix(prefix).split(".")[0] for other in imported if other.startswith(prefix)}
            assert used <= set(order[: order.index(folder) + 1]), name


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


def test_old_places_of_the_evaluation_answer_with_a_warning():
    with pytest.warns(DeprecationWarning, match="statistics.bootstrap"):
        from realistic_editing.evaluation import bootstrap
    with pytest.warns(DeprecationWarning, match="MethodMeasurer"):
        from realistic_editing.evaluation.bench import Bench
    from realistic_editing.evaluation.comparison.method_measurer import MethodMeasurer
    from realistic_editing.evaluation.statistics import bootstrap as moved

    assert bootstrap is moved and Bench is MethodMeasurer
    with pytest.raises(ImportError):
        from realistic_editing.evaluation import nothing  # noqa: F401
    with pytest.warns(DeprecationWarning, match="heldout_saliency"):
        assert realistic_editing.weights.describe_file("witness_saliency")["network"] == "compact_saliency"


def test_no_public_constant_is_defined_in_two_files():
    homes = {}
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            names = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
            for name in names:
                if name.isupper() and not name.startswith("_"):
                    homes.setdefault(name, set()).add(path.relative_to(PACKAGE).as_posix())
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
