"""Who judges edits: the frozen critic and saliency network, and how photos are shown to them, whole or for less."""
import dataclasses

import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.common.protocols import CachesFeatures, JudgesPixels, SeesSmaller
from realistic_editing.enhance.region_view import RegionView

# Pixels of each zone that judge realism in refinement, in a fraction of the time that whole photos take; and, in a quick look,
# how much of each side of its input the saliency network sees. Refinement by less than all of it ends with less effect.
PIXELS_PER_ZONE, SALIENCY_SHARE = 500, 0.5


@dataclasses.dataclass(frozen=True)
class Judges:
    """A critic and a saliency network, both in evaluation mode and frozen; gradients pass through them to the edit.

    Args:
        critic: critic(image, mask) -> (B,) in [0, 1].
        saliency: saliency(image) -> (B, 1, H, W) in [0, 1]; its `input_size` (height, width) is what it sees.
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

    def view(self, image: torch.Tensor, mask: torch.Tensor) -> "RegionView":
        """Judge photos as they are, so that edits of them can be compared.

        Args:
            image: (B, 3, H, W) RGB in [0, 1].
            mask: (B, 1, H, W) in [0, 1].
        """
        return RegionView(self.saliency, image, mask, image, mask, self.critic_of(image, mask))

    @torch.no_grad()
    def critic_of(self, image: torch.Tensor, mask: torch.Tensor) -> nn.Module | JudgesPixels:
        """The critic, with what it keeps of these photos where it is one that `CachesFeatures`."""
        return self.critic.cache_features(image, mask) if isinstance(self.critic, CachesFeatures) else self.critic

    def sampled_view(
        self,
        image: torch.Tensor,
        mask: torch.Tensor,
        pixels_per_zone: int,
        generator: torch.Generator | None,
        critic: nn.Module | JudgesPixels | None = None,
    ) -> "RegionView":
        """The same for less: edits are made at the size the saliency network sees, and realism is judged by sampled pixels.

        An edit is pointwise, so making it before or after shrinking is nearly the same to a saliency network. A critic that
        cannot judge sampled pixels is shown the photo at its size.

        Args:
            image: (B, 3, S, S) RGB in [0, 1], S the critic's `input_size`.
            mask: (B, 1, S, S) in [0, 1].
            pixels_per_zone: how many pixels of each zone the critic is shown.
            generator: on their device.
            critic: `critic_of` these photos, where it is at hand.
        """
        size = list(self.saliency.input_size)
        small, small_mask = resized(image, size), resized(mask, size)
        critic = self.critic_of(image, mask) if critic is None else critic
        if not isinstance(critic, JudgesPixels):
            return RegionView(self.saliency, small, small_mask, image, mask, critic)
        sample = critic.sample_pixels(image, mask, pixels_per_zone, generator)
        return RegionView(self.saliency, small, small_mask, *sample, critic, by_pixels=True)

    @property
    def can_be_quick(self) -> bool:
        """Whether `quick_view` costs less than `view`."""
        return isinstance(self.critic, JudgesPixels | CachesFeatures) and isinstance(self.saliency, SeesSmaller)

    def quick_view(self, image: torch.Tensor, mask: torch.Tensor, critic: nn.Module | JudgesPixels) -> "RegionView":
        """One photo judged for less, where `can_be_quick`: by sampled pixels, the same each time, and by a smaller picture.

        Args:
            image, mask, critic: as for `sampled_view`.
        """
        generator = torch.Generator(image.device).manual_seed(0)
        quicker = dataclasses.replace(self, saliency=self.saliency.at_share(SALIENCY_SHARE))
        return quicker.sampled_view(image, mask, PIXELS_PER_ZONE, generator, critic)
