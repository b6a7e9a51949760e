"""A small critic: colour statistics inside, around and outside the mask, joined with learned features."""
import torch
from torch import nn
from torchvision.transforms.v2 import functional as TF

from realistic_editing.realism.statistics import CHANNELS, color_channels, region_statistics, zones


class CompactCritic(nn.Module):
    """Statistics and, where `widths` is not empty, convolutional features pooled over the same zones; then an MLP.

    An edit of one region shows in how its colours stand to those around it. A young convolutional network is slow to
    find such global relations, so they are handed to it.

    Args:
        input_size: side of the square that the critic sees.
        ring: width in pixels of the zone around the mask, at `input_size`.
        widths: channels of the convolutional stages, each at half the resolution of the one before; empty for none.
        hidden: width of the two layers of the MLP.
        dropout: before each of them.
    """

    def __init__(
        self,
        input_size: int = 192,
        ring: int = 24,
        widths: tuple[int, ...] = (),
        hidden: int = 256,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.input_size, self.ring = input_size, ring
        before = 4
        self.stages = nn.ModuleList()
        for width in widths:
            self.stages.append(_stage(before, width))
            before = width
        pooled = 2 * 5 * sum(widths[-2:])
        self.normalise = nn.BatchNorm1d(2 * 5 * CHANNELS + pooled)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * 5 * CHANNELS + pooled, hidden),
            nn.BatchNorm1d(hidden),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.SiLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1]; 1 looks real.
        """
        size = [self.input_size, self.input_size]
        image, mask = TF.resize(image, size, antialias=True), TF.resize(mask, size, antialias=True)
        with torch.autocast(image.device.type, enabled=False):  # sums over a photo need float32
            image, mask = image.float(), mask.float()
            weights = zones(mask, self.ring)
            found = [region_statistics(color_channels(image), weights)]
        features = torch.cat([image, mask], dim=1) * 2 - 1
        for index, stage in enumerate(self.stages):
            features = stage(features)
            if index >= len(self.stages) - 2:
                small = nn.functional.adaptive_avg_pool2d(weights, features.shape[-2:])
                with torch.autocast(image.device.type, enabled=False):
                    found.append(region_statistics(features.float(), small))
        return self.head(self.normalise(torch.cat(found, dim=1))).float().squeeze(1).sigmoid()


def _stage(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.SiLU(),
        nn.Conv2d(after, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.SiLU(),
    )
