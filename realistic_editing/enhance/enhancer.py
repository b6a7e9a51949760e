"""The public Enhancer: propose an edit for a region of a photo, see what it would do, apply it at full size."""
import dataclasses

import numpy as np
import torch
from torch import nn

from realistic_editing.common.arrays import check_mask, check_photo, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.inference import for_inference
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.guard import GUARD, guarded, keep_grey
from realistic_editing.enhance.judges import Judges, Scene
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import optimise
from realistic_editing.enhance.select import RULES, select_order
from realistic_editing.enhance.strength import find_strength
from realistic_editing.enhance.wishes import check_wishes
from realistic_editing.enhance.words import describe
from realistic_editing.ops import Recipe, parse_order
from realistic_editing.ops.photo import apply_to_photo
from realistic_editing.weights import load_network, usable_device

SIZE = 384  # side of the square that the networks see (section 4)


@dataclasses.dataclass(frozen=True)
class Edit:
    """A proposed edit of one region, and what it does to realism and attention.

    Args:
        recipe: a batch of one, on the CPU.
        task: "attenuate" or "amplify".
        realism_change: dR of eq. 2, in [-1, 1]; negative looks less real than the photo.
        saliency_change: mean relative change of the region's saliency, -S of eq. 3; positive = more salient.
        strength: how much of the network's proposal the recipe is; not 1 where a budget was given to `propose`.
    """

    recipe: Recipe
    task: str
    realism_change: float
    saliency_change: float
    strength: float = 1.0

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
        return apply_to_photo(photo, mask, self.recipe.at_strength(check_strength(strength)))

    def __str__(self) -> str:
        changes = f"realism {self.realism_change:+.2f}, saliency {100 * self.saliency_change:+.0f} %"
        changes += f", at strength {self.strength:.2f}" if self.strength != 1 else ""
        return "\n".join([f"{self.task}: {changes}", *describe(self.recipe)])


class Enhancer:
    """A trained enhancement network with the critic and the saliency network that judge its edits.

    Args:
        network: network.all_orders(image, mask) -> Recipe of 24 edits for each image; network(image, mask, order).
        critic: critic(image, mask) -> (B,) in [0, 1].
        saliency: saliency(image) -> (B, 1, H, W) in [0, 1].
        task: "attenuate" or "amplify", what the network was trained for.
        objective: what `refine` minimises; for the bundled networks, what they were trained by.
    """

    def __init__(
        self, network: nn.Module, critic: nn.Module, saliency: nn.Module, task: str, objective: Objective | None = None
    ) -> None:
        self.network, self.judges, self.task, self.objective = network.eval(), Judges(critic, saliency), task, objective

    @property
    def critic(self) -> nn.Module:
        """critic(image, mask) -> (B,) in [0, 1]."""
        return self.judges.critic

    @property
    def saliency(self) -> nn.Module:
        """saliency(image) -> (B, 1, H, W) in [0, 1]."""
        return self.judges.saliency

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        critic: str = "critic",
        saliency: str = "compact_saliency",
    ) -> "Enhancer":
        """Load the bundled networks, or a network of your own, made ready to predict (see `for_inference`).

        Args:
            name_or_path: "attenuate", "amplify", or a .safetensors file that training wrote.
            device: where to run; the CPU when None.
            dtype: of the enhancement network's weights; as stored when None.
            critic, saliency: names of bundled weights, or paths.

        Raises:
            InputError: when a file is absent, damaged, or holds another kind of network.
        """
        network = load_network(name_or_path, kind="enhancer", device=device)
        task = network.card.get("task")
        if task not in TASKS:
            raise InputError(f"{name_or_path}: names no task (found {task!r}); train it with train_enhancer.py")
        image = torch.linspace(0, 1, 3 * 64 * 64, device=device).view(1, 3, 64, 64)  # nothing is drawn: a user's seed stays
        mask = torch.ones(1, 1, 64, 64, device=device)
        ready = for_inference(network, image, mask, torch.tensor([[0, 1, 2, 3]], device=device)).to(dtype=dtype)
        judges = (
            for_inference(load_network(critic, kind="realism", device=device), image, mask),
            for_inference(load_network(saliency, kind="saliency", device=device), image),
        )
        objective = network.card.get("objective")
        return cls(ready, *judges, task, Objective(**objective) if objective else None)

    def to(self, device: torch.device | str | None) -> "Enhancer":
        """Move the networks; None leaves them where they are. Returns self; raises InputError without such a device."""
        if device is not None:
            self.network.to(usable_device(device))
            self.judges.to(usable_device(device))
        return self

    @torch.no_grad()
    def propose(
        self,
        photo: np.ndarray,
        mask: np.ndarray,
        order: str | tuple[int, int, int, int] = "best_realism",
        seed: int = 0,
        refine: int = 0,
        min_realism_change: float | None = None,
        saliency_change: float | None = None,
        human: bool = False,
        guard: float | None = GUARD,
    ) -> Edit:
        """Propose an edit of the masked region; of a black and white photo, one of tone alone.

        Args:
            photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1], any size.
            mask: (H, W) of the photo's size, soft or hard: bool, uint8, uint16, or float in [0, 1].
            order: "best_realism", "best_saliency", "random", or an order such as (3, 1, 0, 2).
            seed: of "random".
            refine: steps of gradient descent on this photo, from the proposal (see `optimise`); 0.2 to 0.4 s each on two cores.
            min_realism_change: budget, such as -0.1: the strength is the greatest, up to 1.5, whose dR keeps to it.
            saliency_change: wanted, such as -0.3: the strength is the least, up to 1.5, that reaches it, or, with a budget,
                as much of it as that allows. What was reached is in the edit.
            human: whether the region is a person, of whom refinement takes more care.
            guard: where no strength is asked for, a proposal that moves attention by less than 5 % the right way is refined by
                10 steps, and an edit whose dR lies below `guard` taken weaker, until it does not; None = as proposed.

        Returns:
            The edit, with its effect measured at 384 x 384.

        Raises:
            InputError: when photo, mask, order or an option cannot be used.
        """
        wishes = {"refine": refine, "min_realism_change": min_realism_change, "saliency_change": saliency_change}
        check_wishes(self.task, wishes | {"guard": guard}, refinable=self.objective is not None)
        image, region = self._tensors(photo, mask)
        if order not in RULES:
            orders = torch.tensor([parse_order(order)], device=image.device)
            recipe = self.network(image, region, orders)
        elif order == "random":
            pick = select_order(order, self.task, torch.zeros(1, 24), torch.zeros(1, 24), torch.Generator().manual_seed(seed))
            recipe = self.network.all_orders(image, region)[pick.to(image.device)]
        else:
            recipe = self.network.all_orders(image, region)
        recipe = keep_grey(recipe, image, region)
        scene = self.judges.look(image, region)
        realism, saliency = changes_of(scene, recipe)
        if len(recipe) > 1:
            pick = int(select_order(order, self.task, realism[None], saliency[None], None))
            recipe, realism, saliency = recipe[pick], realism[pick], saliency[pick]
        strength = 1.0
        if refine:
            recipe = optimise(
                scene, self.objective, torch.tensor([human], device=image.device), recipe.order, recipe, refine, progress=True
            ).recipe
            recipe = keep_grey(recipe, image, region)
            realism, saliency = changes_of(scene, recipe)
        if min_realism_change is not None or saliency_change is not None:
            strength = find_strength(scene, recipe, self.task, min_realism_change, saliency_change)
            recipe = recipe.at_strength(strength)
            realism, saliency = changes_of(scene, recipe)
        elif guard is not None:
            recipe, strength = guarded(self.judges, scene, recipe, self.task, self.objective, human, guard)
            realism, saliency = changes_of(scene, recipe)
        return Edit(recipe.to("cpu", torch.float32), self.task, float(realism), float(saliency), strength)

    @torch.no_grad()
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
        realism, saliency = changes_of(self.judges.look(image, region), recipe.to(image.device))
        return Edit(recipe, self.task, float(realism), float(saliency))

    @torch.no_grad()
    def judge(self, photo: np.ndarray, mask: np.ndarray, edited: np.ndarray) -> tuple[float, float]:
        """What another edit of a region does, whoever made it.

        Args:
            photo, mask: as for `propose`.
            edited: of the photo's shape; its background may differ too.

        Returns:
            The changes of realism and of saliency, as in `Edit`.

        Raises:
            InputError: when an array cannot be used.
        """
        image, region = self._tensors(photo, mask)
        other = self._tensors(edited, mask)[0]
        scene = self.judges.look(image, region)
        outcome = scene.beside(other)
        return float(outcome.realism_change), float(scene.saliency_change(outcome))

    def _tensors(self, photo: np.ndarray, mask: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return as_seen(photo, mask, next(self.network.parameters()).device)


def as_seen(
    photo: np.ndarray, mask: np.ndarray, device: torch.device | str | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """A photo and its mask as the networks are shown them.

    Args:
        photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1], any size.
        mask: (H, W) of the photo's size: bool, uint8, uint16, or float in [0, 1].
        device: where to put them; the CPU when None.

    Returns:
        (1, 3, 384, 384) and (1, 1, 384, 384) float32 in [0, 1].

    Raises:
        InputError: when photo or mask cannot be used.
    """
    photo = check_photo(photo)
    mask = check_mask(mask, photo)
    image, region = (torch.from_numpy(_shrink(array)).to(device) for array in (photo, mask))
    return image.permute(2, 0, 1)[None].contiguous(), region[None, None]


def changes_of(scene: Scene, recipe: Recipe, chunk: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """dR and -S of N recipes for one photo: two (N,). In chunks, because 24 edits at once would not fit the cache."""
    changes = []
    for start in range(0, len(recipe), chunk):
        part = recipe[start : start + chunk]
        several = scene[torch.zeros(len(part), dtype=torch.long, device=scene.image.device)]
        outcome = several.edited(part.to(dtype=scene.image.dtype))
        changes.append(torch.stack([outcome.realism_change, several.saliency_change(outcome)]))
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
