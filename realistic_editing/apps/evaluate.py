"""Evaluate judges, enhancers and user studies, and compare methods on a data set: the one call behind scripts/evaluate.py."""
import dataclasses
import importlib
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from realistic_editing.apps.ablations import named_weights, trained_ablations
from realistic_editing.apps.evaluated_weights import facts_of_weights, named_after_weights
from realistic_editing.apps.evaluations import BY_OPTION, SUITES, asked
from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.regions import load_regions, of_some_photos
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.suites.suite import Suite, SuiteInputs
from realistic_editing.ops.sampling import get_preset


def evaluate(config: DictConfig) -> Path:
    """Run the suite, the comparison on a data set or the user study that `config` names; print and write what is found.

    Args:
        config: as configs/evaluate/evaluate.yaml.

    Returns:
        The path of the report.

    Raises:
        InputError: when data, weights or a setting cannot be used.
    """
    check_options("evaluate", config)
    option = asked(config)
    try:
        preset = get_preset(config.edits)
    except ValueError as error:
        raise InputError(str(error)) from error
    suite = suite_of(SUITES[config.suite] if option == "suite" else BY_OPTION[option])
    name = f"{config[option]}{named_after_weights(config, suite.networks)}"
    place = Path("study") if option == "ratings" else Path(config.preset) / name
    output = config.output or str(Path(config.paths.outputs) / "evaluate" / place)
    config = OmegaConf.merge(config, {"output": output})
    _announce(config, suite)
    config = OmegaConf.merge(config, {"rivals": _rivals(config)})
    facts = facts_of_weights(config, suite.networks)  # first: a training may write the files anew before the suite is through
    report = suite.run(SuiteInputs(config, preset, lambda coco_alone: _unseen(config, coco_alone)))
    report = dataclasses.replace(report, facts={**facts, **report.facts})
    print(report.write(output))
    path = Path(output) / "report.md"
    print(f"report: {path}")
    return path


def suite_of(target: str) -> Suite:
    """The suite that "module:Class" names."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)()


def _announce(config: DictConfig, suite: Suite) -> None:
    """Say first which preset it is; and refuse one whose networks have not been trained."""
    roles = {name: config[name] for name in ("saliency", "critic", *TASKS)}
    shown = ", ".join(f"{name} {weights}" for name, weights in roles.items())
    print(f"evaluate: preset {config.preset}; {shown}; edits {config.edits}", flush=True)
    commands = {"saliency": "train_saliency.py", "critic": "train_realism.py"}
    for name in suite.networks:
        file = Path(roles[name])
        if file.name == "model.safetensors" and config.preset in file.parts and not file.is_file():
            made_by = f"python scripts/{commands.get(name, f'train_enhancer.py task={name}')} preset={config.preset}"
            raise InputError(f"{file}: not found; make it by {made_by}, or add {name}=FILE")


def _rivals(config: DictConfig) -> list[str]:
    """What loads the enhancers that `config.rivals` names."""
    if config.rivals is not None:
        return [named_weights(config, name) for name in config.rivals]
    if config.suite == "enhancer":
        return trained_ablations(config)
    asked = list(config.method) if isinstance(config.method, ListConfig) else [config.method]
    return trained_ablations(config, None if "all" in asked else asked) if config.dataset is not None else []


def _unseen(config: DictConfig, coco_alone: bool) -> Sequence[Region]:
    """The regions that were not trained on, of at most `config.limit` photos of each set and split.

    Where COCO is at hand it may serve alone: its regions are things, and reading the other sets takes long.
    """
    auto = config.regions.sources == "auto" and not config.regions.folders and (Path(config.paths.data) / "coco").is_dir()
    if coco_alone and auto:
        config = OmegaConf.merge(config, {"regions": {"sources": ["coco"]}})
    regions = of_some_photos(load_regions(config, ("val", "test"), config.limit), config.limit)
    if not regions:
        raise InputError("all regions are on the side 'train'; add photos, or a data set, to evaluate on")
    return regions
