"""Teach an enhancer the edits of a bank: optimisation found them, and one pass is to come close to them."""
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.common.inputs import resized
from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.bank import Bank, BankedEdit, region_key
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.lite import LiteEnhancer
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.training import EnhanceProblem
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.recipe import PARAMETERS

_POINTS = 800  # pixels of each zone that are kept of a region, and the share of them that a training sample is shown
_SHOWN = 0.5
_SMALL = 64  # side of the picture whose colours are compared
NOT_AUGMENTED = "what is frozen in this network is computed once, of photos as they are; add augment=false"
PIXEL_WEIGHT = 10.0  # of colours in [0, 1], beside parameters of about 1; colours alone learn no edit at all


class BankProblem(EnhanceProblem):
    """Regions and the edits that optimisation found for them in, an enhancer out: a first stage, without judges.

    A `LiteEnhancer` learns in minutes, and never looks at a photo again: all that is frozen in it is computed once, and of a
    photo's pixels a sample is kept. Any other network sees the photos. The validation measures are those of eqs. 3 to 6, so
    that both stages can be compared.

    Args:
        network, judges, size, objective: as for `EnhanceProblem`; the judges validate.
        regions: of the splits train and val, among them those of the bank.
        bank: its edits of regions that train are learned from.
        augment: flip training photos and zoom into them, which leaves an edit as good as it was.

    Raises:
        InputError: when the bank holds no edit of a training region, or photos that are not looked at are to be augmented.
    """

    def __init__(
        self,
        network: nn.Module,
        judges: Judges,
        regions: Sequence[Region],
        size: int,
        objective: Objective,
        bank: Bank,
        augment: bool = False,
    ) -> None:
        frozen = isinstance(network, LiteEnhancer)
        if frozen and augment:
            raise InputError(f"bank: {NOT_AUGMENTED}")
        super().__init__(network, judges, regions, size, objective, augment=augment)
        photos = self.train_data
        self.train_data = BankedRegions(network, photos.regions, bank) if frozen else BankedPhotos(photos, bank)

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """How far proposals lie from the bank's edits, in parameters and in the colours of the region."""
        wanted = Recipe(batch["order"], **{name: batch[name] for name in PARAMETERS}, blend=network.blend)
        proposed, colors, inside = (_from_features if "points" in batch else _from_photos)(network, batch)
        proposed = proposed.to(dtype=torch.float32)  # of half precision there are no curves
        parameters = (tone_numbers(proposed) - tone_numbers(wanted)).abs().mean()
        full = torch.ones_like(inside)
        apart = (apply(colors, full, proposed) - apply(colors, full, wanted)).abs().mean(dim=1, keepdim=True)
        pixels = ((apart * inside).sum(dim=(1, 2, 3)) / inside.sum(dim=(1, 2, 3)).clamp(min=1)).mean()
        return {"total": parameters + PIXEL_WEIGHT * pixels, "parameters": parameters, "pixels": pixels}


def _from_features(network: LiteEnhancer, batch: dict) -> tuple[Recipe, torch.Tensor, torch.Tensor]:
    """What is proposed, colours of the region (B, 3, 1, K) in [0, 1], and how far each counts (B, 1, 1, K)."""
    points = batch["points"]
    features = network.join_features(network.describer.measure_points(points), batch["attention"], batch["things"])
    colors = points[:, :, :1, : points.shape[-1] // 3]
    return network.decode(features, batch["order"]), colors, torch.ones_like(colors[:, :1])


def _from_photos(network: nn.Module, batch: dict) -> tuple[Recipe, torch.Tensor, torch.Tensor]:
    """The same of whole photos, whose colours are those of a small picture."""
    image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
    size = [_SMALL, _SMALL]
    return network(image, mask, batch["order"]), resized(image, size), resized(mask, size)


def tone_numbers(recipe: Recipe) -> torch.Tensor:
    """An edit in numbers that mean the same for each: stops of exposure and of white balance, saturation, and where curves go.

    The common scale of white balance, and that of a channel's knots, change no picture and count for nothing.

    Args:
        recipe: B edits.

    Returns:
        (B, 26).
    """
    balance = recipe.white_balance.log2()
    balance = balance - balance.mean(dim=1, keepdim=True)
    reached = recipe.color_curve.cumsum(dim=2)
    curves = (reached / reached[:, :, -1:])[:, :, :-1].flatten(1)
    return torch.cat([recipe.exposure.log2()[:, None], recipe.saturation[:, None], balance, curves], dim=1)


class BankedRegions(Dataset):
    """The bank's edits, each with what the network needs to know of its region; a seed decides which pixels it is shown.

    Args:
        network: whose frozen features are kept.
        regions: those of the bank among them are taken.
        bank: of edits.

    Raises:
        InputError: when none of the bank's regions is there.
    """

    def __init__(self, network: LiteEnhancer, regions: Sequence[Region], bank: Bank) -> None:
        self.edits, places = _edits_of(regions, bank)
        wanted = dict.fromkeys(places[edit.region] for edit in self.edits)
        photos = RegionDataset(regions, network.input_size, cache=False)
        self._seen = {
            region_key(regions[place]): _seen(network, photos[place])
            for place in tqdm(wanted, "regions of the bank", unit="region")
        }

    def __len__(self) -> int:
        return len(self.edits)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, torch.Tensor]:
        index, seed = key if isinstance(key, tuple) else (key, 0)
        edit = self.edits[index]
        seen, recipe = self._seen[edit.region], edit.recipe
        shown = np.random.default_rng(seed).choice(_POINTS, int(_SHOWN * _POINTS), replace=False)
        pixels = seen["points"].unflatten(2, (3, _POINTS))[..., torch.from_numpy(shown)].flatten(2)
        return _numbers(recipe) | {"points": pixels.float() / 255, "attention": seen["attention"], "things": seen["things"]}


class BankedPhotos(Dataset):
    """The bank's edits, each with its photo and mask as `photos` gives them.

    Args:
        photos: of the regions that train.
        bank: of edits.

    Raises:
        InputError: when none of the bank's regions is there.
    """

    def __init__(self, photos: RegionDataset, bank: Bank) -> None:
        self.photos = photos
        self.edits, self._places = _edits_of(photos.regions, bank)

    def __len__(self) -> int:
        return len(self.edits)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, torch.Tensor]:
        index, *seed = key if isinstance(key, tuple) else (key,)
        edit = self.edits[index]
        place = self._places[edit.region]
        return self.photos[(place, *seed) if seed else place] | _numbers(edit.recipe)


def _edits_of(regions: Sequence[Region], bank: Bank) -> tuple[list[BankedEdit], dict[str, int]]:
    """The bank's edits of these regions, and where each region stands. Raises InputError without any."""
    places = {region_key(region): place for place, region in enumerate(regions)}
    edits = [edit for edit in bank.edits if edit.region in places]
    if not edits:
        raise InputError(f"{bank.path}: holds no edit of a region that trains; make it with the same regions")
    return edits, places


def _numbers(recipe: Recipe) -> dict[str, torch.Tensor]:
    """An edit as part of a training sample."""
    return {name: getattr(recipe, name)[0] for name in ("order", *PARAMETERS)}


@torch.no_grad()
def _seen(network: LiteEnhancer, item: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Of one region, on the CPU: points (3, Z, 3 K) uint8, and the frozen features."""
    network.eval()
    device = next(network.parameters()).device
    image, mask = (item[name][None].to(device).float() / 255 for name in ("image", "mask"))
    generator = torch.Generator(device).manual_seed(int(item["index"]))
    points, _ = network.describer.draw_points(image, mask, _POINTS, generator)
    attention, things = network.frozen_features(image, mask)
    kept = {"points": (points * 255).round().byte(), "attention": attention.float(), "things": things.float()}
    return {name: value[0].cpu() for name, value in kept.items()}
