"""Train a critic on synthetic edits: real ones subtle, fake ones extreme (Table 1)."""
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from realistic_editing.common.errors import InputError
from realistic_editing.common.progress import validating
from realistic_editing.common.protocols import CachesFeatures, JudgesPatches, JudgesPixels
from realistic_editing.common.ranking import auc
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import train_and_val
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.ops import EditPreset, Recipe, apply, sample_recipe
from realistic_editing.realism import measures
from realistic_editing.realism.loss import KINDS, critic_loss, patch_loss

_GUESSES = 29  # of a recipe: white balance 3, curve 24, saturation 1, exposure 1


def check_settings(network: nn.Module, size: int, loss: dict, pixels_per_zone: int) -> None:
    """Whether a critic can be trained so, before anything slow is done; arguments as `RealismProblem`.

    Raises:
        InputError: naming the setting and the remedy.
    """
    guess, name = loss.get("guess", 0.0), type(network).__name__
    if loss.get("kind") not in KINDS:
        raise InputError(f"loss.kind is {loss.get('kind')!r}; use {' or '.join(KINDS)}")
    if pixels_per_zone and not isinstance(network, JudgesPixels | CachesFeatures):
        raise InputError(f"pixels_per_zone is {pixels_per_zone}; {name} sees whole pictures only: set pixels_per_zone=0")
    if guess and getattr(network, "guess", None) is None:
        raise InputError(f"loss.guess is {guess}; it needs realism@model=compact model.network.guesses={_GUESSES}")
    if loss.get("patches") and not isinstance(network, JudgesPatches):
        remedy = "set loss.patches=0, or realism@model=pix2pix"
        raise InputError(f"loss.patches is {loss['patches']}; {name} has no patches: {remedy}")
    if loss.get("patches") and guess:
        raise InputError("loss.patches and loss.guess are both set; no network has patches and guesses: set one of them to 0")
    if loss.get("patches") and size != network.input_size:
        raise InputError(f"size is {size}; with loss.patches, it must be model.network.input_size={network.input_size}")
    if pixels_per_zone and size != network.input_size:
        raise InputError(f"size is {size}; with pixels_per_zone, it must be model.network.input_size={network.input_size}")


class RealismProblem:
    """Regions of photos in, a critic out: what `training.fit` needs to know.

    Edits are sampled and applied on the training device, per sample, and all samples pass the critic together: with a
    pass for the real and another for the fake ones, batch normalisation would give the label away.

    Args:
        network: critic(image, mask) -> (B,) in [0, 1].
        regions: train and validation regions, by their `split`.
        size: side of the square that photos are resized to.
        edits: the ranges to draw from.
        loss: `kind` and `rank` of `critic_loss`; `guess`, the weight of regressing the parameters of the edits; `patches`, that
            of `patch_loss`; `teacher`, that of cross-entropy against the teacher's scores.
        human: whether to add the fakes for human regions.
        pixels_per_zone: how many pixels of each zone the critic is shown of a training sample, beside what it keeps of the
            photo before the edit where it is one that `CachesFeatures`; 0 = the whole picture, which a critic that does not
            support pixel sampling needs.
        augment: flip training photos and zoom into them, see `RegionDataset`.
        teacher: a trained critic, whose scores of the same samples are learned with the weight `loss.teacher`; or None.

    Raises:
        InputError: when training or validation is left without a region, or the network cannot do what is asked.
    """

    monitor, mode = "auc", "max"

    def __init__(
        self,
        network: nn.Module,
        regions: Sequence[Region],
        size: int,
        edits: EditPreset,
        loss: dict,
        human: bool,
        pixels_per_zone: int = 0,
        augment: bool = True,
        teacher: nn.Module | None = None,
    ) -> None:
        check_settings(network, size, loss, pixels_per_zone)
        self.network, self.edits, self.loss, self.human = network, edits, dict(loss), human
        self.pixels_per_zone = pixels_per_zone
        self.guess, self.patches, weight = (self.loss.pop(name, 0.0) for name in ("guess", "patches", "teacher"))
        self.teacher_weight, self.teacher = (weight, teacher) if teacher is not None else (0.0, None)
        # Several processes wait for every gradient that is asked for; what says of things what they are is trained apart.
        heads = (() if self.guess else ("guess",)) + (() if self.loss.get("people") else ("person", "freedom"))
        for head in heads:
            if isinstance(getattr(network, head, None), nn.Module):
                getattr(network, head).requires_grad_(False)
        train, val = train_and_val(regions)
        self.train_data = RegionDataset(train, size, augment=augment)
        self.val_data = RegionDataset(val, size)

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Eq. 1 on fresh samples of the batch's regions."""
        image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
        columns = [self.edits.real, self.edits.fake] + ([self.edits.fake_human] if self.human else [])
        with torch.no_grad():
            judge = network.cache_features(image, mask) if self._keeps_features else network
            if self.pixels_per_zone:
                image, mask = judge.sample_pixels(image, mask, self.pixels_per_zone, generator)
            recipes = [sample_recipe(ranges, len(image), generator) for ranges in columns]
            edited = torch.cat([apply(image, mask, recipe) for recipe in recipes])
        masks = mask.repeat(len(columns), 1, 1, 1)
        if self._keeps_features:
            judge = judge[torch.arange(len(image), device=image.device).repeat(len(columns))]
        joint, more = self._judge(judge, edited, masks)
        scores = joint.chunk(len(columns))
        terms = critic_loss(scores[0], scores[1], batch["human"], *scores[2:], **self.loss)
        if self.guess:
            wanted = torch.cat([parameters_of(recipe) for recipe in recipes])
            terms["guess"] = F.smooth_l1_loss(more, wanted)
            terms["total"] = terms["total"] + self.guess * terms["guess"]
        if self.patches:
            pair = 2 * len(image)  # without the fakes of people, which are made of every region and count for some
            real = torch.arange(pair, device=mask.device) < len(image)
            terms["patches"] = patch_loss(more[:pair], masks[:pair], real, network.stride)
            terms["total"] = terms["total"] + self.patches * terms["patches"]
        if self.teacher_weight:
            terms["teacher"] = self._distance_to_teacher(joint, edited, masks)
            terms["total"] = terms["total"] + self.teacher_weight * terms["teacher"]
        return terms

    def _distance_to_teacher(self, scores: torch.Tensor, edited: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        self.teacher.to(edited.device).eval()
        with torch.no_grad():
            wanted = self.teacher(edited, masks).to(scores.dtype)
        return F.binary_cross_entropy(scores, wanted)

    @property
    def _keeps_features(self) -> bool:
        """Whether samples are judged by pixels beside the features of their photos, which a step then takes once."""
        return bool(self.pixels_per_zone) and isinstance(self.network, CachesFeatures)

    def _judge(self, network, edited: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        if self.pixels_per_zone:
            return network.judge_pixels(edited)
        if self.guess:
            return network.judge(network.measure(edited, mask))
        if self.patches:
            return network.judge_patches(edited, mask)
        return network(edited, mask), None

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """AUC, pair accuracy and calibration on validation regions, two samples of each kind for each region."""
        real, fake = (np.concatenate(s) for s in zip(*self._validation_scores(network, device), strict=True))
        labels = np.repeat([1.0, 0.0], [len(real), len(fake)])
        return {
            "auc": auc(real, fake),
            "pair_accuracy": measures.pair_accuracy(real, fake),
            "ece": measures.calibration_error(np.concatenate([real, fake]), labels),
            "real": float(real.mean()),
            "fake": float(fake.mean()),
        }

    def _validation_scores(self, network: nn.Module, device: torch.device) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        generator = torch.Generator(device).manual_seed(0)  # the same samples at every evaluation
        for batch in validating(DataLoader(self.val_data, batch_size=2)):  # small: faster on processors, by the cache
            image, mask = (batch[name].to(device).float() / 255 for name in ("image", "mask"))
            for _ in range(2):
                edited = [
                    apply(image, mask, sample_recipe(ranges, len(image), generator))
                    for ranges in (self.edits.real, self.edits.fake)
                ]
                scores = network(torch.cat(edited), mask.repeat(2, 1, 1, 1)).float().cpu().numpy()
                yield scores[: len(image)], scores[len(image) :]

    def sheet(self, network: nn.Module, device: torch.device, rows: int = 6) -> np.ndarray:
        """Photo, mask, a real and a fake sample with their scores: H x W x 3 uint8."""
        generator = torch.Generator(device).manual_seed(1)
        step = max(len(self.val_data) // rows, 1)
        lines = []
        for index in range(0, min(rows * step, len(self.val_data)), step):
            item = self.val_data[index]
            image, mask = (item[name][None].to(device).float() / 255 for name in ("image", "mask"))
            real, fake = (apply(image, mask, sample_recipe(r, 1, generator)) for r in (self.edits.real, self.edits.fake))
            tiles = [_tile(shown, network(shown, mask)) for shown in (image, real, fake)]
            tiles.insert(1, _tile(mask.expand(-1, 3, -1, -1), None))
            lines.append(np.concatenate(tiles, axis=1))
        return np.concatenate(lines)


def parameters_of(recipe: Recipe) -> torch.Tensor:
    """The parameters of edits on scales where no change is 0: (B, 29), logarithms except for saturation minus 1."""
    curve = recipe.color_curve.flatten(1).log()
    return torch.cat(
        [recipe.white_balance.log(), curve, recipe.saturation[:, None] - 1, recipe.exposure[:, None].log()], dim=1
    )


def _tile(image: torch.Tensor, score: torch.Tensor | None) -> np.ndarray:
    """One picture with its score written on it."""
    picture = np.ascontiguousarray((image[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy())
    if score is not None:
        for color, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            cv2.putText(picture, f"{float(score):.2f}", (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, color, width, cv2.LINE_AA)
    return picture
