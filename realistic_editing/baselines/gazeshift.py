"""GazeShift (Mejjati et al., ECCV 2020): one pass of a network gives global edits of a region and of the rest."""
from pathlib import Path

import numpy as np
import torch

from realistic_editing.baselines.gazeshift_operators import apply, soften
from realistic_editing.baselines.method import Baseline
from realistic_editing.weights import load_network


class GazeShift(Baseline):
    """Sharpening, exposure, contrast, a tone curve and colour curves, each one for the region and one for the background.

    Args:
        weights: bundled weights, or a .safetensors file that scripts/train_gazeshift.py wrote.
        background_edits: False leaves the background as it is, as section 5.5 of "Realistic Saliency Guided Image
            Enhancement" (CVPR 2023) runs the method on several regions of a photo, one after another.
    """

    name = "gazeshift"
    citation = (
        'Y. Alami Mejjati, C. F. Gomez, K. I. Kim, E. Shechtman, Z. Bylinskii: "Look here! A parametric learning based '
        'approach to redirect visual attention", ECCV 2020'
    )
    choices = (
        "One network with heads for both directions, as the authors' network for both, and not the one for increase alone.",
        "Trained at 128 x 128 instead of 240 x 320, a discriminator of half the width, on COCO, BSDS500 and ECSSD regions "
        "of at least 3 % of the photo, each for both directions; the release also filters by saliency.",
        "450 steps of two photos at a peak rate of 1e-4: the release's 1e-5 learns nothing in what a processor does in time.",
        "The softmax of a map of N pixels is multiplied by N, so that the weight of the loss does not depend on the size; "
        "the release's 25000 and 20000 at 120 x 160 are 1.30 and 1.04 in these units.",
        "Our saliency maps are low (a photo's peak is 0.4 in the median), so the softmax is sharper.",
        "The heads' outputs are scaled by 0.02 and start at zero: without that, edits ran away from the discriminator.",
    )

    def __init__(self, weights: str | Path = "gazeshift", background_edits: bool = True) -> None:
        self.network = load_network(weights, kind="baseline")
        self.background = background_edits

    @torch.no_grad()
    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """See `Baseline.change`. The network sees the photo small; its edit is of every pixel, at any size."""
        photo = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
        region = torch.from_numpy(mask)[None, None]
        inside, outside = self.network(photo, region, task)
        edited = apply(photo, soften(region), inside, outside if self.background else None)
        return edited[0].permute(1, 2, 0).numpy()
