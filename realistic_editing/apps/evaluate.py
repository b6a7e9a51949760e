"""Evaluate judges, enhancers and user studies, and compare methods on a data set: the one call behind scripts/evaluate.py."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import nn

from realistic_editing.apps.ablations import named_weights, trained_ablations
from realistic_editing.apps.compare import DATASETS, compare_methods
from realistic_editing.apps.regions import load_regions
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.columnar import select
from realistic_editing.data.gaze import SETS, read_gaze
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.comparison.rivals import load_rivals
from realistic_editing.evaluation.measures.photo_changes import WINDOW
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.suites.baselines import baseline_suite
from realistic_editing.evaluation.suites.critic import Result, critic_suite
from realistic_editing.evaluation.suites.enhancer import enhancer_suite
from realistic_editing.evaluation.suites.masks import mask_suite
from realistic_editing.evaluation.suites.ratings import KEYS, read_ratings
from realistic_editing.evaluation.suites.saliency import saliency_suite
from realistic_editing.evaluation.suites.study import study_tables
from realistic_editing.ops.sampling import EditPreset, get_preset
from realistic_editing.saliency.distinctness import PatchDistinctness
from realistic_editing.weights import load_network

KINDS = {"saliency": "saliency", "critic": "realism"}  # suite, and the option that names its network -> kind of network
SUITES = (*KINDS, "enhancer", "masks", "baselines")
# Whole numbers, and the least of each. Results are measured at edit_size, where a window of SSIM must have room.
LEAST = {"resamples": 1, "limit": 1, "workers": 1, "seed": 0, "edit_size.saliency": WINDOW, "edit_size.critic": WINDOW}
OPTIONAL = ("limit", "workers")


def evaluate(config: DictConfig) -> Path:
    """Run the suite, the comparison on a data set or the user study that `config` names; print and write what is found.

    Args:
        config: as configs/evaluate/evaluate.yaml.

    Returns:
        The path of the report.

    Raises:
        InputError: when data, weights or a setting cannot be used.
    """
    given = [name for name in ("suite", "dataset", "ratings") if config[name] is not None]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "nothing is named"
        known = f"suite={'|'.join(SUITES)}, dataset={'|'.join(DATASETS)}, or ratings=FILE.csv"
        raise InputError(f"{found}; use one of them: {known}")
    try:
        preset = get_preset(config.edits)
    except ValueError as error:
        raise InputError(str(error)) from error
    _check_numbers(config)
    place = Path(config.preset) / (config.suite or config.dataset) if config.ratings is None else "study"
    output = config.output or str(Path(config.paths.outputs) / "evaluate" / place)
    config = OmegaConf.merge(config, {"output": output})
    _announce(config)
    config = OmegaConf.merge(config, {"rivals": _rivals(config)})
    if config.suite is not None:
        report = _suite(config, preset)
    else:
        report = compare_methods(config) if config.dataset is not None else _study(config)
    print(report.write(output))
    path = Path(output) / "report.md"
    print(f"report: {path}")
    return path


def _announce(config: DictConfig) -> None:
    """Say first which preset it is; and refuse one whose networks have not been trained."""
    roles = {name: config[name] for name in ("saliency", "critic", *TASKS)}
    shown = ", ".join(f"{name} {weights}" for name, weights in roles.items())
    print(f"evaluate: preset {config.preset}; {shown}; edits {config.edits}", flush=True)
    if config.ratings is not None or config.suite == "baselines":
        return  # they need none of the networks
    used = {"saliency": ["saliency"], "critic": ["critic"]}.get(config.suite, list(roles))
    commands = {"saliency": "train_saliency.py", "critic": "train_realism.py"}
    for name in used:
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


def _check_numbers(config: DictConfig) -> None:
    """Refuse before anything is measured what would only fail afterwards."""
    for name, least in LEAST.items():
        group, _, entry = name.rpartition(".")
        holder = config[group] if group else config
        value = holder.get(entry) if isinstance(holder, DictConfig) else None
        if value is None and name in OPTIONAL:
            continue
        if type(value) is not int or value < least:  # a bool is an int too
            raise InputError(f"{name} is {value}; use a whole number of {least} or more")


def _suite(config: DictConfig, preset: EditPreset) -> Report:
    if config.suite not in SUITES:
        raise InputError(f"suite is {config.suite!r}; use {', '.join(SUITES[:-1])} or {SUITES[-1]}")
    if config.suite == "baselines":
        asked = OmegaConf.to_container(config.method) if isinstance(config.method, ListConfig) else config.method
        tables, figures = baseline_suite(config.paths.data, asked, config.limit, config.output)
        return Report("Earlier methods", {"limit": config.limit or "all photos"}, tables, figures)
    weights, (tables, figures) = (_judge if config.suite in KINDS else _enhancers)(config, preset)
    return Report(f"Evaluation: {config.suite}", _facts(config, weights), tables, figures)


def _study(config: DictConfig) -> Report:
    """Tables 2 to 4 of the ratings that a user study gathered."""
    ratings = read_ratings(config.ratings)
    counts = {name: int(ratings[name].nunique()) for name in KEYS}
    facts = {"ratings": config.ratings, "counts": counts | {"ratings": len(ratings)}}
    facts |= {"seed": config.seed, "resamples": config.resamples}
    return Report("User study", facts, study_tables(ratings, config.resamples, config.seed), {})


def _judge(config: DictConfig, preset: EditPreset) -> tuple[dict[str, nn.Module], Result]:
    """A judge by the name of the suite."""
    suite = config.suite
    network = load_network(config[suite], KINDS[suite], config.device)
    reference = load_network(config.reference, KINDS[suite], config.device) if config.reference else None
    if suite == "saliency":
        photos = read_gaze(config.paths.data, _gaze_sets(config))
        regions = spread(_unseen(config, _coco_alone(config)), config.most.saliency)
        return {config[suite]: network}, saliency_suite(network, reference, photos, regions, preset, config)
    torch.set_num_threads(1)  # single photos are too small to share between cores: two took 5.2 minutes, one 4.0
    return {config[suite]: network}, critic_suite(network, reference, _unseen(config), preset, config)


def _enhancers(config: DictConfig, preset: EditPreset) -> tuple[dict[str, nn.Module], Result]:
    """Both enhancers: their masks, or beside what `config.rivals` names."""
    judges = {"critic": config.critic, "saliency": config.saliency, "device": config.device}
    enhancers = {task: Enhancer.from_pretrained(config[task], **judges) for task in TASKS}
    for task, enhancer in enhancers.items():
        if enhancer.task != task:
            raise InputError(f"{task}={config[task]}: is trained to {enhancer.task}; name weights of the other task")
    # Split val chose the checkpoints, by the same loss; split test had no part in anything.
    regions = select(_unseen(config, _coco_alone(config)), "split", lambda split: split == "test")
    named = {config[task]: enhancer.network for task, enhancer in enhancers.items()}
    if config.suite == "masks":
        return named, mask_suite(enhancers, regions, config)
    rivals = load_rivals(config.rivals, config.device)
    witness = load_network(config.witness, "saliency", config.device)
    others = {Path(config.witness).stem: witness, "patch distinctness": PatchDistinctness()}
    return named, enhancer_suite(enhancers, rivals, others, regions, preset, config)


def _gaze_sets(config: DictConfig) -> list[str]:
    """The sets of eye tracking to measure on: those that are named, or all that are at hand."""
    if config.sets is not None:
        return list(config.sets)
    return [name for name in SETS if (Path(config.paths.data) / name).is_dir()] or ["osie"]


def _unseen(config: DictConfig, sources: list[str] | None = None) -> Sequence[Region]:
    """The regions that were not trained on."""
    if sources is not None:
        config = OmegaConf.merge(config, {"regions": {"sources": sources}})
    regions = load_regions(config).where("split", lambda split: split != "train")
    if not regions:
        raise InputError("all regions are on the side 'train'; add photos, or a data set, to evaluate on")
    return regions


def _coco_alone(config: DictConfig) -> list[str] | None:
    """Where COCO is at hand it serves alone: its regions are things, and reading the other sets takes long."""
    auto = config.regions.sources == "auto" and (Path(config.paths.data) / "coco").is_dir()
    return ["coco"] if auto else None


def _facts(config: DictConfig, weights: dict[str, nn.Module]) -> dict[str, Any]:
    names = ("seed", "edits", "edit_size", "draws", "most", "map_size", "viewer_splits", "resamples", "optimise")
    settings = OmegaConf.to_container(config, resolve=True)
    cards = {name: network.card for name, network in weights.items()}
    return {
        "weights": ", ".join(weights),
        "card": cards if len(cards) > 1 else next(iter(cards.values())),
        "settings": {name: settings[name] for name in names},
    }
