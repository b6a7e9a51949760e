"""Learning which of two edits of a region draws more attention: what eye tracking of photos as they are cannot teach."""
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import Dataset

from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.saliency import known_edits
from realistic_editing.saliency.measures import region_mean

# What is drawn for a pair: the edit, and a range of its factor. Those that people's attention follows come first.
_DRAWN = (
    ("saturation", 0.0, 0.75), ("saturation", 1.3, 2.0), ("contrast", 0.0, 0.75), ("contrast", 1.3, 2.0),
    ("exposure", 0.5, 0.8), ("exposure", 1.25, 2.0), ("fading", 0.25, 1.0), ("camouflage", 0.5, 1.0),
)  # fmt: skip
_NEUTRAL = (("hue of grey", 0.2, 0.8), ("noise", 0.3, 1.0), ("JPEG blocks", 0.5, 1.0))
_SHARE_NEUTRAL = 0.25  # of pairs
_STILL = 0.02  # a change of the log of saliency that counts as none
_PLAIN = 0.06  # mean change of the region's values that nobody overlooks
_DARKER = 0.6  # share of its surroundings' brightness below which a thing may stand out more when it is darkened


class WithRegions(Dataset):
    """Photos with maps, each beside a region of another photo that goes with the same seed.

    Args:
        photos: items are tuples of tensors, for `index` or `(index, seed)`.
        regions: with masks, to edit.
        side: of the squares that these are resized to.

    Returns of an item:
        The photo's tensors, then image (3, side, side) and mask (1, side, side), float32 in [0, 1].
    """

    def __init__(self, photos: Dataset, regions: Sequence[Region], side: int) -> None:
        self.photos, self.regions = photos, RegionDataset(regions, side, augment=True, jitter=True)

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[torch.Tensor, ...]:
        seed = key[1] if isinstance(key, tuple) else 0
        item = self.regions[int(np.random.default_rng([seed, 1]).integers(len(self.regions))), seed]
        return (*self.photos[key], item["image"].float() / 255, item["mask"].float() / 255)


def draw_pairs(
    image: torch.Tensor, mask: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Make a pair of pictures of each photo, by one edit each, and say which draws more attention to the region.

    Args:
        image: (B, 3, H, W) in [0, 1].
        mask: (B, 1, H, W) in [0, 1].
        generator: on the tensors' device; decides everything.

    Returns:
        before (B, 3, H, W), after (B, 3, H, W), way (B,) in [-1, 1]: above 0 where `after` should draw more attention, below
        where less, and by how much of the margin: all of it where colours changed by _PLAIN in the mean, and none where
        nothing changed, as a grey thing's saturation.
    """
    first, second, ways = [], [], []
    draws = torch.rand(len(image), 3, generator=generator, device=image.device).tolist()
    for index, (neutral, which, how) in enumerate(draws):
        kinds = _NEUTRAL if neutral < _SHARE_NEUTRAL else _DRAWN
        name, least, most = kinds[int(which * len(kinds))]
        one, region = image[index : index + 1], mask[index : index + 1]
        factor = least + (most - least) * how
        if name in known_edits.NEUTRAL:
            before, after, way = *known_edits.NEUTRAL[name](one, region, factor), 0
        else:
            before, after, way = one, known_edits.EDITS[name](one, region, factor), known_edits.expected_way(name, factor)
            if name == "exposure" and _darker_than_its_surroundings(one, region):
                after, way = before, 0
        first.append(before), second.append(after), ways.append(way)
    before, after = torch.cat(first), torch.cat(second)
    plain = region_mean((after - before).abs().mean(dim=1, keepdim=True), mask) / _PLAIN
    return before, after, image.new_tensor(ways) * plain.clamp(max=1)


def ranking_loss(
    before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, way: torch.Tensor, margin: float
) -> dict[str, torch.Tensor]:
    """How far two maps' attention to a region is from the way that it should go.

    Args:
        before, after: (B, 1, H, W) saliency, above 0.
        mask: (B, 1, H, W) in [0, 1].
        way: (B,) in [-1, 1], of `draw_pairs`.
        margin: change of the log of saliency, the mean over the region, that is large enough where the way is 1.

    Returns:
        {"ranked": the loss, "right_way": the share of pairs with a way that go there}, scalars.
    """
    with torch.autocast(before.device.type, enabled=False):
        change = region_mean((after.float() + 1e-4).log() - (before.float() + 1e-4).log(), mask.float())
    led = way != 0
    short = torch.where(led, F.relu(margin * way.abs() - way.sign() * change), F.relu(change.abs() - _STILL))
    right = ((change * way > 0) & led).sum() / led.sum().clamp(min=1)
    return {"ranked": short.mean(), "right_way": right}


def _darker_than_its_surroundings(image: torch.Tensor, mask: torch.Tensor) -> bool:
    value, ring = image.amax(dim=1, keepdim=True), known_edits.surroundings(mask)
    return bool(region_mean(value, mask) < _DARKER * region_mean(value, ring))
