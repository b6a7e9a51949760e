"""Saliency feedback: contrast rises inside a region and falls outside until the region holds the most salient place."""
import numpy as np
import torch

from realistic_editing.baselines.method import Baseline
from realistic_editing.data.pixels import resize
from realistic_editing.saliency.conspicuity import Conspicuity

# R, G, B -> intensity, red minus green, blue minus yellow; linear, so that a change of each can be undone and clipped.
_TO_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1, -1, 0], [-0.5, -0.5, 1]], np.float32)
_TO_RGB = np.linalg.inv(_TO_OPPONENT).astype(np.float32)


class SaliencyFeedback(Baseline):
    """Hagiwara et al.: intensity and two opponent colours are stretched about the photo's mean inside the mask and
    compressed outside, a little at a time, each as much as it makes the region conspicuous, until the most salient
    place of the photo lies inside.

    For attenuate, which the paper does not do, the reverse: compressed inside and stretched outside, until nothing
    inside is more salient than the photo is on average.

    Args:
        step: of a round: the share by which a feature that alone makes the region conspicuous changes.
        rounds: at most.
        model: gives the conspicuity maps; its `maps` are (B, 3, H, W) -> (B, 3, h, w) of intensity, red-green and blue-yellow.

    Raises:
        ValueError: when the step is not in (0, 1), or there is no round.
    """

    name = "hagiwara"
    citation = (
        'A. Hagiwara, A. Sugimoto and K. Kawamoto, "Saliency-based image editing for guiding visual attention", '
        "Workshop on Pervasive Eye Tracking and Mobile Eye-based Interaction (PETMEI), 2011"
    )
    choices = (
        "What was read is the outline: intensity and colour change round by round until the region is the most salient.",
        "A round's step, their number and the weights of the features are ours (step, rounds).",
        "Features change about their mean over the photo, near which the published results leave them as they were. That "
        "inside they only spread and outside only shrink, is by construction.",
        "Each round begins from the photo, with the factors of all rounds together; 20 rounds are the most: later ones clip.",
        "The reverse for attenuate, and when it stops, is ours.",
    )
    background = True

    def __init__(self, step: float = 0.05, rounds: int = 20, model: Conspicuity | None = None) -> None:
        if not 0 < step < 1 or rounds < 1:
            raise ValueError(f"step {step}, rounds {rounds}: expected a step in (0, 1) and rounds from 1")
        self.step, self.rounds = step, rounds
        self.model = Conspicuity() if model is None else model

    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Stretch and compress contrast; see `Baseline.change`."""
        inside, outside = self.gains(image, mask, task)
        return stretched(image, mask, inside, outside)

    @torch.no_grad()
    def gains(self, image: np.ndarray, mask: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
        """Run the loop, on the photo as small as the saliency model sees it.

        Args:
            image, mask, task: as for `change`.

        Returns:
            By how much intensity, red-green and blue-yellow are to be stretched inside and outside: (3,) float32 each,
            all 1 where the region is as asked from the start.
        """
        scale = min(1.0, self.model.longest_side / max(mask.shape))
        size = tuple(max(1, round(side * scale)) for side in mask.shape)
        image, mask = resize(image, size), resize(mask, size)
        inside, outside = np.ones(3, np.float32), np.ones(3, np.float32)
        sign = 1 if task == "amplify" else -1
        for _ in range(self.rounds):
            now = torch.from_numpy(stretched(image, mask, inside, outside).clip(0, 1))
            maps = self.model.maps(now.permute(2, 0, 1)[None])  # (1, 3, h, w)
            within = resize(mask, maps.shape[-2:])
            if reached(self.model.combined(maps)[0, 0].numpy(), within, task):
                break
            weights = (maps[0].numpy() * within).sum(axis=(1, 2))
            change = sign * self.step * weights / max(weights.sum(), 1e-9)
            inside, outside = inside * (1 + change), outside * (1 - change)
        return inside, outside


def reached(saliency: np.ndarray, within: np.ndarray, task: str) -> bool:
    """Whether the region is as salient as asked.

    Args:
        saliency: (h, w) >= 0.
        within: (h, w) in [0, 1], the share of each cell that the mask covers.
        task: "attenuate" or "amplify".

    Returns:
        For amplify: whether the most salient place is in the region (in a cell that it covers by half, or by as much as
        any). For attenuate: whether the most salient place of the region is no more so than the mean of the photo.
    """
    region = within >= min(0.5, within.max())
    top = saliency[region].max()
    return bool(top >= saliency.max() if task == "amplify" else top <= saliency.mean())


def stretched(image: np.ndarray, mask: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Change the contrast of the opponent features about their means over the photo.

    Args:
        image: (H, W, 3) float32 RGB in [0, 1].
        mask: (H, W) float32 in [0, 1].
        inside, outside: (3,) float32: factors of intensity, red-green and blue-yellow; 1 changes nothing.

    Returns:
        (H, W, 3) float32 RGB, not clipped.
    """
    mean = image.mean(axis=(0, 1))
    apart = image - mean
    # As a change, so that a factor of 1 leaves pixels as they are to the last bit.
    change = [apart @ (_TO_OPPONENT.T * (factors - 1)) @ _TO_RGB.T for factors in (inside, outside)]
    return image + change[1] + mask[..., None] * (change[0] - change[1])
