"""A small critic: colour statistics inside, around and outside the mask, joined with learned features of each pixel."""
import torch
from torch import nn

from realistic_editing.region_statistics.cached_background import CachedBackground
from realistic_editing.region_statistics.network import RegionStatistics, perceptron


class CompactCritic(RegionStatistics):
    """Judge a region by its statistics with an MLP; it can judge sampled pixels, and cache a photo's background.

    Args:
        input_size, stride, ring, palette: as for `RegionStatistics`.
        hidden: width of the two layers of the MLP.
        dropout: before each of them.
        guesses: how many parameters of the edit `judge` regresses beside the score; 0 for none.
    """

    def __init__(
        self,
        input_size: int = 384,
        stride: int = 3,
        ring: int = 16,
        palette: int = 64,
        hidden: int = 256,
        dropout: float = 0.2,
        guesses: int = 0,
    ) -> None:
        super().__init__(input_size, stride, ring, palette)
        self.normalise = nn.BatchNorm1d(self.count)
        self.body = perceptron(self.count, hidden, dropout)
        self.score = nn.Linear(hidden, 1)
        self.guess = nn.Linear(hidden, guesses) if guesses else None

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1]; 1 looks real.
        """
        return self.judge(self.measure(image, mask))[0]

    def judge(self, statistics: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores (B,) in [0, 1], and the parameters guessed (B, guesses) where there are any; from (B, count) statistics."""
        hidden = self.body(self.normalise(statistics))
        guesses = self.guess(hidden).float() if self.guess is not None else None
        return self.score(hidden).float().squeeze(1).sigmoid(), guesses

    def sample_pixels(
        self, image: torch.Tensor, mask: torch.Tensor, count: int, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A sample of the pixels that `forward` looks at; arguments and results as `RegionStatistics.draw_points`."""
        return self.draw_points(image, mask, count, generator)

    def judge_pixels(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """`judge` by pixels of `sample_pixels`: (B, 3, Z, 3 K)."""
        return self.judge(self.measure_points(pixels))

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
    """A photo with its region, whose edits are judged at the cost of the region.

    Args:
        critic: who judges.
        image, mask: as for `CompactCritic.cache_background`.

    Attributes:
        realism: (1,), of the photo itself.
    """

    def __init__(self, critic: CompactCritic, image: torch.Tensor, mask: torch.Tensor) -> None:
        self.critic, self._photo = critic, CachedBackground(critic, image, mask)
        self.realism = critic.judge(self._photo.statistics)[0]

    def judge(self, edited: torch.Tensor) -> torch.Tensor:
        """Scores (N,) of edits (N, 3, S, S), as the photo where the mask is 0; differentiable in them."""
        return self.critic.judge(self._photo.measure(edited))[0]
