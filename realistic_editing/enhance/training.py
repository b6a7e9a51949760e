"""Train an enhancer against a frozen critic and a frozen saliency network (section 4)."""
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from realistic_editing.common.errors import InputError
from realistic_editing.common.progress import validating
from realistic_editing.common.protocols import JudgesPixels, LearnsFromPixels
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import train_and_val
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.judged_edit import JudgedEdit
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.enhance.terms import color_cast
from realistic_editing.ops import Recipe, random_orders

# What is reported of the parameters: collapse to one edit for all photos shows in a small spread (Figure 9b).
SPREAD = ("log2_exposure", "saturation", "red_blue")


class EnhanceProblem:
    """Regions of photos in, an enhancer out: what `training.fit` needs to know.

    Args:
        network: network(image, mask, order) -> Recipe.
        judges: the critic and the saliency network, frozen.
        regions: those of one task, train and validation, by their `split`.
        size: side of the square that photos are resized to and edited at.
        objective: the loss.
        pixels_per_zone: how many pixels of each zone the critic, and a network that can learn from them, are shown of a
            training sample, whose edit is then seen at the size of the saliency network (see `Judges.sampled_view`); 0 = whole
            pictures, edited at `size`.
        damage: share of training samples with a damaged mask (see `data.masks.damaged`).
        augment: flip training photos and zoom into them, see `RegionDataset`.

    Raises:
        InputError: when training or validation is left without a region, or pixels_per_zone cannot be used.
    """

    monitor, mode = "loss", "min"

    def __init__(
        self,
        network: nn.Module,
        judges: Judges,
        regions: Sequence[Region],
        size: int,
        objective: Objective,
        pixels_per_zone: int = 0,
        damage: float = 0.0,
        augment: bool = True,
    ) -> None:
        for name, judge in (("the critic", judges.critic), ("the enhancer", network)):
            if pixels_per_zone and isinstance(judge, JudgesPixels | LearnsFromPixels) and judge.input_size != size:
                raise InputError(f"size is {size}; with pixels_per_zone, it must be what {name} sees, {judge.input_size}")
        self.network, self.judges, self.objective, self.pixels_per_zone = network, judges, objective, pixels_per_zone
        # A fifth of the time is saved where the judge's own features are those that the network starts from.
        self.shared = isinstance(network, LearnsFromPixels) and network.shares_features_with(judges.saliency)
        train, val = train_and_val(regions)
        self.train_data = RegionDataset(train, size, augment=augment, damage=damage)
        self.val_data = RegionDataset(val, size)

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Eqs. 3 to 6 with a random order for each sample; means over the batch."""
        view, recipe = self.propose(network, batch, generator)
        return self.terms(view, view.edited(recipe), batch["human"])

    def propose(self, network: nn.Module, batch: dict, generator: torch.Generator) -> tuple[RegionView, Recipe]:
        """The batch's photos, judged, and an edit of each in a random order."""
        image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
        judges, order, count = self.judges.to(image.device), random_orders(len(image), generator), self.pixels_per_zone
        if not count:
            return judges.view(image, mask), network(image, mask, order)
        view = judges.sampled_view(image, mask, count, generator)
        if not isinstance(network, LearnsFromPixels):
            return view, network(image, mask, order)
        features = view.features if self.shared else None
        return view, network.decode(network.encode_pixels(image, mask, count, generator, features), order)

    def terms(self, view: RegionView, judged: JudgedEdit, human: torch.Tensor) -> dict[str, torch.Tensor]:
        """The loss and its parts, and dR: means over the batch."""
        terms = view.loss(judged, human, self.objective) | {"realism_change": judged.realism_change}
        return {name: value.mean() for name, value in terms.items()}

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Loss, S, dR, the shares that went right and the spread of the edits on validation regions, one fixed order each."""
        generator = torch.Generator().manual_seed(0)
        judges, rows = self.judges.to(device), {}
        for batch in validating(DataLoader(self.val_data, batch_size=2)):  # small: faster on processors, by the cache
            image, mask = (batch[name].to(device).float() / 255 for name in ("image", "mask"))
            recipe = network(image, mask, random_orders(len(image), generator).to(device))
            view = judges.view(image, mask)
            judged = view.edited(recipe)
            change = view.saliency_change(judged)
            right = change > 0 if self.objective.saliency_weight > 0 else change < 0
            balance = recipe.white_balance.log2()
            columns = {
                "loss": view.loss(judged, batch["human"].to(device), self.objective)["total"],
                "saliency_change": change,
                "direction_accuracy": right.float(),
                "realism_change": judged.realism_change,
                "real_enough": (judged.realism_change >= -0.1).float(),
                "cast": color_cast(recipe),
                "log2_exposure": recipe.exposure.log2(),
                "saturation": recipe.saturation,
                "red_blue": balance[:, 2] - balance[:, 0],
            }
            for name, value in columns.items():
                rows.setdefault(name, []).extend(value.float().tolist())
        spread = {f"spread_{name}": float(np.std(rows[name])) for name in SPREAD}
        return {name: float(np.mean(values)) for name, values in rows.items()} | spread

    def sheet(self, network: nn.Module, device: torch.device, rows: int = 8) -> np.ndarray:
        """Photo, mask, edit, saliency before and after, with dR and S: H x W x 3 uint8."""
        step = max(len(self.val_data) // rows, 1)
        judges, lines = self.judges.to(device), []
        for index in range(0, min(rows * step, len(self.val_data)), step):
            item = self.val_data[index]
            image, mask = (item[name][None].to(device).float() / 255 for name in ("image", "mask"))
            view = judges.view(image, mask)
            judged = view.edited(network(image, mask, torch.tensor([[3, 1, 0, 2]], device=device)))
            top = view.saliency.amax()
            parts = [image, mask, judged.image, view.saliency / top, judged.saliency / top]
            line = torch.cat([part[0].expand(3, -1, -1) for part in parts], dim=2).permute(1, 2, 0)
            picture = np.ascontiguousarray((line.clamp(0, 1) * 255).round().byte().cpu().numpy())
            text = f"dR {float(judged.realism_change):+.2f}  S {-float(view.saliency_change(judged)):+.2f}"
            for color, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
                place = (2 * image.shape[-1] + 6, 18)
                cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, width, cv2.LINE_AA)
            lines.append(picture)
        return np.concatenate(lines)
