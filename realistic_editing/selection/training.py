"""Train a selector on things, with a user who is played: a first word, and in half of the steps a click that mends."""
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset, default_collate
from tqdm import tqdm

from realistic_editing.common.progress import validating
from realistic_editing.data.prompts import Prompts
from realistic_editing.data.selector import Looks
from realistic_editing.data.splits import train_and_val
from realistic_editing.selection.simulated import deepest, next_click
from realistic_editing.selection.things import Thing, ThingDataset, kind_of


class SelectorProblem:
    """Things in, a selector out: what `training.fit` needs to know.

    Args:
        network: a `ClickSelector`.
        things: of splits train and val; those of COCO's val judge.
    """

    monitor, mode = "mean_iou", "max"  # steadier than the median over some seventy things

    def __init__(self, network: nn.Module, things: Sequence[Thing]) -> None:
        self.network = network
        network.freeze_early()
        train, val = train_and_val(things, "things")
        self.train_data = ThingDataset(train, network.input_size)
        self.val_data = [thing for thing in val if thing.name.startswith("coco/")]

    def losses(self, network: nn.Module, batch: dict[str, torch.Tensor], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Cross-entropy and overlap of the mask, and how well the network knows that overlap."""
        target = batch["mask"].float() / 255
        with torch.no_grad(), torch.autocast(target.device.type, torch.bfloat16):  # half the time where nothing is learned
            features = network.early(batch["image"].float() / 255)
            prompts = Prompts(batch["points"], batch["kinds"], batch["box"], batch["previous"], batch["guessed"])
            if torch.rand((), generator=generator, device=target.device) < 0.5:
                prompts = mended(network.late(*features, prompts)["logits"].float(), target, prompts)
        found = network.late(*(part.float() for part in features), prompts)
        return losses_of(found, target)

    @torch.no_grad()
    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Overlap with COCO's things over 1 % of a photo from one click: mean, median, and the share below 0.3."""
        overlaps = []
        for thing in validating(self.val_data):
            image, mask = thing.read(np.random.default_rng(0))
            if mask.mean() >= 0.01:
                found = Looks(image, network).select([deepest(mask)]).probability >= 0.5
                overlaps.append((found & mask).sum() / (found | mask).sum())
        return {"iou": float(np.median(overlaps)), "mean_iou": float(np.mean(overlaps)),
                "missed": float(np.mean(np.array(overlaps) < 0.3))}  # fmt: skip

    def sheet(self, network: nn.Module, device: torch.device) -> None:
        """No picture."""


class KindsProblem:
    """What kind of thing a selection is, learned by a frozen selector from COCO's groups of categories: see `training.fit`.

    Args:
        network: a trained `ClickSelector`; its last layer `kinds` learns, and nothing else.
        things: of COCO, of splits train and val.
        looks: random windows of each thing that are looked at, once.
        seed: of the windows.
    """

    monitor, mode = "accuracy", "max"

    def __init__(self, network: nn.Module, things: Sequence[Thing], looks: int = 1, seed: int = 0) -> None:
        self.network = network.requires_grad_(False)
        network.kinds.requires_grad_(True)
        known = [thing for thing in things if thing.category]
        train, val = train_and_val(known, "things of COCO")
        self.train_data = self._seen(train, looks, seed)
        self.val_data = self._seen(val, 1, seed + 1)

    def _seen(self, things: Sequence[Thing], looks: int, seed: int) -> "_Pairs":
        """The features that `kinds` is given, and the kinds, of every thing at every look."""
        network, data = self.network.eval(), ThingDataset(things, self.network.input_size)
        features: list[torch.Tensor] = []
        hook = network.kinds.register_forward_pre_hook(lambda _, given: features.append(given[0].float().cpu()))
        device = next(network.parameters()).device
        order = [(index, look) for look in range(looks) for index in range(len(data))]
        for start in tqdm(range(0, len(order), 16), desc="things", unit="batch"):
            items = [data[index, seed + index * 1000 + look] for index, look in order[start : start + 16]]
            batch = {name: value.to(device) for name, value in default_collate(items).items()}
            prompts = Prompts(batch["points"], batch["kinds"], batch["box"], batch["previous"], batch["guessed"])
            with torch.no_grad():
                network(batch["image"].float() / 255, prompts)
        hook.remove()
        kinds = torch.tensor([kind_of(things[index].category) for index, _ in order])
        return _Pairs(torch.cat(features), kinds)

    def losses(self, network: nn.Module, batch: Sequence[torch.Tensor], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Cross-entropy."""
        return {"total": F.cross_entropy(network.kinds(batch[0]), batch[1])}

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Accuracy over kinds, and of persons: the share found, and the share of those found that are."""
        features, kinds = self.val_data.features, self.val_data.kinds
        found = network.kinds(features.to(device)).argmax(dim=1).cpu()
        person, meant = found == 0, kinds == 0
        return {"accuracy": float((found == kinds).float().mean()), "persons_found": float(person[meant].float().mean()),
                "persons_right": float(meant[person].float().mean())}  # fmt: skip

    def sheet(self, network: nn.Module, device: torch.device) -> None:
        """No picture."""


class _Pairs(Dataset):
    """Features and kinds; a seed, which training gives with each index, changes nothing."""

    def __init__(self, features: torch.Tensor, kinds: torch.Tensor) -> None:
        self.features, self.kinds = features, kinds

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, key: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        return self.features[key[0]], self.kinds[key[0]]


def losses_of(found: dict[str, torch.Tensor], target: torch.Tensor) -> dict[str, torch.Tensor]:
    """The terms of the loss, and their sum.

    Args:
        found: what the network gives.
        target: (B, 1, S/2, S/2) in [0, 1], the region's share of each cell.
    """
    logits = found["logits"].float()
    cross = F.binary_cross_entropy_with_logits(logits, target)
    share = logits.sigmoid()
    both, either = (share * target).sum(dim=(1, 2, 3)), (share + target - share * target).sum(dim=(1, 2, 3))
    overlap = 1 - ((both + 1) / (either + 1)).mean()
    rough = F.adaptive_avg_pool2d(target, found["coarse"].shape[-2:])
    coarse = F.binary_cross_entropy_with_logits(found["coarse"].float(), rough)
    with torch.no_grad():
        hard, meant = logits > 0, target >= 0.5
        reached = (hard & meant).sum(dim=(1, 2, 3)) / (hard | meant).sum(dim=(1, 2, 3)).clamp(min=1)
    known = F.mse_loss(found["iou"].float(), reached.float())
    return {"total": cross + overlap + 0.3 * coarse + known, "cross": cross, "overlap": overlap, "known": known}


def mended(logits: torch.Tensor, target: torch.Tensor, prompts: Prompts) -> Prompts:
    """What the user says next: the click that mends the largest mistake, beside the guess that was seen."""
    points, kinds = prompts.points.clone(), prompts.kinds.clone()
    guesses, meant = (logits > 0)[:, 0].cpu().numpy(), (target >= 0.5)[:, 0].cpu().numpy()
    side = meant.shape[-1]
    for number, (wanted, guess) in enumerate(zip(meant, guesses, strict=True)):
        click, free = next_click(wanted, guess), int((kinds[number] != 0).sum())
        if click is not None and free < kinds.shape[1]:
            points[number, free] = torch.tensor(click[:2], device=points.device) / side
            kinds[number, free] = click[2]
    return Prompts(points, kinds, prompts.boxes, logits.sigmoid(), torch.ones(len(kinds), device=kinds.device))
