"""Draw a figure of the paper on unseen photos or on one's own: what scripts/make_figures.py calls."""
import json
from collections.abc import Callable
from pathlib import Path

import torch
from matplotlib.figure import Figure
from omegaconf import DictConfig, ListConfig
from tqdm import tqdm

from realistic_editing.apps.ablations import named_weights
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.evaluated_weights import with_fingerprint
from realistic_editing.apps.option_ranges import check_options
from realistic_editing.apps.regions import load_regions
from realistic_editing.baselines import BASELINES, baseline
from realistic_editing.common import provenance
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.folder import images_by_name, read_folder
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.data.masks import DAMAGES
from realistic_editing.data.pixels import read_version
from realistic_editing.data.regions import Region, read_region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import SIZE
from realistic_editing.evaluation.comparison.rivals import rival_name
from realistic_editing.evaluation.reports import enhancer_sheets, paper_figures
from realistic_editing.evaluation.reports.paper_figures import FigurePhoto
from realistic_editing.ops.sampling import get_preset

_FORMATS = ("png", "pdf", "svg")
ACROSS = 4  # pictures in a row of the figure of all methods
DEMO = {task: (FOLDER / "astronaut.jpg", FOLDER / f"{name}.png") for task, name in (("attenuate", "flag"), ("amplify", "tank"))}
_MOST = 40  # photos whose edits Figure 9b shows


def figures(config: DictConfig) -> Path:
    """Draw the figure that `config.figure` names.

    Args:
        config: as configs/figures/figures.yaml.

    Returns:
        The path of the picture; beside it lies NAME.json with the command, the revision, the machine and the weights.

    Raises:
        InputError: when data, weights or a setting cannot be used.
    """
    check_options("figures", config)
    name = str(config.figure)
    if name not in FIGURES:
        raise InputError(f"figure is {name!r}; use one of {', '.join(FIGURES)}")
    if config.format not in _FORMATS:
        raise InputError(f"format is {config.format!r}; use one of {', '.join(_FORMATS)}")
    if config.task not in TASKS:
        raise InputError(f"task is {config.task!r}; use one of {', '.join(TASKS)}")
    path, enhancers = Path(config.output) / f"figure_{name}.{config.format}", _Enhancers(config)
    figure = FIGURES[name](config, enhancers)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=200)
    record = {"command": provenance.command(), "revision": provenance.revision(), "machine": provenance.machine()}
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(record | {"weights": enhancers.weights}, indent=2) + "\n", encoding="utf-8")
    print(f"figure {name}: {path}")
    return path


class _Enhancers:
    """Loads the enhancers of a figure, and remembers what was loaded.

    Attributes:
        weights: option -> what `with_fingerprint` says of its weights.
    """

    def __init__(self, config: DictConfig) -> None:
        self.config = config
        self.weights: dict[str, str] = {}

    def __call__(self, task: str, name: str | None = None, weights: str | None = None) -> Enhancer:
        """The enhancer of a task: by the option of its name, or by other weights, which another option names."""
        config, own = self.config, weights or self.config[task]
        judges = {"critic": config.critic, "saliency": config.saliency}
        enhancer = Enhancer.from_pretrained(own, **judges, device=config.device, task=task)
        kinds = {name or task: "enhancer", "critic": "realism", "saliency": "saliency"}
        for (option, kind), source in zip(kinds.items(), (own, *judges.values()), strict=True):
            self.weights[option] = self.weights.get(option) or with_fingerprint(source, kind)
        return enhancer


def _regions(config: DictConfig, task: str, count: int) -> list[Region]:
    """Regions for a task, of held-out photos, or of the user's own; picked by the seed."""
    if config.photos:
        regions = read_folder(config.photos)
    else:
        regions = load_regions(config, ("test",)).where("task", lambda found: found in ("", task))
    if not regions:
        raise InputError(f"no unseen region for the task {task}; add photos, or name a folder of your own in photos=")
    return enhancer_sheets.drawn(regions, count, config.seed)


def _photos(config: DictConfig, task: str | None = None, count: int | None = None) -> list[FigurePhoto]:
    regions = _regions(config, task or config.task, count or config.rows)
    return [FigurePhoto(*read_region(region), name=region.photo_id) for region in regions]


def _figure_2(config: DictConfig, enhancers: _Enhancers) -> Figure:
    return paper_figures.figure_2(
        enhancers(config.task), _photos(config), get_preset(config.edits), config.seed
    )


def _figure_3(config: DictConfig, enhancers: _Enhancers) -> Figure:
    return paper_figures.figure_3(enhancers(config.task), _photos(config))


def _figure_6(config: DictConfig, enhancers: _Enhancers) -> Figure:
    """Photo, mask, the results of other methods from folders, and ours."""
    enhancer, rows = enhancers(config.task), []
    others = {name: images_by_name(folder) for name, folder in config.results.items()}
    for photo in _photos(config):
        row = [("", photo.pixels), ("", photo.mask)]
        for name, found in others.items():
            if photo.name not in found:
                raise InputError(f"results.{name}: no result for the photo {photo.name}; name it {photo.name}.png")
            row.append(("", read_version(found[photo.name], photo.pixels.shape[:2], upright=bool(config.photos))))
        edit = enhancer.propose(photo.pixels, photo.mask)
        rows.append([*row, (str(edit).splitlines()[0].split(": ")[1], edit.apply(photo.pixels, photo.mask))])
    return paper_figures.grid(rows, ["photo", "mask", *others, "ours"])


def _all_methods(config: DictConfig, enhancers: _Enhancers) -> Figure:
    """One photo through all methods that run here, with what our judges see in each result."""
    if config.photos:
        raise InputError(f"photos={config.photos}: figure=methods draws one photo; use photo=PHOTO mask=MASK instead")
    source, mask_file = (config.photo, config.mask) if config.photo else DEMO[config.task]
    if not mask_file:
        raise InputError("figure=methods needs mask=MASK beside photo=PHOTO")
    pixels = read_photo(source).srgb
    mask, enhancer = read_mask(mask_file, pixels.shape[:2])[0], enhancers(config.task)
    edit = enhancer.propose(pixels, mask)
    shown = [("photo", pixels), ("region", mask), (f"ours\n{_changes(edit.realism_change, edit.saliency_change)}",
             edit.apply(pixels, mask))]  # fmt: skip
    for name in tqdm(BASELINES, desc="methods", unit="method"):
        result = baseline(name).edit(pixels, mask, config.task)
        shown.append((f"{name}\n{_changes(*enhancer.judge(pixels, mask, result))}", result))
    return paper_figures.grid([shown[start : start + ACROSS] for start in range(0, len(shown), ACROSS)])


def _changes(realism: float, saliency: float) -> str:
    return f"dR {delta_r(realism)}, saliency {percent(saliency)}"


def _figure_8(config: DictConfig, enhancers: _Enhancers) -> Figure:
    weights = named_weights(config, config.rival)
    rival = enhancers(config.task, "rival", weights)
    return paper_figures.figure_8(enhancers(config.task), rival, _photos(config), rival_name(weights))


def _figure_9a(config: DictConfig, enhancers: _Enhancers) -> Figure:
    return paper_figures.figure_9a(enhancers(config.task), _photos(config))


def _figure_9b(config: DictConfig, enhancers: _Enhancers) -> Figure:
    found = {}
    for task in TASKS:
        enhancer, photos = enhancers(task), _photos(config, task, _MOST)
        found[task] = [enhancer.propose(p.pixels, p.mask, guard=None).recipe for p in tqdm(photos, desc=task, unit="photo")]
    return paper_figures.figure_9b(found)


def _figure_10(config: DictConfig, enhancers: _Enhancers) -> Figure:
    if not config.photo or not config.plan:
        raise InputError("figure 10 needs photo=PHOTO and plan=[[attenuate,MASK],[amplify,MASK],...]")
    pixels, plan = read_photo(config.photo).srgb, []
    if not isinstance(config.plan, ListConfig):
        raise InputError(f"plan is {config.plan!r}; use plan=[[attenuate,MASK],[amplify,MASK],...]")
    for step in config.plan:
        if not isinstance(step, ListConfig) or len(step) != 2 or step[0] not in TASKS:
            raise InputError(f"plan: {step} is no step; use [attenuate,MASK] or [amplify,MASK]")
        plan.append((step[0], read_mask(step[1], pixels.shape[:2])[0]))
    return paper_figures.figure_10({task: enhancers(task) for task, _ in plan}, pixels, plan)


def _figure_11(config: DictConfig, enhancers: _Enhancers) -> Figure:
    """Close-ups: the worst of the damages, a jagged edge; and what `--refine-mask` makes of it."""
    enhancer = enhancers(config.task)
    networks = {"ours": enhancer.network}
    if config.clean:
        networks["trained on clean masks"] = enhancers(config.task, "clean", config.clean).network
    regions = _regions(config, config.task, config.rows)
    with torch.no_grad():
        rows = enhancer_sheets.damage_rows(networks, enhancer, regions, SIZE, DAMAGES[-1], config.seed, ("mended",))
    return paper_figures.grid(rows)


FIGURES: dict[str, Callable[[DictConfig, _Enhancers], Figure]] = {
    "2": _figure_2, "3": _figure_3, "6": _figure_6, "7": _figure_6, "8": _figure_8, "9a": _figure_9a, "9b": _figure_9b,
    "10": _figure_10, "11": _figure_11, "methods": _all_methods,
}  # fmt: skip
