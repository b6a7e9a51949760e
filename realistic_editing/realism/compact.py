"""A small critic: colour statistics inside, around and outside the mask, joined with learned features of each pixel."""
import torch
from torch import nn

from realistic_editing.describe.describer import Describer, perceptron


class CompactCritic(Describer):
    """Judge a region by its description with an MLP.

    Args:
        input_size, stride, ring, palette: as for `Describer`.
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
        self.normalise = nn.BatchNorm1d(self.described)
        self.body = perceptron(self.described, hidden, dropout)
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
        return self.judge(self.describe(image, mask))[0]

    def judge(self, statistics: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores (B,) in [0, 1], and the parameters guessed (B, guesses) where there are any; from (B, described)."""
        hidden = self.body(self.normalise(statistics))
        guesses = self.guess(hidden).float() if self.guess is not None else None
        return self.score(hidden).float().squeeze(1).sigmoid(), guesses
