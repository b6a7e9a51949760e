"""Edit regions by one parameter at a time, and see what a judge says."""
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from realistic_editing.common.workers import together
from realistic_editing.data.foreground import apply_to_foreground
from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.ops import Recipe
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.saliency.known_edits import EDITS, NEUTRAL

Item, Found = TypeVar("Item"), TypeVar("Found")
Judge = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
# Photos that a judge sees at once. Tensors of more than a few do not fit what a processor's allocator keeps, and half of the
# time goes into fetching fresh memory.
BATCH = {"cpu": 1, "other": 32}
_AT_ONCE = 8  # items that are handed to workers together


def sweep(regions: Sequence[Region], size: int, edits: Mapping[str, Sequence[float]], judge: Judge) -> pd.DataFrame:
    """What a judge says of every region under every edit.

    Args:
        regions: with masks.
        size: side of the square that photos are resized to and edited at.
        edits: a name of `known_edits.EDITS` -> the factors to try.
        judge: judge(image (1, 3, H, W), mask (1, 1, H, W), edited (N, 3, H, W)) -> (N,) changes.

    Returns:
        A row for each region, edit and factor: source, photo, region, edit, factor, change.
    """

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[tuple]:
        rows = []
        for name, factors in edits.items():
            edited = torch.cat([EDITS[name](image, mask, factor) for factor in factors])
            for factor, change in zip(factors, judge(image, mask, edited).tolist(), strict=True):
                rows.append((region.source, region.photo_id, region.region_id, name, factor, change))
        return rows

    columns = ["source", "photo", "region", "edit", "factor", "change"]
    return pd.DataFrame(measure_regions(regions, size, "sweep", rows_of), columns=columns)


def sweep_neutral(regions: Sequence[Region], size: int, judge: Judge) -> pd.DataFrame:
    """What a judge says of every region under the edits that should not matter to it, each once and in full; as `sweep`.

    A hue is turned by a third of the circle.
    """

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[tuple]:
        rows = []
        for name, pair in NEUTRAL.items():
            before, after = pair(image, mask, 1 / 3 if name == "hue of grey" else 1.0)
            rows.append((region.source, region.photo_id, region.region_id, name, judge(before, mask, after).item()))
        return rows

    columns = ["source", "photo", "region", "edit", "change"]
    return pd.DataFrame(measure_regions(regions, size, "neutral edits", rows_of), columns=columns)


def iter_regions(regions: Sequence[Region], size: int, title: str) -> Iterator[tuple[Region, torch.Tensor, torch.Tensor]]:
    """Each region with its photo (1, 3, size, size) and mask (1, 1, size, size) in [0, 1], under a progress bar."""
    for region in tqdm(regions, desc=title, unit="region"):
        yield region, *opened(region, size)


def measure_regions(
    regions: Sequence[Region], size: int, title: str, measure: Callable[[Region, torch.Tensor, torch.Tensor], Sequence[Found]]
) -> list[Found]:
    """Measure regions, see `rows_of_each`.

    Args:
        regions, size, title: as for `iter_regions`.
        measure: of a region, its photo and its mask, the rows of a table.

    Returns:
        The rows of all regions, in their order.
    """
    return rows_of_each(regions, title, "region", lambda region: measure(region, *opened(region, size)))


def rows_of_each(items: Sequence[Item], title: str, unit: str, measure: Callable[[Item], Sequence[Found]]) -> list[Found]:
    """Measure things under a progress bar; on a worker (see `common.workers`), some of them side by side.

    Args:
        items: what is measured.
        title, unit: of the bar.
        measure: of an item, the rows of a table.

    Returns:
        The rows of all items, in their order.
    """
    rows = []
    with tqdm(total=len(items), desc=title, unit=unit) as bar:
        for start in range(0, len(items), _AT_ONCE):  # few, so that an error or an interrupt ends it soon
            part = items[start : start + _AT_ONCE]
            for found in together([functools.partial(measure, item) for item in part]):
                rows += found
            bar.update(len(part))
    return rows


def opened(region: Region, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A region's photo (1, 3, size, size) and mask (1, 1, size, size) in [0, 1]."""
    item = RegionDataset([region], size, cache=False)[0]
    return item["image"][None].float() / 255, item["mask"][None].float() / 255


def picture(image: torch.Tensor) -> np.ndarray:
    """A photo (1, 3, H, W) in [0, 1] as (H, W, 3) uint8."""
    return np.ascontiguousarray((image[0].permute(1, 2, 0) * 255).round().byte().numpy())


def grey(mask: torch.Tensor) -> np.ndarray:
    """A mask (1, 1, H, W) in [0, 1] as (H, W) uint8."""
    return (mask[0, 0].numpy() * 255).round().astype(np.uint8)


def edit(image: torch.Tensor, mask: torch.Tensor, recipe: Recipe, foreground: bool = False) -> torch.Tensor:
    """Apply each of N recipes to one photo by the fast path, forty times as fast as `apply` on a processor.

    Args:
        image: (1, 3, H, W) in [0, 1].
        mask: (1, 1, H, W) in [0, 1].
        recipe: N edits.
        foreground: as for `Edit.apply`.

    Returns:
        (N, 3, H, W) in [0, 1].
    """
    apply = apply_to_foreground if foreground else apply_to_photo
    photo, soft = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy()), mask[0, 0].numpy()
    edited = np.stack([apply(photo, soft, recipe[index]) for index in range(len(recipe))])
    return torch.from_numpy(edited).permute(0, 3, 1, 2).contiguous()


def realism_judge(critic: nn.Module) -> Judge:
    """dR of eq. 2: negative where an edit looks less real than the photo."""

    def judge(image: torch.Tensor, mask: torch.Tensor, edited: torch.Tensor) -> torch.Tensor:
        scores = score(critic, torch.cat([image, edited]), mask)
        return scores[1:] - scores[:1]

    return judge


def saliency_judge(network: nn.Module) -> Judge:
    """-S of eq. 3, the mean relative change of the region's saliency: positive where it draws more attention."""

    def judge(image: torch.Tensor, mask: torch.Tensor, edited: torch.Tensor) -> torch.Tensor:
        maps = predict_saliency(network, torch.cat([image, edited]))
        return -saliency_drop(maps[:1], maps[1:], mask)

    return judge


@torch.inference_mode()
def score(critic: nn.Module, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The critic's scores (N,) of images (N, 3, H, W) under one mask (1, 1, H, W), on the CPU."""
    device = next(critic.parameters()).device
    parts = [critic(part.to(device), mask.to(device).expand(len(part), -1, -1, -1)) for part in image.split(_batch(device))]
    return torch.cat(parts).float().cpu()


@torch.inference_mode()
def predict_saliency(network: nn.Module, image: torch.Tensor) -> torch.Tensor:
    """The saliency (N, 1, H, W) of images (N, 3, H, W), on the CPU."""
    device = next(network.parameters(), torch.empty(0)).device  # a network without parameters stays on the CPU
    return torch.cat([network(part.to(device)) for part in image.split(_batch(device))]).float().cpu()


def _batch(device: torch.device) -> int:
    return BATCH["cpu" if device.type == "cpu" else "other"]
