"""What the objective's own penalties are worth: which one is missed by which edit, and that the picture shows it."""
import dataclasses
import types

import cv2
import numpy as np
import pytest

from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.loss import PENALTIES, Objective
from realistic_editing.evaluation.suites.penalties import measure_penalties, without


def test_each_penalty_has_its_margin_and_its_weight_and_one_alone_is_taken_out():
    fields = {field.name for field in dataclasses.fields(Objective)}
    assert {f"{name}_{what}" for name in PENALTIES for what in ("margin", "weight")} <= fields
    objective = Objective(saliency_weight=-1.0, cast_weight=0.2, veil_weight=6.0)
    assert without(objective, "cast") == Objective(saliency_weight=-1.0, veil_weight=6.0)
    assert without(objective, "") == objective


def test_an_edit_without_the_penalty_on_casts_casts_more(tmp_path):
    rng = np.random.default_rng(0)
    regions = []
    for name in "a":
        photo = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (96, 72), interpolation=cv2.INTER_CUBIC)
        mask = np.zeros((72, 96), np.uint8)
        mask[20:50, 30:70] = 255
        cv2.imwrite(str(tmp_path / f"{name}.png"), photo[..., ::-1])
        cv2.imwrite(str(tmp_path / f"{name}_mask.png"), mask)
        regions.append(Region(tmp_path / f"{name}.png", tmp_path / f"{name}_mask.png", "coco", name, "0", split="val"))
    enhancer = Enhancer.from_pretrained("compact_amplify", critic="critic", saliency="compact_saliency", task="amplify")
    enhancer.objective = Objective(5.0, change="log_both", bound=0.7, cast_margin=0.5, cast_weight=2.0, dull_weight=1.0)
    settings = types.SimpleNamespace(
        output=str(tmp_path), resamples=10, seed=0, max_regions=types.SimpleNamespace(penalties=2),
        edit_size=types.SimpleNamespace(critic=128),
    )  # fmt: skip
    (table,), pictures = measure_penalties({"amplify": enhancer}, {}, regions, settings)
    rows = {row["without"]: row for row in table.frame.to_dict("records")}
    assert list(rows) == ["none", "cast", "dull", "skin"]  # those that the objective has
    assert rows["cast"]["without it"].value > 1.5 * rows["cast"]["beyond its margin with it"].value
    assert rows["cast"]["saliency"].value >= rows["none"]["saliency"].value  # what is given up for it
    assert rows["none"]["without it"] == "" and rows["dull"]["dR"].value == pytest.approx(rows["none"]["dR"].value, abs=0.2)
    (name,) = pictures
    assert name == "penalties_amplify.png" and cv2.imread(str(tmp_path / name)).shape[1] > 3 * 128
