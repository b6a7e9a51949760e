"""How well a saliency map predicts fixations: the field's standard measures, per photo."""
import numpy as np
import torch


def cc(prediction: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of two maps (CC).

    Args:
        prediction, density: (B, 1, H, W), any scale.

    Returns:
        (B,) in [-1, 1]; 0 for a constant map. The other tensor measures have the same form.
    """
    a, b = _standardise(prediction), _standardise(density)
    return (a * b).mean(dim=1)


def nss(prediction: torch.Tensor, fixations: torch.Tensor) -> torch.Tensor:
    """Mean standardised saliency at the fixations (NSS); fixations (B, 1, H, W) hold the count at each pixel."""
    values, counts = _standardise(prediction), fixations.flatten(1)
    return (values * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1)


def sim(prediction: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """Shared mass of the two maps as distributions (SIM): (B,) in [0, 1]."""
    return torch.minimum(as_distribution(prediction), as_distribution(density)).sum(dim=1)


def kl(prediction: torch.Tensor, density: torch.Tensor, epsilon: float = 1e-7) -> torch.Tensor:
    """Kullback-Leibler divergence of the prediction from the density, in nats: (B,), >= 0."""
    p, q = as_distribution(density), as_distribution(prediction)
    return (p * ((p + epsilon).log() - (q + epsilon).log())).sum(dim=1)


def auc_judd(prediction: np.ndarray, fixations: np.ndarray) -> float:
    """Area under the ROC curve, fixated pixels against all others (AUC-Judd).

    Args:
        prediction: (H, W) float.
        fixations: (H, W) counts; a pixel fixated twice is one positive.

    Returns:
        In [0, 1]; ties count one half. nan without a fixation, or with every pixel fixated.
    """
    negative = prediction[fixations == 0]
    return _auc(prediction[fixations > 0], negative, np.ones(len(negative)))


def auc_shuffled(prediction: np.ndarray, fixations: np.ndarray, others: np.ndarray) -> float:
    """Area under the ROC curve, fixated pixels against those fixated in other photos (shuffled AUC).

    People look at the centre of any photo, so a map gains nothing here by favouring the centre. All fixations of the
    other photos count. The usual form draws as many of them as there are positives, and averages over draws: this is
    what that average tends to, without the chance in it.

    Args:
        prediction: (H, W) float.
        fixations: (H, W) counts; a pixel fixated twice is one positive.
        others: (H, W) counts of the fixations of other photos; a pixel weighs as often as it was fixated.

    Returns:
        In [0, 1]; ties count one half; 0.5 for what does not depend on the photo, in the mean over photos. nan where
        either has no fixation.
    """
    return _auc(prediction[fixations > 0], prediction[others > 0], others[others > 0])


def _auc(positive: np.ndarray, negative: np.ndarray, weight: np.ndarray) -> float:
    """The chance that a positive lies above a negative; negatives count by weight, ties one half: (N,), (M,), (M,)."""
    if not len(positive) or not len(negative):
        return float("nan")
    order = np.argsort(negative)
    negative, mass = negative[order], np.concatenate([[0.0], np.cumsum(weight[order], dtype=np.float64)])
    below = mass[np.searchsorted(negative, positive, side="left")]
    not_above = mass[np.searchsorted(negative, positive, side="right")]
    return float((below + not_above).mean() / 2 / mass[-1])


def as_distribution(saliency: torch.Tensor) -> torch.Tensor:
    """Scale each non-negative map to sum 1: (B, 1, H, W) -> (B, H * W)."""
    flat = saliency.flatten(1)
    return flat / flat.sum(dim=1, keepdim=True).clamp(min=1e-12)


def _standardise(saliency: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit variance per map: (B, 1, H, W) -> (B, H * W)."""
    flat = saliency.flatten(1).float()
    centred = flat - flat.mean(dim=1, keepdim=True)
    # Clamped before the root, whose slope at 0 is infinite.
    return centred / centred.square().mean(dim=1, keepdim=True).clamp(min=1e-16).sqrt()
