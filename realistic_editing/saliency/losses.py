"""The loss of a saliency network: EML-Net's sum of KL, 1 - CC and NSS, and what gives the map its scale."""
import torch
from torch.nn import functional as F

from realistic_editing.saliency import measures


def saliency_loss(
    prediction: torch.Tensor,
    density: torch.Tensor,
    fixations: torch.Tensor,
    kl: float = 1.0,
    cc: float = 1.0,
    nss: float = 0.1,
    scale: float = 0.1,
) -> dict[str, torch.Tensor]:
    """Compare predicted maps with eye tracking.

    Args:
        prediction: (B, 1, H, W) in [0, 1].
        density: (B, 1, H, W) blurred fixations, any scale.
        fixations: (B, 1, H, W) counts at each pixel.
        kl, cc, nss: weights of KL(density || prediction), 1 - CC and -NSS.
        scale: weight of the cross-entropy with the density divided by its maximum. The first three ignore the map's
            scale; this one fixes it, so that the S of eq. 3 compares like with like.

    Returns:
        {"total", "kl", "cc", "nss", "scale"}, means over the batch; nss and cc as measured (higher is better).
    """
    peak = density.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    with torch.autocast(prediction.device.type, enabled=False):  # binary cross-entropy is not safe in half precision
        bounded = prediction.float().clamp(1e-6, 1 - 1e-6)
        terms = {
            "kl": measures.kl(prediction.float(), density).mean(),
            "cc": measures.cc(prediction, density).mean(),
            "nss": measures.nss(prediction, fixations).mean(),
            "scale": F.binary_cross_entropy(bounded, density / peak),
        }
    total = kl * terms["kl"] + cc * (1 - terms["cc"]) - nss * terms["nss"] + scale * terms["scale"]
    return {"total": total, **terms}
