"""What a critic is asked about things and about harmless changes, by critics that can be reasoned about."""
import cv2
import numpy as np
import pytest
import torch

from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures import things

CAR, PERSON, PIZZA, LAMP = 3, 1, 59, 0


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    """Red squares on grey: a person, a car, a pizza and a thing of no category."""
    folder, found = tmp_path_factory.mktemp("things"), []
    for number, category in enumerate((PERSON, CAR, PIZZA, LAMP)):
        photo, mask = np.full((64, 64, 3), 120, np.uint8), np.zeros((64, 64), np.uint8)
        photo[20:44, 20:44], mask[20:44, 20:44] = (60, 60, 200), 255  # BGR
        cv2.imwrite(str(folder / f"{number}.png"), photo)
        cv2.imwrite(str(folder / f"{number}_mask.png"), mask)
        found.append(Region(folder / f"{number}.png", folder / f"{number}_mask.png", "coco", str(number), "1", category))
    return found


def redness(image, mask):
    """The share of red in the region."""
    inside = (image * mask).sum(dim=(2, 3)) / mask.sum(dim=(2, 3)).clamp(min=1)
    return inside[:, 0] / inside.sum(dim=1)


def test_both_groups_are_recoloured_alike_and_others_are_left_out(regions):
    found = things.recolored_things(redness, regions, 64)
    assert len(found) == 3 * (len(things.TURNS) + 1)
    assert set(found[found.photo == "coco/1"].group) == {"any colour"}
    assert set(found[found.photo == "coco/0"].group) == {"fixed colours"}
    person, car = (found[found.photo == name].change.to_numpy() for name in ("coco/0", "coco/1"))
    np.testing.assert_allclose(person, car, atol=1e-6)
    assert (person < -0.01).all()  # a red thing is less red after any turn, and when greyed


def test_the_table_has_a_row_for_each_edit_and_group(regions):
    table = things.things_table(things.recolored_things(redness, regions, 64), 50, 0)
    assert list(table["things of"]) == ["fixed colours", "any colour"] * 2
    assert table["edits"].tolist() == [10, 5, 2, 1] and table["photos"].tolist() == [2, 1, 2, 1]


def test_harmless_changes_leave_a_patient_critic_alone(regions):
    found = things.harmless_changes(lambda image, mask: torch.full((len(image),), 0.7), regions, 64)
    assert set(found.change) == {*things.HARMLESS, "frame cut by 5 %", "mask grown by 1 %", "mask shrunk by 1 %"}
    table = things.harmless_table(found, 50, 0)
    assert (table["met"] == "yes").all() and len(found) == 4 * len(table)
    unedited = things.unedited_table(found, 50, 0).iloc[0]
    assert unedited["mean R"].value == pytest.approx(0.7) and unedited["over 0.5"].value == 1 and unedited["regions"] == 4


def test_harmless_changes_find_a_critic_that_minds_them(regions):
    found = things.harmless_changes(lambda _, mask: 4 * mask.mean(dim=(1, 2, 3)), regions, 64)
    table = things.harmless_table(found, 50, 0)
    met = dict(zip(table["change"], table["met"], strict=True))
    assert met["mask grown by 1 %"] == "NO" and met["frame cut by 5 %"] == "NO" and met["JPEG, quality 50"] == "yes"
