"""How well a saliency map predicts fixations: the field's standard measures, per photo."""
import numpy as np
import torch

from realistic_editing.common.ranking import auc

EPSILON = 2.0**-52  # of KL: Matlab's eps, which the published code adds


def cc(prediction: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of two maps (CC).

    Args:
        prediction, density: (B, 1, H, W), any scale.

    Returns:
        (B,) in [-1, 1]; 0 for a map that is constant up to rounding. The other tensor measures have the same form.
    """
    a, b = _standardise(prediction), _standardise(density)
    return (a * b).mean(dim=1)


def nss(prediction: torch.Tensor, fixations: torch.Tensor) -> torch.Tensor:
    """Mean standardised saliency at the fixations (NSS); fixations (B, 1, H, W) hold the count at each pixel; 0 as for `cc`."""
    values, counts = _standardise(prediction), fixations.flatten(1)
    return (values * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1)


def sim(prediction: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """Shared mass of the two maps as distributions (SIM): (B,) in [0, 1]."""
    return torch.minimum(as_distribution(prediction), as_distribution(density)).sum(dim=1)


def kl(prediction: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of the prediction from the density (KL), in nats: (B,), as the MIT benchmark has it.

    A prediction of 0 where people looked costs some 30 nats of that share. `losses.saliency_map_loss` uses a smoother form.
    """
    p, q = as_distribution(density), as_distribution(prediction)
    return (p * (EPSILON + p / (q + EPSILON)).log()).sum(dim=1)


def information_gain(prediction: np.ndarray, fixations: np.ndarray, baseline: np.ndarray) -> float:
    """How much better than a baseline a map says where people look, in bits a fixation (IG; Kümmerer et al., 2015).

    A hundredth of the baseline is mixed into the map, so that a 0 where somebody looked costs some seven bits of that fixation
    and not fifty.

    Args:
        prediction: (H, W), >= 0, any scale.
        fixations: (H, W) counts; all of them weigh alike.
        baseline: (H, W), above 0 where anybody looks: a map that does not depend on the photo.

    Returns:
        Below 0 where the baseline says it better; 0 for the baseline itself. nan without a fixation.
    """
    if not fixations.any():
        return float("nan")
    p, q = (part / max(float(part.sum()), 1e-12) + EPSILON for part in (np.float64(prediction), np.float64(baseline)))
    gain = np.log2(0.99 * p + 0.01 * q) - np.log2(q)
    return float((gain * fixations).sum() / fixations.sum())


def auc_judd(prediction: np.ndarray, fixations: np.ndarray) -> float:
    """Area under the ROC curve, fixated pixels against all others (AUC-Judd).

    Args:
        prediction: (H, W) float.
        fixations: (H, W) counts; a pixel fixated twice is one positive.

    Returns:
        In [0, 1]; ties count one half. nan without a fixation, or with every pixel fixated.
    """
    return auc(prediction[fixations > 0], prediction[fixations == 0])


def auc_shuffled(prediction: np.ndarray, fixations: np.ndarray, others: np.ndarray) -> float:
    """Area under the ROC curve, fixated pixels against those fixated in other photos (shuffled AUC).

    People look at the centre of any photo, so a map gains nothing here by favouring the centre. All fixations of the
    other photos count. This is the exact chance that a fixated pixel has the higher value. Most published tables hold
    another number, from eleven thresholds, lower for the peaked maps of networks: see `auc_shuffled_published`.

    Args:
        prediction: (H, W) float.
        fixations: (H, W) counts; a pixel fixated twice is one positive.
        others: (H, W) whole counts of the fixations of other photos; a pixel weighs as often as it was fixated.

    Returns:
        In [0, 1]; ties count one half; 0.5 for what does not depend on the photo, in the mean over photos. nan where
        either has no fixation.

    Raises:
        ValueError: when `others` are no counts.
    """
    if (others < 0).any() or (others != np.floor(others)).any():
        raise ValueError("others holds what is no count; pass how often each pixel was fixated, in whole numbers")
    return auc(prediction[fixations > 0], np.repeat(prediction.ravel(), others.ravel().astype(np.int64)))


def auc_shuffled_published(prediction: np.ndarray, fixations: np.ndarray, others: np.ndarray, step: float = 0.1) -> float:
    """Shuffled AUC as the MIT benchmark's code has it, for use beside other people's tables.

    The map is scaled to [0, 1], and the ROC curve joins the points at thresholds 0, 0.1, ... by straight lines: what lies
    between two thresholds is not separated. That code draws as many of the other photos' fixated pixels as there are
    positives, a hundred times; the area is linear in their share, so all of them together give the mean of such draws.

    Args:
        prediction, fixations: as for `auc_shuffled`.
        others: the same; a pixel counts once, however often it was fixated.
        step: between thresholds.

    Returns:
        In [0, 1]; 0.5 for a constant map. nan where either has no fixation.
    """
    if not (fixations > 0).any() or not (others > 0).any():
        return float("nan")
    lowest, highest = float(prediction.min()), float(prediction.max())
    if lowest == highest:
        return 0.5
    scaled = (prediction.astype(np.float64) - lowest) / (highest - lowest)
    thresholds = np.arange(0, 1 + step / 2, step)[::-1, None]
    hits, alarms = ((scaled[where > 0] >= thresholds).mean(axis=1) for where in (fixations, others))
    hits, alarms = ([0.0, *share, 1.0] for share in (hits, alarms))
    return float(np.sum(np.diff(alarms) * (np.add(hits[1:], hits[:-1]) / 2)))


def as_distribution(saliency: torch.Tensor) -> torch.Tensor:
    """Scale each non-negative map to sum 1: (B, 1, H, W) -> (B, H * W)."""
    flat = saliency.flatten(1)
    return flat / flat.sum(dim=1, keepdim=True).clamp(min=1e-12)


def _standardise(saliency: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit variance per map: (B, 1, H, W) -> (B, H * W)."""
    flat = saliency.flatten(1).float()
    least, most = flat.aminmax(dim=1, keepdim=True)
    # The mean of equal values lies beside them by rounding, which must not be taken for saliency.
    varies = most - least > 8 * torch.finfo(torch.float32).eps * torch.maximum(least.abs(), most.abs())
    centred = torch.where(varies, flat - flat.mean(dim=1, keepdim=True), 0.0)
    # Clamped before the root, whose slope at 0 is infinite.
    return centred / centred.square().mean(dim=1, keepdim=True).clamp(min=1e-16).sqrt()


def region_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean of values (B, 1, H, W), weighted by mask (B, 1, H, W): (B,)."""
    return (values * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3)).clamp(min=1e-6)
