"""The public Enhancer: propose an edit for a region of a photo, see what it would do, apply it at full size."""
import dataclasses

import numpy as np
import torch
from torch import nn

from realistic_editing.common.arrays import check_mask, check_photo, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.loss import TASKS, saliency_change
from realistic_editing.enhance.select import RULES, select_order
from realistic_editing.enhance.words import describe
from realistic_editing.ops import Recipe, apply, parse_order
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.weights import load_network

SIZE = 384  # side of the square that the networks see (section 4)


@dataclasses.dataclass(frozen=True)
class Edit:
    """A proposed edit of one region, and what it does to realism and attention.

    Args:
        recipe: a batch of one, on the CPU.
        task: "attenuate" or "amplify".
        realism_change: dR of eq. 2, in [-1, 1]; negative looks less real than the photo.
        saliency_change: mean relative change of the region's saliency, -S of eq. 3; positive = more salient.
    """

    recipe: Recipe
    task: str
    realism_change: float
    saliency_change: float

    def apply(self, photo: np.ndarray, mask: np.ndarray, strength: float = 1.0) -> np.ndarray:
        """Edit a photo at its full size.

        Args:
            photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
            mask: (H, W), as for `Enhancer.propose`.
            strength: 0 = no edit, 1 = as proposed, up to 1.5 = more of it.

        Returns:
            A new array of the photo's shape and dtype; pixels where the mask is 0 are bit-identical.

        Raises:
            InputError: when photo, mask or strength cannot be used.
        """
        photo = check_photo(photo)
        return apply_to_photo(photo, check_mask(mask, photo), self.recipe.at_strength(check_strength(strength)))

    def __str__(self) -> str:
        changes = f"realism {self.realism_change:+.2f}, saliency {100 * self.saliency_change:+.0f} %"
        return "\n".join([f"{self.task}: {changes}", *describe(self.recipe)])


class Enhancer:
    """A trained enhancement network with the critic and the saliency network that judge its edits.

    Args:
        network: network.all_orders(image, mask) -> Recipe of 24 edits for each image; network(image, mask, order).
        critic: critic(image, mask) -> (B,) in [0, 1].
        saliency: saliency(image) -> (B, 1, H, W) in [0, 1].
        task: "attenuate" or "amplify", what the network was trained for.
    """

    def __init__(self, network: nn.Module, critic: nn.Module, saliency: nn.Module, task: str) -> None:
        self.network, self.critic, self.saliency, self.task = network.eval(), critic.eval(), saliency.eval(), task

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        critic: str = "critic",
        saliency: str = "compact_saliency",
    ) -> "Enhancer":
        """Load the bundled networks, or a network of your own.

        Args:
            name_or_path: "attenuate", "amplify", or a .safetensors file that training wrote.
            device: where to run; the CPU when None.
            dtype: of the enhancement network's weights; as stored when None.
            critic, saliency: names of bundled weights, or paths.

        Raises:
            InputError: when a file is absent, damaged, or holds another kind of network.
        """
        network = load_network(name_or_path, kind="enhancer", device=device, dtype=dtype)
        task = network.card.get("task")
        if task not in TASKS:
            raise InputError(f"{name_or_path}: names no task (found {task!r}); train it with train_enhancer.py")
        judges = (
            load_network(critic, kind="realism", device=device),
            load_network(saliency, kind="saliency", device=device),
        )
        return cls(network, *judges, task)

    @torch.inference_mode()
    def propose(
        self,
        photo: np.ndarray,
        mask: np.ndarray,
        order: str | tuple[int, int, int, int] = "best_realism",
        seed: int = 0,
    ) -> Edit:
        """Propose an edit of the masked region.

        Args:
            photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1], any size.
            mask: (H, W) of the photo's size, soft or hard: bool, uint8, uint16, or float in [0, 1].
            order: "best_realism", "best_saliency", "random", or an order such as (3, 1, 0, 2).
            seed: of "random".

        Returns:
            The edit, with its effect measured at 384 x 384.

        Raises:
            InputError: when photo, mask or order cannot be used.
        """
        image, region = self._tensors(photo, mask)
        if order not in RULES:
            orders = torch.tensor([parse_order(order)], device=image.device)
            recipe = self.network(image, region, orders)
        elif order == "random":
            pick = select_order(order, self.task, torch.zeros(1, 24), torch.zeros(1, 24), torch.Generator().manual_seed(seed))
            recipe = self.network.all_orders(image, region)[pick.to(image.device)]
        else:
            recipe = self.network.all_orders(image, region)
        realism, saliency = self._changes(image, region, recipe)
        if len(recipe) > 1:
            pick = int(select_order(order, self.task, realism[None], saliency[None], None))
            recipe, realism, saliency = recipe[pick], realism[pick], saliency[pick]
        return Edit(recipe.to("cpu", torch.float32), self.task, float(realism), float(saliency))

    @torch.inference_mode()
    def measure(self, photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> Edit:
        """What a recipe, from anywhere, does to a region: the same measures that `propose` gives.

        Args:
            photo, mask: as for `propose`.
            recipe: a batch of one.

        Returns:
            The recipe as an edit; its task is this enhancer's.

        Raises:
            InputError: when photo or mask cannot be used.
        """
        image, region = self._tensors(photo, mask)
        realism, saliency = self._changes(image, region, recipe.to(image.device))
        return Edit(recipe, self.task, float(realism), float(saliency))

    def _tensors(self, photo: np.ndarray, mask: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """(1, 3, 384, 384) and (1, 1, 384, 384) float32 in [0, 1], on the network's device."""
        photo = check_photo(photo)
        mask = check_mask(mask, photo)
        device = next(self.network.parameters()).device
        image, region = (torch.from_numpy(_shrink(array)).to(device) for array in (photo, mask))
        return image.permute(2, 0, 1)[None].contiguous(), region[None, None]

    def _changes(
        self, image: torch.Tensor, mask: torch.Tensor, recipe: Recipe, chunk: int = 8
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """dR and -S of N recipes for one photo: two (N,). In chunks, because 24 edits at once would not fit the cache."""
        realism, before = self.critic(image, mask), self.saliency(image)
        changes = []
        for start in range(0, len(recipe), chunk):
            part = recipe[start : start + chunk]
            batch = [tensor.expand(len(part), -1, -1, -1) for tensor in (image, mask, before)]
            edited = apply(batch[0], batch[1], part.to(dtype=image.dtype))
            lost = saliency_change(batch[2], self.saliency(edited), batch[1])
            changes.append(torch.stack([self.critic(edited, batch[1]) - realism, -lost]))
        return tuple(torch.cat(changes, dim=1).float().cpu())


def check_strength(strength: float) -> float:
    """Return `strength` when it is in [0, 1.5].

    Raises:
        InputError: otherwise.
    """
    if not 0 <= strength <= 1.5:
        raise InputError(f"strength is {strength}; use a number from 0 (no edit) over 1 (as proposed) to 1.5")
    return strength


def _shrink(array: np.ndarray) -> np.ndarray:
    """Resize to SIZE x SIZE without aliasing, and scale to float32 in [0, 1]."""
    # Sides that shrink first: of a panorama, one side may shrink while the other grows.
    array = resize(array, (min(SIZE, array.shape[0]), min(SIZE, array.shape[1])))
    return to_unit(resize(array, (SIZE, SIZE)))
