"""Where refinement to less attention starts: at what the network proposes, or at a plain edit that has less loss."""
import dataclasses

import torch

from realistic_editing.enhance.judged_edit import JudgedEdit
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.ops import Recipe

# Exposure and saturation of plain edits. From a vivid thing to a grey one the way leads past edits that look wrong, which small
# steps do not pass. To more attention, such starts end in neon colours.
_PLAIN = ((0.8, 0.7), (0.8, 0.35), (0.7, 0.05), (1.0, 0.05), (0.6, 1.0), (0.6, 0.7))


@torch.no_grad()
def best_start(region: RegionView, objective: Objective, human: bool, proposed: Recipe) -> Recipe:
    """What the network proposes, or the plain edit of exposure and saturation that has less loss.

    Args:
        region: one photo.
        objective: the loss.
        human: whether the region is a person.
        proposed: a batch of one, whose order all have.

    Returns:
        A batch of one.
    """
    exposure, saturation = torch.tensor(_PLAIN).to(proposed.exposure).unbind(1)
    plain = Recipe.identity(proposed.order.expand(len(exposure), -1), proposed.exposure.dtype, proposed.blend)
    starts = Recipe.cat([proposed, dataclasses.replace(plain, exposure=exposure, saturation=saturation)])

    def loss(view: RegionView, judged: JudgedEdit) -> torch.Tensor:
        people = torch.full((len(view),), human, device=view.image.device)
        return view.loss(judged, people, objective)["total"]

    return starts[int(region.of_each(starts, loss).argmin())]
