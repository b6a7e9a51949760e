"""The kernel for GPUs beside the differentiable path: on a GPU where there is one, else by Triton's interpreter."""
import os
import subprocess
import sys

import pytest
import torch

from realistic_editing.benchmark.gpu import applying_there
from realistic_editing.common.errors import InputError
from realistic_editing.ops import RANGES, Recipe, all_orders, apply

pytest.importorskip("triton", reason="Triton does not come with this build of PyTorch")
from realistic_editing.ops import gpu

HAS_GPU = torch.cuda.is_available()
DEVICE = "cuda" if HAS_GPU else "cpu"
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
needs_kernel = pytest.mark.skipif(not HAS_GPU and not INTERPRETED, reason="run by the test that starts the interpreter")
LEVELS = {torch.uint8: 255, torch.uint16: 65535, torch.float32: 1}


def recipes(blend="final"):
    """Parameters by chance for each of the 24 orders."""
    generator = torch.Generator().manual_seed(0)

    def draw(name, *shape):
        low, high = RANGES[name]
        return low + (high - low) * torch.rand(24, *shape, generator=generator)

    parts = draw("white_balance", 3), draw("color_curve", 3, 8), draw("saturation"), draw("exposure")
    return Recipe(all_orders(), *parts, blend).to(device=DEVICE)


def levels(values, dtype):
    """Values over the whole range, with many at both of its ends."""
    values = (values * 1.4 - 0.2).clamp(0, 1) * LEVELS[dtype]
    return (values if dtype == torch.float32 else values.round()).to(dtype).to(DEVICE)


@pytest.mark.skipif(HAS_GPU or INTERPRETED, reason="the tests run as they are")
def test_the_interpreter_runs_the_tests_of_the_kernel():
    # Triton has to be told before it is imported, which may have happened here.
    command = [sys.executable, "-m", "pytest", __file__, "-p", "no:cacheprovider", "-rs", "-k", "kernel"]
    told = subprocess.run(command, env={**os.environ, "TRITON_INTERPRET": "1"}, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout
    assert "passed, 1 skipped" in told.stdout


@needs_kernel
@pytest.mark.parametrize(
    ("dtype", "mask_dtype", "blend"),
    [
        (torch.uint8, torch.uint8, "final"), (torch.uint8, torch.uint8, "each"), (torch.uint8, torch.float32, "each"),
        (torch.uint16, torch.uint8, "final"), (torch.float32, torch.uint16, "each"),
    ],
)  # fmt: skip
def test_the_kernel_gives_what_apply_gives_in_all_orders(dtype, mask_dtype, blend):
    generator = torch.Generator().manual_seed(1)
    photos = levels(torch.rand(24, 23, 41, 3, generator=generator), dtype)
    masks = levels(torch.rand(24, 23, 41, generator=generator), mask_dtype)
    masks[:, :13] = 0  # of two blocks of 512 pixels, one is left out
    recipe = recipes(blend)
    edited = gpu.apply_on_gpu(photos, masks, recipe)
    assert edited.dtype == dtype and edited.shape == photos.shape
    image, mask = photos.double() / LEVELS[dtype], masks.double() / LEVELS[mask_dtype]
    expected = apply(image.permute(0, 3, 1, 2), mask[:, None], recipe.to(dtype=torch.float64)).permute(0, 2, 3, 1)
    apart = (edited.double() - expected * LEVELS[dtype]).abs().max()
    assert apart <= (0.5 if dtype != torch.float32 else 0) + 5e-6 * LEVELS[dtype]
    assert torch.equal(edited.float()[mask == 0], photos.float()[mask == 0])
    assert not torch.equal(edited.float(), photos.float())


@needs_kernel
def test_the_kernel_takes_one_pixel_and_bool_and_odd_strides():
    photos = levels(torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(2)), torch.uint8).permute(0, 2, 3, 1)
    masks = torch.zeros(1, 5, 7, dtype=torch.bool, device=DEVICE)
    masks[0, 4, 6] = True
    edited = gpu.apply_on_gpu(photos, masks, recipes()[0])
    changed = (edited != photos).any(dim=3)
    assert changed[0, 4, 6] and changed.sum() == 1
    assert torch.equal(gpu.apply_on_gpu(photos, masks & False, recipes()[0]), photos)


@needs_kernel
def test_the_kernel_is_compared_with_plain_code_by_the_benchmark():
    found = applying_there(0.004, [1.0, 0.3], 0, torch.device(DEVICE), say=lambda _: None)
    names = ["plain", "differentiable path", "this project", "limit: a copy of the photo"]
    assert [one.contender for one in found] == 2 * names
    assert all(int(one.note.split()[2]) <= 1 for one in found[2::4])


@needs_kernel
@pytest.mark.parametrize(
    ("name", "value"), [("exposure", float("nan")), ("white_balance", 0.0), ("saturation", -1.0), ("order", 7)]
)
def test_the_kernel_is_not_given_a_broken_recipe(name, value):
    recipe = recipes()[0]
    getattr(recipe, name).fill_(value)
    photos, masks = torch.ones(1, 4, 4, 3, dtype=torch.uint8, device=DEVICE), torch.ones(1, 4, 4, device=DEVICE)
    with pytest.raises(ValueError, match="recipe has a parameter .* or an order"):
        gpu.apply_on_gpu(photos, masks, recipe)


@pytest.mark.parametrize(
    ("photos", "masks", "words"),
    [
        (torch.zeros(1, 3, 4, 4), torch.zeros(1, 4, 4), r"\(1, 3, 4, 4\).*\(B, H, W, 3\)"),
        (torch.zeros(2, 4, 4, 3), torch.zeros(2, 4, 4), "recipe of 1 edits"),
        (torch.zeros(1, 4, 4, 3).double(), torch.zeros(1, 4, 4), "photos has dtype torch.float64"),
        (torch.zeros(1, 4, 4, 3), torch.zeros(1, 4, 4).long(), "masks has dtype torch.int64"),
        (torch.zeros(1, 4, 4, 3), torch.zeros(1, 4, 4, device="meta"), "cpu, meta, .*move them"),
    ],
)
def test_what_does_not_fit_is_refused(photos, masks, words):
    with pytest.raises(InputError, match=words):
        gpu.apply_on_gpu(photos, masks, recipes()[0])


@pytest.mark.skipif(INTERPRETED, reason="the interpreter needs no GPU")
def test_photos_on_the_processor_are_sent_to_the_other_path():
    with pytest.raises(InputError, match="apply_to_photo"):
        gpu.apply_on_gpu(torch.zeros(1, 4, 4, 3), torch.zeros(1, 4, 4), recipes()[0].to(device="cpu"))


@pytest.mark.skipif(INTERPRETED, reason="there is nothing to compile for the interpreter")
@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("dtype", ["u8", "u16", "fp32"])
def test_it_compiles_for_a_gpu_that_is_not_here(dtype, each):
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    constants = {"levels": 255, "mask_levels": 255, "each": each, "block": 512}
    pointers = {"source": "*" + dtype, "selection": "*u8", "target": "*" + dtype, "parameters": "*fp32", "orders": "*i32"}
    signature = {**pointers, "pixels": "i32", **dict.fromkeys(constants, "constexpr")}
    source = ASTSource(gpu._edit, signature, constants)
    made = compile(source, target=GPUTarget("cuda", 90, 32), options={"enable_fp_fusion": True})
    assert made.asm["cubin"]
