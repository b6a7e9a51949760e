"""Losses of the critic (eq. 1, and what trains it better), and the change in realism (eq. 2)."""
import torch
from torch.nn import functional as F

KINDS = ("squares", "cross_entropy")


def critic_loss(
    real: torch.Tensor,
    fake: torch.Tensor,
    human: torch.Tensor,
    fake_human: torch.Tensor | None = None,
    kind: str = "squares",
    rank: float = 0.0,
) -> dict[str, torch.Tensor]:
    """How far the critic is from 1 on real samples and 0 on fake ones.

    Args:
        real, fake: (B,) scores in [0, 1] of two edits of the same photos.
        human: (B,) bool, whether the region is a person.
        fake_human: (B,) scores of the human-specific fakes; those of other regions are ignored. None leaves the term out.
        kind: "squares" is eq. 1, 1/2 R(fake)^2 + 1/2 (R(real) - 1)^2; "cross_entropy" is what a classifier minimises.
        rank: weight of ranking within pairs: log(1 + exp(logit(fake) - logit(real))).

    Returns:
        {"total", "real", "fake"} and "fake_human", "rank" where used; means over the batch, the human term over its
        human regions (0 without one), as in the authors' release.

    Raises:
        ValueError: for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; use {' or '.join(KINDS)}")

    def distance(score: torch.Tensor, wanted: float) -> torch.Tensor:
        if kind == "squares":
            return 0.5 * (score - wanted) ** 2
        return F.binary_cross_entropy(score, torch.full_like(score, wanted), reduction="none")

    terms = {"real": distance(real, 1.0).mean(), "fake": distance(fake, 0.0).mean()}
    if fake_human is not None:
        weight = human.to(fake_human.dtype)
        terms["fake_human"] = (distance(fake_human, 0.0) * weight).sum() / weight.sum().clamp(min=1)
    total = sum(terms.values())
    if rank:
        margin = torch.logit(real, eps=1e-6) - torch.logit(fake, eps=1e-6)
        terms["rank"] = F.softplus(-margin).mean()
        total = total + rank * terms["rank"]
    return {"total": total, **terms}


def realism_change(critic, edited: torch.Tensor, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """dR of eq. 2: R(I', M) - R(I, M).

    Args:
        critic: critic(image, mask) -> (B,) in [0, 1].
        edited, image: (B, 3, H, W) in [0, 1]; mask: (B, 1, H, W).

    Returns:
        (B,) in [-1, 1]; negative where the edit looks less real than the photo.
    """
    return critic(edited, mask) - critic(image, mask)
