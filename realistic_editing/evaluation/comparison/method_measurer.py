"""Measure what methods made of one photo: every method's result by the same judges, at the same size."""
import dataclasses
import functools
import hashlib
import math
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.memory import greatest_rise
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import read_region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import network_input
from realistic_editing.evaluation.comparison.codec import as_published
from realistic_editing.evaluation.comparison.methods import INPUT, REPRODUCED, Editor
from realistic_editing.evaluation.comparison.photo_sets import TestPhoto
from realistic_editing.evaluation.comparison.rivals import distinct_name, load_rivals
from realistic_editing.evaluation.measures.edits import parameters
from realistic_editing.evaluation.measures.photo_changes import photo_changes, saliency_changes
from realistic_editing.evaluation.measures.sweep import predict_saliency, score
from realistic_editing.evaluation.reports.page import small_jpeg
from realistic_editing.ops import Recipe
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.ops.sampling import get_preset
from realistic_editing.saliency.distinctness import PatchDistinctness
from realistic_editing.weights import fingerprint, load_network

DISTINCTNESS = "patch distinctness"
_PACKAGE = Path(__file__).resolve().parents[2]
# Code that numbers depend on: parts of the package, and files of evaluation.
_PARTS = ("common", "ops", "region_statistics", "data", "saliency", "realism", "enhance", "weights")
FILES = (
    "comparison/codec", "comparison/method_measurer", "comparison/methods",
    "measures/color_difference", "measures/edits", "measures/photo_changes", "measures/sweep",
)
JUDGES = ("saliency", "critic", "heldout_saliency", "second_heldout")  # the weights of a plan that measure
RECIPE = ("log2_exposure", "saturation", "red", "blue")


@dataclasses.dataclass(frozen=True)
class MeasurementPlan:
    """All that decides the numbers of a photo; plain values, so that other processes can be sent it.

    Args:
        saliency, critic, heldout_saliency, attenuate, amplify: bundled weights, or paths.
        second_heldout: the same, of one more saliency network that took no part; None = none.
        size: side of the square that photos and results are resized to, and measured at.
        seed: decides orders and random edits.
        edits: Table 1: "released" or "paper".
        device: of the networks; the CPU when None.
        pictures: a folder that takes a small JPEG of each result, see `picture_file`; None = none.
        rivals: weights of other enhancement networks, see `load_rivals`.
    """

    saliency: str
    critic: str
    heldout_saliency: str
    attenuate: str
    amplify: str
    second_heldout: str | None = None
    size: int = 384
    seed: int = 0
    edits: str = "released"
    device: str | None = None
    pictures: str | None = None
    rivals: tuple[str, ...] = ()


class MethodMeasurer:
    """Measures methods by the judges and enhancers that a plan names, which it loads.

    Args:
        plan: what to load.

    Raises:
        InputError: when weights cannot be used.
    """

    def __init__(self, plan: MeasurementPlan) -> None:
        self.plan, self.preset = plan, get_preset(plan.edits)
        judges = {"critic": plan.critic, "saliency": plan.saliency, "device": plan.device}
        self.enhancers = {task: Enhancer.from_pretrained(getattr(plan, task), **judges, task=task) for task in TASKS}
        self.rivals = load_rivals(plan.rivals, plan.device)
        self.critic = self.enhancers["attenuate"].critic
        self.networks = {Path(plan.saliency).stem: self.enhancers["attenuate"].saliency}
        for weights in filter(None, (plan.heldout_saliency, plan.second_heldout)):
            self.networks[distinct_name(weights, self.networks)] = load_network(weights, "saliency", plan.device)
        self.distinctness = PatchDistinctness()
        # The first edit compiles for some seconds, which are no method's.
        blank = np.full((8, 8), 255, np.uint8)
        apply_to_photo(np.dstack([blank] * 3), blank, Recipe.identity(torch.arange(4)[None]))

    @property
    def models(self) -> list[str]:
        """The names of the saliency models; the first is the one that the enhancers were trained with."""
        return [*self.networks, DISTINCTNESS]

    def settings(self) -> dict[str, Any]:
        """What the numbers depend on, by name; weights and code by a fingerprint of their content."""
        networks = {"critic": self.critic, **{task: one.network for task, one in self.enhancers.items()}, **self.networks}
        plan = {name: getattr(self.plan, name) for name in ("size", "seed", "edits")}
        aims = {f"{task}, objective": one.objective_fingerprint for task, one in self.enhancers.items()}
        return plan | {name: fingerprint(network) for name, network in networks.items()} | aims | {"code": _code()}

    def offers(self, photo: TestPhoto, method: str, published: Container[str]) -> bool:
        """Whether there is a method's result of a photo: `published` ones, and rivals, may not have all."""
        if method in published:
            return method in photo.results
        return method not in self._rival_names or method in self.rivals[photo.region.task]

    @functools.cached_property
    def _rival_names(self) -> set[str]:
        return {name for networks in self.rivals.values() for name in networks}

    def stamp(self, photo: TestPhoto, method: str) -> str:
        """A mark that changes when a row is outdated: of the photo's files, and of a method's own weights or code.

        Weights and code that every run depends on are in `settings`; with these here, one more rival costs no row of others.
        """
        network = self.rivals[photo.region.task].get(method)
        made_by = fingerprint(network) if network is not None else _baselines() if method.endswith(REPRODUCED) else ""
        return stamp(photo, method) + made_by

    def measure(self, photo: TestPhoto, methods: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
        """Edit a photo by each method, and measure.

        Args:
            photo: which.
            methods: names that `Editor.edit` knows; those with no result of this photo are passed over.

        Returns:
            A row for each method (its columns: `run.Comparison`), and why some could not be measured.
        """
        try:
            editor, before = self._opened(photo)
        except InputError as error:
            return [], [str(error)]
        image, region = editor.image, editor.region
        self._keep(photo, INPUT, editor.pixels)
        realism = self._realism(image, region)
        rows, problems = [], []
        for method in methods:
            try:
                result = editor.edit(method)
            except InputError as error:
                problems.append(str(error))
                continue
            if method != INPUT and method not in photo.results:
                result = dataclasses.replace(result, pixels=as_published(result.pixels, photo.region.source))
            self._keep(photo, method, result.pixels)
            unchanged = method == INPUT  # its maps are there already
            edited = image if unchanged else self._tensor(result.pixels)
            after = before if unchanged else self._saliency(result.pixels, edited)
            row = _described(photo) | {"method": method, "stamp": self.stamp(photo, method)}
            for model in self.models:
                changes = saliency_changes(before[model], after[model], region)
                row |= {f"{name}: {model}": value for name, value in changes.items()}
            row |= {"realism_before": realism, "realism": self._realism(edited, region) - realism}
            row |= photo_changes(image, edited, region) | {"seconds": result.seconds, "memory": math.nan}
            rows.append(row | (parameters(result.recipe) if result.recipe is not None else dict.fromkeys(RECIPE, math.nan)))
        return rows, problems

    def memory(self, photo: TestPhoto, method: str) -> float:
        """MiB by which this process's memory rises at most while it edits a photo by a method, which it has run before.

        Raises:
            InputError: when the photo cannot be read.
        """
        editor, _ = self._opened(photo)

        def edit() -> None:
            editor.forget()
            editor.edit(method)

        return greatest_rise(edit)

    def _opened(self, photo: TestPhoto) -> tuple[Editor, dict[str, torch.Tensor]]:
        """What edits a photo, and its saliency by each model."""
        pixels, mask = read_region(photo.region)
        if not (mask >= 128).any():
            raise InputError(f"{photo.region.mask}: marks nothing; paint the region white")
        task = photo.region.task
        options = self.preset, self.plan.seed, self.rivals[task], self.plan.size
        editor = Editor(photo, pixels, mask, self.enhancers[task], *options)
        return editor, self._saliency(pixels, editor.image)

    def _keep(self, photo: TestPhoto, method: str, pixels: np.ndarray) -> None:
        if self.plan.pictures is not None:
            with replacing(picture_file(self.plan.pictures, photo.name, method)) as temporary:
                temporary.write_bytes(small_jpeg(pixels))

    def _tensor(self, pixels: np.ndarray) -> torch.Tensor:
        """(1, 3, S, S) in [0, 1], shrunk as photos are for the networks."""
        return network_input(pixels, np.full(pixels.shape[:2], 255, np.uint8), size=self.plan.size)[0]

    def _realism(self, image: torch.Tensor, mask: torch.Tensor) -> float:
        return float(score(self.critic, image, mask))

    def _saliency(self, pixels: np.ndarray, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """(1, 1, S, S) by each model; the networks resize to what they need, PatchDistinctness keeps the photo's shape."""
        found = {name: _fitted(predict_saliency(network, image), self.plan.size) for name, network in self.networks.items()}
        height, width = pixels.shape[:2]
        scale = min(1.0, self.distinctness.longest_side / max(height, width))
        small = resize(pixels, (max(1, round(scale * height)), max(1, round(scale * width))))
        seen = predict_saliency(self.distinctness, torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255)
        return found | {DISTINCTNESS: _fitted(seen, self.plan.size)}


def picture_file(folder: str | Path, name: str, method: str) -> Path:
    """Where the small JPEG of a method's result of a photo lies."""
    return Path(folder) / f"{name.replace('/', '_')}--{method}.jpg"


def stamp(photo: TestPhoto, method: str) -> str:
    """A mark that changes when a photo's files are not those that were measured: their sizes and times of change."""
    files = [photo.region.photo, photo.region.mask, photo.results.get(method)]
    found = [(file.stat().st_size, file.stat().st_mtime_ns) for file in files if file is not None and file.is_file()]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:8]


def _described(photo: TestPhoto) -> dict[str, Any]:
    region = photo.region
    described = {"name": photo.name, "part": photo.part, "task": region.task, "photo": f"{region.source}/{region.photo_id}"}
    return described | {"category": photo.category}


def _fitted(saliency: torch.Tensor, size: int) -> torch.Tensor:
    return torch.from_numpy(resize(saliency[0, 0].numpy(), (size, size)))[None, None]


def _code() -> str:
    """A fingerprint of the code that the numbers depend on."""
    files = [file for part in _PARTS for file in sorted((_PACKAGE / part).glob("*.py"))]
    return _hash(files + [_PACKAGE / "evaluation" / f"{name}.py" for name in FILES])


@functools.cache
def _baselines() -> str:
    """The same of the earlier methods, and of weights that were trained for them."""
    weights = (_PACKAGE / "weights").glob("gazeshift*.safetensors")
    return _hash([*sorted((_PACKAGE / "baselines").glob("*.py")), *sorted(weights)])


def _hash(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
