"""What critics that read the statistics of a region share: whole photos, and photos whose edits are judged for less."""
import abc
from collections.abc import Callable

import torch

from realistic_editing.common.inputs import resized
from realistic_editing.region_statistics.cached_background import CachedBackground
from realistic_editing.region_statistics.network import RegionStatistics


class StatisticsCritic(RegionStatistics, abc.ABC):
    """A critic that judges by `RegionStatistics`. A subclass says how, in `judge_measured`."""

    @abc.abstractmethod
    def judge_measured(self, statistics: torch.Tensor, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores (B,) in [0, 1] from (B, count) statistics, and the photos (B, 3, S, S) and masks (B, 1, S, S) they are of."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1], float32; 1 looks real.
        """
        size = [self.input_size, self.input_size]
        image, mask = resized(image, size), resized(mask, size)
        return self.judge_measured(self.measure(image, mask), image, mask)

    def cache_background(self, image: torch.Tensor, mask: torch.Tensor) -> "CachedRegion | None":
        """What edits under the mask cannot change, summed once.

        Args:
            image, mask: (1, 3, S, S) and (1, 1, S, S) in [0, 1].

        Returns:
            The photo ready for its edits; None for several photos, or where S is not `input_size`.
        """
        return CachedRegion(self, self.judge_measured, image, mask) if self.can_cache(image) else None

    def can_cache(self, image: torch.Tensor) -> bool:
        """Whether `cache_background` takes these photos."""
        return len(image) == 1 and image.shape[-2:] == (self.input_size, self.input_size)


class CachedRegion:
    """A photo with its region, whose edits are judged at the cost of the region.

    Args:
        measures: whose statistics are taken.
        judges: `judge_measured` of whoever judges by them.
        image, mask: as for `StatisticsCritic.cache_background`.

    Attributes:
        realism: (1,), of the photo itself.
    """

    def __init__(
        self,
        measures: RegionStatistics,
        judges: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
        image: torch.Tensor,
        mask: torch.Tensor,
    ) -> None:
        self._judges, self._photo, self._mask = judges, CachedBackground(measures, image, mask), mask
        self.realism = judges(self._photo.statistics, image, mask)

    def judge(self, edited: torch.Tensor) -> torch.Tensor:
        """Scores (N,) of edits (N, 3, S, S), as the photo where the mask is 0; differentiable in them."""
        mask = self._mask.expand(len(edited), -1, -1, -1)
        return self._judges(self._photo.measure(edited), edited, mask)
