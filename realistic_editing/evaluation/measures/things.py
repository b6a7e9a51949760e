"""What a critic knows of things, and what must not matter to it: recoloured things, degraded files, other masks."""
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pandas as pd
import torch

from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures.sweep import measure_regions
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.realism.augment import ANY_COLOR, FIXED_COLOR, Degradation, turn_hue

TURNS = (60, 120, 180, 240, 300)  # degrees of hue
PALE = 0.2  # chroma that is left of a thing that is greyed
GROUPS = {"fixed colours": FIXED_COLOR, "any colour": ANY_COLOR}
_KEPT = -0.15  # dR that a plausible recolouring keeps to
# What leaves a photo as real as it was, and by how much R may move on average.
HARMLESS = {
    "JPEG, quality 95": Degradation("jpeg", quality=95),
    "JPEG, quality 75": Degradation("jpeg", quality=75),
    "JPEG, quality 50": Degradation("jpeg", quality=50),
    "half the size": Degradation("shrunk", scale=0.5),
    "noise of 2 levels": Degradation("noise", noise=2 / 255),
}
MAX_SHIFT = 0.03

Critic = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@torch.no_grad()
def recolored_things(critic: Critic, regions: Sequence[Region], size: int) -> pd.DataFrame:
    """dR of things whose colours nature fixes, and of things of any colour, turned in hue and greyed alike.

    Args:
        critic: critic(image, mask) -> (B,) in [0, 1].
        regions: those of other categories are left out.
        size: side of the square that photos are resized to and edited at.

    Returns:
        A row for each region and edit: photo, group, edit, change.
    """
    known = [region for region in regions if region.category in FIXED_COLOR | ANY_COLOR]

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[tuple]:
        group = next(name for name, categories in GROUPS.items() if region.category in categories)
        photo, inside = _arrays(image, mask)
        edits = {f"hue {turn}": turn_hue(photo, inside, np.radians(turn)) for turn in TURNS}
        edits["greyed"] = turn_hue(photo, inside, 0.0, PALE)
        before, photo_name = float(critic(image, mask)), f"{region.source}/{region.photo_id}"
        return [(photo_name, group, name, float(critic(_tensor(edited), mask)) - before) for name, edited in edits.items()]

    return pd.DataFrame(measure_regions(known, size, "things", rows_of), columns=["photo", "group", "edit", "change"])


def things_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean dR of both groups under hue turns and under greying, and the share of edits that keep dR >= _KEPT."""
    rows = []
    kinds = changes["edit"].str.split().str[0]
    for kind in dict.fromkeys(kinds):
        for group in GROUPS:
            part = changes[(kinds == kind) & (changes.group == group)]
            if len(part):
                rows.append({
                    "edit": {"hue": "hue turned by 60 to 300 degrees"}.get(kind, kind), "things of": group,
                    "mean dR": bootstrap.mean(part.change, part.photo, resamples, seed, bootstrap.SIGNED),
                    f"dR >= {_KEPT}": bootstrap.mean(part.change >= _KEPT, part.photo, resamples, seed),
                    "edits": len(part), "photos": int(part.photo.nunique()),
                })  # fmt: skip
    return pd.DataFrame(rows)


@torch.no_grad()
def harmless_changes(critic: Critic, regions: Sequence[Region], size: int) -> pd.DataFrame:
    """How far R of unedited photos moves by what says nothing about edits.

    Args:
        critic, regions, size: as for `recolored_things`, of any category.

    Returns:
        A row for each region and change: photo, change, before (R), moved (R after less R before).
    """

    def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor) -> list[tuple]:
        photo, inside = _arrays(image, mask)
        before, name = float(critic(image, mask)), f"{region.source}/{region.photo_id}"
        seen = {title: (_tensor(what.apply(photo)), mask) for title, what in HARMLESS.items()}
        seen["frame cut by 5 %"] = _cropped(image, mask)
        for word, morphology in (("grown", cv2.dilate), ("shrunk", cv2.erode)):
            seen[f"mask {word} by 1 %"] = (image, _changed(inside, morphology))
        return [(name, title, before, float(critic(picture, shown)) - before) for title, (picture, shown) in seen.items()]

    return pd.DataFrame(measure_regions(regions, size, "harmless", rows_of), columns=["photo", "change", "before", "moved"])


def harmless_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean absolute movement of R under each harmless change, and whether it keeps to MAX_SHIFT."""
    rows = []
    for title, part in changes.groupby("change", sort=False):
        found = bootstrap.mean(part.moved.abs(), part.photo, resamples, seed, bootstrap.SHARE)
        met = "yes" if found.value <= MAX_SHIFT else "NO"
        rows.append({"change": title, "mean |change of R|": found, "goal": f"at most {MAX_SHIFT}", "met": met})
    return pd.DataFrame(rows)


def unedited_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """How real unedited regions score: mean R, and the shares over 0.5 and under 0.2."""
    part = changes[changes.change == changes.change.iloc[0]]
    columns = {"mean R": part.before, "over 0.5": part.before > 0.5, "under 0.2": part.before < 0.2}
    row = {name: bootstrap.mean(values, part.photo, resamples, seed, bootstrap.SHARE) for name, values in columns.items()}
    return pd.DataFrame([row | {"regions": len(part), "photos": int(part.photo.nunique())}])


def _arrays(image: torch.Tensor, mask: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    return np.ascontiguousarray(image[0].permute(1, 2, 0).numpy()), np.ascontiguousarray(mask[0, 0].numpy())


def _tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32))[None]


def _cropped(image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Without a twentieth of the photo along each side, as far as the region allows."""
    height, width = mask.shape[-2:]
    inside = mask[0, 0] > 0
    sides = []
    for along, length in ((inside.any(dim=1), height), (inside.any(dim=0), width)):
        places = along.nonzero().flatten()
        cut, first, last = length // 20, int(places[0]) if len(places) else length, int(places[-1]) if len(places) else 0
        sides.append(slice(min(cut, first), max(length - cut, last + 1)))
    return image[..., sides[0], sides[1]], mask[..., sides[0], sides[1]]


def _changed(mask: np.ndarray, morphology: Callable) -> torch.Tensor:
    side = 2 * max(1, round(0.005 * max(mask.shape))) + 1
    return torch.from_numpy(morphology(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))))[None, None]
