"""A photo and its mask as the networks are shown them."""
import numpy as np
import torch

from realistic_editing.common.arrays import check_mask, check_photo, to_unit
from realistic_editing.data.pixels import is_grey, resize

SIZE = 384  # side of the square that the networks see (section 4)


def network_input(
    photo: np.ndarray, mask: np.ndarray, device: torch.device | str | None = None, size: int = SIZE
) -> tuple[torch.Tensor, torch.Tensor]:
    """A photo and its mask as the networks are shown them: the one way that photos are shrunk for them.

    Args:
        photo: (H, W, 3) sRGB, uint8, uint16, or float in [0, 1], any size.
        mask: (H, W) of the photo's size: bool, uint8, uint16, or float in [0, 1].
        device: where to put them; the CPU when None.
        size: side of the square.

    Returns:
        (1, 3, size, size) and (1, 1, size, size) float32 in [0, 1].

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo)
    image, region = (torch.from_numpy(to_unit(resize(array, (size, size)))).to(device) for array in (photo, mask))
    return image.permute(2, 0, 1)[None].contiguous(), region[None, None]


def is_colorless(image: torch.Tensor, mask: torch.Tensor) -> bool:
    """Whether a photo is black and white; a region that has colours, in a grey scene, is not.

    Args:
        image: (1, 3, H, W) RGB in [0, 1].
        mask: (1, 1, H, W) in [0, 1].
    """
    pixels = (image[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
    inside = pixels[mask[0, 0].cpu().numpy() > 0.5]
    return is_grey(pixels) and (not len(inside) or is_grey(inside[None]))
