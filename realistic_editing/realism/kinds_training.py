"""Teach a critic who is a person, and what comes in any colour: two linear layers on its frozen features of things."""
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import HUMAN
from realistic_editing.data.splits import train_and_val
from realistic_editing.realism.augment import ANY_COLOR, FIXED_COLOR
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.realism.measures import auc
from realistic_editing.selection.things import Thing


class CriticKindsProblem:
    """Who is a person, and what comes in any colour, learned by a trained critic from COCO's categories: see `training.fit`.

    Args:
        network: whose layers `person` and `freedom` learn, and nothing else.
        things: of COCO, of splits train and val.

    Raises:
        InputError: when the network is no `LiteCritic`, or a split holds no thing.
    """

    monitor, mode = "any_color_auc", "max"

    def __init__(self, network: nn.Module, things: Sequence[Thing]) -> None:
        if not isinstance(network, LiteCritic):
            raise InputError("samples=kinds needs a critic that sees things; add preset=lite initial=lite_critic")
        self.network = network.requires_grad_(False)
        for layer in (network.person, network.freedom):
            layer.requires_grad_(True)
        train, val = train_and_val([thing for thing in things if thing.category], "things of COCO")
        self.train_data, self.val_data = self._seen(train), self._seen(val)

    @torch.no_grad()
    def _seen(self, things: Sequence[Thing]) -> "_Seen":
        """What the two layers are given, for every thing, and its category."""
        network, side, draws = self.network.eval(), self.network.input_size, np.random.default_rng(0)
        device, found = next(network.parameters()).device, []
        for thing in tqdm(things, desc="things", unit="thing"):
            image, mask = thing.read(draws)
            image, mask = (resize(part, (side, side)) for part in (image, mask.astype(np.uint8) * 255))
            image = torch.from_numpy(image).to(device).permute(2, 0, 1)[None].float() / 255
            mask = torch.from_numpy(mask).to(device)[None, None].float() / 255
            found.append(network.seen(network.things(image, mask)).float().cpu())
        return _Seen(torch.cat(found), torch.tensor([thing.category for thing in things]))

    def losses(self, network: nn.Module, batch: Sequence[torch.Tensor], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Cross-entropy of both layers, see `kinds_losses`."""
        people, freedom = kinds_losses(network, *batch)
        return {"total": people + freedom, "people": people, "freedom": freedom}

    @torch.no_grad()
    def evaluate(self, network: nn.Module, device: torch.device) -> Mapping[str, float]:
        """AUC of people among all things, and of what comes in any colour among things of fixed colours, but people."""
        seen, categories = self.val_data.seen.to(device), self.val_data.categories
        person, freedom = (layer(seen)[:, 0].float().cpu().numpy() for layer in (network.person, network.freedom))
        human, (free, known) = categories == HUMAN, labels(categories)
        fixed = (known > 0) & (free == 0) & ~human
        return {"person_auc": auc(person[human], person[~human]), "any_color_auc": auc(freedom[free > 0], freedom[fixed])}

    def sheet(self, network: nn.Module, device: torch.device) -> Any:
        """No picture."""


def kinds_losses(network: LiteCritic, seen: torch.Tensor, categories: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of telling who is a person, and what comes in any colour, where that is known of a category.

    Args:
        network: with the layers `person` and `freedom`.
        seen: (B, N) of `LiteCritic.seen`.
        categories: (B,) COCO's numbers.
    """
    people = F.binary_cross_entropy_with_logits(network.person(seen)[:, 0], (categories == HUMAN).to(seen.dtype))
    free, known = labels(categories)
    freedom = F.binary_cross_entropy_with_logits(network.freedom(seen)[:, 0], free.to(seen.dtype), weight=known.to(seen.dtype))
    return people, freedom / known.mean().clamp(min=1e-6)


def labels(categories: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whether things come in any colour, and whether that is known of their category: (B,) -> (B,) and (B,), 0 or 1."""
    free = torch.isin(categories, torch.tensor(sorted(ANY_COLOR), device=categories.device))
    fixed = torch.isin(categories, torch.tensor(sorted(FIXED_COLOR), device=categories.device))
    return free.float(), (free | fixed).float()


class _Seen(Dataset):
    """Features and categories; a seed, which training gives with each index, changes nothing."""

    def __init__(self, seen: torch.Tensor, categories: torch.Tensor) -> None:
        self.seen, self.categories = seen, categories

    def __len__(self) -> int:
        return len(self.categories)

    def __getitem__(self, key: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        return self.seen[key[0]], self.categories[key[0]]
