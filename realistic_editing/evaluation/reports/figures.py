"""Figures of an evaluation. Colours are Okabe and Ito's, which people with any colour vision can tell apart."""
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from realistic_editing.common.files import replacing

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
GEOMETRIC = ("exposure",)  # a factor of 2 is as far from 1 as one of 1/2


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, 200 dots an inch.

    Raises:
        InputError: when the folder cannot be written.
    """
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=200)


def curves(
    panels: Mapping[str, pd.DataFrame],
    edits: Mapping[str, Sequence[float]],
    rest: Mapping[str, float],
    label: str,
    bounds: Mapping[str, Mapping[float, tuple[float, float]]] | None = None,
    unit: str = "photo",
    lines: int = 6,
) -> Figure:
    """How a judge's verdict moves with each edit: the mean over regions, and how much photos or regions differ.

    Args:
        panels: title of a row of panels -> changes of its regions, from `sweep`.
        edits: the factors of each edit, a column of panels each.
        rest: the factor of each edit that changes nothing.
        label: of the vertical axis.
        bounds: goals to mark, for each edit and factor, or None.
        unit: whose spread is shown: "photo", the mean of its regions, or "region".
        lines: how many single ones to draw.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(0.8 + 3.1 * len(edits), 0.6 + 2.9 * len(panels)), layout="constrained")
    grid = figure.subplots(len(panels), len(edits), squeeze=False, sharey="row")
    for row, (title, changes) in zip(grid, panels.items(), strict=True):
        for axes, name in zip(row, edits, strict=True):
            _curve(axes, changes[changes.edit == name], rest[name], unit, lines)
            for factor, (low, high) in (bounds or {}).get(name, {}).items():
                axes.plot([factor, factor], [low, high], color=GREEN, linewidth=5, alpha=0.35, solid_capstyle="butt")
            _scale(axes, name)
            axes.set_xlabel("blended into surroundings" if name == "fading" else f"{name} factor")
        row[0].set_ylabel(label)
        row[0].set_ylim(*_limits(changes))
        row[0].set_title(title, loc="left", fontsize=10)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    if bounds:
        handles.append(grid[0, 0].plot([], [], color=GREEN, linewidth=5, alpha=0.35)[0])
        labels.append("goal for the mean")
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    return figure


def _curve(axes: Axes, changes: pd.DataFrame, rest: float, unit: str, lines: int) -> None:
    names = ["source", "photo"] + (["region"] if unit == "region" else [])
    table = changes.groupby([*names, "factor"]).change.mean().unstack("factor")
    table[rest] = 0.0  # what changes nothing need not be measured
    table = table.sort_index(axis=1)
    mean = changes.groupby("factor").change.mean()
    mean[rest] = 0.0
    mean = mean.sort_index()
    factors = table.columns.to_numpy(float)
    low, high = np.nanpercentile(table.to_numpy(), [25, 75], axis=0)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.axvline(rest, color=GREY, linewidth=0.8, linestyle=":")
    # Spread evenly over those sorted by their largest change, so that the thin lines show the range.
    order = np.argsort(table.abs().max(axis=1).to_numpy())
    shown = order[np.linspace(0, len(order) - 1, min(lines, len(order))).round().astype(int)]
    for index, one in enumerate(shown):
        axes.plot(factors, table.to_numpy()[one], color=ORANGE, linewidth=0.7, alpha=0.7,
                  label=f"single {unit}s" if index == 0 else None)  # fmt: skip
    axes.fill_between(factors, low, high, color=BLUE, alpha=0.25, linewidth=0, label=f"middle half of the {unit}s")
    axes.plot(factors, mean.to_numpy(), color=BLUE, linewidth=2, marker="o", markersize=3, label="mean over regions")


def _limits(changes: pd.DataFrame) -> tuple[float, float]:
    """Room for 98 % of the changes: one region that gains tenfold may not flatten all others."""
    low, high = np.percentile(changes.change, [1, 99])
    margin = 0.08 * (max(high, 0) - min(low, 0)) + 0.01
    return min(low, 0) - margin, max(high, 0) + margin


def _scale(axes: Axes, name: str) -> None:
    if name in GEOMETRIC:
        axes.set_xscale("log", base=2)
        ticks = [0.5, 0.7, 1, 1.4, 2]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([f"{tick:g}" for tick in ticks])


def draw_reliability(panels: Mapping[str, pd.DataFrame]) -> Figure:
    """Scores against the share of real samples that have them; on the diagonal a score is a probability.

    Args:
        panels: title -> from `critic.reliability`.
    """
    figure = Figure(figsize=(0.6 + 3.3 * len(panels), 4.3), layout="constrained")
    all_axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, table) in zip(all_axes, panels.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
        axes.bar(table.score, table["count"] / table["count"].sum(), width=0.06, color=BLUE, alpha=0.25,
                 label="share of the samples")  # fmt: skip
        axes.plot(table.score, table.share, color=BLUE, marker="o", markersize=4, label="share of real among them")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="score", title=title, aspect="equal")
    all_axes[0].set_ylabel("share")
    figure.legend(*all_axes[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2)
    return figure
