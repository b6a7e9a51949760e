"""The fast path against the differentiable one, and its promises to users."""
import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from realistic_editing.common.arrays import LEVELS, check_mask, check_photo, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.ops import ALL_ORDERS, RANGES, Recipe, apply, kernels
from realistic_editing.ops.photo import apply_to_photo

DTYPES = (np.uint8, np.uint16, np.float32, np.float64)
BLENDS = ("final", "each")


def random_recipe(seed: int, order=(0, 1, 2, 3), blend: str = "final") -> Recipe:
    generator = torch.Generator().manual_seed(seed)

    def draw(name, *shape):
        low, high = RANGES[name]
        return low + (high - low) * torch.rand(1, *shape, generator=generator)

    return Recipe(
        torch.tensor([order]),
        draw("white_balance", 3),
        draw("color_curve", 3, 8),
        draw("saturation"),
        draw("exposure"),
        blend,
    )


def random_array(generator: np.random.Generator, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Values over the whole range, with many at both of its ends."""
    values = np.clip(generator.uniform(-0.2, 1.2, shape), 0, 1) * LEVELS[np.dtype(dtype)]
    return (values if np.dtype(dtype).kind == "f" else np.rint(values)).astype(dtype)


def random_pair(seed: int, height: int, width: int, dtype=np.uint8, mask_dtype=None):
    generator = np.random.default_rng(seed)
    photo = random_array(generator, (height, width, 3), dtype)
    mask = random_array(generator, (height, width), mask_dtype or dtype)
    mask[height // 2, width // 2] = LEVELS[mask.dtype]  # never empty
    return photo, mask


def reference(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> np.ndarray:
    """`apply` in float64, in the photo's levels, not rounded."""
    image = torch.from_numpy(photo.astype(np.float64) / LEVELS[photo.dtype]).permute(2, 0, 1)[None]  # (1, 3, H, W)
    weight = torch.from_numpy(mask.astype(np.float64) / LEVELS[mask.dtype])[None, None]
    return apply(image, weight, recipe.to(dtype=torch.float64))[0].permute(1, 2, 0).numpy() * LEVELS[photo.dtype]


def assert_agrees(photo: np.ndarray, mask: np.ndarray, recipe: Recipe) -> None:
    before = photo.copy()
    result = apply_to_photo(photo, mask, recipe)
    assert result.dtype == photo.dtype and result.shape == photo.shape
    assert np.array_equal(photo, before)
    assert np.array_equal(result[mask == 0], photo[mask == 0])
    # Rounding is within half a level; 2e-6 is the drift of float32 through four operators, amplified by their slopes.
    rounding = 0.5 if photo.dtype.kind == "u" else 0.0
    drift = 1e-12 if photo.dtype == np.float64 else 5e-6 * LEVELS[photo.dtype]
    assert np.abs(result - reference(photo, mask, recipe)).max() <= rounding + drift


@pytest.mark.parametrize("blend", BLENDS)
@pytest.mark.parametrize("order", ALL_ORDERS)
def test_agrees_with_apply_in_every_order(order, blend):
    for seed, dtype in enumerate(DTYPES):
        assert_agrees(*random_pair(seed, 37, 53, dtype), random_recipe(seed, order, blend))


@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 40),
    width=st.integers(1, 600),
    dtypes=st.sampled_from(list(itertools.product(DTYPES, (np.uint8, np.float32)))),
    order=st.sampled_from(ALL_ORDERS),
    blend=st.sampled_from(BLENDS),
)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_agrees_with_apply_for_random_recipes_sizes_and_depths(seed, height, width, dtypes, order, blend):
    photo, mask = random_pair(seed, height, width, *dtypes)
    assert_agrees(photo, mask, random_recipe(seed, order, blend))


@pytest.mark.parametrize("blend", BLENDS)
def test_every_8_bit_value_is_exact_but_for_ties(blend):
    ramp = np.arange(256, dtype=np.uint8)
    photo = np.stack([ramp[:, None] + 0 * ramp, ramp + 0 * ramp[:, None], 255 - ramp + 0 * ramp[:, None]], axis=2)
    mask = np.full((256, 256), 255, np.uint8)
    recipe = random_recipe(3, (3, 0, 1, 2), blend)
    expected = reference(photo, mask, recipe)
    off = apply_to_photo(photo, mask, recipe) != np.rint(expected)
    assert np.abs(expected[off] % 1 - 0.5).max(initial=0) < 1e-3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("blend", BLENDS)
def test_identity_changes_no_integer(dtype, blend):
    photo, mask = random_pair(0, 20, 30, dtype)
    result = apply_to_photo(photo, mask, Recipe.identity(torch.tensor([[0, 1, 2, 3]]), blend=blend))
    if photo.dtype.kind == "u":
        assert np.array_equal(result, photo)
    else:
        np.testing.assert_allclose(result, photo, atol=3e-7)


def test_rounds_to_nearest():
    recipe = dataclasses.replace(Recipe.identity(torch.tensor([[0, 1, 2, 3]])), exposure=torch.tensor([0.5]))
    photo = np.array([[[3, 101, 200]]], np.uint16)
    result = apply_to_photo(photo, np.full((1, 1), 52429, np.uint16), recipe)  # weight 0.8: 1.8, 60.6, 120
    assert result.tolist() == [[[2, 61, 120]]]


@pytest.mark.parametrize("place", [(0, 0), (16, 29), (0, 29), (16, 0), (8, 14)])
def test_mask_of_one_pixel(place):
    photo, mask = random_pair(1, 17, 30)
    mask[:] = 0
    mask[place] = 255
    recipe = dataclasses.replace(random_recipe(0), exposure=torch.tensor([0.5]), saturation=torch.tensor([0.0]))
    assert_agrees(photo, mask, recipe)
    changed = (apply_to_photo(photo, mask, recipe) != photo).any(axis=2)
    assert changed.sum() <= 1


@pytest.mark.parametrize("blend", BLENDS)
def test_pixels_far_apart_in_a_row(blend):
    photo, mask = random_pair(3, 5, 4 * kernels.CHUNK)
    mask[:] = 0
    mask[1, 3] = mask[3, [2, -2]] = 255
    assert_agrees(photo, mask, random_recipe(3, blend=blend))


@pytest.mark.parametrize("size", [(1, 1), (1, 999), (999, 1), (3, 257), (20000, 20)])
def test_odd_sizes(size):
    assert_agrees(*random_pair(2, *size), random_recipe(2))


def test_a_bool_mask_is_a_whole_mask():
    photo, mask = random_pair(4, 9, 11)
    chosen = mask > 100
    expected = apply_to_photo(photo, np.where(chosen, 255, 0).astype(np.uint8), random_recipe(4))
    assert np.array_equal(apply_to_photo(photo, chosen, random_recipe(4)), expected)
    assert np.array_equal(apply_to_photo(photo, np.asfortranarray(chosen), random_recipe(4)), expected)
    assert np.shares_memory(check_mask(chosen, photo, keep_bool=True), chosen) and check_mask(chosen, photo).max() == 255


@pytest.mark.parametrize("order", ALL_ORDERS)
def test_one_pixel_of_16_bits_in_every_order(order):
    photo, mask = random_pair(8, 5, 7, np.uint16)
    mask[:] = 0
    mask[2, 3] = 40000
    for blend in BLENDS:
        assert_agrees(photo, mask, random_recipe(8, order, blend))


def test_memory_layout_and_read_only_arrays_do_not_matter():
    photo, mask = random_pair(5, 24, 31)
    expected = apply_to_photo(photo, mask, random_recipe(5))
    reversed_layout = np.asfortranarray(photo)
    reversed_layout.flags.writeable = False
    assert np.array_equal(apply_to_photo(reversed_layout, np.asfortranarray(mask), random_recipe(5)), expected)
    assert expected.flags.writeable and photo.flags.writeable


def test_result_does_not_depend_on_threads_or_blocks(monkeypatch):
    photo, mask = random_pair(6, 700, 500)
    mask[:90] = mask[-40:] = 0
    recipe = random_recipe(6)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        expected = apply_to_photo(photo, mask, recipe)
        torch.set_num_threads(3)
        for size in (1, 1 << 16, 1 << 30):  # a row, some rows, the photo
            monkeypatch.setattr("realistic_editing.ops.photo._BYTES_PER_COPY", size)
            assert np.array_equal(apply_to_photo(photo, mask, recipe), expected)
    finally:
        torch.set_num_threads(threads)
    with ThreadPoolExecutor(4) as pool:  # a server edits several photos at once
        results = list(pool.map(lambda _: apply_to_photo(photo, mask, recipe), range(8)))
    assert all(np.array_equal(result, expected) for result in results)


def test_works_where_no_compiled_code_can_be_cached(monkeypatch):
    real = numba.njit

    def read_only(*args, **options):
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return real(*args, **options)

    monkeypatch.setattr(numba, "njit", read_only)
    assert kernels.machine_code(lambda x: x + 1)(1) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exposure": torch.tensor([float("nan")])}, "exposure is nan.*> 0"),
        ({"exposure": torch.tensor([0.0])}, "exposure is 0.0.*> 0"),
        ({"white_balance": torch.tensor([[1.0, 1.0, 0.0]])}, "white_balance is .*> 0"),
        ({"saturation": torch.tensor([-1.0])}, "saturation is -1.0.*>= 0"),
        ({"order": torch.tensor([[0, 1, 2, 2]])}, "order"),
    ],
)
def test_refuses_a_broken_recipe(change, message):
    photo, mask = random_pair(0, 4, 4)
    with pytest.raises(ValueError, match=message):
        apply_to_photo(photo, mask, dataclasses.replace(random_recipe(0), **change))


@pytest.mark.parametrize("blend", BLENDS)
def test_refuses_what_the_arithmetic_does_not_hold(blend):
    """Finite, and infinite in float32: a channel would become 0."""
    photo, mask = random_pair(0, 4, 4)
    large = {"saturation": torch.tensor([1e39], dtype=torch.float64), "exposure": torch.tensor([1e39], dtype=torch.float64)}
    for name, value in large.items():
        recipe = dataclasses.replace(random_recipe(0, blend=blend).to(dtype=torch.float64), **{name: value})
        with pytest.raises(ValueError, match=f"{name} come to 1e\\+39.*float32 holds 3.4e\\+38"):
            apply_to_photo(photo, mask, recipe)
        apply_to_photo(photo / 255, mask, recipe)


def test_refuses_a_batch_of_two():
    photo, mask = random_pair(0, 4, 4)
    with pytest.raises(ValueError, match=r"holds 2 edits.*recipe\[i\]"):
        apply_to_photo(photo, mask, random_recipe(0).repeat_interleave(2))


PHOTO = np.full((4, 6, 3), 7, np.uint8)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1, 2, 3]], "is a list.*numpy.asarray"),
        (torch.zeros(4, 6, 3), "is a Tensor.*numpy.asarray"),
        (np.zeros((4, 6), np.uint8), r"shape \(4, 6\).*\(H, W, 3\)"),
        (np.zeros((4, 6, 4), np.uint8), r"shape \(4, 6, 4\).*\[\.\.\., :3\]"),
        (np.zeros((3, 4, 6), np.uint8), r"shape \(3, 4, 6\).*channels last"),
        (np.zeros((0, 6, 3), np.uint8), r"shape \(0, 6, 3\)"),
        (np.zeros((4, 6, 3), np.int64), "dtype int64.*astype"),
        (np.zeros((4, 6, 3), np.float16), "dtype float16.*astype"),
        (np.full((4, 6, 3), np.nan, np.float32), "nan.*finite"),
        (np.full((4, 6, 3), np.inf), "inf.*finite"),
        (np.full((4, 6, 3), 255.0), "255.0.*divide"),
        (np.full((4, 6, 3), -0.5), "-0.5.*clip"),
    ],
)
def test_check_photo_refuses(bad, message):
    with pytest.raises(InputError, match=f"^shot .*{message}"):
        check_photo(bad, "shot")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("mask.png", "is a str"),
        (np.ones((4, 6, 1), np.float32), r"shape \(4, 6, 1\).*\[\.\.\., 0\]"),
        (np.ones((5, 6), bool), "5 x 6.*4 x 6.*resize"),
        (np.ones((6, 4), bool), "6 x 4.*sides are swapped"),
        (np.zeros((4, 6), np.uint8), "0 everywhere.*255"),
        (np.zeros((4, 6), bool), "0 everywhere"),
        (np.ones((4, 6), np.uint8), r"only 0 and 1.*astype\(bool\)"),
        (np.full((4, 6), np.nan), "nan.*finite"),
        (np.full((4, 6), 1.5), "1.5.*divide"),
        (np.ones((4, 6), np.int32), "dtype int32"),
    ],
)
def test_check_mask_refuses(bad, message):
    with pytest.raises(InputError, match=f"^region .*{message}"):
        check_mask(bad, PHOTO, "region")


def test_one_nan_among_many_values_is_found():
    photo = np.zeros((50, 60, 3), np.float32)
    photo[17, 3, 1] = np.nan
    with pytest.raises(InputError, match="nan"):
        check_photo(photo)


@pytest.mark.parametrize("dtype", DTYPES)
def test_to_unit_maps_the_range_to_0_and_1(dtype):
    ends = np.array([[0, LEVELS[np.dtype(dtype)]]], dtype)
    assert to_unit(ends).dtype == np.float32
    assert to_unit(ends).tolist() == [[0.0, 1.0]]
