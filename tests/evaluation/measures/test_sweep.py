"""What judges say of an edit, by hand; the fast path of edits against the plain one."""
import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing.common.workers import by_one_thread_each
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures import sweep
from realistic_editing.ops import PRESETS, apply, sample_recipe
from realistic_editing.saliency import known_edits

GENERATOR = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 3, 24, 32, generator=GENERATOR)
MASK = torch.zeros(1, 1, 24, 32)
MASK[..., 8:16, 10:22] = 1


def test_the_fast_path_is_apply():
    recipe = sample_recipe(PRESETS["released"].fake, 6, torch.Generator().manual_seed(1))
    soft = MASK * torch.rand(MASK.shape, generator=GENERATOR)
    want = apply(IMAGE.expand(6, -1, -1, -1), soft.expand(6, -1, -1, -1), recipe)
    torch.testing.assert_close(sweep.edit(IMAGE, soft, recipe), want, atol=1e-5, rtol=0)


class Brightness(torch.nn.Module):
    """Scores and maps that can be computed by hand: the mean value in the mask, and the value of each pixel."""

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, image, mask=None):
        value = image.mean(dim=1, keepdim=True)
        return value if mask is None else (value * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))


def test_judges_by_hand():
    image = torch.full((1, 3, 24, 32), 0.4)
    edited = torch.cat([known_edits.edit_exposure(image, MASK, factor) for factor in (0.5, 1.0, 1.5) * 4])
    dr = sweep.realism_judge(Brightness())(image, MASK, edited)
    torch.testing.assert_close(dr, torch.tensor([-0.2, 0.0, 0.2] * 4))
    change = sweep.saliency_judge(Brightness())(image, MASK, edited)
    torch.testing.assert_close(change, torch.tensor([-0.5, 0.0, 0.5] * 4), atol=1e-5, rtol=0)


@pytest.mark.parametrize("count", [1, 2])
def test_regions_are_measured_in_their_order_however_many_at_once(tmp_path, count):
    regions = []
    for number in range(5):
        Image.fromarray(np.full((20, 20, 3), 40 * number, np.uint8)).save(tmp_path / f"{number}.png")
        Image.fromarray(np.full((20, 20), 255, np.uint8)).save(tmp_path / f"{number}_mask.png")
        files = tmp_path / f"{number}.png", tmp_path / f"{number}_mask.png"
        regions.append(Region(*files, source="folder", photo_id=str(number), region_id="0"))

    def rows_of(region, image, mask):
        return [(region.photo_id, round(255 * float(image.mean()))), (region.photo_id, float(mask.min()))]

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        found = by_one_thread_each(lambda: sweep.measure_regions(regions, 16, "test", rows_of))
    finally:
        torch.set_num_threads(before)
    assert found == [row for number in range(5) for row in ((str(number), 40 * number), (str(number), 1.0))]
