"""Pick one of the 24 orders: at random, the most realistic, or the most effective (section 5)."""
import torch

from realistic_editing.enhance.options import RULES

REAL = -0.15  # dR on the scale of logits (`logit_change`), from which on "best_effect" takes an edit for real
_FAR = 1e3  # beyond every relative change of saliency


def select_order(
    rule: str, task: str, realism_change: torch.Tensor, saliency_change: torch.Tensor, generator: torch.Generator | None
) -> torch.Tensor:
    """The index of the order that a rule picks, for each photo.

    Args:
        rule: "best_effect" (largest change in the asked direction among the candidates that are real enough, by REAL, or the
            most real one where there is none), "best_realism" (largest dR, as in the paper, but of the candidates that move
            attention in the asked direction, where there are any: an edit that looks real and does the opposite serves
            nobody), "best_saliency" (largest change in the asked direction) or "random".
        task: "attenuate" or "amplify"; says which way is right.
        realism_change: (B, N) dR of the N candidates; of "best_effect", on the scale of logits.
        saliency_change: (B, N) -S of eq. 3, positive = more salient.
        generator: for "random", on the CPU.

    Returns:
        (B,) int64 in [0, N).

    Raises:
        ValueError: for another rule.
    """
    if rule == "random":
        batch, count = realism_change.shape
        return torch.randint(count, (batch,), generator=generator).to(realism_change.device)
    wanted = saliency_change if task == "amplify" else -saliency_change
    if rule == "best_effect":
        # Relative changes may be large, and dR is at most 1: what is real enough ranks above all that is not.
        return torch.where(realism_change >= REAL, wanted.clamp(-_FAR, _FAR) + 2 * _FAR, realism_change).argmax(dim=1)
    if rule == "best_realism":
        # dR is at most 1, so any candidate that goes in the asked direction ranks above all that do not.
        return (realism_change + 3 * (wanted > 0)).argmax(dim=1)
    if rule == "best_saliency":
        return wanted.argmax(dim=1)
    raise ValueError(f"rule is {rule!r}; use one of {RULES}")
