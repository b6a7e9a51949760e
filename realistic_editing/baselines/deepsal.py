"""Deepsal (Aberman et al., CVPR 2022): an operator's parameters are fitted to one photo, down the slope of a saliency model."""
import abc
import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torchvision.transforms.v2 import functional as TF
from tqdm import tqdm

from realistic_editing.baselines.deepsal_operators import Convolve, Recolor, Warp
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.arrays import check_mask, check_photo, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import check_task
from realistic_editing.weights import load_network


@dataclasses.dataclass(frozen=True)
class Settings:
    """How an operator is fitted.

    Args:
        steps: of Adam, at most.
        rate: of Adam.
        outside: weight of the mean squared change of pixels outside the region.
        inside: the same inside.
        roughness: weight of the operator's own regulariser.
        stop: share of the region's mean saliency at which to stop; when amplifying, at its inverse.
        side: longest side of the photo that is fitted, in pixels; the edit is then made at the photo's size.
        seed: of the operator's weights.
    """

    steps: int
    rate: float
    outside: float = 300.0
    inside: float = 0.0
    roughness: float = 1.0
    stop: float = 0.1
    side: int = 384
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.side < 1 or not 0 < self.stop < 1:
            raise InputError(
                f"steps is {self.steps}, side {self.side}, stop {self.stop}; use numbers above 0, and for stop a share below 1"
            )


class Deepsal(Baseline, abc.ABC):
    """What the three operators share. The result is all that an operator makes: outside the mask, only a term holds it.

    Args:
        saliency: bundled weights, a .safetensors file, or a network image (B, 3, H, W) -> map (B, 1, H, W) in [0, 1]
            through which gradients pass.
        progress: show a progress bar.
        changes: of the operator's `Settings`, such as steps=200.

    Attributes:
        curves: of the last edits, for each photo a dict for each step: "loss", "saliency" (the term), "outside", "inside"
            (mean squared changes), "roughness", "share" (of the region's mean saliency before), and what both are shares
            of: "miss", the mean squared distance from the target, and "mean", the region's saliency.
    """

    citation = (
        "K. Aberman, J. He, Y. Gandelsman, I. Mosseri, D. E. Jacobs, K. Kohlhoff, Y. Pritch, M. Rubinstein: "
        '"Deep saliency prior for reducing visual distraction", CVPR 2022'
    )
    choices = (
        "There is no public code: every weight, rate, number of steps and size is ours, chosen on a dozen COCO and BSDS500 "
        "regions of split val so that a region loses more attention than by our network, and, but for the warp, the photo more "
        "realism.",
        "The term of saliency is divided by its value at the start and the others are means over pixels, so that weights mean "
        "the same for faint and salient, small and large regions.",
        "The published method attenuates, with target 0; amplifying, with target 1, is ours.",
        "It stops when the region's mean saliency is `stop` of what it was, or 1 / `stop` when amplifying.",
        "The photo is fitted at `side` pixels; colour maps and displacements are then read at the photo's size.",
    )
    background = True
    settings: ClassVar[Settings]

    def __init__(self, saliency: str | nn.Module = "compact_saliency", progress: bool = True, **changes: Any) -> None:
        network = saliency if isinstance(saliency, nn.Module) else load_network(saliency, kind="saliency")
        self.saliency = network.eval().requires_grad_(False)
        self.settings, self.progress = dataclasses.replace(self.settings, **changes), progress
        self.curves: list[list[dict[str, float]]] = []

    @abc.abstractmethod
    def operator(self) -> nn.Module:
        """A fresh operator, which changes nothing."""

    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """See `Baseline.change`."""
        return self._changed([image], [mask], task)[0]

    def edit_all(self, photos: Sequence[np.ndarray], masks: Sequence[np.ndarray], task: str) -> list[np.ndarray]:
        """Edit several photos at once, for less than one after another; each as `edit` does, but for rounding.

        Args:
            photos: each (H, W, 3), all of one height and width; as for `edit`.
            masks: each (H, W).
            task: "attenuate" or "amplify".

        Raises:
            InputError: when a photo, a mask or the task cannot be used, or sizes differ.
        """
        task, photos = check_task(task), [check_photo(photo) for photo in photos]
        sizes = {photo.shape[:2] for photo in photos}
        if len(sizes) != 1 or len(photos) != len(masks):
            found = f"{len(photos)} photos of sizes {sorted(sizes)} and {len(masks)} masks"
            raise InputError(f"{found}; give equal sizes, a mask each")
        units = [to_unit(check_mask(mask, photo)) for mask, photo in zip(masks, photos, strict=True)]
        edited = self._changed([to_unit(photo) for photo in photos], units, task)
        return [self._as_photo(one.clip(0, 1), *rest) for one, *rest in zip(edited, photos, units, strict=True)]

    def _changed(self, images: Sequence[np.ndarray], masks: Sequence[np.ndarray], task: str) -> list[np.ndarray]:
        photos = torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).copy())
        regions = torch.from_numpy(np.stack(masks)[:, None].copy())
        scale = min(1.0, self.settings.side / max(photos.shape[-2:]))
        size = [max(1, round(side * scale)) for side in photos.shape[-2:]]
        small, region = (TF.resize(part, size, antialias=True).clamp(0, 1) for part in (photos, regions))
        operators = self.fitted(small, region, task)
        with torch.no_grad():
            edited = [one.enlarged(photos[[at]], small[[at]]) for at, one in enumerate(operators)]
        return [one[0].permute(1, 2, 0).numpy() for one in edited]

    @torch.enable_grad()
    def fitted(self, image: torch.Tensor, mask: torch.Tensor, task: str) -> list[nn.Module]:
        """Minimise |M (S(O(I)) - T)|^2 + a |(1 - M) (O(I) - I)|^2 + b |M (O(I) - I)|^2 + c roughness over the operator O.

        Each photo has an operator. They share the passes of the saliency network and nothing else, and each stops by itself.

        Args:
            image: (B, 3, H, W) RGB in [0, 1].
            mask: (B, 1, H, W) in [0, 1], above 0 somewhere.
            task: "attenuate" (T = 0) or "amplify" (T = 1).

        Returns:
            B operators; `curves` are renewed.

        Raises:
            InputError: when gradients do not pass through the saliency network.
        """
        settings, operators = self.settings, [self.operator() for _ in image]
        optimizer = torch.optim.Adam([one for operator in operators for one in operator.parameters()], lr=settings.rate)
        self.curves, running = [[] for _ in operators], list(range(len(operators)))
        with tqdm(total=settings.steps, desc=self.name, unit="step", disable=not self.progress, leave=False) as bar:
            for _ in range(settings.steps):
                edited = torch.cat([operators[at](image[[at]]) for at in running])
                saliency = self.saliency(edited.clamp(0, 1))
                if not saliency.requires_grad:
                    raise InputError(f"{type(self.saliency).__name__} passes no gradients; use a network: compact_saliency")
                losses = {}
                for place, at in enumerate(running):
                    seen = edited[[place]], saliency[[place]], image[[at]], mask[[at]]
                    loss, done = self._loss(*seen, operators[at], float(task == "amplify"), self.curves[at])
                    if not done:
                        losses[at] = loss
                last = {name: np.mean([curve[-1][name] for curve in self.curves]) for name in ("loss", "share")}
                bar.set_postfix({name: f"{value:.3f}" for name, value in last.items()}, refresh=False)
                bar.update()
                stopped, running = set(running) - set(losses), list(losses)
                if not running:
                    break
                optimizer.zero_grad()
                sum(losses.values()).backward()
                for at in stopped:
                    operators[at].zero_grad()  # None and not 0, with which Adam's momentum would take one more step
                optimizer.step()
        return operators

    def _loss(
        self, edited: torch.Tensor, saliency: torch.Tensor, image: torch.Tensor, mask: torch.Tensor,
        operator: nn.Module, target: float, curve: list[dict[str, float]],
    ) -> tuple[torch.Tensor, bool]:  # fmt: skip
        """One photo's loss, and whether enough attention has moved; `curve` takes the step."""
        settings = self.settings
        miss, mean = _mean((saliency - target).square(), mask), _mean(saliency, mask).item()
        first = curve[0] if curve else {"miss": miss.item(), "mean": mean}
        terms = {"saliency": miss / max(first["miss"], 1e-12), "roughness": operator.roughness()}
        terms |= _changes(edited, image, mask)
        loss = terms["saliency"] + sum(getattr(settings, name) * terms[name] for name in terms if name != "saliency")
        share = mean / max(first["mean"], 1e-12)
        values = {name: term.item() for name, term in terms.items()}
        curve.append({"loss": loss.item(), "share": share, "miss": miss.item(), "mean": mean} | values)
        return loss, share >= 1 / settings.stop if target else share <= settings.stop


class DeepsalRecolor(Deepsal):
    """Deepsal with a bilateral grid of affine colour maps."""

    name = "deepsal_recolor"
    settings = Settings(steps=60, rate=1e-2, roughness=0.02)

    def operator(self) -> nn.Module:
        """See `Deepsal.operator`."""
        return Recolor()


class DeepsalConv(Deepsal):
    """Deepsal with a U-Net that is fitted to the photo."""

    name = "deepsal_conv"
    choices = (*Deepsal.choices, "The U-Net adds to the photo and starts at 0, instead of being fitted to reproduce it first.")
    settings = Settings(steps=60, rate=2e-3, inside=1.0)

    def operator(self) -> nn.Module:
        """See `Deepsal.operator`."""
        return Convolve(seed=self.settings.seed)


class DeepsalWarp(Deepsal):
    """Deepsal with a smooth displacement."""

    name = "deepsal_warp"
    settings = Settings(steps=60, rate=2e-3, roughness=1.0)

    def operator(self) -> nn.Module:
        """See `Deepsal.operator`."""
        return Warp()


def _changes(edited: torch.Tensor, image: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
    """The mean squared change outside and inside."""
    change = (edited - image).square().mean(dim=1, keepdim=True)
    return {"outside": _mean(change, 1 - mask), "inside": _mean(change, mask)}


def _mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The mean of (1, 1, H, W), weighted."""
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)
