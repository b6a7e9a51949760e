"""Real and fake samples of regions (Table 1), the same on every machine, and what both judges make of them."""
import dataclasses
import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch import nn

from realistic_editing.data.regions import Region
from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.enhance.terms import log_saliency_ratio
from realistic_editing.evaluation.measures.sweep import edit, measure_regions, predict_saliency, score
from realistic_editing.ops import OPERATORS, EditPreset, EditRanges, Recipe, sample_recipe
from realistic_editing.ops.recipe import PARAMETERS

Item = TypeVar("Item")


def only(ranges: EditRanges, operator: str) -> EditRanges:
    """The same ranges with one operator allowed, and one edit a sample.

    Args:
        ranges: a column of Table 1.
        operator: a name of OPERATORS that the column allows.
    """
    others = {name: () for name in OPERATORS if name != operator}
    return dataclasses.replace(ranges, **others, edits=(1, 1), single=(0.0,) * 4)


def recipes_of(region: Region, preset: EditPreset, samples_per_region: int, seed: int) -> dict[str, Recipe]:
    """The samples of a region: a function of its name and the seed alone, so that any of them can be shown again.

    Args:
        region: which.
        preset: Table 1.
        samples_per_region: samples of each kind.
        seed: of the evaluation.

    Returns:
        "real", "fake", a kind for each operator of the fakes alone, and "fake_human" for human regions, with
        `samples_per_region` recipes each.
    """
    name = f"{seed}/{region.source}/{region.photo_id}/{region.region_id}"
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    kinds = {"real": preset.real, "fake": preset.fake}
    kinds |= {OPERATORS[index]: only(preset.fake, OPERATORS[index]) for index in preset.fake.allowed}
    if region.human:
        kinds["fake_human"] = preset.fake_human
    return {kind: sample_recipe(ranges, samples_per_region, generator) for kind, ranges in kinds.items()}


def edit_counts(recipe: Recipe) -> list[int]:
    """How many of the four operators change something, for each edit."""
    used = [(getattr(recipe, name).reshape(len(recipe), -1) != 1).any(dim=1) for name in PARAMETERS]
    return torch.stack(used).sum(dim=0).tolist()


def score_samples(
    critic: nn.Module, regions: Sequence[Region], preset: EditPreset, size: int, samples_per_region: int, seed: int = 0
) -> pd.DataFrame:
    """The critic's scores of the samples of each region.

    Args:
        critic: critic(image, mask) -> (B,) in [0, 1].
        regions: with masks.
        preset: Table 1.
        size: side of the square that photos are resized to and edited at.
        samples_per_region: samples of each kind for each region.
        seed: decides the samples.

    Returns:
        A row for each region and draw: index (of the region), photo, human, draw, edits (of the fake sample), untouched
        (the photo's own score), and the score of each kind of `recipes_of`; nan where the region has no such kind.
    """

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[dict]:
        kinds = recipes_of(region, preset, samples_per_region, seed)
        # A kind at a time: all at once are more memory than an allocator keeps, and fetching it takes as long as editing.
        table = {kind: score(critic, edit(image, mask, recipe), mask) for kind, recipe in kinds.items()}
        common = {"photo": f"{region.source}/{region.photo_id}", "human": region.human}
        common["untouched"] = float(score(critic, image, mask))
        rows = []
        for draw, edits in enumerate(edit_counts(kinds["fake"])):
            rows.append(common | {"draw": draw, "edits": edits} | {kind: float(table[kind][draw]) for kind in table})
        return rows

    found = pd.DataFrame(measure_regions(regions, size, "score", rows_of))
    found.insert(0, "index", np.arange(len(found)) // samples_per_region)
    return found


def saliency_range(
    network: nn.Module, regions: Sequence[Region], preset: EditPreset, size: int, samples_per_region: int, seed: int = 0
) -> pd.DataFrame:
    """S of eq. 3 and its log ratio under the real and the fake edits of Table 1: what an objective has to scale.

    Args:
        network: image -> map.
        regions, preset, size, samples_per_region, seed: as for `score_samples`.

    Returns:
        A row for each region, kind ("real", "fake") and draw: photo, kind, relative (S, at most 1) and log_ratio;
        positive where the region lost saliency.
    """

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[tuple]:
        kinds = recipes_of(region, preset, samples_per_region, seed)
        edited = torch.cat([edit(image, mask, kinds[kind]) for kind in ("real", "fake")])
        maps = predict_saliency(network, torch.cat([image, edited]))
        found = [measure(maps[:1], maps[1:], mask).tolist() for measure in (saliency_drop, log_saliency_ratio)]
        draws = zip(np.repeat(["real", "fake"], samples_per_region), *found, strict=True)
        return [(f"{region.source}/{region.photo_id}", str(kind), relative, ratio) for kind, relative, ratio in draws]

    rows = measure_regions(regions, size, "range", rows_of)
    return pd.DataFrame(rows, columns=["photo", "kind", "relative", "log_ratio"])


def count_photos(regions: Sequence[Region]) -> int:
    """How many photos the regions are of."""
    return len({(region.source, region.photo_id) for region in regions})


def spread(regions: Sequence[Item], max_regions: int, limit: int | None = None) -> list[Item]:
    """At most `max_regions` of some regions, or other items, evenly spaced over their order, and so over data sets and photos.

    Args:
        regions: in order.
        max_regions: how many at most.
        limit: another bound, such as of a quick look; None: no other.
    """
    most = max_regions if limit is None else min(max_regions, limit)
    step = max(len(regions) / most, 1) if most else 1
    return [regions[int(index * step)] for index in range(min(most, len(regions)))]
