"""What a proposal must be: able to move attention, and real. One that is not is mended on the photo itself."""
import torch

from realistic_editing.data.pixels import is_grey
from realistic_editing.enhance.judges import Judges, Scene
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import optimise
from realistic_editing.enhance.strength import find_strength
from realistic_editing.ops import Recipe

GUARD = -0.1  # dR, below which a proposal is taken weaker
WEAK = 0.05  # relative change of saliency the right way, below which a proposal is refined
STEPS = 10  # of that refinement
POINTS = 1000  # pixels of each zone that tell it of realism: a quarter of the time that whole photos take


def keep_grey(recipe: Recipe, image: torch.Tensor, mask: torch.Tensor) -> Recipe:
    """Edits of tone alone where the photo is black and white: the critic likes a tint there, and a photographer does not.

    Args:
        recipe: edits of one photo.
        image: (1, 3, H, W) RGB in [0, 1].
        mask: (1, 1, H, W) in [0, 1]; a region that has colours, in a grey scene, keeps its edit.
    """
    pixels = (image[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
    inside = pixels[mask[0, 0].cpu().numpy() > 0.5]
    grey = is_grey(pixels) and (not len(inside) or is_grey(inside[None]))
    return recipe.without_color() if grey else recipe


def guarded(
    judges: Judges,
    scene: Scene,
    recipe: Recipe,
    task: str,
    objective: Objective | None,
    human: bool = False,
    least: float = GUARD,
) -> tuple[Recipe, float]:
    """Mend a proposal that hardly moves attention, or moves it the wrong way, and then one that looks edited.

    Args:
        judges: who judge.
        scene: one photo with its region, as `judges.look` saw it.
        recipe: a batch of one, on the scene's device.
        task: "attenuate" or "amplify".
        objective: what refinement minimises; None: there is none.
        human: whether the region is a person.
        least: dR that the edit may lose.

    Returns:
        The edit, and how much of the proposal, or of its refinement, it is: 1 = all.
    """
    sign, device = 1 if task == "amplify" else -1, scene.image.device
    outcome = scene.edited(recipe)
    effect = sign * float(scene.saliency_change(outcome))
    if objective is not None and effect < WEAK:
        glance = judges.glance(scene.image, scene.mask, POINTS, torch.Generator(device).manual_seed(0))
        refined = optimise(glance, objective, torch.tensor([human], device=device), recipe.order, recipe, STEPS).recipe
        refined = keep_grey(refined, scene.image, scene.mask)
        again = scene.edited(refined)
        if sign * float(scene.saliency_change(again)) > effect:
            recipe, outcome = refined, again
    if float(outcome.realism_change) >= least:
        return recipe, 1.0
    strength = find_strength(scene, recipe, task, least, most=1.0)
    return recipe.at_strength(strength), strength
