"""A described photo, to which edits of its region are compared at the cost of the pixels that they can change."""
import torch

from realistic_editing.describe.describer import Describer
from realistic_editing.describe.points import on_full_grid, take_points, with_neighbours
from realistic_editing.describe.statistics import joined, moments, shares, together, zones


class Remembered:
    """What `Describer.describe` found in one photo, split into what edits under its mask leave and what they change.

    The description is made of moments of pixels, so those that an edit cannot reach are summed once.

    Args:
        describer: who describes.
        image: (1, 3, input_size, input_size) RGB in [0, 1].
        mask: (1, 1, input_size, input_size) in [0, 1]; edits leave pixels where it is 0 as they are.

    Attributes:
        description: (1, described), of the photo itself.
    """

    def __init__(self, describer: Describer, image: torch.Tensor, mask: torch.Tensor) -> None:
        self.describer = describer
        with torch.no_grad(), torch.autocast(image.device.type, enabled=False):
            image, mask = image.float(), mask.float()
            grid = describer.grid(mask)
            share = shares(zones(grid, describer.ring))  # (1, Z, h w)
            everywhere = torch.arange(grid[0, 0].numel(), device=image.device)
            every = on_full_grid(everywhere, grid.shape[-1], image.shape[-1], describer.stride)[None, None]
            # A pixel's own colour, and through its detail those of its neighbours.
            reached = torch.cat(with_neighbours(take_points(mask, every))).amax(dim=0)[0, 0] > 0
            channels = describer.channels(*with_neighbours(take_points(image, every)))
            self._kept = [moments(part, share * ~reached) for part in channels]
            self._where, self._share = every[..., reached], share[..., reached]
            self.description = joined(*(moments(part, share) for part in channels))

    def describe(self, edited: torch.Tensor) -> torch.Tensor:
        """The description of edits of the photo; differentiable in them.

        Args:
            edited: (N, 3, input_size, input_size), as the photo where the mask is 0.

        Returns:
            (N, described), that of `Describer.describe` but for rounding.
        """
        if not self._where.numel():
            return self.description.expand(len(edited), -1)
        with torch.autocast(edited.device.type, enabled=False):
            points = take_points(edited.float(), self._where.expand(len(edited), -1, -1))
            channels = self.describer.channels(*with_neighbours(points))
            changed = [moments(part, self._share.expand(len(edited), -1, -1)) for part in channels]
            return joined(*(together(kept, new) for kept, new in zip(self._kept, changed, strict=True)))
