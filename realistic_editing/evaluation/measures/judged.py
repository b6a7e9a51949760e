"""Edits that were judged by eye, and how well what is said of them finds those that look edited."""
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from realistic_editing.common.ranking import auc
from realistic_editing.data.regions import Region
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.options import GUARD
from realistic_editing.enhance.signs import measure_signs
from realistic_editing.enhance.terms import logit_change
from realistic_editing.enhance.verdict import LOOKS_EDITED, SAFE, judge
from realistic_editing.evaluation.measures.sweep import measure_regions
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.ops import Recipe, apply

JUDGED = Path(__file__).parent.parent / "judged_edits.json"
# Words -> column, what lies below which looks edited, and how that is shown. The verdict's column ranks its words.
MEASURES = {
    "dR": ("change", -0.1, "below -0.1"),
    "dR by logits": ("logit", GUARD, f"below {GUARD:g}"),
    "the verdict": ("mildness", 0.5, f'"{LOOKS_EDITED}"'),
}


@torch.no_grad()
def judged_edits(network: nn.Module, regions: Sequence[Region], size: int, path: Path = JUDGED) -> pd.DataFrame:
    """Ask a critic about the judged edits of those photos that are at hand.

    Args:
        network: critic(image, mask) -> (B,) in [0, 1].
        regions: of any photos.
        size: side of the square that photos are resized to and edited at.
        path: the judgements: a list of {source, photo, region, task, kind, recipe, looks_edited, note}.

    Returns:
        A row for each: photo, task, kind ("default", or "strong", with a weak constraint of realism), looks_edited, realism (R
        of the photo), change (dR), logit (see `logit_change`), mildness (2 where the verdict is "safe", 0 where it is "looks
        edited", 1 for the other two).
    """
    asked: dict[tuple[str, str, str], list[dict]] = {}
    for entry in json.loads(path.read_text()):
        asked.setdefault((entry["source"], entry["photo"], entry["region"]), []).append(entry)
    chosen = [region for region in regions if _name(region) in asked]

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[dict]:
        rows = []
        view = Judges(network, nn.Identity()).view(image, mask)
        before = view.realism
        for entry in asked[_name(region)]:
            recipe = Recipe.from_dict(entry["recipe"], path.name)
            change = view.realism_changes(recipe)
            signs = measure_signs(image, apply(image, mask, recipe), mask, float(before), float(change), view.free, view.human)
            mildness = {SAFE: 2, LOOKS_EDITED: 0}.get(judge(signs).name, 1)
            cells = {"realism": before, "change": change, "logit": logit_change(before, change), "mildness": mildness}
            row = {key: entry[key] for key in ("task", "kind", "looks_edited")}
            row["photo"] = f"{region.source}/{region.photo_id}"
            rows.append(row | {key: float(value) for key, value in cells.items()})
        return rows

    return pd.DataFrame(measure_regions(chosen, size, "judged edits", rows_of))


def judged_table(found: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """How well each measure tells edits that look edited from those that do not.

    Args:
        found: of `judged_edits`.
        resamples, seed: of the bootstrap over photos.

    Returns:
        A row for each of MEASURES: its AUC, and at its threshold the share found of what looks edited, and of false alarms.
    """
    edited, fine = found[found.looks_edited], found[~found.looks_edited]
    rows = []
    for words, (column, threshold, shown) in MEASURES.items():
        shares = {
            name: bootstrap.mean(part[column] < threshold, part.photo, resamples, seed)
            for name, part in (("found", edited), ("false alarms", fine))
        }
        area = auc(fine[column].to_numpy(), edited[column].to_numpy())
        rows.append({"measure": words, "looks edited": shown, "AUC": area} | shares)
    return pd.DataFrame(rows)


def _name(region: Region) -> tuple[str, str, str]:
    return region.source, str(region.photo_id), str(region.region_id)
