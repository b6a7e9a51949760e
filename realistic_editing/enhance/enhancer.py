"""The public Enhancer: propose an edit for a region of a photo, see what it would do, apply it at full size."""
import dataclasses
import hashlib
from typing import Any

import numpy as np
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.inference import for_inference
from realistic_editing.common.tasks import TASKS
from realistic_editing.common.workers import on_worker
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.inputs import network_input
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.options import CRITIC, SALIENCY, EditOptions, check_option_names
from realistic_editing.enhance.view import PhotoView
from realistic_editing.ops import Recipe
from realistic_editing.weights import is_bundled, load_network, usable_device


class Enhancer:
    """A trained enhancement network with the critic and the saliency network that judge its edits.

    Args:
        network: network.all_orders(image, mask) -> Recipe of 24 edits for each image; network(image, mask, order).
        critic: critic(image, mask) -> (B,) in [0, 1].
        saliency: saliency(image) -> (B, 1, H, W) in [0, 1].
        task: "attenuate" or "amplify", what the network was trained for.
        objective: what `refine` minimises; the one that the network's file names.
    """

    def __init__(
        self, network: nn.Module, critic: nn.Module, saliency: nn.Module, task: str, objective: Objective | None = None
    ) -> None:
        self.network, self.judges, self.task, self.objective = network.eval(), Judges(critic, saliency), task, objective

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.network.parameters()).device

    @property
    def critic(self) -> nn.Module:
        """critic(image, mask) -> (B,) in [0, 1]."""
        return self.judges.critic

    @property
    def saliency(self) -> nn.Module:
        """saliency(image) -> (B, 1, H, W) in [0, 1]."""
        return self.judges.saliency

    @property
    def objective_fingerprint(self) -> str:
        """Eight hexadecimal digits that differ between two objectives, on which edits depend as on the networks' weights."""
        found = {} if self.objective is None else dataclasses.asdict(self.objective)
        alike = {name: value if isinstance(value, str) else float(value) for name, value in found.items()}  # 1 is 1.0
        return hashlib.sha256(repr(alike).encode()).hexdigest()[:8]

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        critic: str = CRITIC,
        saliency: str = SALIENCY,
        task: str | None = None,
    ) -> "Enhancer":
        """Load the bundled networks, or a network of your own, made ready to predict (see `for_inference`).

        Args:
            name_or_path: "attenuate", "amplify", the smaller "compact_attenuate" and "compact_amplify", or a .safetensors file
                that training wrote.
            device: where to run; the CPU when None.
            dtype: of the enhancement network's weights; as stored when None.
            critic, saliency: names of bundled weights, or paths.
            task: what it must have been trained to, "attenuate" or "amplify"; None = either.

        Raises:
            InputError: when a file is absent, damaged, holds another kind of network, or one of the other task.
        """
        network = load_network(name_or_path, kind="enhancer", device=device)
        found = network.card.get("task")
        if not isinstance(found, str) or found not in TASKS:
            raise InputError(f"{name_or_path}: names no task (found {found!r}); train it with train_enhancer.py")
        if task not in (None, found):
            raise InputError(f"{name_or_path}: was trained to {found}, not to {task}; set task={found}, or name others")
        image = torch.linspace(0, 1, 3 * 64 * 64, device=device).view(1, 3, 64, 64)  # nothing is drawn: a user's seed stays
        mask = torch.ones(1, 1, 64, 64, device=device)
        order = torch.tensor([[0, 1, 2, 3]], device=device)
        own, real, seen = (is_bundled(weights) for weights in (name_or_path, critic, saliency))
        ready = for_inference(network, image, mask, order, fresh=own).to(dtype=dtype)
        judges = (
            for_inference(load_network(critic, kind="realism", device=device), image, mask, fresh=real),
            for_inference(load_network(saliency, kind="saliency", device=device), image, fresh=seen),
        )
        objective = network.card.get("refine_objective") or network.card.get("objective")  # else what it was trained by
        return cls(ready, *judges, found, _objective_of(objective, name_or_path))

    def to(self, device: torch.device | str | None) -> "Enhancer":
        """Move the networks; None leaves them where they are. Returns self; raises InputError without such a device."""
        if device is not None:
            self.network.to(usable_device(device))
            self.judges.to(usable_device(device))
        return self

    @on_worker
    @torch.no_grad()
    def view(
        self, photo: np.ndarray, mask: np.ndarray, human: bool | None = None, any_color: float | None = None
    ) -> PhotoView:
        """A photo and its region as the networks see them, judged once; then ask it for as many edits as you like.

        Args:
            photo: (H, W, 3) sRGB, uint8, uint16, or float in [0, 1], any size.
            mask: (H, W) of the photo's size, soft or hard: bool, uint8, uint16, or float in [0, 1].
            human: whether the region is a person, whose skin keeps its look; None = as the critic sees it.
            any_color: how probable it is that the region comes in any colour, as a car does: 0 keeps all its colours, 1 lets
                them fade; None = as the critic sees it.

        Returns:
            The view: `candidates`, `pick`, `measure`, `refine`, `limit`, `guard`.

        Raises:
            InputError: when photo or mask cannot be used.
        """
        return self.view_of(*network_input(photo, mask, self.device), human, any_color)

    def view_of(
        self, image: torch.Tensor, mask: torch.Tensor, human: bool | None = None, any_color: float | None = None
    ) -> PhotoView:
        """The view of a photo and mask that are tensors already: (1, 3, S, S) and (1, 1, S, S) in [0, 1]."""
        return PhotoView(self.network, self.judges, self.task, self.objective, image, mask, human, any_color)

    def propose(self, photo: np.ndarray, mask: np.ndarray, options: EditOptions | None = None, **changes: object) -> Edit:
        """Propose an edit of the masked region; of a black and white photo, one of tone alone.

        Args:
            photo, mask: as for `view`.
            options: what is asked for; the defaults of `EditOptions` when None.
            changes: options by name, such as order="random", refine=20, min_realism_change=-0.1, guard=None.

        Returns:
            The edit, with its effect measured at 384 x 384.

        Raises:
            InputError: when photo, mask or an option cannot be used.
        """
        check_option_names(changes)
        values = ({} if options is None else options.as_dict()) | changes
        options = EditOptions(**values)
        options.check_for(self.task, refinable=self.objective is not None)  # before the photo is looked at
        return self.view(photo, mask, options.human).propose(options)

    def measure(self, photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> Edit:
        """What a recipe, from anywhere, does to a region: the same measures that `propose` gives.

        Args:
            photo, mask: as for `view`.
            recipe: a batch of one.

        Returns:
            The recipe as an edit; its task is this enhancer's.

        Raises:
            InputError: when photo or mask cannot be used.
        """
        return self.view(photo, mask).measure(recipe)

    def judge(self, photo: np.ndarray, mask: np.ndarray, edited: np.ndarray) -> tuple[float, float]:
        """What another edit of a region does, whoever made it.

        Args:
            photo, mask: as for `view`.
            edited: of the photo's shape; its background may differ too.

        Returns:
            The changes of realism and of saliency, as in `Edit`.

        Raises:
            InputError: when an array cannot be used.
        """
        return self.view(photo, mask).compare(edited)


def _objective_of(found: Any, source: object) -> Objective | None:
    """The objective that a file's card names; None where it names none."""
    if not found:
        return None
    try:
        return Objective(**found)
    except (TypeError, ValueError) as error:
        raise InputError(f"{source}: its objective cannot be used ({error}); train it again") from error
