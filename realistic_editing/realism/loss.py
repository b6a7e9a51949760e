"""What trains the critics: eq. 1, the release's term for people, and our own: cross-entropy, ranking, and labels of patches."""
import torch
from torch.nn import functional as F

from realistic_editing.realism.equations import critic_distance

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
            return critic_distance(score, wanted)
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


def patch_loss(patches: torch.Tensor, mask: torch.Tensor, real: torch.Tensor, stride: int) -> torch.Tensor:
    """Cross-entropy of each patch by itself: inside the mask a patch of a real sample is real, and one of a fake sample fake.

    A patch counts as far as its centre lies in the mask; of what no edit reached, it may say what it likes. So a patch critic
    is told where to look, which a score of the whole picture says only after hundreds of steps.

    Args:
        patches: (B, N, N) logits; patch (i, j) has its centre in the square in row i + 1 and column j + 1 of the mask.
        mask: (B, 1, S, S) in [0, 1], S = stride * (N + 2).
        real: (B,) 1 for real samples, 0 for fake ones.
        stride: side of the squares, in pixels.

    Returns:
        The mean over samples of each one's mean over its patches; a scalar.
    """
    weight = F.avg_pool2d(mask, stride)[:, 0, 1:-1, 1:-1]
    wanted = real[:, None, None].expand_as(weight).to(weight.dtype)
    errors = F.binary_cross_entropy_with_logits(patches.to(weight.dtype), wanted, reduction="none")
    # A mask that lies between the centres counts little instead of dividing by nothing.
    return ((errors * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=0.1)).mean()
