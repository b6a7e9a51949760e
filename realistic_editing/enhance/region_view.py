"""Photos and their regions, judged before any edit: what each edit does to realism and to attention, differentiably."""
import functools
from collections.abc import Callable

import torch
from torch import nn

from realistic_editing.common.protocols import (
    CachedPhoto,
    CachesBackground,
    JudgesPixels,
    SeesColorFreedom,
    SeesPeople,
    SharesFeatures,
)
from realistic_editing.common.workers import apart, together
from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.enhance.judged_edit import JudgedEdit, Slope
from realistic_editing.enhance.loss import Objective, beyond_margins, loss_of_change
from realistic_editing.enhance.skin import Skin, is_free
from realistic_editing.enhance.terms import blown_out, dulled_whites, logit_change, lost_contrast, lost_shading, tinted_greys
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.apply import apply_inside

# How probable a person must be to be spared as one, and to fade no more than what may be a flower does: lite_critic misses some
# people, and a person in a grey veil is the worse mistake.
_PERSON_FROM, _MAY_BE_PERSON = 0.5, 0.15
_IN_DOUBT = 0.5  # how probable it then is that the region comes in any colour, at most
_CHUNK = 4  # edits of one photo that are judged at once: more take more memory, and no less time


class RegionView:
    """Photos and their regions, judged before any edit.

    Args:
        network: of saliency.
        image, mask: what it sees, (B, 3, H, W) and (B, 1, H, W).
        critic_image, critic_mask: what the critic sees.
        critic: `Judges.critic_of` the photos.
        by_pixels: whether the critic sees a sample of pixels as `JudgesPixels.sample_pixels` gives it, and not photos.

    Attributes:
        saliency: (B, 1, H, W), of the photos.
        features: of `SharesFeatures`; None with another saliency network, and for photos taken by index.
        realism: (B,), of the photos.
        skin: of the one person shown, which the objective spares; None where there is none.
    """

    skin: Skin | None = None

    def __init__(
        self,
        network: nn.Module,
        image: torch.Tensor,
        mask: torch.Tensor,
        critic_image: torch.Tensor,
        critic_mask: torch.Tensor,
        critic: nn.Module | JudgesPixels,
        by_pixels: bool = False,
    ) -> None:
        self.network, self.image, self.mask = network, image, mask
        self.critic_image, self.critic_mask, self.critic, self.by_pixels = critic_image, critic_mask, critic, by_pixels
        with torch.no_grad():
            if isinstance(network, SharesFeatures):
                self.saliency, self.features = network.predict_with_features(image)
            else:
                self.saliency, self.features = network(image), None
            self._cached = self._cache_background()
            self.realism = self._realism(critic_image) if self._cached is None else self._cached.realism

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, index: torch.Tensor) -> "RegionView":
        """The photos at `index`, which may repeat them, without judging them again."""
        taken = object.__new__(RegionView)
        taken.network, taken.features, taken._cached, taken.by_pixels = self.network, None, self._cached, self.by_pixels
        taken.skin = self.skin
        # A network judges any photo; what keeps features, those that it has seen.
        taken.critic = self.critic if isinstance(self.critic, nn.Module) else self.critic[index]
        for name in ("image", "mask", "saliency", "realism"):
            setattr(taken, name, getattr(self, name)[index])
        same = self.critic_image is self.image  # then an edit is made once for both judges
        taken.critic_image, taken.critic_mask = (
            (taken.image, taken.mask) if same else (self.critic_image[index], self.critic_mask[index])
        )
        return taken

    def edited(self, recipe: Recipe, slope: Slope | None = None) -> JudgedEdit:
        """Edit each photo by its recipe, and judge again; differentiable in the recipe.

        Args:
            recipe: B edits.
            slope: what attention is taken by, in the place of the saliency network.
        """
        edited = self._edit(recipe)
        critic_image = edited if self.critic_image is self.image else self._critic_sees(recipe)
        seen, saliency = edited.view_as(edited), None
        if slope is None:
            saliency, realism = apart([(self.network, seen), (self._realism, critic_image)])
        else:
            realism = self._realism(critic_image)
        return JudgedEdit(recipe, edited, critic_image, saliency, realism - self.realism, seen, slope)

    def compare(self, image: torch.Tensor) -> JudgedEdit:
        """Judge other versions of the photos, whoever made them: (B, 3, H, W); not of a sampled view."""
        # Not by the cached background, which holds only while the background is the same.
        realism = self.critic(image, self.mask)
        return JudgedEdit(None, image, image, self.network(image), realism - self.realism)

    @torch.no_grad()
    def changes(self, recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
        """What N recipes do to the one photo of this view.

        Args:
            recipe: N edits, on any device.

        Returns:
            dR of eq. 2 and the change of saliency, -S of eq. 3: (N,) float32 on the CPU, each.
        """
        both = self.of_each(recipe, lambda view, judged: torch.stack([judged.realism_change, view.saliency_change(judged)]))
        return tuple(both.float().cpu())

    @torch.no_grad()
    def realism_changes(self, recipe: Recipe) -> torch.Tensor:
        """dR of eq. 2 of N recipes of the one photo of this view, by the critic alone, sooner than `changes`.

        Args:
            recipe: N edits, on any device.

        Returns:
            (N,) float32 on the CPU.
        """
        return self._in_parts(recipe, lambda view, part: view._realism(view._critic_sees(part)) - view.realism).float().cpu()

    @torch.no_grad()
    def of_each(self, recipe: Recipe, measure: Callable[["RegionView", JudgedEdit], torch.Tensor]) -> torch.Tensor:
        """Judge N recipes of the one photo of this view, a few at a time.

        Args:
            recipe: N edits, on any device.
            measure: of the photo, repeated, and B of its edits: (..., B).

        Returns:
            (..., N).
        """
        return self._in_parts(recipe, lambda view, part: measure(view, view.edited(part)))

    def _in_parts(self, recipe: Recipe, asked: Callable[["RegionView", Recipe], torch.Tensor]) -> torch.Tensor:
        """What is asked of the photo, repeated, and a few of its edits at a time; (..., N)."""
        recipe = recipe.to(self.image.device, self.image.dtype)

        def answered(part: Recipe) -> torch.Tensor:
            return asked(self[torch.zeros(len(part), dtype=torch.long, device=self.image.device)], part)

        parts = [recipe[start : start + _CHUNK] for start in range(0, len(recipe), _CHUNK)]
        return torch.cat(together([functools.partial(answered, part) for part in parts]), dim=-1)

    def drop(self, judged: JudgedEdit, objective: Objective) -> torch.Tensor:
        """The drop S of saliency that an objective is of: (B,), positive where it was lost, as `saliency_change` is not."""
        if judged.slope is not None:
            return judged.slope.at(judged.seen)
        return objective.change_between(self.saliency, judged.saliency, self.mask)

    def loss(
        self, judged: JudgedEdit, human: torch.Tensor, objective: Objective, drop: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Eqs. 3 to 6 of edits of these photos; human: (B,) bool; drop: of them, where it is known. See `loss_of_change`."""
        drop = self.drop(judged, objective) if drop is None else drop
        change = judged.realism_change
        if objective.realism == "logit":
            change = logit_change(self.realism, change)
        skin = self.skin.excess(judged.recipe) if self.skin is not None else None
        return loss_of_change(drop, change, human, objective, judged.recipe, skin, **self._measured(judged, objective))

    def beyond_margins(self, judged: JudgedEdit, human: torch.Tensor, objective: Objective) -> dict[str, torch.Tensor]:
        """How far edits of these photos go beyond the objective's margins; see `loss.beyond_margins`."""
        return beyond_margins(human, objective, judged.recipe, **self._measured(judged, objective))

    def _measured(self, judged: JudgedEdit, objective: Objective) -> dict[str, torch.Tensor | None]:
        """What the objective's own penalties are of, each where it weighs something."""
        shaded = objective.flat_weight or objective.veil_weight
        return {
            "blown": blown_out(judged.image, self.mask) - blown_out(self.image, self.mask) if objective.blown_weight else None,
            "shading": lost_shading(self.image, self.mask, judged.recipe) if shaded else None,
            "dull": dulled_whites(self.image, judged.image, self.mask) if objective.dull_weight else None,
            "tint": tinted_greys(self.image, judged.image, self.mask) if objective.tint_weight else None,
            "contrast": lost_contrast(self.image, judged.image, self.mask) if objective.veil_weight else None,
        }

    @torch.no_grad()
    def shows_person(self) -> bool:
        """Whether the critic takes the one region for a person; no where it cannot tell."""
        return self._person() > _PERSON_FROM

    def _person(self) -> float:
        return float(self.critic.people()) if isinstance(self.critic, SeesPeople) else 0.0

    @torch.no_grad()
    def any_color(self, may_be_person: bool = True) -> float | None:
        """How probable it is that the one region comes in any colour; None where the critic cannot tell.

        Args:
            may_be_person: whether it may be a person, which lowers that where the critic sees one.
        """
        if not isinstance(self.critic, SeesColorFreedom):
            return None
        in_doubt = may_be_person and self._person() > _MAY_BE_PERSON
        return min(float(self.critic.any_color()), _IN_DOUBT if in_doubt else 1.0)

    @property
    def human(self) -> bool:
        """Whether the critic takes the one region for a person, see `shows_person`."""
        return self.shows_person()

    @property
    def free(self) -> bool:
        """Whether the critic takes the one region for a thing that comes in any colour."""
        return is_free(self.any_color(), self.shows_person())

    def saliency_change(self, judged: JudgedEdit) -> torch.Tensor:
        """-S of eq. 3, the mean relative change of the region's saliency; positive = more salient: (B,)."""
        return -saliency_drop(self.saliency, judged.saliency, self.mask)

    def _edit(self, recipe: Recipe) -> torch.Tensor:
        return (apply_inside if self.image.device.type == "cpu" else apply)(self.image, self.mask, recipe)

    def _critic_sees(self, recipe: Recipe) -> torch.Tensor:
        """What the critic sees of edits."""
        if self.critic_image is self.image:
            return self._edit(recipe)
        return apply(self.critic_image, self.critic_mask, recipe)

    def _cache_background(self) -> CachedPhoto | None:
        """Of one photo, what its edits cannot change, so that many can be judged for the price of the region."""
        if self.by_pixels or len(self.critic_image) > 1 or not isinstance(self.critic, CachesBackground):
            return None
        return self.critic.cache_background(self.critic_image, self.critic_mask)

    def _realism(self, critic_image: torch.Tensor) -> torch.Tensor:
        if self._cached is not None:
            return self._cached.judge(critic_image)
        if self.by_pixels:
            return self.critic.judge_pixels(critic_image)[0]
        return self.critic(critic_image, self.critic_mask)
