"""Seams along rough and mended masks: what is drawn, what mending does for a thing whose border is known, and the tables."""
import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from realistic_editing.data.masks import DAMAGES
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.measures.seams import (
    AS_EDITED,
    MENDERS,
    masks_of,
    measure_seams,
    name_of,
)
from realistic_editing.evaluation.suites.masks import mask_tables
from realistic_editing.ops import Recipe

SIZE = 160
THING = np.zeros((SIZE, SIZE), np.uint8)
cv2.ellipse(THING, (80, 80), (46, 34), 20, 0, 360, 255, -1)


class Value(nn.Module):
    """A score and a map that can be computed by hand: the value of each pixel."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, image, mask=None):
        value = image.mean(dim=1, keepdim=True)
        return value if mask is None else (value * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))


class Dimmer(Value):
    """An enhancer with one edit: half the exposure."""

    def forward(self, image, mask, order):
        recipe = Recipe.identity(order)
        return Recipe(order, recipe.white_balance, recipe.color_curve, recipe.saturation, recipe.exposure / 2)


@pytest.fixture
def regions(tmp_path):
    """A dark, reddish thing on a brighter green: an edit that dims the thing alone makes its border steeper only there."""
    made = []
    for index in range(3):
        noise = np.random.default_rng(index).normal(0, 4, (SIZE, SIZE, 3))
        photo = np.clip(np.where(THING[..., None] > 0, (60, 70, 130), (120, 170, 120)) + noise, 0, 255).astype(np.uint8)
        paths = [tmp_path / f"{index}{end}.png" for end in ("", "_mask")]
        for path, pixels in zip(paths, (photo, THING), strict=True):
            cv2.imwrite(str(path), pixels)
        made.append(Region(*paths, source="folder", photo_id=str(index), region_id="0", split="test"))
    return made


ENHANCER = Enhancer(Dimmer(), Value(), Value(), "attenuate")


def test_a_damage_is_the_same_whatever_else_is_asked_for():
    photo = np.full((SIZE, SIZE, 3), 120, np.uint8)
    alone, all_of_them = (dict(masks_of("a", photo, THING, menders, kinds)) for menders, kinds in (
        ((), ("jagged",)), (("softened",), ("clean", *DAMAGES))))  # fmt: skip
    assert list(alone) == ["jagged"] and np.array_equal(alone["jagged"], all_of_them["jagged"])
    assert list(all_of_them)[:4] == ["clean", "clean, softened", "grown", "grown, softened"]
    assert not np.array_equal(alone["jagged"], dict(masks_of("b", photo, THING))["jagged"])


def test_mending_lowers_the_seam_where_a_things_border_can_be_seen(regions):
    found = measure_seams({"dim": Dimmer()}, ENHANCER, regions, SIZE, menders=tuple(MENDERS))
    means = found.groupby("mask")[["seam", "stray", "overlap"]].mean()
    assert len(found) == 3 * 5 * (1 + len(MENDERS)) and means.stray["clean"] == 0 and means.overlap["clean"] == 1
    for kind in DAMAGES:
        mended, rough = means.loc[name_of(kind, "mended")], means.loc[kind]
        assert mended.stray < 0.5 * rough.stray and mended.overlap > max(0.9, rough.overlap), kind
        as_edited = means.loc[name_of(kind, AS_EDITED)]
        assert as_edited.overlap >= rough.overlap - 0.01 and as_edited.stray <= rough.stray + 0.01, kind
    clean = found[found["mask"] == name_of("clean", AS_EDITED)]
    assert not clean.changed.any() and found[found["mask"] == "grown, mended"].changed.all()
    without = measure_seams({"dim": Dimmer()}, ENHANCER, regions, SIZE)
    same = found[found["mask"].isin(["clean", *DAMAGES])].reset_index(drop=True)
    pd.testing.assert_frame_equal(without, same)


def test_tables_hold_means_and_differences_by_region():
    rng, names = np.random.default_rng(0), [name_of(kind, how) for kind in ("clean", *DAMAGES) for how in (None, *MENDERS)]
    rows = [
        {"index": index, "photo": str(index // 2), "method": "ours", "mask": name, "seam": rng.uniform(), "stray": 0.0,
         "realism": 0.0, "overlap": 1.0, "changed": "," in name}
        for index in range(6) for name in names
    ]  # fmt: skip
    found = pd.DataFrame(rows)
    means, changes = (table.frame.set_index("mask") for table in mask_tables("attenuate", "here", found, 50, 0))
    seams = found.pivot(index="index", columns="mask", values="seam")
    assert list(means.index) == names and (means.n == 6).all()
    difference = seams["jagged, mended"] - seams["jagged"]
    assert means.seam["jagged"].value == pytest.approx(seams["jagged"].mean())
    assert changes.seam["jagged, mended"].value == pytest.approx(difference.mean())
    assert changes["lower seam"]["jagged, mended"].value == pytest.approx((difference < 0).mean())
    assert changes.seam["jagged, mended"].low < difference.mean() < changes.seam["jagged, mended"].high
