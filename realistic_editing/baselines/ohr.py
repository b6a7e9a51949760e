"""Object hue rotation: one turn of the colours of a region, away from the colours around it, or towards them."""
import cv2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from realistic_editing.baselines.gamut import fit_chroma, lab_to_rgb, rgb_to_lab
from realistic_editing.baselines.method import Baseline

_BINS = 360  # of hue, a degree each
_HAS_HUE = 0.01  # chroma, in units of 100 Lab, below which a pixel is grey and its hue is noise


class HueRotation(Baseline):
    """OHR: the a, b plane of CIELAB is turned inside the mask by the one angle that sets its hues most apart from
    those of the background near it; lightness and chroma stay.

    Args:
        mode: "published": set apart for both tasks, as the published results do, also those that were to attenuate.
            "fair": for attenuate, the angle that makes the hues most alike.
        reach: how far from the mask the background counts, as a share of the photo's diagonal.
        sigma: standard deviation of the Gaussian that smooths the hue histograms, in degrees.

    Raises:
        ValueError: when the mode is unknown, or a number is not positive.
    """

    name = "ohr"
    citation = (
        'V. A. Mateescu and I. V. Bajić, "Attention Retargeting by Color Manipulation in Images", '
        "Workshop on Perception Inspired Video Processing (PIVP), 2014"
    )
    choices = (
        "Hues are counted alike whatever their chroma, from a chroma of 1 on; the paper's weights could not be confirmed.",
        "The background within 20 % of the diagonal counts, and histograms are smoothed by 20 degrees (reach, sigma): what "
        "fits the angles of the published results best.",
        'mode="published" sets hues apart for attenuate too, as the published results do; mode="fair" makes them alike.',
    )

    def __init__(self, mode: str = "published", reach: float = 0.2, sigma: float = 20.0) -> None:
        if mode not in ("published", "fair"):
            raise ValueError(f"mode is {mode!r}; use published or fair")
        if not (reach > 0 and sigma > 0):
            raise ValueError(f"reach {reach}, sigma {sigma}: expected numbers above 0")
        self.mode, self.reach, self.sigma = mode, reach, sigma

    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Turn the hues of the region; see `Baseline.change`."""
        lab = rgb_to_lab(torch.from_numpy(image).permute(2, 0, 1)[None])  # (1, 3, H, W)
        hue, chroma = torch.atan2(lab[0, 2], lab[0, 1]).numpy(), torch.hypot(lab[0, 1], lab[0, 2]).numpy()
        coloured = chroma >= _HAS_HUE
        inside = self._histogram(hue, mask * coloured)
        around = self._histogram(hue, self._around(mask) * coloured)
        if inside is None or around is None:
            return image  # grey on one side: no hue to compare
        apart = divergence_by_turn(inside, around)
        turn = apart.argmin() if self.mode == "fair" and task == "attenuate" else apart.argmax()
        turned = lab_to_rgb(fit_chroma(rotate(lab, float(np.deg2rad(turn)))))[0].permute(1, 2, 0).numpy()  # (H, W, 3)
        return image + mask[..., None] * (turned.clip(0, 1) - image)

    def _around(self, mask: np.ndarray) -> np.ndarray:
        """(H, W) float32: 1 outside the mask and within reach of it."""
        distance = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return ((distance > 0) & (distance <= self.reach * np.hypot(*mask.shape))).astype(np.float32)

    def _histogram(self, hue: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
        """The distribution of hues, (360,) float64 that sum to 1; None where nothing has a hue."""
        degree = np.floor(np.rad2deg(hue)).astype(int) % _BINS
        counts = np.bincount(degree.ravel(), weights.ravel(), _BINS)
        if counts.sum() == 0:
            return None
        # All around the circle: cut off at a few sigma, one hue and another would be as far apart at 160 degrees as at 180.
        return gaussian_filter1d(counts / counts.sum(), self.sigma, mode="wrap", radius=_BINS // 2)


def divergence_by_turn(inside: np.ndarray, around: np.ndarray) -> np.ndarray:
    """The Jensen-Shannon divergence of two distributions of hue after each turn of the first.

    Args:
        inside, around: (N,) float, each of sum 1, around the circle.

    Returns:
        (N,) in [0, ln 2]: at k, of `inside` turned by k bins to higher hues.
    """
    bins = np.arange(len(inside))
    turned = inside[(bins[None] - bins[:, None]) % len(inside)]  # (turn, hue)
    return _entropy((turned + around) / 2) - (_entropy(turned) + _entropy(around)) / 2


def rotate(lab: torch.Tensor, angle: float) -> torch.Tensor:
    """Turn the a, b plane by an angle in radians, from a towards b: (B, 3, H, W) -> the same."""
    light, a, b = lab.unbind(dim=1)
    cos, sin = np.cos(angle), np.sin(angle)
    return torch.stack([light, cos * a - sin * b, sin * a + cos * b], dim=1)


def _entropy(share: np.ndarray) -> np.ndarray:
    return -(share * np.log(np.maximum(share, 1e-300))).sum(axis=-1)
