"""Apply recipes to photos that lie on a GPU: one kernel that reads and writes each pixel once.

Triton, which comes with PyTorch's CUDA build, compiles it for the device; so import this module only where it is wanted.
"""
import torch
import triton
import triton.language as tl

from realistic_editing.common.errors import InputError
from realistic_editing.ops.orders import COLOR_CURVE, SATURATION, WHITE_BALANCE
from realistic_editing.ops.recipe import KNOTS, Recipe

_LEVELS = {torch.uint8: 255, torch.uint16: 65535, torch.float32: 1}
_BLOCK = 512  # pixels of one program
# Names that a kernel uses have to be Triton's own constants.
_WHITE_BALANCE, _COLOR_CURVE, _SATURATION = (tl.constexpr(operator) for operator in (WHITE_BALANCE, COLOR_CURVE, SATURATION))
_KNOTS = tl.constexpr(KNOTS)


def apply_on_gpu(photos: torch.Tensor, masks: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Edit the masked region of each photo at its own depth, on the device where the photos are.

    Within rounding, the result is that of `apply`; the arithmetic is float32. What bounds the edit is memory, so the
    operators are worked out for each pixel in their order, without tables. Every photo may have its own order.

    Args:
        photos: (B, H, W, 3) RGB as displayed: uint8, uint16, or float32 in [0, 1]; left unchanged.
        masks: (B, H, W) bool, uint8, uint16, or float32 in [0, 1]; soft or hard. Where one is 0 its photo stays as it is.
        recipe: B edits, on the photos' device.

    Returns:
        New photos of the same shape and dtype; bit-identical where the mask is 0.

    Raises:
        InputError: when shapes, dtypes or devices are not as above, or the photos are on the CPU.
        ValueError: when a parameter is not finite or has the wrong sign, or an order is no permutation.
    """
    if masks.dtype == torch.bool:
        masks = masks.to(torch.uint8) * 255
    _check(photos, masks, recipe)
    photos, masks = photos.contiguous(), masks.contiguous()
    edited = torch.empty_like(photos)
    batch, height, width, _ = photos.shape
    gains = recipe.white_balance[:, 1:2] / recipe.white_balance
    slopes = recipe.color_curve / recipe.color_curve.sum(dim=2, keepdim=True)
    parameters = [gains, slopes.flatten(1), recipe.saturation[:, None], recipe.exposure[:, None]]
    values, orders = torch.cat(parameters, dim=1).float(), recipe.order.int().contiguous()
    options = {"levels": _LEVELS[photos.dtype], "mask_levels": _LEVELS[masks.dtype], "each": recipe.blend == "each"}
    grid = (triton.cdiv(height * width, _BLOCK), batch)
    with torch.cuda.device_of(photos):  # Triton starts kernels on the current device
        _edit[grid](photos, masks, edited, values, orders, height * width, **options, block=_BLOCK, enable_fp_fusion=True)
    return edited


def _check(photos: torch.Tensor, masks: torch.Tensor, recipe: Recipe) -> None:
    if photos.ndim != 4 or photos.shape[3] != 3 or masks.shape != photos.shape[:3] or len(recipe) != len(photos):
        raise InputError(
            f"photos {tuple(photos.shape)}, masks {tuple(masks.shape)} and a recipe of {len(recipe)} edits do not belong "
            "together; pass (B, H, W, 3), (B, H, W) and B"
        )
    for name, tensor in (("photos", photos), ("masks", masks)):
        if tensor.dtype not in _LEVELS:
            raise InputError(f"{name} has dtype {tensor.dtype}; pass uint8, uint16, or float32 in [0, 1]")
    places = [str(tensor.device) for tensor in (photos, masks, recipe.order)]
    if len(set(places)) > 1:
        raise InputError(f"photos, masks and recipe are on {', '.join(places)}; move them to one device")
    if photos.device.type == "cpu" and not triton.knobs.runtime.interpret:
        raise InputError("photos is on the CPU; use ops.photo.apply_to_photo there")
    positive = torch.cat([recipe.white_balance.flatten(), recipe.color_curve.flatten(), recipe.exposure])
    fits = (positive.isfinite() & (positive > 0)).all() & (recipe.saturation.isfinite() & (recipe.saturation >= 0)).all()
    permutes = (recipe.order.sort(dim=1).values == torch.arange(4, device=recipe.order.device)).all()
    if not bool(fits & permutes):  # the one wait for the device
        raise ValueError(
            "recipe has a parameter that is not finite and > 0 (saturation: >= 0), or an order that is no permutation of 0 to 3"
        )


@triton.jit
def _edit(
    source, selection, target, parameters, orders, pixels,
    levels: tl.constexpr, mask_levels: tl.constexpr, each: tl.constexpr, block: tl.constexpr,
):
    """Edit one block of pixels of one photo; where the mask leaves all of them out, only copy.

    Args:
        source, selection, target: photos, masks and results, as in `apply_on_gpu`.
        parameters: (B, 29): gains of white balance, slopes of the three curves, saturation, exposure.
        orders: (B, 4).
        pixels: of a photo.
        levels, mask_levels: what means 1.
        each: blend after every operator, not after the last.
    """
    item = tl.program_id(1)
    offsets = tl.program_id(0) * block + tl.arange(0, block)
    there = offsets < pixels
    at = item.to(tl.int64) * pixels + offsets  # a large batch has more than 2 ** 31 values
    red0 = tl.load(source + 3 * at, mask=there, other=0)
    green0 = tl.load(source + 3 * at + 1, mask=there, other=0)
    blue0 = tl.load(source + 3 * at + 2, mask=there, other=0)
    weight = tl.load(selection + at, mask=there, other=0).to(tl.float32) / mask_levels
    if tl.max(weight, axis=0) > 0:
        red, green, blue = red0.to(tl.float32) / levels, green0.to(tl.float32) / levels, blue0.to(tl.float32) / levels
        before_red, before_green, before_blue = red, green, blue
        for place in range(4):
            if each:
                before_red, before_green, before_blue = red, green, blue
            operator = tl.load(orders + item * 4 + place)
            red, green, blue = _operate(operator, red, green, blue, parameters + item * 29)
            if each:
                red, green, blue = _blend(before_red, red, before_green, green, before_blue, blue, weight)
        if not each:
            red, green, blue = _blend(before_red, red, before_green, green, before_blue, blue, weight)
        red0 = tl.where(weight > 0, _round(red, levels).to(red0.dtype), red0)
        green0 = tl.where(weight > 0, _round(green, levels).to(green0.dtype), green0)
        blue0 = tl.where(weight > 0, _round(blue, levels).to(blue0.dtype), blue0)
    tl.store(target + 3 * at, red0, mask=there)
    tl.store(target + 3 * at + 1, green0, mask=there)
    tl.store(target + 3 * at + 2, blue0, mask=there)


@triton.jit
def _operate(operator, red, green, blue, values):
    """One operator, and the clip after it."""
    if operator == _COLOR_CURVE:
        red, green, blue = _curve(red, values + 3), _curve(green, values + 3 + _KNOTS), _curve(blue, values + 3 + 2 * _KNOTS)
    elif operator == _SATURATION:
        factor, most = tl.load(values + 27), tl.maximum(tl.maximum(red, green), blue)
        red, green, blue = most + factor * (red - most), most + factor * (green - most), most + factor * (blue - most)
    elif operator == _WHITE_BALANCE:
        red, green, blue = red * tl.load(values), green * tl.load(values + 1), blue * tl.load(values + 2)
    else:
        factor = tl.load(values + 28)
        red, green, blue = red * factor, green * factor, blue * factor
    return _clip(red), _clip(green), _clip(blue)


@triton.jit
def _curve(value, slopes):
    """sum_k s_k clip(8 x - k, 0, 1)."""
    total = value * 0
    for knot in tl.static_range(_KNOTS):
        total += tl.load(slopes + knot) * _clip(value * _KNOTS - knot)
    return total


@triton.jit
def _clip(value):
    return tl.minimum(tl.maximum(value, 0.0), 1.0)


@triton.jit
def _blend(before_red, red, before_green, green, before_blue, blue, weight):
    red, green = before_red + weight * (red - before_red), before_green + weight * (green - before_green)
    return red, green, before_blue + weight * (blue - before_blue)


@triton.jit
def _round(value, levels: tl.constexpr):
    return tl.floor(value * levels + 0.5) if levels > 1 else value
