"""Look-up tables: the identity, the recipe at the grid's points, the file as another program reads it."""
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.ops import PRESETS, Recipe, apply, sample_recipe
from realistic_editing.ops.lut import apply_table, interpolation_error, lookup_table, write_cube

ORDER = torch.tensor([[3, 1, 0, 2]])


@pytest.fixture(params=range(4))
def recipe(request):
    return sample_recipe(PRESETS["released"].real, 1, torch.Generator().manual_seed(request.param))


def test_no_edit_is_the_grid_itself():
    table = lookup_table(Recipe.identity(ORDER), 17)
    assert table.shape == (17, 17, 17, 3) and table.dtype == np.float32
    np.testing.assert_allclose(table[4, 8, 16], [1, 0.5, 0.25], atol=1e-6)  # axes are blue, green, red
    assert interpolation_error(table, Recipe.identity(ORDER)).worst < 1e-3


def test_the_grids_points_are_the_recipe(recipe):
    table = lookup_table(recipe, 17)
    colour = torch.tensor([3, 9, 14]) / 16
    exact = apply(colour[None, :, None, None], torch.ones(1, 1, 1, 1), recipe)[0, :, 0, 0]
    np.testing.assert_allclose(table[14, 9, 3], exact, atol=1e-5)
    np.testing.assert_allclose(apply_table(table, colour.numpy()), exact, atol=1e-5)


def test_more_points_cost_less_error():
    recipe = sample_recipe(PRESETS["released"].fake, 1, torch.Generator().manual_seed(3))
    errors = [interpolation_error(lookup_table(recipe, size), recipe) for size in (17, 33, 65)]
    assert errors[0].mean > errors[1].mean > errors[2].mean and 0 < errors[2].mean < 0.25


def test_an_independent_reader_makes_the_same_edit(recipe, tmp_path):
    reader = pytest.importorskip("PyOpenColorIO", reason="needs OpenColorIO: pip install -e .[dev]")
    write_cube(tmp_path / "edit.cube", recipe, 33)
    transform = reader.FileTransform(str(tmp_path / "edit.cube"), interpolation=reader.INTERP_LINEAR)
    processor = reader.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    pixels = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    read = pixels.copy()
    processor.applyRGB(read)
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    exact = apply(image, torch.ones(1, 1, 64, 64), recipe)[0].permute(1, 2, 0).numpy()
    assert 255 * np.abs(read - exact).mean() < 1
    np.testing.assert_allclose(read, apply_table(lookup_table(recipe, 33), pixels), atol=1e-4)


@pytest.mark.parametrize("size", [17, 33])
def test_no_line_lies_between_the_size_and_the_table(recipe, tmp_path, size):
    """ImageMagick 7 takes every line after LUT_3D_SIZE for a row, and every one with a letter for zeros."""
    table = write_cube(tmp_path / "edit.cube", recipe, size, 'a "name"\nof two lines # 5 é')
    lines = (tmp_path / "edit.cube").read_text().splitlines()
    assert lines[1] == f"LUT_3D_SIZE {size}" and len(lines) == 2 + size**3
    np.testing.assert_allclose(np.loadtxt(lines[2:]), table.reshape(-1, 3), atol=1e-7)


def test_what_cannot_be_a_table_is_refused(recipe, tmp_path):
    for size in (16, 130):
        with pytest.raises(InputError, match="17 to 129"):
            write_cube(tmp_path / "edit.cube", recipe, size)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="2 edits"):
        lookup_table(Recipe.cat([recipe, recipe]))
