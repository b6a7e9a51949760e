"""Teach an enhancer the edits of a bank: optimisation found them, and one pass is to come close to them."""
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.bank import Bank, region_key
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.lite import LiteEnhancer
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.training import EnhanceProblem
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.recipe import PARAMETERS

_POINTS = 800  # pixels of each zone that are kept of a region, and the share of them that a training sample is shown
_SHOWN = 0.5
PIXEL_WEIGHT = 10.0  # of colours in [0, 1], beside parameters of about 1; colours alone learn no edit at all


class BankProblem(EnhanceProblem):
    """Regions and the edits that optimisation found for them in, an enhancer out: a first stage, in minutes.

    Training never looks at a photo again: all that is frozen in the network is computed once, and of a photo's pixels a
    sample is kept. The validation measures are those of eqs. 3 to 6, so that both stages can be compared.

    Args:
        network: that keeps features of photos apart from what is trained.
        judges, size, objective: as for `EnhanceProblem`, to validate.
        regions: of the splits train and val, among them those of the bank.
        bank: its edits of regions that train are learned from.

    Raises:
        InputError: when the network is another one, or the bank holds no edit of a training region.
    """

    def __init__(
        self, network: nn.Module, judges: Judges, regions: Sequence[Region], size: int, objective: Objective, bank: Bank
    ) -> None:
        if not isinstance(network, LiteEnhancer):
            raise InputError("bank: only the network that sees things learns from a bank; add preset=lite, or leave bank out")
        super().__init__(network, judges, regions, size, objective)
        self.train_data = BankedRegions(network, self.train_data.regions, bank)

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """How far proposals lie from the bank's edits, in parameters and in the colours of the region."""
        blend = network.blend
        wanted = Recipe(batch["order"], **{name: batch[name] for name in PARAMETERS}, blend=blend)
        colors = network.describer.measure_points(batch["points"])
        proposed = network.decode(network.join_features(colors, batch["attention"], batch["things"]), batch["order"])
        parameters = (tone_numbers(proposed) - tone_numbers(wanted)).abs().mean()
        inside = batch["points"][:, :, :1, : batch["points"].shape[-1] // 3]
        full = torch.ones_like(inside[:, :1])
        pixels = (apply(inside, full, proposed) - apply(inside, full, wanted)).abs().mean()
        return {"total": parameters + PIXEL_WEIGHT * pixels, "parameters": parameters, "pixels": pixels}


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
        places = {region_key(region): place for place, region in enumerate(regions)}
        self.edits = [edit for edit in bank.edits if edit.region in places]
        if not self.edits:
            raise InputError(f"{bank.path}: holds no edit of a region that trains; make it with the same regions")
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
        found = {name: getattr(recipe, name)[0] for name in ("order", *PARAMETERS)}
        return found | {"points": pixels.float() / 255, "attention": seen["attention"], "things": seen["things"]}


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
