"""Wrong types in the Python API are reported as such."""
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.options import EditOptions
from realistic_editing.ops import Recipe


@pytest.mark.parametrize("option, value", [
    ("strength", "x"), ("strength", True), ("order", None), ("order", 3), ("order", 1.5), ("refine", 1.5), ("refine", True),
    ("seed", 2**70), ("seed", -1), ("seed", "1"), ("human", 1), ("guard", "x"), ("min_realism_change", []),
    ("saliency_change", float("nan")),
])  # fmt: skip
def test_options_of_a_wrong_type_are_refused(option, value):
    with pytest.raises(InputError, match=option):
        EditOptions(**{option: value})


@pytest.mark.parametrize("strength", ["x", None, True, 2, float("nan")])
def test_an_edit_is_applied_with_a_number(strength):
    edit = Edit(Recipe.identity(torch.tensor([[3, 1, 0, 2]])), "attenuate", 0.0, 0.0)
    with pytest.raises(InputError, match="strength"):
        edit.apply(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 255, np.uint8), strength)
