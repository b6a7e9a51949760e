"""Apply a recipe to a batch, differentiably in the image, the mask and the parameters."""
import torch

from realistic_editing.ops import operators
from realistic_editing.ops.orders import COLOR_CURVE, EXPOSURE, SATURATION, WHITE_BALANCE
from realistic_editing.ops.recipe import Recipe


def apply(image: torch.Tensor, mask: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Edit the masked region of each photo: clip after every operator, composite as `recipe.blend` says.

    Every sample may have its own order. There is no loop over samples and no wait for the device: the colour curve, the
    dear one, runs once; the other operators run in the three places before and the three after it, and change nothing
    in those places that a sample's order leaves empty. On a processor, samples of one order go through it, to the same values.

    Args:
        image: (B, 3, H, W) float RGB in [0, 1].
        mask: (B, 1, H, W) float in [0, 1], soft or hard.
        recipe: B edits.

    Returns:
        (B, 3, H, W) in [0, 1]; exactly `image` where the mask is 0.

    Raises:
        ValueError: when the shapes do not belong together.
    """
    # Not len(recipe), which is a plain number: an export would then be for this batch size only.
    if mask.shape != (image.shape[0], 1, *image.shape[2:]) or recipe.order.shape[0] != image.shape[0]:
        raise ValueError(
            f"image {tuple(image.shape)}, mask {tuple(mask.shape)} and a recipe of {len(recipe)} edits do not belong "
            "together; expected (B, 3, H, W), (B, 1, H, W) and B"
        )
    each = recipe.blend == "each"

    def finish(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        after = after.clamp(0, 1)
        return torch.lerp(before, after, mask) if each else after

    if (order := _one_order(recipe)) is not None:
        result = image
        for operator in order:
            result = finish(result, _OPERATORS[operator](result, recipe))
        return result if each else torch.lerp(image, result, mask)
    # `curve_at` (B,) is the place of the curve in each sample's order; `others` (B, 3) are the other operators in turn.
    is_curve = recipe.order == COLOR_CURVE
    curve_at = is_curve.int().argmax(dim=1)
    places = torch.arange(3, device=recipe.order.device)
    others = recipe.order.gather(1, places + (places >= curve_at[:, None]))  # the curve's own place is skipped
    result = image
    for place in range(3):
        result = finish(result, _step(result, recipe, others[:, place], active=place < curve_at))
    result = finish(result, operators.color_curve(result, recipe.color_curve))
    for place in range(3):
        result = finish(result, _step(result, recipe, others[:, place], active=place >= curve_at))
    return result if each else torch.lerp(image, result, mask)


def apply_inside(image: torch.Tensor, mask: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """`apply`, but only the pixels under a mask are worked on: faster on a processor for small regions.

    It has to know the largest region of the batch, for which a GPU would have to be waited for.

    Args:
        image, mask, recipe: as for `apply`.

    Returns:
        The same.
    """
    flat, weight = image.flatten(2), mask.flatten(2)  # (B, C, H W)
    where = _first_inside(weight[:, 0] > 0)[:, None]  # (B, 1, K)
    index = where.expand(-1, flat.shape[1], -1)
    edited = apply(flat.gather(2, index)[:, :, None], weight.gather(2, where)[:, :, None], recipe)
    return flat.scatter(2, index, edited[:, :, 0]).view_as(image)


def _first_inside(inside: torch.Tensor) -> torch.Tensor:
    """The places of the pixels under a mask (B, N), of the largest region's number: (B, K), in their order."""
    if not len(inside):
        return torch.zeros(0, 1, dtype=torch.long, device=inside.device)
    if bool((inside == inside[:1]).all()) and bool(inside[0].any()):  # many edits of one photo need no sorting
        return inside[0].nonzero()[:, 0].expand(len(inside), -1)
    most = max(int(inside.sum(dim=1).max()), 1)
    # Pixels under the mask first; a smaller region takes some from outside, which stay as they are.
    return inside.byte().argsort(dim=1, descending=True, stable=True)[:, :most]


_OPERATORS = {
    WHITE_BALANCE: lambda image, recipe: operators.white_balance(image, recipe.white_balance),
    COLOR_CURVE: lambda image, recipe: operators.color_curve(image, recipe.color_curve),
    SATURATION: lambda image, recipe: operators.saturation(image, recipe.saturation),
    EXPOSURE: lambda image, recipe: operators.exposure(image, recipe.exposure),
}


def _one_order(recipe: Recipe) -> list[int] | None:
    """The order that all edits have; None where they differ, and where nobody may look: on a GPU, and in an export."""
    order = recipe.order
    if order.device.type != "cpu" or torch.compiler.is_compiling() or torch.jit.is_tracing():
        return None
    try:
        return order[0].tolist() if len(order) and bool((order == order[:1]).all()) else None
    except RuntimeError:  # vmap and other transforms, which know no values
        return None


def _step(image: torch.Tensor, recipe: Recipe, operator: torch.Tensor, active: torch.Tensor) -> torch.Tensor:
    """White balance, saturation or exposure, as `operator` (B,) says; the identity where `active` (B,) is false."""
    balance = recipe.white_balance[:, 1:2] / recipe.white_balance
    gain = torch.where((active & (operator == WHITE_BALANCE))[:, None], balance, torch.ones_like(balance))
    gain = torch.where((active & (operator == EXPOSURE))[:, None], recipe.exposure[:, None], gain)
    factor = torch.where(active & (operator == SATURATION), recipe.saturation, torch.ones_like(recipe.saturation))
    # One of the two is the identity, so their order does not matter and nothing needs clipping between them.
    return operators.saturation(image * gain[:, :, None, None], factor)
