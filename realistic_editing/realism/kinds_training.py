"""Teach a critic who is a person, and what comes in any colour: two linear layers on its frozen features of things."""
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.common.ranking import auc
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import HUMAN
from realistic_editing.data.splits import train_and_val
from realistic_editing.realism.augment import ANY_COLOR, FIXED_COLOR
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.region_statistics.things import near_region
from realistic_editing.selection.things import Thing

Namer = Callable[[torch.Tensor], torch.Tensor]  # photos (B, 3, S, S) in [-1, 1] -> (B, 1000) logits of ImageNet's classes
NAMED_AT = 260  # side of the squares that EfficientNet-Lite2 was trained on
# ImageNet's classes in their order: animals, things, food, landforms and people, plants and mushrooms, one more thing.
_ANIMALS, _FOOD, _PLANTS, _THINGS = slice(0, 398), slice(924, 970), slice(984, 999), slice(398, 924)
_SURE = 0.8  # share of the one over both, from which a region counts as a thing or as nature's


class CriticKindsProblem:
    """Who is a person, and what comes in any colour, learned by a trained critic: see `training.fit`.

    COCO's categories say both. They hold few kinds of animals, plants and food; so regions without a category are named by an
    ImageNet classifier, and those that it is sure of say the second.

    Args:
        network: whose layers `person` and `freedom` learn, and nothing else.
        things: of splits train and val; those without a category are named by `namer`.
        namer: an ImageNet classifier; None = things without a category are left out.

    Raises:
        InputError: when the network is no `LiteCritic`, or a split holds no thing.
    """

    monitor, mode = "any_color_auc", "max"

    def __init__(self, network: nn.Module, things: Sequence[Thing], namer: Namer | None = None) -> None:
        if not isinstance(network, LiteCritic):
            raise InputError("samples=kinds needs a critic that sees things; add preset=lite initial=lite_critic")
        self.network, self.namer = network.requires_grad_(False), namer
        for layer in (network.person, network.freedom):
            layer.requires_grad_(True)
        train, val = train_and_val([thing for thing in things if thing.category or namer is not None], "things")
        self.train_data, self.val_data = self._seen(train), self._seen(val)

    @torch.no_grad()
    def _seen(self, things: Sequence[Thing]) -> "_Seen":
        """What the two layers are given, for every thing, and what they are to say of it."""
        network, side, draws = self.network.eval(), self.network.input_size, np.random.default_rng(0)
        device, found = next(network.parameters()).device, []
        for thing in tqdm(things, desc="things", unit="thing"):
            image, mask = thing.read(draws)
            image, mask = (resize(part, (side, side)) for part in (image, mask.astype(np.uint8) * 255))
            image = torch.from_numpy(image).to(device).permute(2, 0, 1)[None].float() / 255
            mask = torch.from_numpy(mask).to(device)[None, None].float() / 255
            category = torch.tensor([thing.category])
            wanted, known = labels(category) if thing.category else named(self.namer, image, mask)
            if known.any():
                found.append((network.seen(network.things(image, mask)).float().cpu(), wanted, known))
        return _Seen(*(torch.cat(column) for column in zip(*found, strict=True)))

    def losses(self, network: nn.Module, batch: Sequence[torch.Tensor], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Cross-entropy of both layers, see `kinds_losses`."""
        people, freedom = kinds_losses(network, *batch)
        return {"total": people + freedom, "people": people, "freedom": freedom}

    @torch.no_grad()
    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """AUC of people among all things, and of what comes in any colour among things of fixed colours, but people."""
        logits, data = _logits(network, self.val_data.seen.to(device)).cpu().numpy(), self.val_data
        (human, free), (seen_people, seen_colors) = ((part > 0).numpy().T for part in (data.wanted, data.known))
        fixed = seen_colors & ~free & ~human
        return {"person_auc": auc(logits[seen_people & human, 0], logits[seen_people & ~human, 0]),
                "any_color_auc": auc(logits[seen_colors & free, 1], logits[fixed, 1])}  # fmt: skip

    def sheet(self, network: nn.Module, device: torch.device) -> None:
        """No picture."""


def kinds_losses(
    network: LiteCritic, seen: torch.Tensor, wanted: torch.Tensor, known: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of telling who is a person, and what comes in any colour, where that is known.

    Args:
        network: with the layers `person` and `freedom`.
        seen: (B, N) of `LiteCritic.seen`.
        wanted, known: (B, 2) of `labels`.
    """
    known, logits = known.to(seen.dtype), _logits(network, seen)
    losses = F.binary_cross_entropy_with_logits(logits, wanted.to(logits), weight=known.to(logits), reduction="none")
    people, freedom = losses.sum(dim=0) / known.sum(dim=0).clamp(min=1)
    return people, freedom


def _logits(network: LiteCritic, seen: torch.Tensor) -> torch.Tensor:
    return torch.cat([network.person(seen), network.freedom(seen)], dim=1).float()


def labels(categories: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whether things of COCO's categories (B,) are people, and come in any colour; and whether that is known: (B, 2) each."""
    free, fixed = (
        torch.isin(categories, torch.tensor(sorted(some), device=categories.device)) for some in (ANY_COLOR, FIXED_COLOR)
    )
    known = torch.stack([categories > 0, free | fixed], dim=1)
    return torch.stack([categories == HUMAN, free], dim=1).float(), known.float()


def few_of_each_kind(things: Sequence[Thing], count: int = 6) -> list[Thing]:
    """The first things of each split and kind, for a quick look."""
    kinds: dict[tuple, list[Thing]] = {}
    for thing in things:
        kind = thing.category == HUMAN, thing.category in ANY_COLOR, thing.category in FIXED_COLOR
        kinds.setdefault((thing.split, *kind), []).append(thing)
    return [thing for found in kinds.values() for thing in found[:count]]


@torch.no_grad()
def named(namer: Namer, image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same of one region by what a classifier takes it for, with its surroundings and without them.

    Args:
        namer: of ImageNet's classes.
        image, mask: (1, 3, S, S) and (1, 1, S, S) in [0, 1].

    Returns:
        (1, 2) each; of people nothing is known.
    """
    near, region = near_region(image, mask, NAMED_AT)
    photos = torch.cat([near, torch.where(region > 0.5, near, 0.5)])
    shares = namer(2 * photos - 1).float().softmax(dim=1).mean(dim=0).cpu()
    nature, things = (sum(float(shares[part].sum()) for part in parts) for parts in ((_ANIMALS, _FOOD, _PLANTS), (_THINGS,)))
    free = things / max(nature + things, 1e-6)
    return torch.tensor([[0.0, float(free > 0.5)]]), torch.tensor([[0.0, float(max(free, 1 - free) > _SURE)]])


class _Seen(Dataset):
    """Features and labels; a seed, which training gives with each index, changes nothing."""

    def __init__(self, seen: torch.Tensor, wanted: torch.Tensor, known: torch.Tensor) -> None:
        self.seen, self.wanted, self.known = seen, wanted, known

    def __len__(self) -> int:
        return len(self.seen)

    def __getitem__(self, key: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.seen[key[0]], self.wanted[key[0]], self.known[key[0]]
