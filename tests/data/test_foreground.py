"""Edits under soft borders, on things whose colours are known."""
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.data.foreground import apply_to_foreground, apply_with_colours, estimate_colours, foreground_notes
from realistic_editing.data.matte import foreground_estimator
from realistic_editing.ops import Recipe
from realistic_editing.ops.photo import apply_to_photo

TYPES = {np.uint8: 255, np.uint16: 65535, np.float32: 1, np.float64: 1}


def recipe(blend="final", exposure=1.0, saturation=1.0):
    """White balance and curve as they are."""
    edits = Recipe.identity(torch.arange(4)[None])
    return Recipe(
        edits.order, edits.white_balance, edits.color_curve, torch.tensor([saturation]), torch.tensor([exposure]), blend=blend
    )


def scene(softness=3.0, size=(160, 200)):
    """Alpha, the thing's colours, those behind it: a textured red disc on textured green."""
    hard = np.zeros(size, np.float32)
    cv2.circle(hard, (size[1] // 2, size[0] // 2), size[0] // 3, 1.0, -1)
    alpha = cv2.GaussianBlur(hard, (0, 0), softness) if softness else hard
    noise = np.random.default_rng(0).normal(0, 0.02, (2, *size, 1))
    colours = (0.8, 0.1, 0.1), (0.2, 0.6, 0.2)
    thing, behind = (np.clip(colour + part, 0, 1) for colour, part in zip(colours, noise, strict=True))
    return alpha, thing, behind


def as_type(values, dtype):
    levels = TYPES[dtype]
    return (np.rint(values * levels) if levels > 1 else values).astype(dtype)


def composed(alpha, thing, behind):
    return alpha[..., None] * thing + (1 - alpha[..., None]) * behind


@pytest.mark.parametrize(("dtype", "softness"), [(np.uint8, 0.7), (np.uint8, 3.0), (np.uint16, 3.0), (np.float32, 3.0)])
def test_a_soft_border_keeps_no_rim_of_the_old_colour(dtype, softness):
    alpha, thing, behind = scene(softness)
    photo, mask, grey = as_type(composed(alpha, thing, behind), dtype), as_type(alpha, np.uint8), recipe(saturation=0.0)
    true = composed(alpha, np.repeat(thing.max(axis=2, keepdims=True), 3, axis=2), behind)
    soft = (alpha > 0.02) & (alpha < 0.98)
    plain, found = (
        np.abs(apply(photo, mask, grey) / TYPES[dtype] - true)[soft].mean() for apply in (apply_to_photo, apply_to_foreground)
    )
    assert found < 0.35 * plain


@pytest.mark.parametrize(
    ("dtype", "blend"), [(np.uint8, "final"), (np.uint8, "each"), (np.uint16, "final"), (np.float64, "final")]
)
def test_only_the_soft_border_differs_from_the_plain_blend(dtype, blend):
    alpha, thing, behind = scene()
    photo, mask, edits = as_type(composed(alpha, thing, behind), dtype), as_type(alpha, np.uint8), recipe(blend, 0.6, 0.5)
    kept = photo.copy()
    plain, found = apply_to_photo(photo, mask, edits), apply_to_foreground(photo, mask, edits)
    soft = (alpha > 0.019) & (alpha < 0.981)
    assert found.dtype == photo.dtype and np.array_equal(photo, kept)
    assert np.array_equal(found[~soft], plain[~soft]) and (found[soft] != plain[soft]).any()
    assert np.array_equal(found[mask == 0], photo[mask == 0])
    assert np.array_equal(found, apply_to_foreground(photo, mask, edits))  # the same again


@pytest.mark.parametrize("dtype", TYPES)
def test_an_edit_of_nothing_changes_nothing(dtype):
    alpha, thing, behind = scene()
    photo = as_type(composed(alpha, thing, behind), dtype)
    assert np.abs(apply_to_foreground(photo, alpha, recipe()) - photo.astype(float)).max() < (0.5 if TYPES[dtype] > 1 else 1e-6)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_a_hard_mask_is_edited_as_ever_and_needs_no_estimate(monkeypatch, dtype):
    monkeypatch.setattr("realistic_editing.data.foreground.foreground_estimator", lambda: pytest.fail("imported"))
    alpha, thing, behind = scene(0)
    photo, edits = as_type(composed(alpha, thing, behind), np.uint8), recipe(exposure=0.5)
    mask = alpha > 0.5 if dtype is bool else as_type(alpha, dtype)
    assert np.array_equal(apply_to_foreground(photo, mask, edits), apply_to_photo(photo, mask, edits))


@pytest.mark.parametrize("kind", ["grey", "grey on black", "slow"])
def test_what_is_soft_without_a_border_is_edited_as_ever(kind):
    _, thing, behind = scene()
    photo, mask = as_type(composed(scene()[0], thing, behind), np.uint8), np.full((160, 200), 128, np.uint8)
    if kind == "grey on black":
        mask[:, :90] = 0
    elif kind == "slow":
        mask[:] = np.linspace(0, 255, 200).astype(np.uint8)
    found, plain = (apply(photo, mask, recipe(exposure=0.5)).astype(int) for apply in (apply_to_foreground, apply_to_photo))
    assert np.abs(found - plain)[:, 60:140].max() <= 1


def test_colours_are_estimated_by_one_file_of_the_package_as_by_the_whole():
    alpha, thing, behind = scene()
    given = composed(alpha, thing, behind), alpha.astype(np.float64)
    code = "from realistic_editing.data.matte import foreground_estimator as f, sys as s; f(); f(); "
    code += "print('pymatting' in s.modules)"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert alone.stdout.strip() == "False"
    import pymatting

    for found, expected in zip(
        foreground_estimator()(*given, return_background=True),
        pymatting.estimate_foreground_ml(*given, return_background=True),
        strict=True,
    ):
        assert np.array_equal(found, expected)


def test_without_the_extra_tools_the_blend_is_as_ever(monkeypatch):
    alpha, thing, behind = scene()
    assert foreground_notes(alpha) == ()
    monkeypatch.setitem(sys.modules, "pymatting", None)  # as if it were not installed
    photo, edits = as_type(composed(alpha, thing, behind), np.uint8), recipe(exposure=0.5)
    assert np.array_equal(apply_to_foreground(photo, alpha, edits), apply_to_photo(photo, alpha, edits))
    assert "pip install -e '.[tools]'" in foreground_notes(alpha)[0] and foreground_notes(alpha > 0.5) == ()


def test_a_border_in_a_large_photo_is_estimated_small(monkeypatch):
    alpha, thing, behind = (np.ascontiguousarray(np.repeat(np.repeat(part, 8, 0), 8, 1)) for part in scene(1.0))
    photo, sizes = as_type(composed(alpha, thing, behind), np.uint8), []
    estimate = foreground_estimator()

    def noted(image, mask, **options):
        sizes.append(image.shape)
        return estimate(image, mask, **options)

    monkeypatch.setattr("realistic_editing.data.foreground.foreground_estimator", lambda: noted)
    grey, soft = recipe(saturation=0.0), (alpha > 0.02) & (alpha < 0.98)
    true = composed(alpha, np.repeat(thing.max(axis=2, keepdims=True), 3, axis=2), behind)
    plain, found = (
        np.abs(apply(photo, alpha, grey) / 255 - true)[soft].mean() for apply in (apply_to_photo, apply_to_foreground)
    )
    assert max(sizes[0]) <= 640 and found < 0.35 * plain


def test_a_part_of_a_photo_is_edited_as_the_whole_and_a_smaller_one_nearly_so():
    alpha, thing, behind = (np.ascontiguousarray(np.repeat(np.repeat(part, 4, 0), 4, 1)) for part in scene(2.0))
    photo, grey = as_type(composed(alpha, thing, behind), np.uint8), recipe(saturation=0.0)
    whole, colours = apply_to_foreground(photo, alpha, grey), estimate_colours(photo, alpha)
    crop = np.s_[101:420, 203:640]
    part = apply_with_colours(*(np.ascontiguousarray(full[crop]) for full in (photo, alpha)), grey, colours, corner=(101, 203))
    assert np.array_equal(part, whole[crop])
    small, half = (cv2.resize(full, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for full in (photo, alpha))
    found = apply_with_colours(small, half, grey, colours, scale=(2.0, 2.0))
    expected = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - expected).max() <= 2


def test_a_small_thing_at_the_photos_own_border():
    for size in ((1, 9), (9, 1), (5, 5)):
        mask = np.linspace(0, 255, size[0] * size[1]).astype(np.uint8).reshape(size)
        photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        assert apply_to_foreground(photo, mask, recipe(exposure=0.5)).shape == photo.shape
    with pytest.raises(InputError, match="0 everywhere"):
        apply_to_foreground(photo, np.zeros_like(mask), recipe())
