"""What an enhancer minimises: eqs. 3 to 6 as published, as released, and calibrated for other saliency models."""
import dataclasses

import torch

from realistic_editing.describe.statistics import rgb_to_lab
from realistic_editing.ops import Recipe, apply

FAINT = 0.003  # a saliency that nobody would notice, in [0, 1]; a typical region has 0.06


@dataclasses.dataclass(frozen=True)
class Objective:
    """The choices that make a loss out of saliency and realism; configs/objective holds the named ones.

    Args:
        saliency_weight: w_sal of eq. 4; negative attenuates (-1 in the paper), positive amplifies (+5).
        change: "relative", S of eq. 3; "log_ratio", log of the region's saliency before over after; or "log_both", half that
            and half the mean log ratio of its pixels. The first is not bounded below: a faint region can gain many times
            its saliency, and exp(5 S) then vanishes whatever realism says. The second grows slowly, but minds only where a
            region is most salient; the third minds its faint parts too, as S does.
        bound: greatest |S|, approached smoothly; 0 = none. A region that has lost most of its saliency gains little from
            losing more, and the edit stops growing.
        clip: limit of |S|; 0 = none. The release clips at 1, where the gradient stops.
        cap: greatest value of the saliency loss; 0 = none. The release caps at 10.
        epsilon: added to the saliency that is divided by.
        exponential: exp(w S) of eq. 4, or w S itself.
        margin: b_r of eq. 5, the loss of realism that costs nothing.
        realism_weight: factor of ReLU(-dR - margin); 1 in the paper.
        human_weight: factor of ReLU(-dR), without margin, on human regions, as the release has it; 0 treats them alike.
        cast_margin: colour cast that costs nothing, in units of chroma (see `color_cast`).
        cast_weight: factor of what is above it, added to the loss of realism; 0 = none. A critic that knows colours but
            not things lets a face turn green on a lawn.
        lift_margin: brightening of near-black that costs nothing, in units of L (see `shadow_lift`).
        lift_weight: factor of what is above it, added to the loss of realism; 0 = none. Without it, attention is lowered
            by a veil over the region, which this critic takes for real and an eye does not.
        fade_margin: loss of saturation that costs nothing on human regions, in [0, 1].
        fade_weight: factor of what is above it, added to the loss of realism there; 0 = none. Grey skin looks ill, and this
            critic takes it for real.
        combine: "product", (1 + L_realism) L_sal of eq. 6, or "sum".
    """

    saliency_weight: float
    change: str = "relative"
    bound: float = 0.0
    clip: float = 0.0
    cap: float = 0.0
    epsilon: float = 1e-8
    exponential: bool = True
    margin: float = 0.1
    realism_weight: float = 1.0
    human_weight: float = 0.0
    cast_margin: float = 0.0
    cast_weight: float = 0.0
    lift_margin: float = 0.0
    lift_weight: float = 0.0
    fade_margin: float = 0.0
    fade_weight: float = 0.0
    combine: str = "product"

    def __post_init__(self) -> None:
        for name, allowed in (("change", tuple(CHANGES)), ("combine", ("product", "sum"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"objective.{name} is {getattr(self, name)!r}; use one of {allowed}")
        if self.combine == "product" and not self.exponential:
            # Without the exponential the loss of saliency may be negative, and a product would then reward unrealism.
            raise ValueError("objective.combine is 'product' with exponential=false; use combine='sum'")


def saliency_change(before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, epsilon: float = 1e-8) -> torch.Tensor:
    """S of eq. 3: the mean over the region of (Sal(I) - Sal(I')) / Sal(I). Positive where it lost saliency.

    Args:
        before, after: (B, 1, H, W) saliency of the photo and of its edit, >= 0.
        mask: (B, 1, H, W) in [0, 1]; the mean is weighted by it.
        epsilon: added to the denominator.

    Returns:
        (B,), at most 1, not bounded below.
    """
    return _region_mean((before - after) / (before + epsilon), mask)


def log_saliency_ratio(
    before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, epsilon: float = 1e-8
) -> torch.Tensor:
    """The log of the region's mean saliency before over after: (B,). Same sign as S, and bounded in practice."""
    return ((_region_mean(before, mask) + epsilon) / (_region_mean(after, mask) + epsilon)).log()


def log_saliency_both(
    before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, epsilon: float = 1e-8
) -> torch.Tensor:
    """Half `log_saliency_ratio`, and half the mean log ratio of the region's pixels, those below FAINT counting less: (B,)."""
    pixels = _region_mean(((before + FAINT) / (after + FAINT)).log(), mask)
    return (log_saliency_ratio(before, after, mask, epsilon) + pixels) / 2


CHANGES = {"relative": saliency_change, "log_ratio": log_saliency_ratio, "log_both": log_saliency_both}


def enhancement_loss(
    before: torch.Tensor,
    after: torch.Tensor,
    mask: torch.Tensor,
    realism_change: torch.Tensor,
    human: torch.Tensor,
    objective: Objective,
    recipe: Recipe | None = None,
) -> dict[str, torch.Tensor]:
    """Eqs. 3 to 6 for each sample.

    Args:
        before, after: (B, 1, H, W) saliency of photo and edit.
        mask: (B, 1, H, W) in [0, 1].
        realism_change: (B,) dR of eq. 2.
        human: (B,) bool, whether the region is a person.
        objective: the choices.
        recipe: B edits, which `objective.cast_weight`, `lift_weight` and `fade_weight` need.

    Returns:
        {"total", "saliency", "realism", "change"}: (B,) each; "change" is S.
    """
    change = CHANGES[objective.change](before, after, mask, objective.epsilon)
    if objective.bound:
        change = objective.bound * (change / objective.bound).tanh()
    if objective.clip:
        change = change.clamp(-objective.clip, objective.clip)
    attention = objective.saliency_weight * change
    if objective.exponential:
        attention = attention.exp()  # eq. 4
    if objective.cap:
        attention = attention.clamp(max=objective.cap)
    realism = objective.realism_weight * (-realism_change - objective.margin).relu()  # eq. 5
    if objective.human_weight:
        realism = torch.where(human, objective.human_weight * (-realism_change).relu(), realism)
    if objective.cast_weight and recipe is not None:
        realism = realism + objective.cast_weight * (color_cast(recipe) - objective.cast_margin).relu()
    if objective.lift_weight and recipe is not None:
        realism = realism + objective.lift_weight * (shadow_lift(recipe) - objective.lift_margin).relu()
    if objective.fade_weight and recipe is not None:
        realism = realism + objective.fade_weight * human * (1 - recipe.saturation - objective.fade_margin).relu()
    total = (1 + realism) * attention if objective.combine == "product" else realism + attention  # eq. 6
    return {"total": total, "saliency": attention, "realism": realism, "change": change}


def color_cast(recipe: Recipe) -> torch.Tensor:
    """What an edit makes of grey: the mean CIELAB chroma of seven greys after it.

    Args:
        recipe: B edits.

    Returns:
        (B,), 0 for an edit that keeps grey grey; about 5 is seen at once beside an unedited grey.
    """
    lab = _greys(recipe, torch.linspace(0.125, 0.875, 7))
    return 100 * (lab[:, 1:].square().sum(dim=1) + 1e-8).sqrt().mean(dim=1)  # a finite slope at grey


def shadow_lift(recipe: Recipe) -> torch.Tensor:
    """What an edit makes of near-black: how much it brightens a grey of 0.125, whose CIELAB L is 12.

    Args:
        recipe: B edits.

    Returns:
        (B,) in units of L; negative where it darkens. One stop of exposure gives 14; above about 8, a dark jacket looks
        as if seen through mist.
    """
    tone = torch.tensor([0.125])
    still = Recipe.identity(recipe.order[:1], recipe.exposure.dtype)
    return 100 * (_greys(recipe, tone)[:, 0, 0] - _greys(still, tone)[:, 0, 0])


def _greys(recipe: Recipe, tones: torch.Tensor) -> torch.Tensor:
    """What edits make of greys: B edits and (N,) in [0, 1] -> (B, 3, N), Lab as `rgb_to_lab` gives it."""
    grey = tones.to(recipe.exposure).expand(len(recipe), 3, 1, -1)
    return rgb_to_lab(apply(grey, torch.ones_like(grey[:, :1]), recipe))[:, :, 0]


def _region_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (values * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3)).clamp(min=1e-6)
