"""What every earlier method shares: photos of any depth and size in, the same out."""
import numpy as np
import pytest

from realistic_editing.baselines import BASELINES, FAMILIES, baseline
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError


class Darker(Baseline):
    """Takes a tenth off, everywhere."""

    name, citation, choices = "darker", "nobody", ()

    def __init__(self, longest_side=None, background=False):
        self.longest_side, self.background = longest_side, background

    def change(self, image, mask, task):
        self.seen = image.shape
        return image - np.float32(0.1)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


@pytest.fixture
def mask():
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 20:50] = 255
    return mask


@pytest.mark.parametrize(("dtype", "levels"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_the_result_has_the_photos_depth_and_its_pixels_outside(photo, mask, dtype, levels):
    photo = (photo / 255 * levels).astype(dtype)
    result = Darker().edit(photo, mask, "attenuate")
    assert result.dtype == photo.dtype and result.shape == photo.shape
    assert np.array_equal(result[mask == 0], photo[mask == 0])
    inside = np.clip(photo[mask > 0] / levels - 0.1, 0, 1)
    assert np.abs(result[mask > 0] / levels - inside).max() <= 0.5 / min(levels, 255) + 1e-6


def test_a_method_with_a_background_changes_it(photo, mask):
    assert not np.array_equal(Darker(background=True).edit(photo, mask, "amplify")[mask == 0], photo[mask == 0])


def test_at_a_smaller_size_the_photos_detail_stays(photo, mask):
    method = Darker(longest_side=30, background=True)
    result = method.edit(photo, mask, "amplify")
    assert method.seen == (20, 30, 3)
    assert np.abs(result / 255 - np.clip(photo / 255 - 0.1, 0, 1)).max() <= 0.51 / 255


def test_what_cannot_be_used_is_refused(photo, mask):
    with pytest.raises(InputError, match="task is 'louder'"):
        Darker().edit(photo, mask, "louder")
    with pytest.raises(InputError, match="mask is 0 everywhere"):
        Darker().edit(photo, mask * 0, "amplify")
    with pytest.raises(InputError, match="method is 'nobody'; use one of"):
        baseline("nobody")


def test_a_family_stands_for_its_first_operator():
    assert isinstance(baseline("deepsal"), type(baseline("deepsal_recolor")))
    for name, operators in FAMILIES.items():
        assert name not in BASELINES and set(operators) <= set(BASELINES)
