"""The enhancer's loss with all its choices: eqs. 3 to 6 as published, as released, and calibrated for other saliency models."""
import dataclasses

import torch

from realistic_editing.common.ranges import Choice, Flag, Number, check_all
from realistic_editing.enhance.equations import realism_loss, saliency_drop, saliency_loss, total_loss
from realistic_editing.enhance.terms import color_cast, flattened, log_saliency_both, log_saliency_ratio, shadow_lift, veiled
from realistic_editing.ops import Recipe


@dataclasses.dataclass(frozen=True)
class Objective:
    """The choices that make a loss out of saliency and realism; configs/objective holds the named ones.

    Args:
        saliency_weight: w_sal of eq. 4; negative attenuates (-1 in the paper), positive amplifies (+5).
        change: how the drop S of saliency is taken, which is positive where the region lost some: "relative", S of eq. 3;
            "log_ratio", log of the region's saliency before over after; or "log_both", half that and half the mean
            log ratio of its pixels. The first is not bounded below: a faint region can gain many times its saliency, and exp(5
            S) then vanishes whatever realism says. The second grows slowly, but depends only on where a region is most salient;
            the third depends on its faint parts too, as S does.
        bound: greatest |S|, approached smoothly; 0 = none. A region that has lost most of its saliency gains little from
            losing more, and the edit stops growing.
        clip: limit of |S|; 0 = none. The release clips at 1, where the gradient stops.
        cap: greatest value of the saliency loss; 0 = none. The release caps at 10.
        epsilon: added to the saliency that is divided by.
        exponential: exp(w S) of eq. 4, or w S itself.
        realism: what eq. 5 is taken of: "change", dR of eq. 2; or "logit", see `logit_change`, because where a photo scores
            nearly 1, dR hardly sees an edit that looks bad.
        margin: b_r of eq. 5, the loss of realism that costs nothing.
        realism_weight: factor of ReLU(-dR - margin); 1 in the paper.
        human_weight: factor of ReLU(-dR), without margin, on human regions, as the release has it; 0 treats them alike.
        cast_margin: colour cast that costs nothing, in units of chroma (see `color_cast`).
        cast_weight: factor of what is above it, added to the loss of realism; 0 = none. A critic that knows colours but
            not things lets a face turn green on a lawn.
        lift_margin: brightening of near-black that costs nothing, in units of L (see `shadow_lift`).
        human_lift_margin: the same on human regions: faces seem to stand in mist sooner.
        lift_weight: factor of what is above it, added to the loss of realism; 0 = none. Without it, attention is lowered
            by a veil over the region, which this critic scores as real and an eye does not.
        fade_margin: loss of saturation that costs nothing on human regions, in [0, 1].
        fade_weight: factor of what is above it, added to the loss of realism there; 0 = none. Grey skin looks ill, and this
            critic scores it as real.
        blown_margin: how much more of the region may be blown out at no cost, in [0, 1] (see `blown_out`).
        blown_weight: factor of what is above it, added to the loss of realism; 0 = none. A pale thing that is brightened loses
            its texture and shines through its border, and this critic scores it as real.
        flat_margin: share of the region's shading that may be lost at no cost (see `flattened`).
        flat_weight: factor of what is above it, added to the loss of realism; 0 = none. A bright thing that is faded until
            its shading is gone lies on the photo like a patch, and this critic scores it as real.
        veil_margin: share of the region's contrast that may be lost at no cost (see `veiled`).
        veil_weight: factor of what is above it, added to the loss of realism; 0 = none. A poppy with less contrast than all
            around it seems to stand in mist, and this critic scores it as real.
        dull_margin: how much the region's whites may darken at no cost, in [0, 1] (see `dulled_whites`).
        dull_weight: factor of what is above it, added to the loss of realism; 0 = none. A white cat that is darkened by a stop
            is a grey cutout, and this critic scores it as real.
        tint_margin: how much colour the region's greys may take on at no cost, in units of CIELAB (see `tinted_greys`).
        tint_weight: factor of what is above it, added to the loss of realism; 0 = none. To this critic, a white helmet may as
            well be mint.
        skin_weight: factor of what goes beyond the limits of skin, added to the loss of realism (see `Skin.excess`).
        combine: "product", (1 + L_realism) L_sal of eq. 6, or "sum".
    """

    saliency_weight: float
    change: str = "relative"
    bound: float = 0.0
    clip: float = 0.0
    cap: float = 0.0
    epsilon: float = 1e-8
    exponential: bool = True
    realism: str = "change"
    margin: float = 0.1
    realism_weight: float = 1.0
    human_weight: float = 0.0
    cast_margin: float = 0.0
    cast_weight: float = 0.0
    lift_margin: float = 0.0
    human_lift_margin: float = 2.0
    lift_weight: float = 0.0
    fade_margin: float = 0.0
    fade_weight: float = 0.0
    blown_margin: float = 0.0
    blown_weight: float = 0.0
    flat_margin: float = 0.0
    flat_weight: float = 0.0
    veil_margin: float = 0.0
    veil_weight: float = 0.0
    dull_margin: float = 0.0
    dull_weight: float = 0.0
    tint_margin: float = 0.0
    tint_weight: float = 0.0
    skin_weight: float = 2.0
    combine: str = "product"

    def __post_init__(self) -> None:
        allowed = {field.name: _RANGES.get(field.name, Number(0)) for field in dataclasses.fields(self)}
        allowed["change"] = Choice(tuple(CHANGES))  # as it is now: a project beside this one may add its own
        check_all(dataclasses.asdict(self), allowed, "objective.")
        if self.combine == "product" and not self.exponential:
            # Without the exponential the loss of saliency may be negative, and a product would then reward unrealism.
            raise ValueError("objective.combine is 'product' with exponential=false; use combine='sum'")

    def change_between(self, before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The drop S of saliency that this objective is of, neither bounded nor clipped: (B,), positive where it was lost.

        Args:
            before, after: (B, 1, H, W) saliency of photo and edit.
            mask: (B, 1, H, W) in [0, 1].
        """
        return CHANGES[self.change](before, after, mask, self.epsilon)


CHANGES = {"relative": saliency_drop, "log_ratio": log_saliency_ratio, "log_both": log_saliency_both}
# Beside eq. 5: each has a NAME_margin and a NAME_weight.
PENALTIES = ("cast", "lift", "fade", "blown", "flat", "veil", "dull", "tint")
# Of the fields that are not weights, bounds and margins of 0 or more.
_RANGES = {
    "saliency_weight": Number(),
    "epsilon": Number(0, above=True),
    "exponential": Flag(),
    "realism": Choice(("change", "logit")),
    "margin": Number(),
    "combine": Choice(("product", "sum")),
}


def enhancement_loss(
    before: torch.Tensor,
    after: torch.Tensor,
    mask: torch.Tensor,
    realism_change: torch.Tensor,
    human: torch.Tensor,
    objective: Objective,
    *terms: Recipe | torch.Tensor | None,
    **named: Recipe | torch.Tensor | None,
) -> dict[str, torch.Tensor]:
    """Eqs. 3 to 6 for each sample.

    Args:
        before, after: (B, 1, H, W) saliency of photo and edit.
        mask: (B, 1, H, W) in [0, 1].
        realism_change, human, objective, terms, named: as for `loss_of_change`.

    Returns:
        As `loss_of_change`.
    """
    drop = objective.change_between(before, after, mask)
    return loss_of_change(drop, realism_change, human, objective, *terms, **named)


def loss_of_change(
    drop: torch.Tensor,
    realism_change: torch.Tensor,
    human: torch.Tensor,
    objective: Objective,
    recipe: Recipe | None = None,
    skin: torch.Tensor | None = None,
    **measured: torch.Tensor | None,
) -> dict[str, torch.Tensor]:
    """Eqs. 4 to 6 for each sample, of a drop of saliency that is known.

    Args:
        drop: (B,) of `Objective.change_between`, positive where the region lost saliency.
        realism_change: (B,) dR of eq. 2, or what `objective.realism` says.
        human: (B,) bool, whether the region is a person.
        objective: the choices.
        skin: (B,) `Skin.excess` of the edits, where there is skin.
        recipe, measured: the edits and what was measured of them, as for `beyond_margins`.

    Returns:
        {"total", "saliency", "realism", "drop"}: (B,) each; "drop" is S, positive where the region lost saliency.
    """
    if objective.bound:
        drop = objective.bound * (drop / objective.bound).tanh()
    if objective.clip:
        drop = drop.clamp(-objective.clip, objective.clip)
    weight = objective.saliency_weight
    attention = saliency_loss(drop, weight) if objective.exponential else weight * drop
    if objective.cap:
        attention = attention.clamp(max=objective.cap)
    realism = objective.realism_weight * realism_loss(realism_change, objective.margin)
    if objective.human_weight:
        realism = torch.where(human, objective.human_weight * realism_loss(realism_change, margin=0.0), realism)
    for name, beyond in beyond_margins(human, objective, recipe, **measured).items():
        realism = realism + getattr(objective, f"{name}_weight") * beyond
    if skin is not None:
        realism = realism + objective.skin_weight * skin
    total = total_loss(attention, realism) if objective.combine == "product" else realism + attention
    return {"total": total, "saliency": attention, "realism": realism, "drop": drop}


def beyond_margins(
    human: torch.Tensor,
    objective: Objective,
    recipe: Recipe | None = None,
    blown: torch.Tensor | None = None,
    shading: torch.Tensor | None = None,
    dull: torch.Tensor | None = None,
    contrast: torch.Tensor | None = None,
    tint: torch.Tensor | None = None,
) -> dict[str, torch.Tensor]:
    """How far edits go beyond what costs nothing, by each of the objective's own penalties.

    Args:
        human, objective: as for `loss_of_change`.
        recipe: B edits, which `objective.cast_weight`, `lift_weight` and `fade_weight` need.
        blown: (B,) change of `blown_out`, which `objective.blown_weight` needs.
        shading: (B, K) `lost_shading`, which `objective.flat_weight` and `veil_weight` need.
        dull: (B,) `dulled_whites`, which `objective.dull_weight` needs.
        contrast: (B,) `lost_contrast`, which `objective.veil_weight` needs beside the shading.
        tint: (B,) `tinted_greys`, which `objective.tint_weight` needs.

    Returns:
        Names of PENALTIES -> (B,), 0 within the margin; of those alone that weigh something and whose measure is given.
    """
    found = {}
    if objective.cast_weight and recipe is not None:
        found["cast"] = color_cast(recipe) - objective.cast_margin
    if objective.lift_weight and recipe is not None:
        margin = torch.where(human, min(objective.human_lift_margin, objective.lift_margin), objective.lift_margin)
        found["lift"] = shadow_lift(recipe) - margin
    if objective.fade_weight and recipe is not None:
        found["fade"] = human * (1 - recipe.saturation - objective.fade_margin)
    if objective.blown_weight and blown is not None:
        found["blown"] = blown - objective.blown_margin
    if objective.flat_weight and shading is not None:
        found["flat"] = flattened(shading) - objective.flat_margin
    if objective.veil_weight and shading is not None and contrast is not None:
        found["veil"] = veiled(shading, contrast) - objective.veil_margin
    if objective.dull_weight and dull is not None:
        found["dull"] = dull - objective.dull_margin
    if objective.tint_weight and tint is not None:
        found["tint"] = tint - objective.tint_margin
    return {name: beyond.relu() for name, beyond in found.items()}
