"""The evaluation of suggestions: published masks, where people looked, and what cleaning does to the subject."""
from pathlib import Path

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from realistic_editing.data.gaze import read_gaze
from realistic_editing.data.mechrez import read_mechrez
from realistic_editing.data.pixels import read_rgb, resize
from realistic_editing.data.selector import load_selector
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.measures import suggestions
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.suites.suite import SuiteInputs, suite_report
from realistic_editing.selection.suggest import SUGGESTS_BY
from realistic_editing.selection.things import read_things
from realistic_editing.weights import load_network

_PARTS = ("distractors_attenuation", "background_decluttering")
_GOALS = {"first 3": 0.6, "first 5": 0.75}  # shares of published masks to be covered
_ABOVE, _RISES = 0.9, 0.9  # shares of photos: first suggestion above chance, subject's share of attention rises
_CALMED, _SIDE = 3, 300  # suggestions to calm; side of the sheet's pictures


class SuggestSuite:
    """What is suggested and cleaned; see `Suite`."""

    networks = ("saliency", "critic", "attenuate")

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        saliency = load_network(SUGGESTS_BY, "saliency", settings.device)
        tables = [*_covered(settings, saliency), _looked_at(settings, saliency)]
        cleaned, shown = _cleaned(settings, saliency)
        weights = {"selector": load_selector(), SUGGESTS_BY: saliency}
        return suite_report("suggest", settings, weights, ([*tables, cleaned], shown))


def _covered(settings: DictConfig, saliency) -> list[Table]:
    parts = [read_mechrez(settings.paths.data, part) for part in _PARTS]
    photos = [photo for part in parts for photo in spread(part, len(part), settings.limit)]
    found = suggestions.covered_masks(photos, saliency)
    frame = suggestions.covered_table(found)
    both = frame[frame.part == "both"].iloc[-1]
    goals = ", ".join(f"{name} {goal}: {'yes' if both[name] >= goal else 'NO'}" for name, goal in _GOALS.items())
    note = (
        "The share of photos of which one of the first suggestions overlaps the published mask by IoU >= "
        f"{suggestions.COVERED}; people may be suggested. In background_decluttering the mask marks the subject that should "
        "stand out, which suggestions leave out unless it is asked for; the last column says whether it was found. Goals, "
        f"of the last row: {goals}."
    )
    title = f"{len(photos)} Mechrez photos: published masks"
    return [Table("covered", title, note, frame), Table("covered_photos", f"{title}, each", "", found)]


def _looked_at(settings: DictConfig, saliency) -> Table:
    photos = [photo for photo in read_gaze(settings.paths.data, ["osie"]) if photo.split == "test"]
    chosen = spread(photos, settings.max_regions.suggest, settings.limit)
    found = suggestions.looked_at(chosen, saliency, settings.seed)
    again = settings.resamples, settings.seed
    above = bootstrap.mean(found.above.astype(bool), found.photo, *again)
    row = {
        "photos with a suggestion": len(found), "of": len(chosen),
        "fixations on the first": bootstrap.mean(found.on, found.photo, *again, bootstrap.SHARE),
        "on its shape anywhere": bootstrap.mean(found.random, found.photo, *again, bootstrap.SHARE), "above": above,
        "goal": f"at least {_ABOVE}", "met": "yes" if above.value >= _ABOVE else "NO",
    }  # fmt: skip
    note = "Fixations on the first suggestion (people and subject left out), and on the same shape at random places."
    return Table("looked_at", "OSIE, split test: whether people look where it suggests", note, pd.DataFrame([row]))


def _cleaned(settings: DictConfig, saliency) -> tuple[Table, dict[str, str]]:
    things = read_things(settings.paths.data, ["val2017"], others=False)
    names = sorted({thing.name for thing in things if thing.split == "test"})
    chosen = spread(names, settings.max_regions.clean, settings.limit)
    images = {name: read_rgb(Path(settings.paths.data) / "coco" / "val2017" / f"{Path(name).name}.jpg") for name in chosen}
    judges = {"critic": settings.critic, "saliency": settings.saliency, "device": settings.device}
    enhancer = Enhancer.from_pretrained(settings.attenuate, **judges)
    heldout = load_network(settings.heldout_saliency, "saliency", settings.device)
    found, results = suggestions.cleaned_photos(images, saliency, enhancer, heldout, _CALMED)
    edited = found[found.calmed > 0]
    again = settings.resamples, settings.seed
    rises = bootstrap.mean(edited.rises.astype(bool), edited.photo, *again)
    row = {
        "photos": len(images), "with a subject": len(found), "of these calmed": len(edited),
        "regions calmed": int(found.calmed.sum()),
        "left alone": int(found.left.sum()),
        "subject's share before": bootstrap.mean(edited.before, edited.photo, *again, bootstrap.SHARE),
        "after": bootstrap.mean(edited.after, edited.photo, *again, bootstrap.SHARE), "rises": rises,
        "goal": f"at least {_RISES}", "met": "yes" if rises.value >= _RISES else "NO",
    }  # fmt: skip
    judge = f"the subject's share of attention by {settings.heldout_saliency}, of the photos that were edited"
    note = f"Up to {_CALMED} suggestions calmed; {judge}."
    rows = [_pictures(name, images[name], *results[name]) for name in images]
    sheets.save_sheet(sheets.sheet(sheets.paired(rows)), Path(settings.output) / "cleaned.png")
    caption = "Every photo: before, with what was suggested, and after. Whether it looks edited is for an eye to say."
    return Table("cleaned", "COCO val2017, split test: cleaned", note, pd.DataFrame([row])), {"cleaned.png": caption}


def _pictures(name: str, image: np.ndarray, found, after: np.ndarray) -> list[tuple[str, np.ndarray]]:
    before = suggestions.outlines(image, found.others, _SIDE)
    return [(Path(name).name, before), (f"after, {len(found.others)} suggested", resize(after, (_SIDE, _SIDE)))]
