"""The loss of a saliency network: EML-Net's sum of KL, 1 - CC and NSS, and what gives the map its scale."""
import torch
from torch.nn import functional as F

from realistic_editing.saliency import measures


def saliency_map_loss(
    prediction: torch.Tensor,
    density: torch.Tensor,
    fixations: torch.Tensor,
    kl: float = 1.0,
    cc: float = 1.0,
    nss: float = 0.1,
    scale: float = 0.1,
    target: torch.Tensor | None = None,
    sample_weight: torch.Tensor | None = None,
) -> dict[str, torch.Tensor]:
    """Compare predicted maps with eye tracking, or with what a teacher expects of it.

    Args:
        prediction: (B, 1, H, W) in [0, 1].
        density: (B, 1, H, W) blurred fixations, any scale.
        fixations: (B, 1, H, W) counts at each pixel, or how many are expected there.
        kl, cc, nss: weights of KL(density || prediction), 1 - CC and -NSS.
        scale: weight of the cross-entropy with `target`. The first three ignore the map's scale; this one fixes it, so
            that the S of eq. 3 compares like with like.
        target: (B, 1, H, W) in [0, 1]; density divided by its maximum when None.
        sample_weight: (B,) in [0, 1], such as 0 for photos without eye tracking; all 1 when None.

    Returns:
        {"total", "kl", "cc", "nss", "scale"}, weighted means over the batch; nss and cc as measured (higher is better).
    """
    if target is None:
        target = density / density.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    weight = torch.ones(len(prediction), device=prediction.device) if sample_weight is None else sample_weight
    weight = weight / weight.sum().clamp(min=1)
    with torch.autocast(prediction.device.type, enabled=False):  # binary cross-entropy is not safe in half precision
        bounded = prediction.float().clamp(1e-6, 1 - 1e-6)
        each = {
            "kl": _divergence(prediction.float(), density),
            "cc": measures.cc(prediction, density),
            "nss": measures.nss(prediction, fixations),
            "scale": F.binary_cross_entropy(bounded, target.float(), reduction="none").mean(dim=(1, 2, 3)),
        }
        terms = {name: (values * weight).sum() for name, values in each.items()}
    total = kl * terms["kl"] + cc * (weight.sum() - terms["cc"]) - nss * terms["nss"] + scale * terms["scale"]
    return {"total": total, **terms}


def _divergence(prediction: torch.Tensor, density: torch.Tensor, epsilon: float = 1e-7) -> torch.Tensor:
    """KL, (B,), that stays small where a prediction is 0: `measures.kl` has slopes there that no step should follow."""
    p, q = measures.as_distribution(density), measures.as_distribution(prediction)
    return (p * ((p + epsilon).log() - (q + epsilon).log())).sum(dim=1)
