"""Edits judged by eye: what the file holds, and how a critic is measured by it."""
import json

import numpy as np
import pandas as pd
import pytest
import torch

from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures import judged
from realistic_editing.ops import Recipe


def test_the_judgements_can_be_read():
    found = json.loads(judged.JUDGED.read_text())
    assert len(found) == 60 and {entry["task"] for entry in found} == {"attenuate", "amplify"}
    for entry in found:
        assert isinstance(entry["looks_edited"], bool) and entry["note"]
        assert entry["aim"] in ("clearly", "slightly", "no", "opposite")
        assert len(Recipe.from_dict(entry["recipe"])) == 1
    assert 15 < sum(entry["looks_edited"] for entry in found) < 30


class Darkness(torch.nn.Module):
    """A critic that takes darker regions for edited."""

    def forward(self, image, mask):
        return (image * mask).sum(dim=(1, 2, 3)) / (3 * mask.sum(dim=(1, 2, 3)))


def test_a_critic_is_asked_about_the_photos_that_are_at_hand(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((40, 40, 3), 200, np.uint8)).save(tmp_path / "photo.png")
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    region = Region(tmp_path / "photo.png", tmp_path / "mask.png", source="coco", photo_id="7", region_id="1")
    entries = []
    for number, exposure in enumerate((1.0, 0.9, 0.4, 0.3)):
        recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3]]))
        recipe.exposure[:] = exposure
        common = {"source": "coco", "region": "1", "task": "attenuate", "kind": "default", "recipe": recipe.to_dict()}
        entries.append({**common, "photo": "7", "looks_edited": exposure < 0.5})
        entries.append({**common, "photo": str(100 + number), "looks_edited": True})  # a photo that is not at hand
    path = tmp_path / "judged.json"
    path.write_text(json.dumps(entries))
    found = judged.judged_edits(Darkness(), [region], 32, path)
    assert len(found) == 4 and found.change.is_monotonic_decreasing and found.change.iloc[0] == pytest.approx(0, abs=1e-6)
    table = judged.judged_table(found, resamples=20, seed=0)
    assert table.AUC.tolist() == [1.0, 1.0, 1.0]
    assert [cell.value for cell in table.found] == [1.0, 1.0, 1.0]


def test_the_table_counts_by_the_threshold():
    rows = {"photo": list("abcd"), "looks_edited": [True, True, False, False]}
    frame = pd.DataFrame(rows | {"change": [-0.2, 0.1, -0.2, 0.1], "logit": [-0.5, -0.3, -0.1, 0.0], "mildness": [0, 2, 1, 2]})
    table = judged.judged_table(frame, resamples=20, seed=0).set_index("measure")
    assert table.loc["dR", "AUC"] == 0.5 and table.loc["dR by logits", "AUC"] == 1
    assert table.loc["dR", "found"].value == 0.5 and table.loc["dR", "false alarms"].value == 0.5
    assert table.loc["dR by logits", "found"].value == 1 and table.loc["dR by logits", "false alarms"].value == 0
    assert table.loc["the verdict", "found"].value == 0.5 and table.loc["the verdict", "false alarms"].value == 0
