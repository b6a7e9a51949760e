"""What a network may do beyond its plain call. A new network offers what it can; whoever uses it asks by `isinstance`.

Every critic gives critic(image, mask) -> (B,), every saliency network saliency(image) -> (B, 1, H, W), and every enhancement
network network(image, mask, order) -> Recipe. The protocols below make training and judging faster where they are there;
nothing needs them.
"""
from typing import Protocol, runtime_checkable

import torch


@runtime_checkable
class JudgesPixels(Protocol):
    """A critic that can judge a sample of a photo's pixels, of which an edit is made in a moment."""

    input_size: int  # side of the square that pixels are sampled from

    def sample_pixels(
        self, image: torch.Tensor, mask: torch.Tensor, count: int, generator: torch.Generator | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`count` pixels of each zone of photos (B, 3, S, S) and masks (B, 1, S, S): both as a picture of another shape."""

    def judge_pixels(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores (B,) of such samples, edited or not, and what else the critic reads from them, such as the edit, or None."""


@runtime_checkable
class JudgesPatches(Protocol):
    """A critic that says of each patch of a photo how real it looks, before it says so of the whole."""

    input_size: int  # side of the square that photos are resized to
    stride: int  # pixels from one patch to the next

    def judge_patches(self, image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (B,), and logits (B, N, N) of patches that have their centres in the inner squares of `stride` pixels."""


@runtime_checkable
class CachesFeatures(Protocol):
    """A critic that can judge sampled pixels where it has seen the whole photos before."""

    def cache_features(self, image: torch.Tensor, mask: torch.Tensor) -> JudgesPixels:
        """What judges sampled pixels of these photos (B, 3, S, S) and masks (B, 1, S, S); `[index]` takes some of them."""


@runtime_checkable
class SeesPeople(Protocol):
    """What a critic keeps of photos, where that tells people from other things."""

    def people(self) -> torch.Tensor:
        """(B,) probabilities that the regions are people."""


@runtime_checkable
class SeesColorFreedom(Protocol):
    """What a critic keeps of photos, where that tells things that come in any colour from those whose colours nature fixes."""

    def any_color(self) -> torch.Tensor:
        """(B,) probabilities that the regions come in any colour, as cars do, and animals and fruit do not."""


@runtime_checkable
class CachesBackground(Protocol):
    """A critic that can keep what it found outside a region, which edits of the region do not change."""

    def cache_background(self, image: torch.Tensor, mask: torch.Tensor) -> "CachedPhoto | None":
        """A photo (1, 3, H, W) with its mask (1, 1, H, W), ready for edits; None where this photo cannot be cached."""


class CachedPhoto(Protocol):
    """A photo whose edits are judged at the cost of its region."""

    realism: torch.Tensor  # (1,), of the photo itself

    def judge(self, edited: torch.Tensor) -> torch.Tensor:
        """Scores (N,) of edits (N, 3, H, W) that are as the photo where the mask is 0; differentiable in them."""


@runtime_checkable
class SharesFeatures(Protocol):
    """A saliency network that hands out the features its map is read from."""

    def predict_with_features(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The map (B, 1, H, W) of photos (B, 3, H, W), and the features."""


@runtime_checkable
class SeesSmaller(Protocol):
    """A saliency network that can look at photos at a share of its size, for less."""

    def at_share(self, share: float) -> torch.nn.Module:
        """A network of the same weights, which follow those of this one, that sees so much of each side."""


@runtime_checkable
class LearnsFromPixels(Protocol):
    """An enhancement network that can be trained on sampled pixels, as `JudgesPixels` critics can."""

    input_size: int

    def shares_features_with(self, saliency: torch.nn.Module) -> bool:
        """Whether the features of `SharesFeatures` are the very ones that this network computes."""

    def encode_pixels(
        self,
        image: torch.Tensor,
        mask: torch.Tensor,
        count: int,
        generator: torch.Generator | None,
        features: torch.Tensor | None,
    ) -> torch.Tensor:
        """As `Proposer.encode`, from `count` pixels of each zone and, where they are shared, the saliency network's features.
        """


@runtime_checkable
class StartsFromSaliency(Protocol):
    """An enhancement network that begins with the values of a trained saliency network."""

    def start_from(self, saliency: torch.nn.Module) -> None:
        """Take them over."""


@runtime_checkable
class FoldsNorms(Protocol):
    """A part of a network whose batch norms keep their statistics, and are taken up by the convolutions at every call."""

    def fold_norms(self) -> None:
        """Take them up for good; the part can then neither be trained nor saved."""
