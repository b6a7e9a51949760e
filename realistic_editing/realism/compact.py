"""A small critic: colour statistics inside, around and outside the mask, joined with learned features of each pixel."""
import torch
from torch import nn

from realistic_editing.realism.statistics_critic import StatisticsCritic
from realistic_editing.region_statistics.network import perceptron


class CompactCritic(StatisticsCritic):
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

    def judge_measured(self, statistics: torch.Tensor, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `StatisticsCritic`: the statistics say all that is asked."""
        return self.judge(statistics)[0]

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
