"""What each suite of scripts/evaluate.py is given, and what it returns."""
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from omegaconf import DictConfig, OmegaConf
from torch import nn

from realistic_editing.common.tasks import TASKS
from realistic_editing.data.columnar import select
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.comparison.rivals import distinct_name
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.ops import EditPreset
from realistic_editing.weights import load_network

TablesAndFigures = tuple[list[Table], dict[str, str]]
# Of the settings, those that a report holds.
_SETTINGS = (
    "limit", "seed", "edits", "edit_size", "samples_per_region", "max_regions", "map_size", "viewer_splits", "resamples",
    "optimise",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class SuiteInputs:
    """What a suite measures with.

    Args:
        settings: as configs/evaluate/evaluate.yaml.
        preset: the ranges of real and fake edits.
        unseen_regions: loads the regions that were not trained on; with True those of COCO alone, where that is at hand.
    """

    settings: DictConfig
    preset: EditPreset
    unseen_regions: Callable[[bool], Sequence[Region]]


class Suite(Protocol):
    """One evaluation. A new one is a class like this and an entry of `SUITES` in apps/evaluations.py.

    Attributes:
        networks: the options that name the networks it uses; a preset's that are not trained are refused before it runs.
    """

    networks: tuple[str, ...]

    def run(self, inputs: SuiteInputs) -> Report:
        """Measure, and draw figures into `inputs.settings.output`.

        Returns:
            The report, not yet written.

        Raises:
            InputError: when data, weights or a setting cannot be used.
        """


def suite_report(name: str, settings: DictConfig, weights: Mapping[str, nn.Module], found: TablesAndFigures) -> Report:
    """A suite's report, with the settings and the cards of the networks.

    Args:
        name: of the suite.
        settings: as configs/evaluate/evaluate.yaml.
        weights: what the user named -> the network, with its card.
        found: tables, and file names of figures with their captions.
    """
    cards = {weight: network.card for weight, network in weights.items()}
    chosen: dict[str, Any] = OmegaConf.to_container(settings, resolve=True)
    facts = {
        "weights": ", ".join(weights),
        "card": cards if len(cards) > 1 else next(iter(cards.values())),
        "settings": {setting: chosen[setting] for setting in _SETTINGS},
    }
    return Report(f"Evaluation: {name}", facts, *found)


def load_enhancers(settings: DictConfig) -> dict[str, Enhancer]:
    """The enhancer of each task that the settings name.

    Raises:
        InputError: when weights cannot be used, or are of the other task.
    """
    judges = {"critic": settings.critic, "saliency": settings.saliency, "device": settings.device}
    return {task: Enhancer.from_pretrained(settings[task], **judges, task=task) for task in TASKS}


def load_held_out(settings: DictConfig) -> dict[str, nn.Module]:
    """The saliency networks that took no part in training, by names that differ.

    Raises:
        InputError: when weights cannot be used.
    """
    found: dict[str, nn.Module] = {}
    for weights in filter(None, (settings.heldout_saliency, settings.second_heldout)):
        found[distinct_name(weights, found)] = load_network(weights, "saliency", settings.device)
    return found


def held_out_regions(inputs: SuiteInputs) -> Sequence[Region]:
    """The regions of split test: split val chose the checkpoints, by the same loss; split test had no part in anything."""
    return select(inputs.unseen_regions(True), "split", lambda split: split == "test")
