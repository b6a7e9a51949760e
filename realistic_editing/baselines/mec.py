"""Saliency driven image manipulation (Mechrez et al.): a region takes its patches from where the photo itself is salient."""
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

_TOP = 0.2  # the share of the most salient pixels, inside the mask and outside, whose means are compared
_CONTRAST = {"amplify": 0.6, "attenuate": -0.6}


@dataclasses.dataclass
class _Level:
    """The photo at one size: (H, W, 3) Lab, (H, W) saliency, which pixels are the region's, and each pixel's match."""

    lab: np.ndarray
    saliency: np.ndarray
    region: np.ndarray
    field: np.ndarray


class MEC(Baseline):
    """Edit a photo I into J, so that in the region R patches are like salient ones of I, and elsewhere like the others.

        E(J) = sum_{p in R} min_{q in D+} d(J_p, I_q) + sum_{p not in R} min_{q in D-} d(J_p, I_q) + |w (grad J - grad I)|^2

    d is the sum of squared differences of two patches in CIELAB. D+ holds the patches of I whose saliency is tau+ or more,
    D- those with tau- or less. At the coarsest size the thresholds move apart until the contrast of J's saliency (see
    `contrast`) is what is wanted; finer sizes keep them. One update of J finds each patch's nearest in its database
    (PatchMatch), lets these vote for colours, and gives the colours the photo's gradients (screened Poisson).
    To attenuate, the region takes D-.

    Args:
        saliency: a module on the CPU, (B, 3, H, W) in [0, 1] -> (B, 1, H, W) in [0, 1]; None: `PatchDistinctness`.
        contrast: the contrast that is wanted, by task; None: 0.6 to amplify and -0.6 to attenuate.
        least: by how much the contrast is to change in any case, for photos that have what is wanted to begin with.
        thresholds: tau+ and tau- to begin with.
        limits: up to which tau+ rises, and down to which tau- falls.
        pace: by how much both move, for each unit of contrast that is missing.
        tolerance: of contrast, at which to stop.
        iterations: updates at the coarsest size, at most.
        weights: w of L, a and b.
        patch: side of a patch in pixels, odd.
        sweeps: of PatchMatch.
        coarsest: longest side of the coarsest size in pixels; each finer one is at most twice as large.
        fewest: patches in a database: where a threshold leaves fewer, those nearest to it are taken.
        longest_side: pixels at which the method works.
        seed: of PatchMatch.
    """

    name = "mec"
    citation = (
        'R. Mechrez, E. Shechtman and L. Zelnik-Manor, "Saliency driven image manipulation", Machine Vision and '
        "Applications, 2019 (first at WACV 2018)"
    )
    choices = (
        "The constants of the thresholds, the contrast wanted to amplify, and the sizes follow public re-implementations; the "
        "paper's own could not be confirmed. The contrast wanted to attenuate, minus the same, is ours.",
        "Those re-implementations weigh the gradients of L, a and b by 5, 2 and 2, or all three alike. Ours is 10, 1 and 1: "
        "on the first 13 photos of the set's object_enhancement the published results change L less, and a and b more, "
        "than weights of 5, 2 and 2 do.",
        "Patches that are in their database already keep themselves, and are not looked up.",
        "Patches vote on their own side of the mask's border only, or an object would keep a rim of its old colour.",
        "Outside the mask the patches' lightness is not taken over: that of the same published results changes there by no "
        "more than compression does, and white windows would turn grey otherwise. The Poisson step still lets it change by "
        "some levels within about 10 pixels of the border.",
        "All gradients are kept, where a re-implementation drops those above 100.",
        "To attenuate, no patch outside the mask is exchanged: the published results barely change there.",
        "A photo whose contrast is as wanted to begin with is still edited, for a little more.",
        "The contrast is measured on the photo at the working size with the change enlarged; finer sizes, too, stop where it "
        "is reached.",
        "At most 512 pixels are edited along the longest side, the size of the published results.",
    )
    background = True

    def __init__(
        self,
        saliency: nn.Module | None = None,
        contrast: dict[str, float] | None = None,
        least: float = 0.1,
        thresholds: tuple[float, float] = (0.3, 0.7),
        limits: tuple[float, float] = (0.85, 0.2),
        pace: float = 0.1,
        tolerance: float = 0.05,
        iterations: int = 20,
        weights: tuple[float, float, float] = (10.0, 1.0, 1.0),
        patch: int = 7,
        sweeps: int = 5,
        coarsest: int = 150,
        fewest: int = 50,
        longest_side: int | None = 512,
        seed: int = 0,
    ) -> None:
        self.saliency = PatchDistinctness() if saliency is None else saliency
        self.contrast = dict(_CONTRAST if contrast is None else contrast)
        self.least, self.thresholds, self.limits, self.pace, self.tolerance = least, thresholds, limits, pace, tolerance
        self.iterations, self.weights, self.patch, self.sweeps = iterations, weights, patch, sweeps
        self.coarsest, self.fewest, self.longest_side, self.seed = coarsest, fewest, longest_side, seed

    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Edit at the working size, coarse to fine; arguments and result as `Baseline.change`."""
        levels = self._levels(image, mask)
        sign = 1 if task == "amplify" else -1
        before = sign * contrast(levels[-1].saliency, levels[-1].region)
        wanted = max(sign * self.contrast[task], before + self.least)
        thresholds, missing = self.thresholds, wanted - before
        edited = levels[0].lab
        for i, level in enumerate(levels):
            if i > 0:
                edited = level.lab + resize(edited - levels[i - 1].lab, level.region.shape)
            for _ in range(self.iterations if i == 0 else (len(levels) - i) ** 2):
                if missing < self.tolerance:
                    break
                if i == 0:
                    thresholds = self._moved(thresholds, missing)
                edited = self._update(edited, level, thresholds, task)
                missing = wanted - sign * self._contrast(edited, level, levels[-1])
        return _rgb(edited)

    def _levels(self, image: np.ndarray, mask: np.ndarray) -> list[_Level]:
        """The photo from the coarsest size to its own."""
        lab, saliency = cv2.cvtColor(image, cv2.COLOR_RGB2Lab), self._map(image)
        longest = max(mask.shape)
        steps = max(0, int(np.ceil(np.log2(longest / self.coarsest))))
        levels = []
        for step in range(steps + 1):
            scale = (self.coarsest / longest) ** (1 - step / steps) if steps else 1.0
            size = tuple(max(1, round(side * scale)) for side in mask.shape)
            part = resize(mask, size)
            region = part >= min(0.5, part.max())  # a region too thin for this size stays where it is strongest
            itself = np.stack(np.indices(size), axis=-1).astype(np.int32)
            levels.append(_Level(resize(lab, size), resize(saliency, size), region, itself))
        return levels

    def _moved(self, thresholds: tuple[float, float], missing: float) -> tuple[float, float]:
        step = self.pace * missing
        return min(thresholds[0] + step, self.limits[0]), max(thresholds[1] - step, self.limits[1])

    def _update(self, edited: np.ndarray, level: _Level, thresholds: tuple[float, float], task: str) -> np.ndarray:
        """One step down the energy: search, vote, and the photo's gradients."""
        ordered = np.sort(level.saliency, axis=None)
        fewest = min(self.fewest, len(ordered))
        salient = level.saliency >= min(thresholds[0], ordered[-fewest])
        calm = level.saliency <= max(thresholds[1], ordered[fewest - 1])
        sides = [(level.region, salient), (~level.region, calm)] if task == "amplify" else [(level.region, calm)]
        field = np.stack(np.indices(level.region.shape), axis=-1).astype(np.int32)
        for side, database in sides:
            targets = side & ~database
            found, _ = nearest_patches(
                edited, level.lab, targets, database, self.patch, self.sweeps, self.seed, level.field
            )  # fmt: skip
            field[targets] = found[targets]
        level.field = field
        colours = vote(level.lab, field, self.patch, level.region)
        colours[~level.region, 0] = level.lab[~level.region, 0]
        return screened_poisson(colours, level.lab, self.weights)

    def _contrast(self, edited: np.ndarray, level: _Level, finest: _Level) -> float:
        whole = finest.lab + resize(edited - level.lab, finest.region.shape)
        return contrast(self._map(_rgb(whole)), finest.region)

    def _map(self, image: np.ndarray) -> np.ndarray:
        photo = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        with torch.no_grad():
            return self.saliency(photo)[0, 0].numpy()


def contrast(saliency: np.ndarray, region: np.ndarray) -> float:
    """How much more salient a region is than the rest: the mean of its top fifth less that of the top fifth outside.

    Args:
        saliency: (H, W) float in [0, 1].
        region: (H, W) bool.

    Returns:
        In [-1, 1]; where one of the two has no pixel, its mean counts as 0.
    """
    return _top(saliency[region]) - _top(saliency[~region])


def _top(values: np.ndarray) -> float:
    return float(np.sort(values)[-max(1, round(_TOP * values.size)) :].mean()) if values.size else 0.0


def _rgb(lab: np.ndarray) -> np.ndarray:
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)
