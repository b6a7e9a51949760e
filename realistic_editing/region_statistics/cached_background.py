"""The statistics of a photo, and of edits of its region at the cost of the pixels that they can change."""
import torch

from realistic_editing.region_statistics.color_statistics import concat_moments, merge_moments, moments, shares, zones
from realistic_editing.region_statistics.network import RegionStatistics
from realistic_editing.region_statistics.points import on_full_grid, take_points, with_neighbours


class CachedBackground:
    """What `RegionStatistics.measure` found in one photo, split into what edits under its mask leave and what they change.

    The statistics are made of moments of pixels, so those that an edit cannot reach are summed once.

    Args:
        network: what measures.
        image: (1, 3, input_size, input_size) RGB in [0, 1].
        mask: (1, 1, input_size, input_size) in [0, 1]; edits leave pixels where it is 0 as they are.

    Attributes:
        statistics: (1, count), of the photo itself.
    """

    def __init__(self, network: RegionStatistics, image: torch.Tensor, mask: torch.Tensor) -> None:
        self.network = network
        with torch.no_grad(), torch.autocast(image.device.type, enabled=False):
            image, mask = image.float(), mask.float()
            grid = network.grid(mask)
            share = shares(zones(grid, network.ring))  # (1, Z, h w)
            everywhere = torch.arange(grid[0, 0].numel(), device=image.device)
            every = on_full_grid(everywhere, grid.shape[-1], image.shape[-1], network.stride)[None, None]
            # A pixel's own colour, and through its detail those of its neighbours.
            reached = torch.cat(with_neighbours(take_points(mask, every))).amax(dim=0)[0, 0] > 0
            channels = network.channels(*with_neighbours(take_points(image, every)))
            self._kept = [moments(part, share * ~reached) for part in channels]
            self._where, self._share = every[..., reached], share[..., reached]
            self.statistics = concat_moments(*(moments(part, share) for part in channels))

    def measure(self, edited: torch.Tensor) -> torch.Tensor:
        """The statistics of edits of the photo; differentiable in them.

        Args:
            edited: (N, 3, input_size, input_size), as the photo where the mask is 0.

        Returns:
            (N, count), those of `RegionStatistics.measure` but for rounding.
        """
        if not self._where.numel():
            return self.statistics.expand(len(edited), -1)
        with torch.autocast(edited.device.type, enabled=False):
            points = take_points(edited.float(), self._where.expand(len(edited), -1, -1))
            channels = self.network.channels(*with_neighbours(points))
            changed = [moments(part, self._share.expand(len(edited), -1, -1)) for part in channels]
            return concat_moments(*(merge_moments(kept, new) for kept, new in zip(self._kept, changed, strict=True)))
