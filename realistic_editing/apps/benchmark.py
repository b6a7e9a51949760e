"""Run a benchmark suite from a Hydra configuration: make photos and networks, time, report."""
import contextlib
import functools
import io
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from realistic_editing.apps import prepare
from realistic_editing.apps.compose import composed
from realistic_editing.apps.config import instantiate_node
from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.page.timing import answering
from realistic_editing.benchmark.apply import applying
from realistic_editing.benchmark.busy import under_load
from realistic_editing.benchmark.edit import end_to_end
from realistic_editing.benchmark.gpu import applying_there, proposing_there
from realistic_editing.benchmark.growth import growing, growth_figure
from realistic_editing.benchmark.load import loading
from realistic_editing.benchmark.photos import split, synthetic_regions
from realistic_editing.benchmark.propose import proposing, scoring, selecting
from realistic_editing.benchmark.quality import Course, to_quality
from realistic_editing.benchmark.report import write_report
from realistic_editing.benchmark.timing import Measured
from realistic_editing.benchmark.training import Loop, Teachers, training
from realistic_editing.common.errors import InputError
from realistic_editing.data.folder import read_folder
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.reports.figures import BLUE, ORANGE, save_figure
from realistic_editing.weights import load_network


def benchmark(config: DictConfig) -> Path:
    """Time what the suite names beside plain code, print the table, and write it.

    Args:
        config: as configs/benchmark.yaml.

    Returns:
        The path of the Markdown file; the JSON file lies beside it.

    Raises:
        InputError: when data or a setting cannot be used.
    """
    if not isinstance(config.suite, str) or config.suite not in (*_SUITES, "all"):
        raise InputError(f"suite is {config.suite!r}; use one of {', '.join(_SUITES)}, or all")
    check_options("benchmark", config)
    has_gpu = torch.cuda.is_available()
    if config.suite == "gpu" and not has_gpu:
        raise InputError("suite is 'gpu', and PyTorch finds no CUDA device here; use another, or suite=all")
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    output = Path(config.output)
    instantiate_node(config.trainer, "trainer")  # refuses what its settings may not be
    torch.manual_seed(config.trainer.seed)
    with tempfile.TemporaryDirectory() as folder:
        if config.data is None:
            regions = synthetic_regions(Path(folder), config.photos, config.trainer.seed)
        else:
            regions = split(read_folder(config.data, config.masks)[: config.photos])
        of_all = [name for name in _SUITES if name not in _LONG and (has_gpu or name != "gpu")]
        names = of_all if config.suite == "all" else [config.suite]
        for name in names:
            found = _SUITES[name](config, regions)
            print(write_report(name, found, OmegaConf.to_container(config, resolve=True), output, load), flush=True)
    return output / f"{names[-1]}.md"


def _chosen(suite: str, only: str | Sequence[str] | None, known: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a suite's cases that `only` names, by name."""
    names = [only] if isinstance(only, str) else list(only or known)
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise InputError(f"{suite}.only names {unknown}; use some of {', '.join(known)}, or null for all")
    return {name: node for name, node in known.items() if name in names}


def _training(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    options = config.training
    chosen = _chosen("training", options.only, options.loops)
    teachers = Teachers(
        edits=instantiate_node(config.edits, "edits"),
        objective=instantiate_node(config.objective, "objective"),
        critic=load_network(config.realism.weights, kind="realism"),
        saliency=load_network(config.saliency.weights, kind="saliency"),
    )
    loops = {name.replace("_", " "): _loop(node) for name, node in chosen.items()}
    trainer = instantiate_node(config.trainer, "trainer")
    return training(loops, teachers, regions, trainer, list(options.precisions), options.seconds)


def _loop(node: DictConfig) -> Loop:
    network = instantiate(node.network)
    settings = OmegaConf.to_container(node, resolve=True)
    return Loop(**{**settings, "network": network, "size": settings["size"] or network.input_size})


def _quality(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    options = config.quality

    def course(script: str, words: Sequence[str]) -> Course:
        with contextlib.redirect_stdout(io.StringIO()):  # it would say where a run writes, and this one does not
            ready = getattr(prepare, f"prepare_{script}")(composed(f"train_{script}", [*options.shared, *words]))
        return ready.problem, ready.trainer

    def both(node: DictConfig) -> tuple[Course, Course]:
        return course(node.script, node.plain), course(node.script, node.ours)

    chosen = _chosen("quality", options.only, options.courses)
    for name, node in chosen.items():  # before the first of them trains for an hour
        if node.script not in ("saliency", "realism", "enhancer"):
            raise InputError(f"quality.courses.{name}.script is {node.script!r}; use saliency, realism or enhancer")
        for words in (node.plain, node.ours):
            composed(f"train_{node.script}", [*options.shared, *words])
    courses = {name.replace("_", " "): functools.partial(both, node) for name, node in chosen.items()}
    return to_quality(courses, 60 * options.minutes)


def _apply(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    options = OmegaConf.to_container(config.apply, resolve=True)
    return applying(**options, seed=config.trainer.seed)


def _propose(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return proposing(regions, **OmegaConf.to_container(config.propose, resolve=True))


def _select(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return selecting(regions[0], **config.select)


def _score(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return scoring(regions, **config.score)


def _gpu(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    options, device = config.gpu, torch.device("cuda")
    found = applying_there(options.megapixels, list(options.shares), options.seconds, device)
    return found + proposing_there(regions[0], options.weights, options.batch, options.seconds, device)


def _load(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return loading(regions, **config.load)


def _busy(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return under_load(regions[0], **config.busy)


def _page(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return answering(regions[0], **config.page)


def _edit(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    return end_to_end(regions, **OmegaConf.to_container(config.edit, resolve=True))


def _growth(config: DictConfig, regions: Sequence[Region]) -> list[Measured]:
    found = growing(regions[0], **OmegaConf.to_container(config.growth, resolve=True))
    save_figure(growth_figure(found, (BLUE, ORANGE)), Path(config.output) / "growth.png")
    return found


# A suite takes the configuration and regions, of which it uses what it needs.
_SUITES: dict[str, Callable[[DictConfig, Sequence[Region]], list[Measured]]] = {
    "apply": _apply,
    "propose": _propose,
    "select": _select,
    "score": _score,
    "load": _load,
    "busy": _busy,
    "page": _page,
    "edit": _edit,
    "growth": _growth,
    "gpu": _gpu,
    "training": _training,
    "quality": _quality,
}
_LONG = ("training", "quality")  # not part of all: they train for many minutes
