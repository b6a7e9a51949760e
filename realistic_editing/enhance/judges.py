"""What an edit does to realism and to attention: the frozen critic and saliency network, asked about a photo and its edits."""
import dataclasses

import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.describe.describer import Describer
from realistic_editing.describe.remembered import Remembered
from realistic_editing.enhance.loss import Objective, enhancement_loss, saliency_change
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.apply import apply_inside
from realistic_editing.saliency.compact import CompactSaliency


@dataclasses.dataclass(frozen=True)
class Judges:
    """A critic and a saliency network, both in evaluation mode and frozen; gradients pass through them to the edit.

    Args:
        critic: critic(image, mask) -> (B,) in [0, 1].
        saliency: saliency(image) -> (B, 1, H, W) in [0, 1].
    """

    critic: nn.Module
    saliency: nn.Module

    def __post_init__(self) -> None:
        for judge in (self.critic, self.saliency):
            judge.eval().requires_grad_(False)

    def to(self, device: torch.device | str) -> "Judges":
        """Move both; returns self."""
        self.critic.to(device)
        self.saliency.to(device, memory_format=torch.channels_last)  # faster, on processors too
        return self

    def look(self, image: torch.Tensor, mask: torch.Tensor) -> "Scene":
        """Judge photos as they are, so that edits of them can be compared.

        Args:
            image: (B, 3, H, W) RGB in [0, 1].
            mask: (B, 1, H, W) in [0, 1].
        """
        return Scene(self, image, mask, image, mask)

    def glance(self, image: torch.Tensor, mask: torch.Tensor, points: int, generator: torch.Generator | None) -> "Scene":
        """The same for less: edits are made at the size that the saliency network sees, and a sample of pixels tells realism.

        An edit is pointwise, so making it before or after shrinking is nearly the same to a saliency network. A critic
        of another kind than `Describer` is shown the photo at its size.

        Args:
            image: (B, 3, S, S) RGB in [0, 1], S the critic's `input_size`.
            mask: (B, 1, S, S) in [0, 1].
            points: how many pixels of each zone tell realism.
            generator: on their device.
        """
        size = list(self.saliency.input_size)
        small, small_mask = resized(image, size), resized(mask, size)
        if not isinstance(self.critic, Describer):
            return Scene(self, small, small_mask, image, mask)
        return Scene(self, small, small_mask, *self.critic.draw_points(image, mask, points, generator), sampled=True)


class Scene:
    """Photos and their regions, judged before any edit.

    Args:
        judges: who judge.
        image, mask: what the saliency network sees, (B, 3, H, W) and (B, 1, H, W).
        seen, seen_mask: what the critic sees.
        sampled: whether that is a sample of pixels, as `Describer.draw_points` lays it out.

    Attributes:
        saliency: (B, 1, H, W), of the photos.
        features: of `CompactSaliency.look`; None with another saliency network, and for photos taken by index.
        realism: (B,), of the photos.
    """

    def __init__(
        self,
        judges: Judges,
        image: torch.Tensor,
        mask: torch.Tensor,
        seen: torch.Tensor,
        seen_mask: torch.Tensor,
        sampled: bool = False,
    ) -> None:
        self.judges, self.image, self.mask, self.seen, self.seen_mask = judges, image, mask, seen, seen_mask
        self.sampled = sampled
        with torch.no_grad():
            if isinstance(judges.saliency, CompactSaliency):
                self.saliency, self.features = judges.saliency.look(image)
            else:
                self.saliency, self.features = judges.saliency(image), None
            self._remembered = self._remember()
            self.realism = self._realism(seen)

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, index: torch.Tensor) -> "Scene":
        """The photos at `index`, which may repeat them, without judging them again."""
        taken = object.__new__(Scene)
        taken.judges, taken.sampled, taken.features, taken._remembered = self.judges, self.sampled, None, self._remembered
        for name in ("image", "mask", "saliency", "realism"):
            setattr(taken, name, getattr(self, name)[index])
        same = self.seen is self.image  # then an edit is made once for both judges
        taken.seen, taken.seen_mask = (taken.image, taken.mask) if same else (self.seen[index], self.seen_mask[index])
        return taken

    def edited(self, recipe: Recipe) -> "Outcome":
        """Edit each photo by its recipe, and judge again; differentiable in the recipe."""
        edited = (apply_inside if self.image.device.type == "cpu" else apply)(self.image, self.mask, recipe)
        seen = edited if self.seen is self.image else apply(self.seen, self.seen_mask, recipe)
        realism, saliency = self._realism(seen), self.judges.saliency(edited)
        return Outcome(recipe, edited, seen, saliency, realism - self.realism)

    def beside(self, image: torch.Tensor) -> "Outcome":
        """Judge other versions of the photos, whoever made them: (B, 3, H, W), and of a scene that is no glance."""
        # By the critic itself: what is remembered of a photo holds only while its background is the same.
        realism = self.judges.critic(image, self.mask)
        return Outcome(None, image, image, self.judges.saliency(image), realism - self.realism)

    def loss(self, outcome: "Outcome", human: torch.Tensor, objective: Objective) -> dict[str, torch.Tensor]:
        """Eqs. 3 to 6 of edits of this scene; human: (B,) bool. See `enhancement_loss`."""
        return enhancement_loss(
            self.saliency, outcome.saliency, self.mask, outcome.realism_change, human, objective, outcome.recipe
        )

    def saliency_change(self, outcome: "Outcome") -> torch.Tensor:
        """-S of eq. 3, the mean relative change of the region's saliency; positive = more salient: (B,)."""
        return -saliency_change(self.saliency, outcome.saliency, self.mask)

    def _remember(self) -> Remembered | None:
        """Of one photo, what its edits cannot change, so that many can be judged for the price of the region."""
        critic = self.judges.critic
        if self.sampled or len(self.seen) > 1 or not isinstance(critic, Describer):
            return None
        fits = self.seen.shape[-2:] == (critic.input_size, critic.input_size)
        return Remembered(critic, self.seen, self.seen_mask) if fits else None

    def _realism(self, seen: torch.Tensor) -> torch.Tensor:
        if self._remembered is not None:
            same = seen is self.seen and len(seen) == 1
            description = self._remembered.description if same else self._remembered.describe(seen)
            return self.judges.critic.judge(description)[0]
        if self.sampled:
            return self.judges.critic.judge(self.judges.critic.describe_points(seen))[0]
        return self.judges.critic(seen, self.seen_mask)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What edits did.

    Args:
        recipe: B edits; None where another made them.
        image: (B, 3, H, W) edited photos.
        seen: what the critic sees of them.
        saliency: (B, 1, H, W) of them.
        realism_change: (B,) dR of eq. 2.
    """

    recipe: Recipe | None
    image: torch.Tensor
    seen: torch.Tensor
    saliency: torch.Tensor
    realism_change: torch.Tensor
