"""Saliency driven image manipulation (Mechrez et al.): the region takes its patches from where the photo is salient."""
import dataclasses

import cv2
import numpy as np
import torch
from torch import nn

from realistic_editing.baselines.method import Baseline
from realistic_editing.baselines.patch_match import nearest_patches, vote
from realistic_editing.baselines.poisson import screened_poisson
from realistic_editing.data.pixels import resize
from realistic_editing.saliency.distinctness import PatchDistinctness

_TOP = 0.2  # the paper's share of the most salient pixels on each side of the mask


@dataclasses.dataclass
class _Level:
    """One size of the photo: Lab, its saliency, which pixels are the region's, and the last matches."""

    lab: np.ndarray
    saliency: np.ndarray
    region: np.ndarray
    field: np.ndarray | None = None


class MEC(Baseline):
    """Minimise, over the edited photo J, the distance of each patch in the region to its nearest patch among the salient
    ones of the photo I (D+), that of each patch elsewhere to its nearest among the others (D-), and the change of gradients.

        E(J) = sum_{p in R} min_{q in D+} d(J_p, I_q) + sum_{p not in R} min_{q in D-} d(J_p, I_q) + w |grad J - grad I|^2

    D+ holds the patches of saliency tau+ or more, D- those of tau- or less; the thresholds move apart until the contrast
    of J's saliency is what is wanted. To attenuate, the region takes D-.
    """

    name = "mec"
    citation = (
        'R. Mechrez, E. Shechtman and L. Zelnik-Manor, "Saliency driven image manipulation", Machine Vision and '
        "Applications 30, 2019 (first at WACV 2018)"
    )
    choices = ()
    longest_side = 512
    background = True

    def __init__(
        self,
        saliency: nn.Module | None = None,
        contrast: dict[str, float] | None = None,
        thresholds: tuple[float, float] = (0.3, 0.7),
        limits: tuple[float, float] = (0.85, 0.2),
        pace: float = 0.1,
        tolerance: float = 0.05,
        iterations: int = 15,
        weights: tuple[float, float, float] = (5.0, 2.0, 2.0),
        patch: int = 7,
        sweeps: int = 5,
        coarsest: int = 150,
        fewest: int = 50,
        seed: int = 0,
    ) -> None:
        self.saliency = PatchDistinctness() if saliency is None else saliency
        self.contrast = contrast or {"amplify": 0.6, "attenuate": -0.3}
        self.thresholds, self.limits, self.pace, self.tolerance = thresholds, limits, pace, tolerance
        self.iterations, self.weights, self.patch, self.sweeps = iterations, weights, patch, sweeps
        self.coarsest, self.fewest, self.seed = coarsest, fewest, seed
        self.trace = []

    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Edit at the working size; arguments and result as `Baseline.change`."""
        levels = self._levels(image, mask)
        edited, thresholds = self._coarse(levels, image, task)
        for i, (coarse, level) in enumerate(zip(levels, levels[1:]), start=1):
            edited = level.lab + resize(edited - coarse.lab, level.region.shape)
            for _ in range((len(levels) - i) ** 2):
                edited = self._update(edited, level, thresholds, task)
        self.final = contrast(self._map(_rgb(edited)), levels[-1].region)
        return _rgb(edited)

    def _levels(self, image, mask):
        lab, saliency = cv2.cvtColor(image, cv2.COLOR_RGB2Lab), self._map(image)
        factors = [1]
        while max(mask.shape) / factors[0] > self.coarsest:
            factors.insert(0, 2 * factors[0])
        levels = []
        for factor in factors:
            size = tuple(max(1, round(side / factor)) for side in mask.shape)
            part = resize(mask, size)
            levels.append(_Level(resize(lab, size), resize(saliency, size), part >= min(0.5, part.max())))
        return levels

    def _coarse(self, levels, image, task):
        level, finest = levels[0], levels[-1]
        high, low = self.thresholds
        edited = level.lab
        self.trace = []
        for _ in range(self.iterations):
            now = contrast(self._map(_rgb(finest.lab + resize(edited - level.lab, finest.region.shape))), finest.region)
            missing = self.contrast[task] - now if task == "amplify" else now - self.contrast[task]
            self.trace.append((round(float(now), 3), round(high, 2), round(low, 2)))
            if missing < self.tolerance:
                break
            high, low = min(high + self.pace * missing, self.limits[0]), max(low - self.pace * missing, self.limits[1])
            edited = self._update(edited, level, (high, low), task)
        return edited, (high, low)

    def _update(self, edited, level, thresholds, task):
        salient, calm = self._databases(level.saliency, thresholds)
        own = np.stack(np.indices(level.region.shape), axis=-1).astype(np.int32)
        field = own.copy() if level.field is None else level.field
        if task == "amplify":
            pairs = [(level.region, salient), (~level.region, calm)]
        else:
            pairs = [(level.region, calm)]
        result = own.copy()
        for side, database in pairs:
            targets = side & ~database
            found, _ = nearest_patches(edited, level.lab, targets, database, self.patch, self.sweeps, self.seed, field)
            result[targets] = found[targets]
        level.field = result
        colours = vote(level.lab, result, self.patch, level.region)
        return screened_poisson(colours, level.lab, self.weights, level.region)

    def _databases(self, saliency, thresholds):
        ordered = np.sort(saliency, axis=None)
        fewest = min(self.fewest, len(ordered))
        return saliency >= min(thresholds[0], ordered[-fewest]), saliency <= max(thresholds[1], ordered[fewest - 1])

    def _map(self, image):
        photo = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        return self.saliency(photo)[0, 0].numpy()


def contrast(saliency: np.ndarray, region: np.ndarray) -> float:
    """How much more salient the region is than the rest: psi, between the means of the top fifths of both.

    Args:
        saliency: (H, W) float in [0, 1].
        region: (H, W) bool.

    Returns:
        In [-1, 1]; where one of the two has no pixel, its mean counts as 0.
    """
    return _top(saliency[region]) - _top(saliency[~region])


def _top(values):
    return float(np.sort(values)[-max(1, round(_TOP * values.size)) :].mean()) if values.size else 0.0


def _rgb(lab):
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)
