"""Pictures of what enhancers do: galleries of edits, edits by damaged masks, and how gradient descent compares."""
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from realistic_editing.common.readable import delta_r, percent
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import Region, read_region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.seam import seam
from realistic_editing.evaluation.measures.edits import case_of, region_name
from realistic_editing.evaluation.measures.seams import AS_EDITED, CLEAN, masks_of, proposal
from realistic_editing.evaluation.measures.sweep import edit, grey, iter_regions, picture, predict_saliency
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.reports.figures import BLUE, GREEN, GREY, ORANGE
from realistic_editing.ops import Recipe


def drawn(regions: Sequence[Region], count: int, seed: int) -> list[Region]:
    """So many regions, or all, picked by the seed and by nothing else."""
    picked = np.random.default_rng(seed).permutation(len(regions))[:count]
    return [regions[index] for index in sorted(picked)]


@torch.no_grad()
def gallery(
    enhancer: Enhancer, regions: Sequence[Region], size: int, kept: Mapping[str, Recipe] | None = None
) -> np.ndarray:
    """Photo, default edit, saliency before and after, two regions to a row: (H, W, 3) uint8.

    Args:
        enhancer: whose edits they are.
        regions: to show.
        size: side of the square that photos are edited at.
        kept: edits that were made before, see `measures.edits.default_edit`; what is not among them is made.
    """
    cells = []
    for region, image, mask in iter_regions(regions, size, "gallery"):
        view = case_of(region, image, mask, enhancer, seed=0).view
        recipe = (kept or {}).get(region_name(region))
        found = view.propose(EditOptions()) if recipe is None else view.measure(recipe)
        edited = edit(image, mask, found.recipe)
        top = float(view.region.saliency.max())
        maps = [
            sheets.heat(np.append(seen[0, 0].cpu().numpy().clip(max=top), [[top] * size], axis=0))[:-1]
            for seen in (view.region.saliency, predict_saliency(enhancer.saliency, edited))
        ]
        words = ["saliency before", f"after: {percent(found.saliency_change)}"]
        outline = sheets.outlined(picture(image), grey(mask))
        row = [(f"{region.photo_id}, region {region.region_id}", outline)]
        row.append((f"dR {delta_r(found.realism_change)}", picture(edited)))
        cells.append(row + list(zip(words, maps, strict=True)))
    return sheets.sheet(sheets.paired(cells))


def damage_rows(
    networks: Mapping[str, nn.Module],
    enhancer: Enhancer,
    regions: Sequence[Region],
    size: int,
    kind: str = "jagged",
    seed: int = 0,
    menders: Sequence[str] = (),
) -> list[list[tuple[str, np.ndarray]]]:
    """Figure 11: the same regions edited by a clean and by a damaged mask, by each network, close up.

    Args:
        networks: enhancers by name.
        enhancer: whose judges see the cases.
        regions: one to a row.
        size: side of the square that photos are edited at.
        kind: one of DAMAGES.
        seed: decides orders and damage, as in `measure_seams`, so that its numbers are of these pictures.
        menders: names of MENDERS: what is made of the damaged mask is shown too, outlined and as an edit.

    Returns:
        (text, picture (h, w, 3) uint8, in the photo's proportions), a row for each region, for `sheets.sheet`: the photo with
        the outline of each mask, the clean one first, and then the edits.
    """
    rows = []
    for region, image, mask in iter_regions(regions, size, "damage"):
        name, case = region_name(region, seed), case_of(region, image, mask, enhancer, seed)
        masks = {CLEAN: grey(mask)} | dict(masks_of(name, picture(image), grey(mask), menders, kinds=(kind,)))
        row = [(f"{each} mask", sheets.outlined(picture(image), rough)) for each, rough in masks.items()]
        row[0] = (f"{row[0][0]}, {region.photo_id}, {region.region_id}", row[0][1])
        for each, rough in masks.items():
            for method, network in networks.items():
                used, recipe = proposal(case, rough, network)
                edited = edit(image, used, recipe, foreground=each.endswith(AS_EDITED))
                row.append((f"{method}, {each}: seam {seam(image, edited, used):.2f}", picture(edited)))
        shape = _shape(read_region(region)[1].shape, size)  # of the photo, which was read as a square
        frame = _around(resize(grey(mask), shape) >= 128, size)
        rows.append([(text, np.ascontiguousarray(resize(shown, shape)[frame])) for text, shown in row])
    return rows


def descent(curves: Mapping[str, Sequence[torch.Tensor]], network: float) -> Figure:
    """The loss along gradient descent: from no edit, and from a network's proposal.

    Args:
        curves: "no edit" and others -> the curve (steps + 1,) of each region.
        network: the mean loss of the network's proposals.
    """
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for (start, each), color in zip(curves.items(), (BLUE, ORANGE, GREEN), strict=False):
        table = torch.stack(list(each)).numpy()
        best = np.minimum.accumulate(table, axis=1)
        steps = np.arange(table.shape[1])
        axes.plot(steps, best.mean(axis=0), color=color, linewidth=2, label=f"from {start}")
        axes.fill_between(steps, *np.percentile(best, [25, 75], axis=0), color=color, alpha=0.2, linewidth=0)
    axes.axhline(network, color=GREY, linestyle=":", label="the network, one pass")
    axes.set(xlabel="steps of gradient descent", ylabel="loss, mean over regions")
    axes.legend(frameon=False, fontsize=9)
    return figure


def _shape(of: tuple[int, int], size: int) -> tuple[int, int]:
    """A photo's (height, width) where its shorter side has so many pixels."""
    return tuple(round(side * size / min(of)) for side in of)


def _around(inside: np.ndarray, size: int, side: int = 256) -> tuple[slice, slice]:
    """A square window of one size for all rows, on the region's middle; `inside` has `size` pixels on its shorter side."""
    side = min(side, size)
    middle = [round(float(axis.mean())) if len(axis) else size // 2 for axis in np.nonzero(inside)]
    top, left = (min(max(place - side // 2, 0), whole - side) for place, whole in zip(middle, inside.shape, strict=True))
    return slice(top, top + side), slice(left, left + side)
