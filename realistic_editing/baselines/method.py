"""What all earlier methods have in common: edit(photo, mask, task) -> photo, at any size and depth."""
import abc
from typing import ClassVar

import numpy as np

from realistic_editing.common.arrays import LEVELS, check_mask, check_photo, to_unit
from realistic_editing.common.tasks import check_task
from realistic_editing.data.pixels import resize


class Baseline(abc.ABC):
    """An earlier method, written from its paper; a subclass implements `change`.

    Attributes:
        name: in the registry.
        citation: authors, title, venue and year.
        choices: what the paper leaves open, or could not be confirmed, and we had to choose; a sentence each.
        longest_side: pixels at which the method works; its change is then enlarged and added to the photo, so that
            the photo's own detail stays. None: at the photo's size.
        background: whether it edits outside the mask too. Otherwise pixels where the mask is 0 stay bit-identical.
    """

    name: ClassVar[str]
    citation: ClassVar[str]
    choices: ClassVar[tuple[str, ...]]
    longest_side: int | None = None
    background: bool = False

    @abc.abstractmethod
    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Edit at the working size.

        Args:
            image: (H, W, 3) float32 RGB (sRGB) in [0, 1].
            mask: (H, W) float32 in [0, 1], above 0 somewhere.
            task: "attenuate" or "amplify".

        Returns:
            (H, W, 3) float32 RGB; values beyond [0, 1] are clipped by the caller.
        """

    def edit(self, photo: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Edit a photo so that its region draws less or more attention.

        Args:
            photo: (H, W, 3) RGB: uint8, uint16, or float in [0, 1].
            mask: (H, W) of the photo's size: bool, uint8, uint16, or float in [0, 1]; the largest value selects a pixel.
            task: "attenuate" or "amplify".

        Returns:
            A new array of the photo's shape and dtype.

        Raises:
            InputError: when photo, mask or task cannot be used.
        """
        photo, task = check_photo(photo), check_task(task)
        mask = to_unit(check_mask(mask, photo))
        image = to_unit(photo)
        scale = min(1.0, (self.longest_side or np.inf) / max(image.shape[:2]))
        if scale < 1:
            size = tuple(max(1, round(side * scale)) for side in image.shape[:2])
            small = resize(image, size)
            edited = image + resize(self.change(small, resize(mask, size), task) - small, image.shape[:2])
        else:
            edited = self.change(image, mask, task)
        return self._as_photo(np.clip(edited, 0, 1), photo, mask)

    def _as_photo(self, edited: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """In the photo's dtype, and outside the mask the photo itself unless the method edits there."""
        levels = LEVELS[photo.dtype]
        result = edited.astype(photo.dtype) if levels == 1 else np.rint(edited * levels).astype(photo.dtype)
        return result if self.background else np.where(mask[..., None] > 0, result, photo)
