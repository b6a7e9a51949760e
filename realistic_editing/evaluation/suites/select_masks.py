"""The evaluation of selecting: things that nobody trained on, selected by clicks and boxes, beside GrabCut."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import resize
from realistic_editing.data.selector import load_selector
from realistic_editing.evaluation.measures import selections
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.suites.suite import SuiteInputs, suite_report
from realistic_editing.selection.simulated import deepest
from realistic_editing.selection.things import Thing, read_things

_LEAST = 0.01  # share of the photo that a thing covers
_METHODS = ("network", "grabcut")
_SIDE, _SHOWN = 280, 12  # of the sheet


class SelectSuite:
    """Selecting by clicks and boxes; see `Suite`."""

    networks = ()

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        things = [thing for thing in read_things(settings.paths.data, ["val2017"], others=False) if thing.split == "test"]
        things = _of_some_photos([thing for thing in things if thing.area >= _LEAST], settings.limit)
        things = spread(things, settings.max_regions.select_masks)
        if not things:
            raise InputError(f"{settings.paths.data}: no thing of coco/val2017 is on the side 'test'; add photos")
        found = selections.measure_selections(things, _METHODS, settings.clicks)
        again = settings.resamples, settings.seed
        photos = len({thing.name for thing in things})
        where = f"{len(things)} things over 1 % of {photos} photos of COCO val2017, split test"
        note = (
            "A click is where the thing is deepest; the next ones mend the largest mistake. A box is the thing's own. The mask "
            "with its matte, cut at a half. Told: the user is asked to look at the mask. 95 % bootstrap intervals over photos."
        )
        tables = [
            Table("selections", f"{where}: overlap", note, selections.overlap_table(found, *again)),
            Table("clicks", f"{where}: clicks needed", "", selections.clicks_table(found, settings.clicks, *again)),
        ]
        shown = spread(things, _SHOWN)
        sheets.save_sheet(_sheet(shown), Path(settings.output) / "selected.png")
        caption = f"{len(shown)} things, evenly spaced: what people outlined, and what one click selects, network and GrabCut."
        return suite_report("select_masks", settings, {"selector": load_selector()}, (tables, {"selected.png": caption}))


def _of_some_photos(things: Sequence[Thing], photos: int | None) -> list[Thing]:
    """The things of so many photos, evenly spaced; None: of all."""
    names = list(dict.fromkeys(thing.name for thing in things))
    kept = set(spread(names, len(names), photos))
    return [thing for thing in things if thing.name in kept]


def _sheet(things: Sequence[Thing]) -> np.ndarray:
    rows = []
    for thing in tqdm(things, desc="sheet", unit="thing"):
        image, meant = thing.read(np.random.default_rng(0))
        pictures = [("meant", meant.astype(np.uint8) * 255)]
        for method in _METHODS:
            measured, mask = selections.selected(image, meant, method, [deepest(meant)])
            pictures.append((f"{method}, one click: IoU {measured['overlap']:.2f}", mask.astype(np.uint8) * 255))
        small = resize(image, (_SIDE, _SIDE))
        rows.append([(title, sheets.outlined(small, resize(mask, (_SIDE, _SIDE)))) for title, mask in pictures])
    return sheets.sheet(sheets.paired(rows))
