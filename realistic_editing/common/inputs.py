"""What the networks that see a photo and a mask do to both before their first layer."""
from collections.abc import Sequence

import torch
from torch.nn import functional as F


def resized(image: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Resize bilinearly and antialiased, as torchvision does, whose import takes as long as PyTorch's own.

    Args:
        image: (B, C, H, W) float.
        size: (height, width).

    Returns:
        (B, C, height, width) of the same dtype; `image` itself where it has the size.
    """
    size = tuple(size)
    if image.shape[-2:] == size:
        return image
    small = image if image.dtype in (torch.float32, torch.float64) else image.float()
    return F.interpolate(small, size, mode="bilinear", antialias=True).to(image.dtype)


def joined(image: torch.Tensor, mask: torch.Tensor, size: int | None, dtype: torch.dtype) -> torch.Tensor:
    """Resize a photo and its mask to a square, and join them as four channels.

    Args:
        image: (B, 3, H, W) float RGB in [0, 1].
        mask: (B, 1, H, W) float in [0, 1].
        size: side of the square (bilinear, antialiased; nothing is done to what already has it); None keeps H x W.
        dtype: of the result: that of the network's weights.

    Returns:
        (B, 4, size, size) in [-1, 1].

    Raises:
        ValueError: when the shapes do not belong together.
    """
    if image.ndim != 4 or image.shape[1] != 3 or mask.shape != (image.shape[0], 1, *image.shape[2:]):
        raise ValueError(
            f"image {tuple(image.shape)} and mask {tuple(mask.shape)} do not belong together; expected (B, 3, H, W) "
            "and (B, 1, H, W)"
        )
    if size is not None:
        # Apart, because training may hand over a photo in half precision and a mask in single.
        image = resized(image, (size, size))
        mask = resized(mask, (size, size))
    return torch.cat([image.to(dtype), mask.to(dtype)], dim=1) * 2 - 1
