"""Train GazeShift (Mejjati et al., ECCV 2020): attention by a frozen saliency network, realism by a discriminator."""
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision.transforms.v2 import functional as TF

from realistic_editing.baselines.gazeshift_network import GazeShiftNet
from realistic_editing.baselines.gazeshift_operators import BLUR, apply, soften
from realistic_editing.common.progress import validating
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.columnar import select
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import train_and_val
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.saliency.measures import region_mean

_MIN_AREA = 0.03  # share of the photo; smaller regions are not learned from, as in the authors' release
VALIDATE = 96  # regions, about: of twice as many, every second


class Discriminator(nn.Module):
    """Tells photos from edits at three scales, each with four strided convolutions and two linear layers.

    Args:
        size: side of the square photos that it is shown.
        width: channels after the first convolution of a scale; each of the others doubles them. The release has 64.
        scales: how many; each halves the photo.

    Raises:
        ValueError: when nothing is left of the photo at the last scale.
    """

    def __init__(self, size: int, width: int = 64, scales: int = 3) -> None:
        super().__init__()
        if size < 16 * 2 ** (scales - 1):
            raise ValueError(f"size is {size}; {scales} scales need at least {16 * 2 ** (scales - 1)}")
        self.scales = nn.ModuleList(_scale(size // 2**index, width) for index in range(scales))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(B, 3, size, size) RGB in [0, 1] -> (B, scales) scores, positive where the photo looks unedited."""
        image, scores = 2 * image - 1, []
        for scale in self.scales:
            scores.append(scale(image))
            image = F.avg_pool2d(image, 2)
        return torch.cat(scores, dim=1).float()


class GazeShiftWithDiscriminator(nn.Module):
    """The network and what it is trained against, as one module for the one loop.

    Args:
        generator: all that is kept in the end.
        discriminator: with fresh weights.
    """

    def __init__(self, generator: GazeShiftNet, discriminator: Discriminator) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    @property
    def export_module(self) -> nn.Module:
        """What training is for."""
        return self.generator


def relative_attention(saliency: torch.Tensor, sharpness: float) -> torch.Tensor:
    """A map as shares of attention: the spatial softmax of the blurred map, times the number of pixels.

    So its mean is 1 whatever the size, and so is the scale of the loss. The release leaves the softmax as it is, at
    120 x 160, and weighs it by 25000 or 20000, which is 1.30 or 1.04 of these units.

    Args:
        saliency: (B, 1, H, W).
        sharpness: factor before the softmax. The release adds 2 x 2 pixels, and so has 4.

    Returns:
        (B, 1, H, W), > 0, of mean 1.
    """
    blurred = TF.gaussian_blur(saliency.float(), [9, 9], [BLUR, BLUR])
    return (sharpness * blurred).flatten(1).softmax(dim=1).view_as(blurred) * blurred[0].numel()


class GazeShiftProblem:
    """Regions in, a network for both tasks out: what `training.fit` needs to know.

    Args:
        network: to train.
        discriminator: trained alongside.
        saliency: frozen; image -> (B, 1, H, W) in [0, 1], with `input_size`.
        regions: of both tasks; each teaches both.
        size: side of the square that photos are resized to and edited at.
        weight: of the change of attention in the region, in the units of `relative_attention`.
        sharpness: see `relative_attention`.

    Raises:
        InputError: when training or validation is left without a region.
    """

    monitor, mode = "direction_accuracy", "last"  # as the release: the judge of attention would choose what looks less real

    def __init__(
        self,
        network: GazeShiftNet,
        discriminator: Discriminator,
        saliency: nn.Module,
        regions: Sequence[Region],
        size: int,
        weight: float,
        sharpness: float,
    ) -> None:
        self.network = GazeShiftWithDiscriminator(network, discriminator)
        self.saliency = saliency.eval().requires_grad_(False)
        self.weight, self.sharpness = weight, sharpness
        train, val = train_and_val(select(regions, "area", lambda area: not area < _MIN_AREA))
        self.train_data = RegionDataset(train, size, augment=True)
        self.val_data = RegionDataset(val[:: max(len(val) // VALIDATE, 1)], size)

    def losses(self, network: GazeShiftWithDiscriminator, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """The hinge losses of both players and the change of attention; each moves its own network. Means over the batch."""
        image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
        edits = self._edits(network.generator, image, mask)
        attention = self._attention(torch.cat([image, *edits])).chunk(1 + len(edits))
        soft = soften(mask)
        terms = {task: (region_mean(after, soft) - region_mean(attention[0], soft)).mean()
                 for task, after in zip(TASKS, attention[1:], strict=True)}  # fmt: skip
        moved = terms["attenuate"] - terms["amplify"]
        frozen = {name: value.detach() for name, value in network.discriminator.named_parameters()}
        fooled = functional_call(network.discriminator, frozen, torch.cat(edits))
        real, *fakes = network.discriminator(torch.cat([image, *edits]).detach()).chunk(1 + len(edits))
        discriminated = sum((F.relu(1 - real).mean() + F.relu(1 + fake).mean()) / 2 for fake in fakes)
        adversarial = -len(edits) * fooled.mean()  # the sum over tasks, the mean over scales and photos
        total = adversarial + self.weight * moved + discriminated
        return {"total": total, "adversarial": adversarial, "discriminator": discriminated, **terms}

    @torch.no_grad()
    def evaluate(self, network: GazeShiftWithDiscriminator, device: torch.device) -> dict[str, float]:
        """For each task, on its regions: the change of the region's mean saliency, and direction accuracy."""
        saliency, rows = self.saliency.to(device), {}
        for batch in validating(DataLoader(self.val_data, batch_size=2)):
            image, mask = (batch[name].to(device).float() / 255 for name in ("image", "mask"))
            edits = self._edits(network.generator, image, mask)
            before, *after = (region_mean(saliency(photo).float(), mask) for photo in [image, *edits])
            for task, edit, value, sign in zip(TASKS, edits, after, (-1, 1), strict=True):
                own = [self.val_data.regions[index].task in ("", task) for index in batch["index"].tolist()]
                change = value / before - 1
                columns = {
                    f"change_{task}": change,
                    f"direction_accuracy_{task}": (sign * change > 0).float(),
                    f"difference_{task}": (edit.clamp(0, 1) - image).abs().mean(dim=(1, 2, 3)),
                }
                for name, values in columns.items():
                    rows.setdefault(name, []).extend(values[own].tolist())
        measures = {name: float(np.mean(values)) for name, values in rows.items() if values}
        shares = [value for name, value in measures.items() if name.startswith("direction_accuracy")]
        return measures | {"direction_accuracy": float(np.mean(shares))}

    @torch.no_grad()
    def sheet(self, network: GazeShiftWithDiscriminator, device: torch.device, rows: int = 8) -> np.ndarray:
        """Photo, mask, attenuated, amplified: H x W x 3 uint8."""
        lines = []
        for index in range(0, len(self.val_data), max(len(self.val_data) // rows, 1)):
            item = self.val_data[index]
            image, mask = (item[name][None].to(device).float() / 255 for name in ("image", "mask"))
            parts = [image, mask, *self._edits(network.generator, image, mask)]
            line = torch.cat([part[0].expand(3, -1, -1) for part in parts], dim=2).permute(1, 2, 0)
            lines.append((line.clamp(0, 1) * 255).round().byte().cpu().numpy())
        return np.concatenate(lines[:rows])

    def _edits(self, network: GazeShiftNet, image: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """The edit for each of TASKS."""
        features, soft = network.encode(image, mask), soften(mask)
        return [apply(image, soft, *network.propose(features, task)) for task in TASKS]

    def _attention(self, image: torch.Tensor) -> torch.Tensor:
        return relative_attention(self.saliency.to(image.device)(image), self.sharpness)


def _scale(size: int, width: int) -> nn.Sequential:
    layers, before = [], 3
    for depth in range(4):
        after = width * 2**depth
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1, padding_mode="reflect"), nn.LeakyReLU(0.2)]
        nn.init.kaiming_normal_(layers[-2].weight, a=0.2)  # without normalisation, less would fade from layer to layer
        before, size = after, size // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * size**2, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
