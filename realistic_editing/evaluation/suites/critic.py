"""The evaluation of a critic: real against fake edits of unseen photos, Figure 3, and its worst failures."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from omegaconf import DictConfig
from torch import nn
from tqdm import tqdm

from realistic_editing.common.workers import by_one_thread_each
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures import judged, samples, sweep, things
from realistic_editing.evaluation.reports import figures, sheets
from realistic_editing.evaluation.reports.report import Report, difference_table
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.suites import critic_tables as tables_of
from realistic_editing.evaluation.suites.suite import SuiteInputs, TablesAndFigures, suite_report
from realistic_editing.ops import EditPreset, Recipe
from realistic_editing.weights import load_network

COCO, _OTHERS = "COCO val2017", "other photos"


class CriticSuite:
    """A critic on real and fake edits of unseen photos; see `Suite`."""

    networks = ("critic",)

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        network = load_network(settings.critic, "realism", settings.device)
        fp32_network = load_network(settings.fp32_weights, "realism", settings.device) if settings.fp32_weights else None
        regions = inputs.unseen_regions(False)
        device = next(network.parameters()).device
        found = by_one_thread_each(lambda: measure_critic(network, fp32_network, regions, inputs.preset, settings), device)
        return suite_report("critic", settings, {settings.critic: network}, found)


def measure_critic(
    network: nn.Module,
    fp32_network: nn.Module | None,
    regions: Sequence[Region],
    preset: EditPreset,
    settings: DictConfig,
) -> TablesAndFigures:
    """Measure, and draw the figures into `settings.output`.

    Args:
        network: critic(image, mask) -> (B,) in [0, 1].
        fp32_network: its full-precision copy, or None.
        regions: unseen ones, of splits val and test.
        preset: the ranges of real and fake edits.
        settings: as configs/evaluate/evaluate.yaml.

    Returns:
        The tables, and the figures' file names with their captions.

    Raises:
        InputError: when the folder cannot be written.
    """
    groups = _groups(regions, settings)
    first = next(iter(groups))
    tables, scored = [], {}
    for name, found in groups.items():
        scored[name] = _score(network, name, found, preset, settings)
        draws = int(scored[name].draw.max()) + 1
        title = f"Real against fake ({preset.name}): {name}, {len(found)} regions of {samples.count_photos(found)} photos"
        note = (
            f"{draws} sample{'s' if draws > 1 else ''} of each kind for each region; 95 % bootstrap intervals over photos. "
            "Resampling raises an ECE, so its interval leans upwards."
        )
        frame = tables_of.critic_table(scored[name], settings.resamples, settings.seed)
        tables.append(Table(f"samples_{_slug(name)}", title, note, frame))
    if fp32_network is not None:
        other = _score(fp32_network, first, groups[first], preset, settings)
        frame = difference_table(tables_of.summary(scored[first]), tables_of.summary(other))
        tables.append(Table("fp32_weights", f"Compared to the weights of full precision: {first}", "", frame))
    output = Path(settings.output)
    panels = {_short(name): tables_of.reliability(found) for name, found in scored.items()}
    figures.save_figure(figures.draw_reliability(panels), output / "reliability.png")
    shown = {"reliability.png": "Share of real samples against the critic's score."}
    for kind, words in (("real", "Real samples with the lowest scores"), ("fake", "Fake samples with the highest scores")):
        sheets.save_sheet(_failures(groups[first], scored[first], preset, settings, kind), output / f"worst_{kind}.png")
        shown[f"worst_{kind}.png"] = f"{words}, {_short(first)}: the photo with the region's outline, and the sample."
    tables += _things_tables(network, regions, settings)
    tables += _judged_tables(network, regions, settings)
    more, drawn = _figure3(network, regions, settings)
    return tables + more, drawn | shown


def _groups(regions: Sequence[Region], settings: DictConfig) -> dict[str, list[Region]]:
    """COCO's unseen halves, and the test photos of everything else; what chose a checkpoint is known of bundled ones alone."""
    found = {}
    words = {"test": "which chose no bundled critic's checkpoint", "val": "which chose the bundled critics' checkpoints"}
    for split, said in words.items():
        found[f"{COCO}, split {split} ({said})"] = [r for r in regions if r.source == "coco" and r.split == split]
    found[f"{_OTHERS}, split test"] = samples.spread(
        [region for region in regions if region.source != "coco" and region.split == "test"], settings.max_regions.others
    )
    return {name: part for name, part in found.items() if part}


def _score(
    network: nn.Module, name: str, regions: Sequence[Region], preset: EditPreset, settings: DictConfig
) -> pd.DataFrame:
    draws = settings.samples_per_region.coco if name.startswith(COCO) else settings.samples_per_region.others
    return samples.score_samples(network, regions, preset, settings.edit_size.critic, draws, settings.seed)


def _things_tables(network: nn.Module, regions: Sequence[Region], settings: DictConfig) -> list[Table]:
    """What the critic knows of things, what must not matter to it, and how real unedited regions score: unseen COCO photos."""
    coco, size = [region for region in regions if region.source == "coco"], settings.edit_size.critic
    if not coco:
        return []
    chance = settings.resamples, settings.seed
    recolored, harmless = things.recolored_things(network, coco, size), things.harmless_changes(network, coco, size)
    note = "COCO's categories in realism/augment.py; people, animals and food against vehicles, clothes and furniture."
    found = [
        Table("unedited", "Unedited regions", "", things.unedited_table(harmless, *chance)),
        Table("harmless", "What must not matter", "R of unedited regions.", things.harmless_table(harmless, *chance)),
    ]
    if len(recolored):
        frame = things.things_table(recolored, *chance)
        found.append(Table("things", "The same change of colour of two kinds of things", note, frame))
    return found


def _judged_tables(network: nn.Module, regions: Sequence[Region], settings: DictConfig) -> list[Table]:
    """Whether what the critic says of an edit finds those that look edited to an eye."""
    found = judged.judged_edits(network, regions, settings.edit_size.critic)
    if not len(found) or found.looks_edited.nunique() < 2:
        return []
    count = f"{len(found)} edits of {found.photo.nunique()} photos, {int(found.looks_edited.sum())} of which look edited"
    note = (
        "Edits by default, and stronger ones without the guard, judged blind at full size beside the photo by a language model "
        "that sees pictures, not by people; found: the share of those that look edited of which the measure says so. "
        "The verdict's thresholds were set by these same edits."
    )
    frame = judged.judged_table(found, settings.resamples, settings.seed)
    return [Table("judged", f"Edits judged by eye: {count}", note, frame)]


def _figure3(network: nn.Module, regions: Sequence[Region], settings: DictConfig) -> TablesAndFigures:
    chosen = {
        COCO: [region for region in regions if region.source == "coco"],
        _OTHERS: samples.spread(
            [region for region in regions if region.source != "coco" and region.split == "test"], settings.max_regions.curves
        ),
    }
    tables, panels = [], {}
    for name, part in chosen.items():
        if not part:
            continue
        changes = sweep.sweep(part, settings.edit_size.critic, tables_of.CRITIC_SWEEP, sweep.realism_judge(network))
        splits = "splits val and test" if name == COCO else "split test"
        where = f"{name} ({splits}): {len(part)} unseen regions of {samples.count_photos(part)} photos"
        panels[where] = changes
        frame = tables_of.realism_sweep_table(changes, settings.resamples, settings.seed)
        note = "dR of eq. 2; mean over regions with its 95 % bootstrap interval over photos."
        tables.append(Table(f"figure3_{_slug(name)}", f"Change in realism, {where}", note, frame))
    factors = tables_of.CRITIC_SWEEP
    unchanged = dict.fromkeys(factors, 1.0)
    figure = figures.curves(panels, factors, unchanged, "change in realism dR", tables_of.EXPECTED_CHANGES)
    figures.save_figure(figure, Path(settings.output) / "figure3.png")
    return tables, {"figure3.png": "Change in realism against exposure and saturation of the region (the paper's Figure 3)."}


def _failures(
    regions: Sequence[Region], scores: pd.DataFrame, preset: EditPreset, settings: DictConfig, kind: str, most: int = 6
) -> np.ndarray:
    """The samples that the critic gets most wrong, two to a row: the photo with the region's outline, and the sample."""
    size = settings.edit_size.critic
    cells = []
    for index, draw, score in tqdm(tables_of.worst(scores, kind, most), desc=f"worst {kind}", unit="sample"):
        region = regions[index]
        image, mask = sweep.opened(region, size)
        draws = int(scores.draw.max()) + 1
        recipe = samples.recipes_of(region, preset, draws, settings.seed)[kind][draw]
        edited = sweep.edit(image, mask, recipe)
        outline = sheets.outlined(sweep.picture(image), sweep.grey(mask))
        name = f"{region.photo_id}, region {region.region_id}"
        cells.append([(name, outline), (_words(kind, score, recipe), sweep.picture(edited))])
    return sheets.sheet(sheets.paired(cells))


def _words(kind: str, score: float, recipe: Recipe) -> str:
    values = {"exp": float(recipe.exposure), "sat": float(recipe.saturation)}
    used = [f"{name} {value:.2f}" for name, value in values.items() if value != 1]
    used += ["curve"] if bool((recipe.color_curve != 1).any()) else []
    used += ["wb"] if bool((recipe.white_balance != 1).any()) else []
    return f"{kind}, score {score:.2f}: {', '.join(used)}"


def _short(name: str) -> str:
    return name.split(" (")[0]


def _slug(name: str) -> str:
    return "_".join(_short(name).lower().replace(",", "").split())
