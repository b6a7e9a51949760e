"""A critic that knows things: colour statistics, beside features of a network that was trained to name what is in a photo."""
import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.realism.statistics_critic import CachedRegion, StatisticsCritic
from realistic_editing.region_statistics.network import perceptron
from realistic_editing.region_statistics.things import ThingFeatures

_FAR = 5.0  # deviations, beyond which a feature counts no more for `person` and `freedom`


class LiteCritic(StatisticsCritic):
    """The logits of two judges of a region, added: one knows colours, the other colours and things.

    Features of things alone say what a region shows, but not whether its colours belong to it; joined without a bottleneck
    they are learned by heart from some thousand regions. So they pass a narrow projection before they meet the colours.

    Args:
        backbone: an EfficientNet-Lite of timm, frozen.
        pretrained: where its ImageNet weights come from, see `load_backbone`; "none" for weights from a file of this network.
        things_size: side of the squares in which things are looked for: the whole photo, and the surroundings of the region.
        projection: channels of the bottleneck.
        input_size, stride, ring, palette: of the colour statistics, see `RegionStatistics`.
        hidden: width of the layers of the judge of colours and things.
        colors_hidden: width of those of the judge of colours; `hidden` when None.
        dropout: before each of them.
        things_dropout: share of the features of things that are left out in training.
    """

    added = ("freedom.weight", "freedom.bias")  # earlier files lack them; at 0 it says of each region that it cannot tell

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
        colors_hidden: int | None = None,
    ) -> None:
        super().__init__(input_size, stride, ring, palette)
        self.things = ThingFeatures(backbone, pretrained, things_size)
        self.normalise = nn.BatchNorm1d(self.count)
        self.normalise_things = nn.BatchNorm1d(self.things.count)
        self.project = nn.Sequential(nn.Dropout(things_dropout), nn.Linear(self.things.count, projection), nn.SiLU())
        wide = colors_hidden or hidden
        self.colors = nn.Sequential(perceptron(self.count, wide, dropout), nn.Linear(wide, 1))
        self.joint = nn.Sequential(perceptron(self.count + projection, hidden, dropout), nn.Linear(hidden, 1))
        # Whether the region is a person, and whether it comes in any colour; a fresh network says one half of both.
        self.person, self.freedom = (nn.Linear(self.things.count, 1) for _ in range(2))
        for head in (self.person, self.freedom):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        # Set on validation photos after training, so that scores are shares of real samples.
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))

    def judge_measured(self, statistics: torch.Tensor, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `StatisticsCritic`."""
        return self.judge(statistics, self.things(image, mask))

    def judge(self, statistics: torch.Tensor, things: torch.Tensor) -> torch.Tensor:
        """Scores (B,) in [0, 1] from (B, count) colour statistics and features of things (B, things.count)."""
        colors = self.normalise(statistics)
        things = self.project(self.normalise_things(things))
        logits = self.colors(colors) + self.joint(torch.cat([colors, things], dim=1))
        return ((logits.float().squeeze(1) - self.offset) / self.temperature).sigmoid()

    def seen(self, things: torch.Tensor) -> torch.Tensor:
        """What `person` and `freedom` go by: features of things (B, things.count) in deviations, bounded."""
        return self.normalise_things(things).clamp(-_FAR, _FAR)

    def train(self, mode: bool = True) -> "LiteCritic":
        """As for any module, but the frozen trunk stays in evaluation mode."""
        super().train(mode)
        self.things.eval()
        return self

    def cache_features(self, image: torch.Tensor, mask: torch.Tensor) -> "CachedFeatures":
        """Photos whose edits are judged with the things that the photos show, whatever an edit does to them.

        Args:
            image, mask: (B, 3, H, W) and (B, 1, H, W) in [0, 1].
        """
        size = [self.input_size, self.input_size]
        return CachedFeatures(self, self.things(resized(image, size), resized(mask, size)))

    def cache_background(self, image: torch.Tensor, mask: torch.Tensor) -> CachedRegion | None:
        """See `StatisticsCritic`; things are those of the photo, too."""
        return self.cache_features(image, mask).cache_background(image, mask) if self.can_cache(image) else None


class CachedFeatures:
    """Photos whose things are known, so that edits of them are judged by statistics alone, of whole photos or sampled pixels.

    What a thing is, an edit of its colours does not change.

    Args:
        critic: who judges.
        things: (B, N), of `LiteCritic.things`.
    """

    def __init__(self, critic: LiteCritic, things: torch.Tensor) -> None:
        self.critic, self.things, self.input_size = critic, things, critic.input_size

    def people(self) -> torch.Tensor:
        """See `SeesPeople`."""
        return self.critic.person(self.critic.seen(self.things)).float().squeeze(1).sigmoid()

    def any_color(self) -> torch.Tensor:
        """See `SeesColorFreedom`."""
        return self.critic.freedom(self.critic.seen(self.things)).float().squeeze(1).sigmoid()

    def __getitem__(self, index: torch.Tensor) -> "CachedFeatures":
        return CachedFeatures(self.critic, self.things[index])

    def __call__(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores (B,) of edits (B, 3, H, W) of these photos, with their masks (B, 1, H, W)."""
        size = [self.input_size, self.input_size]
        image, mask = resized(image, size), resized(mask, size)
        return self.judge_measured(self.critic.measure(image, mask), image, mask)

    def cache_background(self, image: torch.Tensor, mask: torch.Tensor) -> CachedRegion | None:
        """See `StatisticsCritic`."""
        return CachedRegion(self.critic, self.judge_measured, image, mask) if self.critic.can_cache(image) else None

    def judge_measured(self, statistics: torch.Tensor, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `StatisticsCritic`; one photo may have several edits."""
        del image, mask
        return self.critic.judge(statistics, self.things.expand(len(statistics), -1))

    def sample_pixels(
        self, image: torch.Tensor, mask: torch.Tensor, count: int, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A sample of the pixels that the critic looks at; arguments and results as `RegionStatistics.draw_points`."""
        return self.critic.draw_points(image, mask, count, generator)

    def judge_pixels(self, pixels: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Scores (B,) of the photos by pixels of `sample_pixels`: (B, 3, Z, 3 K)."""
        return self.critic.judge(self.critic.measure_points(pixels), self.things), None
