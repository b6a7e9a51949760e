"""A critic that knows things: colour statistics, beside features of a network that was trained to name what is in a photo."""
import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.describe.describer import Describer, perceptron
from realistic_editing.describe.remembered import Remembered
from realistic_editing.describe.things import ThingFeatures


class LiteCritic(Describer):
    """The logits of two judges of a region, added: one knows colours, the other colours and things.

    Features of things alone say what a region shows, but not whether its colours belong to it; joined without a bottleneck
    they are learned by heart from some thousand regions. So they pass a narrow projection before they meet the colours.

    Args:
        backbone: an EfficientNet-Lite of timm, frozen.
        pretrained: where its ImageNet weights come from, see `load_backbone`; "none" for weights from a file of this network.
        things_size: side of the squares in which things are looked for: the whole photo, and the surroundings of the region.
        projection: channels of the bottleneck.
        input_size, stride, ring, palette: of the colour statistics, see `Describer`.
        hidden: width of the layers of both judges.
        dropout: before each of them.
        things_dropout: share of the features of things that are left out in training.
    """

    def __init__(
        self,
        backbone: str = "tf_efficientnet_lite0",
        pretrained: str = "none",
        things_size: int = 192,
        projection: int = 64,
        input_size: int = 384,
        stride: int = 3,
        ring: int = 16,
        palette: int = 64,
        hidden: int = 256,
        dropout: float = 0.2,
        things_dropout: float = 0.5,
    ) -> None:
        super().__init__(input_size, stride, ring, palette)
        self.things = ThingFeatures(backbone, pretrained, things_size)
        self.normalise = nn.BatchNorm1d(self.described)
        self.normalise_things = nn.BatchNorm1d(self.things.described)
        self.project = nn.Sequential(nn.Dropout(things_dropout), nn.Linear(self.things.described, projection), nn.SiLU())
        self.colors = nn.Sequential(perceptron(self.described, hidden, dropout), nn.Linear(hidden, 1))
        self.joint = nn.Sequential(perceptron(self.described + projection, hidden, dropout), nn.Linear(hidden, 1))
        # Set on validation photos after training, so that scores are shares of real samples.
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1], float32; 1 looks real.
        """
        size = [self.input_size, self.input_size]
        image, mask = resized(image, size), resized(mask, size)
        return self.judge(self.describe(image, mask), self.things(image, mask))

    def judge(self, statistics: torch.Tensor, things: torch.Tensor) -> torch.Tensor:
        """Scores (B,) in [0, 1] from (B, described) colour statistics and features of things (B, things.described)."""
        colors = self.normalise(statistics)
        things = self.project(self.normalise_things(things))
        logits = self.colors(colors) + self.joint(torch.cat([colors, things], dim=1))
        return ((logits.float().squeeze(1) - self.offset) / self.temperature).sigmoid()

    def train(self, mode: bool = True) -> "LiteCritic":
        """As for any module, but the frozen trunk stays in evaluation mode."""
        super().train(mode)
        self.things.eval()
        return self

    def remember(self, image: torch.Tensor, mask: torch.Tensor) -> "RememberedPhotos":
        """Photos of which sampled pixels can be judged: their things are those of the photos, whatever an edit does to them.

        Args:
            image, mask: (B, 3, S, S) and (B, 1, S, S) in [0, 1], S = `input_size`.
        """
        return RememberedPhotos(self, self.things(image, mask))

    def cache_background(self, image: torch.Tensor, mask: torch.Tensor) -> "CachedRegion | None":
        """What edits under the mask cannot change, summed once.

        Args:
            image, mask: (1, 3, S, S) and (1, 1, S, S) in [0, 1].

        Returns:
            The photo ready for its edits; None for several photos, or where S is not `input_size`.
        """
        fits = len(image) == 1 and image.shape[-2:] == (self.input_size, self.input_size)
        return CachedRegion(self, image, mask) if fits else None


class CachedRegion:
    """A photo with its region, whose edits cost the colours of the region alone, and its things.

    Args:
        critic: who judges.
        image, mask: as for `LiteCritic.cache_background`.

    Attributes:
        realism: (1,), of the photo itself.
    """

    def __init__(self, critic: LiteCritic, image: torch.Tensor, mask: torch.Tensor) -> None:
        self.critic, self._photo, self._mask = critic, Remembered(critic, image, mask), mask
        self.realism = critic.judge(self._photo.description, critic.things(image, mask))

    def judge(self, edited: torch.Tensor) -> torch.Tensor:
        """Scores (N,) of edits (N, 3, S, S), as the photo where the mask is 0; differentiable in them."""
        things = self.critic.things(edited, self._mask.expand(len(edited), -1, -1, -1))
        return self.critic.judge(self._photo.describe(edited), things)


class RememberedPhotos:
    """Photos whose things are known, so that edits of them are judged by sampled pixels.

    Args:
        critic: who judges.
        things: (B, N), of `LiteCritic.things`.
    """

    def __init__(self, critic: LiteCritic, things: torch.Tensor) -> None:
        self.critic, self.things, self.input_size = critic, things, critic.input_size

    def __getitem__(self, index: torch.Tensor) -> "RememberedPhotos":
        return RememberedPhotos(self.critic, self.things[index])

    def sample_pixels(
        self, image: torch.Tensor, mask: torch.Tensor, count: int, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A sample of the pixels that the critic looks at; arguments and results as `Describer.draw_points`."""
        return self.critic.draw_points(image, mask, count, generator)

    def judge_pixels(self, pixels: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Scores (B,) of the photos by pixels of `sample_pixels`: (B, 3, Z, 3 K)."""
        return self.critic.judge(self.critic.describe_points(pixels), self.things), None
