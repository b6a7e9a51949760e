"""Pictures of what enhancers do: who is picked, what is shown, and that the numbers on them are those of the tables."""
import re

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.measures.seams import measure_seams
from realistic_editing.evaluation.reports import enhancer_sheets, sheets
from realistic_editing.ops import Recipe

SIZE = 64


class Value(nn.Module):
    """Scores and maps that can be computed by hand: the value of each pixel."""

    def forward(self, image, mask=None):
        value = image.mean(dim=1, keepdim=True)
        return value if mask is None else (value * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))


class Dimmer(nn.Module):
    """An enhancer with one edit: half the exposure."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, image, mask, order):
        recipe = Recipe.identity(order)
        return Recipe(order, recipe.white_balance, recipe.color_curve, recipe.saturation, recipe.exposure / 2)


@pytest.fixture
def enhancer():
    critic, saliency = Value(), Value()
    critic.unused, saliency.unused = (nn.Parameter(torch.zeros(1)) for _ in range(2))
    return Enhancer(Dimmer(), critic, saliency, "attenuate")


@pytest.fixture
def regions(tmp_path):
    rng = np.random.default_rng(0)
    made = []
    for index in range(3):
        photo, mask = tmp_path / f"{index}.png", tmp_path / f"{index}_mask.png"
        cv2.imwrite(str(photo), rng.integers(90, 110, (SIZE, SIZE, 3), dtype=np.uint8))
        region = np.zeros((SIZE, SIZE), np.uint8)
        region[20:44, 20 + index : 44] = 255
        cv2.imwrite(str(mask), region)
        made.append(Region(photo, mask, source="folder", photo_id=str(index), region_id="0", split="test"))
    return made


def test_the_seed_alone_picks(regions):
    many = [*regions] * 5
    picked = enhancer_sheets.drawn(many, 7, seed=3)
    assert len(picked) == 7 and picked == enhancer_sheets.drawn(many, 7, seed=3)
    assert enhancer_sheets.drawn(many, 100, seed=3) == many
    assert any(enhancer_sheets.drawn(many, 7, seed) != picked for seed in range(4))


def test_damages_show_the_seams_of_the_table(regions, enhancer):
    rows = enhancer_sheets.damage_rows({"ours": Dimmer()}, enhancer, regions, SIZE, kind="jagged", seed=5)
    sheet = sheets.sheet(rows)
    assert sheet.dtype == np.uint8 and sheet.shape[0] == 3 * (SIZE + sheets.TITLE + sheets.GAP)
    table = measure_seams({"ours": Dimmer()}, enhancer, regions, SIZE, seed=5)
    wanted = [f"{row.seam:.2f}" for row in table.itertuples() if row.mask in ("clean", "jagged")]
    shown = [re.search(r"seam (.*)", text).group(1) for row in rows for text, _ in row[2:]]
    assert shown == wanted and float(wanted[1]) > 0


def test_mended_masks_are_shown_beside_damaged_ones(regions, enhancer):
    networks, menders = {"ours": Dimmer()}, ("mended",)
    rows = enhancer_sheets.damage_rows(networks, enhancer, regions, SIZE, kind="shifted", seed=5, menders=menders)
    table = measure_seams(networks, enhancer, regions, SIZE, seed=5, menders=menders).groupby("index", sort=False)
    for row, (_, found) in zip(rows, table, strict=True):
        seams = found.set_index("mask").seam
        captions = [f"clean mask, {found.photo.iloc[0].split('/')[1]}, 0", "shifted mask", "shifted, mended mask"]
        assert [text for text, _ in row[:3]] == captions
        clean, shifted, mended = (outline for _, outline in row[:3])
        assert not np.array_equal(clean, shifted) and not np.array_equal(shifted, mended)
        wanted = [f"ours, {name}: seam {seams[name]:.2f}" for name in ("clean", "shifted", "shifted, mended")]
        assert [text for text, _ in row[3:]] == wanted


def test_close_ups_keep_the_photos_proportions(regions, enhancer):
    region = regions[0]
    photo, mask = np.full((SIZE, 2 * SIZE, 3), 100, np.uint8), np.zeros((SIZE, 2 * SIZE), np.uint8)
    cv2.circle(mask, (SIZE, SIZE // 2), 20, 255, -1)
    cv2.imwrite(str(region.photo), photo)
    cv2.imwrite(str(region.mask), mask)
    row = enhancer_sheets.damage_rows({"ours": Dimmer()}, enhancer, [region], SIZE, seed=5)[0]
    assert {shown.shape for _, shown in row} == {(SIZE, SIZE, 3)}
    rows, columns = np.nonzero(row[2][1].mean(axis=2) < 75)  # where the edit by the clean mask is dark: a disc still
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=3) and np.ptp(rows) == pytest.approx(40, abs=3)


def test_descent_never_rises_and_starts_where_it_started():
    start = [torch.tensor([1.0, 0.6, 0.8]), torch.tensor([1.0, 1.2, 0.4])]
    curves = {"no edit": start, "the network": [torch.tensor([0.5, 0.4])]}
    lines = enhancer_sheets.descent(curves, 0.5).axes[0].get_lines()
    assert lines[0].get_ydata().tolist() == pytest.approx([1.0, 0.8, 0.5])
    assert lines[1].get_ydata().tolist() == pytest.approx([0.5, 0.4])
