"""The signs that a verdict goes by, measured on a photo and its edit at the size that the judges see."""
import torch

from realistic_editing.enhance.seam import seam
from realistic_editing.enhance.skin import LIKELY_SKIN, has_color
from realistic_editing.enhance.terms import dulled_whites, lost_contrast, tinted_greys
from realistic_editing.enhance.verdict import Signs
from realistic_editing.enhance.view import PhotoView
from realistic_editing.ops import Recipe
from realistic_editing.ops.apply import apply_inside
from realistic_editing.region_statistics.color_statistics import rgb_to_lab

BLACK = 20.0  # CIELAB L, below which a pixel is near-black
_MORE_COLOR = 0.5  # of what skin gains in chroma: more of its colour looks healthy, less or another one ill
LEAST_SHARE = 0.02  # of the region: fewer pixels of skin, or of black, say nothing


@torch.no_grad()
def signs_of(view: PhotoView, recipe: Recipe, realism_change: float) -> Signs:
    """The signs of a recipe on a photo that was judged already.

    Args:
        view: of photo and region.
        recipe: a batch of one, on any device.
        realism_change: its dR, which the edit holds.
    """
    edited = apply_inside(view.image, view.mask, recipe.to(view.image.device, view.image.dtype))
    return measure_signs(view.image, edited, view.mask, view.realism, realism_change, view.free, view.human)


def measure_signs(
    image: torch.Tensor,
    edited: torch.Tensor,
    mask: torch.Tensor,
    realism: float,
    realism_change: float,
    free: bool = False,
    human: bool = True,
) -> Signs:
    """The signs of any edit, whoever made it.

    Args:
        image, edited: (1, 3, H, W) RGB in [0, 1].
        mask: (1, 1, H, W) in [0, 1].
        realism: R of the photo.
        realism_change: dR of the edit.
        free: whether the region is a thing that comes in any colour: then colours of skin are none.
        human: whether it is a person, whose skin must not turn much lighter or darker; fur and wood may.
    """
    before, after = (100 * rgb_to_lab(photo)[0] for photo in (image, edited))
    inside = mask[0, 0] >= 0.5
    # Narrower than what an edit of a person spares: to spare too much costs a little effect, to blame too much costs trust.
    skin = inside & has_color(before, LIKELY_SKIN) & (not free)
    return Signs(
        realism=float(realism),
        realism_change=float(realism_change),
        border_step=seam(image, edited, mask),
        skin_change=_mean(_color_change(before[1:], after[1:]), skin, inside),
        skin_light=abs(_mean((after - before)[0], skin & human, inside)),
        lifted_blacks=_mean((after - before)[0].relu(), inside & (before[0] < BLACK), inside),
        dulled_whites=100 * float(dulled_whites(image, edited, mask)),
        tinted_greys=float(tinted_greys(image, edited, mask)),
        lost_contrast=max(0.0, 100 * float(lost_contrast(image, edited, mask))),
    )


def _color_change(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """How far colours move: (2, H, W) of CIELAB's a and b -> (H, W). What they gain in chroma counts for less."""
    chroma, edited = (ab.square().sum(dim=0).sqrt() for ab in (before, after))
    gain = edited - chroma
    turned = (after - before).square().sum(dim=0) - gain.square()  # what is left of the way: by another hue
    return (turned.clamp(min=0) + torch.where(gain > 0, _MORE_COLOR * gain, gain).square()).sqrt()


def _mean(values: torch.Tensor, where: torch.Tensor, inside: torch.Tensor) -> float:
    """The mean of (H, W) where it is true; 0 where that is too little of what lies inside."""
    count = int(where.sum())
    return float(values[where].mean()) if count and count >= LEAST_SHARE * int(inside.sum()) else 0.0
