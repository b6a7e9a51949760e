"""How well a critic separates real from fake edits."""
import numpy as np


def pair_accuracy(real: np.ndarray, fake: np.ndarray) -> float:
    """The share of photos whose real edit scores above their fake one; ties count one half.

    Args:
        real, fake: (N,) scores of the same regions, in the same order.
    """
    return float((real > fake).mean() + (real == fake).mean() / 2)


BINS = 15  # of the score, for calibration


def calibration_error(scores: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error (ECE): mean gap between score and share of real, over equal bins of the score.

    Args:
        scores: (N,) in [0, 1].
        labels: (N,) 1 real, 0 fake.
    """
    index = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [abs(scores[index == b].mean() - labels[index == b].mean()) * (index == b).mean() for b in np.unique(index)]
    return float(sum(gaps))
