"""The paper's figures on any photos: each takes arrays and the public Enhancer, and gives a matplotlib figure."""
import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from realistic_editing.common.arrays import to_unit
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.view import PhotoView
from realistic_editing.evaluation.reports.figures import BLUE, GREY, ORANGE
from realistic_editing.evaluation.reports.sheets import outlined
from realistic_editing.ops import EditPreset, Recipe, operators, sample_recipe
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.recipe import RANGES

INCH = 1.9  # side of a picture
HEAT = 9  # samples along each axis of Figure 9a
SHIFT = {"saturation": 0.4, "exposure": 0.4}  # how far Figure 9a goes from the estimate: added to either parameter


@dataclasses.dataclass(frozen=True)
class FigurePhoto:
    """A photo with a region, for a row of a figure.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8.
        name: to print.
    """

    pixels: np.ndarray
    mask: np.ndarray
    name: str = ""

    def outlined(self) -> np.ndarray:
        """The photo with the region's edge drawn."""
        return outlined(self.pixels, self.mask)


def grid(rows: Sequence[Sequence[tuple[str, np.ndarray]]], titles: Sequence[str] = ()) -> Figure:
    """Pictures side by side (Figures 6 and 7): a row for each photo, a line or two of text under each picture.

    Args:
        rows: of (text, picture); pictures (H, W, 3) or (H, W), uint8 or float in [0, 1], of any size.
        titles: of the columns.
    """
    columns = max(len(row) for row in rows)
    heights = [max(picture.shape[0] / picture.shape[1] for _, picture in row) for row in rows]
    lines = max(text.count("\n") + 1 for row in rows for text, _ in row)
    height = sum(INCH * height + 0.06 + 0.16 * lines for height in heights) + 0.25
    figure = Figure(figsize=(INCH * columns, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, hspace=0.0, wspace=0.0)
    axes = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    for line in axes:
        for place in line:
            place.set_axis_off()
    for line, row in zip(axes, rows, strict=True):
        for place, (text, picture) in zip(line, row, strict=False):
            _show(place, picture, text)
    for place, title in zip(axes[0], titles, strict=False):
        place.set_title(title, fontsize=9)
    return figure


def _show(axes: Axes, picture: np.ndarray, text: str) -> None:
    axes.imshow(picture, cmap="viridis" if picture.dtype != np.uint8 else "gray", vmin=0, vmax=1 if picture.ndim == 2 and
                picture.dtype != np.uint8 else 255, interpolation="antialiased")  # fmt: skip
    axes.text(0.5, -0.02, text, transform=axes.transAxes, fontsize=7, ha="center", va="top")


def figure_2(enhancer: Enhancer, photos: Sequence[FigurePhoto], preset: EditPreset, seed: int = 0) -> Figure:
    """What saliency networks make of extreme edits: photo, its saliency, an extreme edit, its saliency, with S and dR."""
    rows = []
    for index, photo in enumerate(photos):
        recipe = sample_recipe(preset.fake, 1, torch.Generator().manual_seed(seed + index))
        edited = apply_to_photo(photo.pixels, photo.mask, recipe)
        edit = enhancer.measure(photo.pixels, photo.mask, recipe)
        before, after = (saliency_map(enhancer, picture) for picture in (photo.pixels, edited))
        top = max(float(before.max()), 1e-6)
        rows.append([("", photo.outlined()), ("", np.clip(before / top, 0, 1)), (_words(edit), edited),
                     ("", np.clip(after / top, 0, 1))])  # fmt: skip
    return grid(rows, ["photo and region", "predicted saliency", "an extreme edit", "predicted saliency"])


def figure_3(enhancer: Enhancer, photos: Sequence[FigurePhoto], steps: int = 13) -> Figure:
    """dR of single photos over exposure and saturation, beside the photos at five settings."""
    figure = Figure(figsize=(3.2 + 5 * INCH, 2 * INCH * len(photos)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)
    axes = figure.subplots(2 * len(photos), 6, squeeze=False, width_ratios=[1.7] + [1] * 5)
    settings = {"exposure": (2.0 ** np.linspace(-1, 1, steps), 2.0 ** np.linspace(-1, 1, 5)),
                "saturation": (np.linspace(0, 2, steps), np.linspace(0, 2, 5))}  # fmt: skip
    for index, photo in enumerate(photos):
        view = enhancer.view(photo.pixels, photo.mask)
        for offset, (name, (factors, shown)) in enumerate(settings.items()):
            curve, *pictures = axes[2 * index + offset]
            changes = [view.measure(_one(name, factor)).realism_change for factor in factors]
            curve.plot(factors, changes, color=BLUE, marker="o", markersize=3)
            curve.axhline(0, color=GREY, linewidth=0.8)
            curve.set(xlabel=f"{name} factor", ylabel="dR", ylim=(-1, max(0.3, max(changes) + 0.05)))
            if name == "exposure":
                curve.set_xscale("log", base=2)
                curve.xaxis.set_major_formatter("{x:g}")
            for place, factor in zip(pictures, shown, strict=True):
                recipe = _one(name, factor)
                place.set_axis_off()
                change = view.measure(recipe).realism_change
                _show(place, apply_to_photo(photo.pixels, photo.mask, recipe), f"{name} {factor:.2g}: dR {change:+.2f}")
    return figure


def _one(name: str, factor: float) -> Recipe:
    """An edit by one parameter."""
    return dataclasses.replace(Recipe.identity(torch.tensor([[0, 1, 2, 3]])), **{name: torch.tensor([float(factor)])})


def figure_8(ours: Enhancer, rival: Enhancer, photos: Sequence[FigurePhoto], name: str = "adversarial") -> Figure:
    """The same photos by an enhancer taught by the critic and by one taught by a discriminator trained alongside."""
    rows = []
    for photo in photos:
        row = [("", photo.outlined())]
        for enhancer in (ours, rival):
            edit = enhancer.propose(photo.pixels, photo.mask, guard=None)
            row.append((_words(edit), edit.apply(photo.pixels, photo.mask)))
        rows.append(row)
    return grid(rows, ["photo and region", "ours", name])


def figure_9a(enhancer: Enhancer, photos: Sequence[FigurePhoto]) -> Figure:
    """Realism around the estimated saturation and exposure, in the middle of each map: is the estimate the best there?"""
    figure = Figure(figsize=(2.2 * INCH * 2, 1.15 * INCH * len(photos)), layout="constrained")
    axes = figure.subplots(len(photos), 3, squeeze=False)
    for (plain, edited, heat), photo in zip(axes, photos, strict=True):
        view = enhancer.view(photo.pixels, photo.mask)
        edit = view.propose(EditOptions(guard=None))
        for place, picture, text in ((plain, photo.outlined(), "photo and region"),
                                     (edited, edit.apply(photo.pixels, photo.mask), _words(edit))):  # fmt: skip
            place.set_axis_off()
            _show(place, picture, text)
        scores = realism_around(view, edit.recipe)
        # Half a step beyond the outermost samples, so that each is in the middle of its cell.
        span = [sign * SHIFT[name] * HEAT / (HEAT - 1) for name in ("saturation", "exposure") for sign in (-1, 1)]
        drawn = heat.imshow(scores, origin="lower", extent=span, cmap="viridis", aspect="auto")
        heat.plot(0, 0, marker="+", color=ORANGE, markersize=12, markeredgewidth=2)
        heat.set_xlabel("added to saturation", fontsize=7)
        heat.set_ylabel("added to exposure", fontsize=7)
        heat.tick_params(labelsize=6)
        bar = figure.colorbar(drawn, ax=heat)
        bar.set_label("dR", fontsize=7)
        bar.ax.tick_params(labelsize=6)
    return figure


def realism_around(view: PhotoView, recipe: Recipe) -> np.ndarray:
    """dR where saturation (columns) and exposure (rows) differ from a recipe by up to SHIFT: (HEAT, HEAT).

    Values that leave their range of Table 1 are cut to it, so an estimate at its limit shows a flat side.
    """
    rows = []
    for more_exposure in np.linspace(-SHIFT["exposure"], SHIFT["exposure"], HEAT):
        row = []
        for more_saturation in np.linspace(-SHIFT["saturation"], SHIFT["saturation"], HEAT):
            changed = dataclasses.replace(
                recipe,
                saturation=(recipe.saturation + float(more_saturation)).clamp(*RANGES["saturation"]),
                exposure=(recipe.exposure + float(more_exposure)).clamp(*RANGES["exposure"]),
            )
            row.append(view.measure(changed).realism_change)
        rows.append(row)
    return np.array(rows)


def figure_9b(recipes: Mapping[str, Sequence[Recipe]]) -> Figure:
    """How the estimated parameters are spread over photos, for each task.

    Args:
        recipes: task -> a recipe for each photo.
    """
    panels = {
        "exposure": lambda r: r.exposure.log2(),
        "saturation": lambda r: r.saturation,
        "red against green": lambda r: (r.white_balance[:, 1] / r.white_balance[:, 0]).log2(),
        "blue against green": lambda r: (r.white_balance[:, 1] / r.white_balance[:, 2]).log2(),
        "colour curve at mid-grey": _lift,
    }
    units = ["stops", "factor", "stops", "stops", "factor"]
    figure = Figure(figsize=(2.3 * len(panels), 2.4), layout="constrained")
    for axes, (name, value), unit in zip(figure.subplots(1, len(panels)), panels.items(), units, strict=True):
        found = {task: np.concatenate([value(recipe).numpy() for recipe in several]) for task, several in recipes.items()}
        everything = np.concatenate(list(found.values()))
        bins = np.linspace(everything.min() - 1e-3, everything.max() + 1e-3, 25)
        for (task, values), color, hatch in zip(found.items(), (BLUE, ORANGE), ("", "//"), strict=False):
            axes.hist(values, bins=bins, color=color, alpha=0.55, hatch=hatch, edgecolor="white", label=task)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel(unit, fontsize=8)
        axes.tick_params(labelsize=7)
        axes.set_yticks([])
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def _lift(recipe: Recipe) -> torch.Tensor:
    """What the colour curves make of middle grey, as a factor: (B,)."""
    grey = torch.full((len(recipe), 3, 1, 1), 0.5)
    return operators.color_curve(grey, recipe.color_curve.float()).mean(dim=(1, 2, 3)) / 0.5


def figure_10(enhancers: Mapping[str, Enhancer], photo: np.ndarray, plan: Sequence[tuple[str, np.ndarray]]) -> Figure:
    """Several regions of one photo, each with its task, edited one after another (Figures 1 and 10).

    Args:
        enhancers: task -> its enhancer.
        photo: (H, W, 3) uint8.
        plan: (task, mask (H, W)) in the order of the edits.
    """
    row, pixels = [("photo", photo)], photo
    for step, (task, mask) in enumerate(plan, start=1):
        edit = enhancers[task].propose(pixels, mask)
        row.append((f"{step}: {task}", outlined(pixels, mask)))
        pixels = edit.apply(pixels, mask)
        row.append((_words(edit), pixels))
    return grid([row])


@torch.no_grad()
def saliency_map(enhancer: Enhancer, picture: np.ndarray) -> np.ndarray:
    """Predicted saliency (H, W) in [0, 1] of a photo (H, W, 3)."""
    device = next(enhancer.network.parameters()).device
    image = torch.from_numpy(to_unit(picture)).permute(2, 0, 1)[None].contiguous().to(device)
    return enhancer.saliency(image)[0, 0].float().cpu().numpy()


def _words(edit: Edit) -> str:
    return f"saliency {100 * edit.saliency_change:+.0f} %, dR {edit.realism_change:+.2f}"
