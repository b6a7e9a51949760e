"""Edits of a region whose effect on attention is known: a saliency network is taught and tested by them."""
import io
from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from realistic_editing.ops import operators

_RING = 0.08  # width of a region's surroundings, as a share of the photo's side
_GREYED = 0.15  # of its saturation is left to a thing whose hue is to say nothing
Factor = float | torch.Tensor


def edit_exposure(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> torch.Tensor:
    """Multiply the region's values; 1 changes nothing.

    Args:
        image: (B, 3, H, W) in [0, 1].
        mask: (B, 1, H, W) in [0, 1].
        factor: how much; a number, or (B,).

    Returns:
        (B, 3, H, W) in [0, 1]. So do the other edits.
    """
    return _blend(image, mask, operators.exposure(image, _each(factor, image)))


def edit_saturation(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> torch.Tensor:
    """Multiply the region's HSV saturation; 1 changes nothing."""
    return _blend(image, mask, operators.saturation(image, _each(factor, image)))


def edit_contrast(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> torch.Tensor:
    """Scale the region's deviations from its mean colour; 1 changes nothing, 0 paints it with that colour."""
    return _blend(image, mask, torch.lerp(_mean(image, mask), image, _each(factor, image)[:, None, None, None]))


def edit_fading(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> torch.Tensor:
    """Blend the region into the mean colour of a ring around it; 0 changes nothing, 1 paints it with that colour.

    A region that leaves no ring, as one that fills the photo does, has nothing to fade to and stays.
    """
    ring = surroundings(mask)
    faded = torch.lerp(image, _mean(image, ring).expand_as(image), _each(factor, image)[:, None, None, None])
    return torch.where(_any(ring), _blend(image, mask, faded), image)


def edit_camouflage(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> torch.Tensor:
    """Give the region the mean and the deviation, channel by channel, of a ring around it; 0 changes nothing, 1 is all of that.

    Its texture stays. A region that leaves no ring stays as it is.
    """
    ring = surroundings(mask)
    own, theirs = _mean(image, mask), _mean(image, ring)
    spread = [_mean((image - mean) ** 2, weight).sqrt() for mean, weight in ((own, mask), (theirs, ring))]
    alike = (image - own) / spread[0].clamp(min=0.02) * spread[1] + theirs
    found = torch.lerp(image, alike.clamp(0, 1), _each(factor, image)[:, None, None, None])
    return torch.where(_any(ring), _blend(image, mask, found), image)


def turn_hue_of_grey(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> tuple[torch.Tensor, torch.Tensor]:
    """A region that is made nearly grey, and the same with its hue turned.

    Args:
        image: (B, 3, H, W) in [0, 1].
        mask: (B, 1, H, W) in [0, 1].
        factor: of a whole turn of the hue circle; a number, or (B,). Of the other two it is how much of the change is made.

    Returns:
        Two (B, 3, H, W) in [0, 1], which should draw the same attention. So do the other two.
    """
    before = edit_saturation(image, mask, _GREYED)
    return before, _blend(before, mask, _turned(before, _each(factor, image)))


def add_noise(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> tuple[torch.Tensor, torch.Tensor]:
    """A region as it is, and with a camera's noise, always the same; a factor of 1 is a deviation of 8 units of 255."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, *image.shape[1:], generator=generator).to(image) * (8 / 255)
    return image, _blend(image, mask, image + noise * _each(factor, image)[:, None, None, None])


def add_blocks(image: torch.Tensor, mask: torch.Tensor, factor: Factor) -> tuple[torch.Tensor, torch.Tensor]:
    """A region as it is, and as a JPEG of quality 30 shows it."""
    found = []
    for picture in (image.detach().permute(0, 2, 3, 1) * 255).round().byte().cpu().numpy():
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=30)
        found.append(np.asarray(Image.open(file)))
    blocky = torch.from_numpy(np.stack(found)).to(image.device).permute(0, 3, 1, 2).to(image) / 255
    return image, _blend(image, mask, torch.lerp(image, blocky, _each(factor, image)[:, None, None, None]))


Edit = Callable[[torch.Tensor, torch.Tensor, Factor], torch.Tensor]
Pair = Callable[[torch.Tensor, torch.Tensor, Factor], tuple[torch.Tensor, torch.Tensor]]
EDITS: Mapping[str, Edit] = {
    "exposure": edit_exposure, "saturation": edit_saturation, "contrast": edit_contrast,
    "fading": edit_fading, "camouflage": edit_camouflage,
}  # fmt: skip
NEUTRAL: Mapping[str, Pair] = {"hue of grey": turn_hue_of_grey, "noise": add_noise, "JPEG blocks": add_blocks}
NO_CHANGE = {"exposure": 1.0, "saturation": 1.0, "contrast": 1.0, "fading": 0.0, "camouflage": 0.0}


def expected_way(edit: str, factor: float) -> int:
    """+1 where an edit should draw attention to the region, -1 where it should take attention away.

    More colour, contrast or light draws attention, less takes it away, and so does likeness to the surroundings. Of
    exposure this is a rule with exceptions: a dark thing on a bright ground stands out more when darkened.
    """
    return -1 if edit in ("fading", "camouflage") or factor < NO_CHANGE[edit] else 1


def surroundings(mask: torch.Tensor) -> torch.Tensor:
    """A ring around each region: (B, 1, H, W) in [0, 1] -> the same shape, 0 everywhere where a region leaves none."""
    reach = max(1, round(_RING * mask.shape[-1]))
    rows = F.max_pool2d(mask, (2 * reach + 1, 1), stride=1, padding=(reach, 0))  # one axis after the other: ten times as fast
    return F.max_pool2d(rows, (1, 2 * reach + 1), stride=1, padding=(0, reach)) - mask


def _turned(image: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Colours turned about the axis of greys by shares (B,) of a whole turn: Rodrigues' rotation in RGB."""
    angle = 2 * torch.pi * share
    axis = image.new_full((3, 1), 3**-0.5)
    crossed = image.new_tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) * 3**-0.5
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    matrix = cos * torch.eye(3).to(image) + sin * crossed + (1 - cos) * (axis @ axis.T)
    return torch.einsum("bij,bjhw->bihw", matrix, image)


def _each(factor: Factor, image: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(factor, dtype=image.dtype, device=image.device).expand(len(image))


def _any(weight: torch.Tensor) -> torch.Tensor:
    return (weight > 0).flatten(1).any(dim=1)[:, None, None, None]


def _mean(image: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The mean colour (B, 3, 1, 1) where weight (B, 1, H, W) is."""
    return (image * weight).sum(dim=(2, 3), keepdim=True) / weight.sum(dim=(2, 3), keepdim=True).clamp(min=1e-6)


def _blend(image: torch.Tensor, mask: torch.Tensor, edited: torch.Tensor) -> torch.Tensor:
    return torch.lerp(image, edited.clamp(0, 1), mask)
