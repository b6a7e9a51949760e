"""Train an enhancer against a frozen critic and a frozen saliency network (section 4)."""
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from realistic_editing.data.regions import Region
from realistic_editing.data.splits import train_and_val
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.loss import Objective, enhancement_loss, saliency_change
from realistic_editing.ops import Recipe, apply, random_orders


class EnhanceProblem:
    """Regions of photos in, an enhancer out: what `training.fit` needs to know.

    Args:
        network: network(image, mask, order) -> Recipe.
        critic: critic(image, mask) -> (B,) in [0, 1]; frozen here.
        saliency: saliency(image) -> (B, 1, H, W) in [0, 1]; frozen here.
        regions: those of one task, train and validation told apart by their `split`.
        size: side of the square that photos are resized to and edited at.
        objective: the loss.

    Raises:
        InputError: when training or validation is left without a region.
    """

    better = ("loss", "min")

    def __init__(
        self,
        network: nn.Module,
        critic: nn.Module,
        saliency: nn.Module,
        regions: Sequence[Region],
        size: int,
        objective: Objective,
    ) -> None:
        self.network, self.objective = network, objective
        self.critic, self.saliency = (judge.eval().requires_grad_(False) for judge in (critic, saliency))
        train, val = train_and_val(regions)
        self.train_data = RegionDataset(train, size, augment=True)
        self.val_data = RegionDataset(val, size)

    def losses(self, network: nn.Module, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Eqs. 3 to 6 with a random order for each sample; means over the batch."""
        image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
        recipe = network(image, mask, random_orders(len(image), generator))
        terms = self._judge(image, mask, recipe, batch["human"])[1]
        return {name: value.mean() for name, value in terms.items()}

    def _judge(
        self, image: torch.Tensor, mask: torch.Tensor, recipe: Recipe, human: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
        """The edited photos, the loss terms with dR, and the saliency before and after."""
        self.critic.to(image.device), self.saliency.to(image.device)
        with torch.no_grad():
            realism, before = self.critic(image, mask), self.saliency(image)
        edited = apply(image, mask, recipe)
        realism_change, after = self.critic(edited, mask) - realism, self.saliency(edited)
        terms = enhancement_loss(before, after, mask, realism_change, human, self.objective)
        return edited, {**terms, "realism_change": realism_change}, before, after

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Loss, S, dR and the shares that went right on validation regions, one fixed random order each."""
        generator = torch.Generator().manual_seed(0)
        rows: dict[str, list[float]] = {}
        for batch in DataLoader(self.val_data, batch_size=16):
            image, mask = (batch[name].to(device).float() / 255 for name in ("image", "mask"))
            recipe = network(image, mask, random_orders(len(image), generator).to(device))
            _, terms, before, after = self._judge(image, mask, recipe, batch["human"].to(device))
            relative = saliency_change(before, after, mask)
            right = relative < 0 if self.objective.saliency_weight > 0 else relative > 0
            columns = {
                "loss": terms["total"],
                "saliency_change": -relative,
                "right_way": right.float(),
                "realism_change": terms["realism_change"],
                "real_enough": (terms["realism_change"] >= -0.1).float(),
                "log2_exposure": recipe.exposure.log2(),
                "saturation": recipe.saturation,
            }
            for name, value in columns.items():
                rows.setdefault(name, []).extend(value.float().tolist())
        spread = {f"spread_{name}": float(np.std(rows[name])) for name in ("log2_exposure", "saturation")}
        return {name: float(np.mean(values)) for name, values in rows.items()} | spread

    def sheet(self, network: nn.Module, device: torch.device, rows: int = 8) -> np.ndarray:
        """Photo, mask, edit, saliency before and after, with dR and S: H x W x 3 uint8."""
        step = max(len(self.val_data) // rows, 1)
        lines = []
        for index in range(0, min(rows * step, len(self.val_data)), step):
            item = self.val_data[index]
            image, mask = (item[name][None].to(device).float() / 255 for name in ("image", "mask"))
            recipe = network(image, mask, torch.tensor([[3, 1, 0, 2]], device=device))
            edited, terms, before, after = self._judge(image, mask, recipe, item["human"][None].to(device))
            top = before.amax()
            parts = [image, mask, edited, before / top, after / top]
            line = torch.cat([part[0].expand(3, -1, -1) for part in parts], dim=2).permute(1, 2, 0)
            picture = np.ascontiguousarray((line.clamp(0, 1) * 255).round().byte().cpu().numpy())
            text = f"dR {float(terms['realism_change']):+.2f}  S {float(saliency_change(before, after, mask)):+.2f}"
            for color, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
                place = (2 * image.shape[-1] + 6, 18)
                cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, width, cv2.LINE_AA)
            lines.append(picture)
        return np.concatenate(lines)
