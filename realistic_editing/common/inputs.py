"""What the networks that see a photo and a mask do to both before their first layer."""
import torch
from torchvision.transforms.v2 import functional as TF


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
        image = TF.resize(image, [size, size], antialias=True)
        mask = TF.resize(mask, [size, size], antialias=True)
    return torch.cat([image.to(dtype), mask.to(dtype)], dim=1) * 2 - 1
