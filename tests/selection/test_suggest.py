"""What is suggested, on a photo of discs and by networks whose answers are known."""
import numpy as np
import pytest
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.selection.network import THING_KINDS
from realistic_editing.selection.suggest import look_for_distractors, suggest

SIZE = 160, 200
# Centre and radius in shares of the photo, colour, how much it draws, and what it is.
DISCS = {
    "subject": (0.5, 0.5, 0.16, (200, 60, 50), 0.9, "animal"),
    "sign": (0.9, 0.3, 0.07, (60, 80, 220), 0.8, ""),
    "person": (0.15, 0.75, 0.09, (230, 220, 60), 0.7, "person"),
    "stone": (0.2, 0.2, 0.09, (90, 90, 90), 0.02, ""),
}


def disc(name, height, width):
    x, y, radius, *_ = DISCS[name]
    rows, columns = (np.mgrid[:height, :width] + 0.5) / np.array([height, width])[:, None, None]
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


@pytest.fixture(scope="module")
def photo():
    pixels = np.full((*SIZE, 3), 110, np.uint8)
    for name, (*_, color, _, _) in DISCS.items():
        pixels[disc(name, *SIZE)] = color
    return pixels


class KnowingSelector(nn.Module):
    """Selects the disc under the first click, by the known places, whatever window it sees; and nothing elsewhere."""

    input_size = 128

    def __init__(self):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def early(self, image):
        return image, image

    def late(self, half, quarter, prompts):
        found = {"logits": [], "iou": [], "kinds": []}
        pixels = half.permute(0, 2, 3, 1)
        for image, point in zip(pixels, prompts.points[:, 0], strict=True):
            x, y = (min(int(along * 128), 127) for along in point.tolist())
            same = (image - image[y, x]).abs().sum(dim=2) < 0.05
            kind = next((DISCS[name][5] for name in DISCS
                         if np.allclose(np.array(DISCS[name][3]) / 255, image[y, x].numpy(), atol=0.05)), None)  # fmt: skip
            logits = torch.where(same, 6.0, -6.0) if kind is not None else torch.full((128, 128), -6.0)
            found["logits"].append(torch.nn.functional.max_pool2d(logits[None], 2))
            found["iou"].append(0.9 if kind is not None else 0.1)
            found["kinds"].append([8.0 * (kind == other) for other in THING_KINDS])
        return {"logits": torch.stack(found["logits"])} | {name: torch.tensor(found[name]) for name in ("iou", "kinds")}


class KnowingSaliency(nn.Module):
    """Each disc draws what DISCS says, the rest little."""

    def __init__(self):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, image):
        found = np.full(image.shape[-2:], 0.02)
        for name in DISCS:
            found[disc(name, *image.shape[-2:])] = DISCS[name][4]
        return torch.from_numpy(found)[None, None].float()


NETWORKS = {"saliency": KnowingSaliency(), "selector": KnowingSelector()}


def names(found):
    hits = []
    for one in found:
        overlaps = {name: ((one.mask >= 128) & disc(name, *SIZE)).sum() / ((one.mask >= 128) | disc(name, *SIZE)).sum()
                    for name in DISCS}  # fmt: skip
        best = max(overlaps, key=overlaps.get)
        assert overlaps[best] > 0.8
        hits.append(best)
    return hits


def test_the_sign_is_suggested_and_neither_subject_nor_person_nor_what_nobody_sees(photo):
    found = look_for_distractors(photo, **NETWORKS)
    assert names([found.subject]) == ["subject"] and names(found.others) == ["sign"]
    sign = found.others[0]
    assert sign.reason.startswith("blue thing ") and "right" in sign.reason and "% of attention" in sign.reason
    assert sign.mask.dtype == np.uint8 and sign.mask.shape == SIZE and 0 < sign.area < sign.attention < 1
    assert sign.trust == pytest.approx(0.9)


def test_people_are_suggested_where_that_is_asked_the_strongest_first(photo):
    assert names(suggest(photo, people=True, **NETWORKS)) == ["person", "sign"]
    assert names(suggest(photo, 1, people=True, **NETWORKS)) == ["person"]


def test_a_named_subject_is_left_out_instead(photo):
    found = look_for_distractors(photo, subject=(180, 48), **NETWORKS)
    assert names([found.subject]) == ["sign"] and names(found.others) == ["subject"]
    assert names(suggest(photo, with_subject=True, **NETWORKS)) == ["subject", "sign"]


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_photos_of_any_depth(photo, dtype):
    levels = {np.uint16: 257, np.float32: 1 / 255}[dtype]
    assert names(suggest((photo * np.float64(levels)).astype(dtype), **NETWORKS)) == ["sign"]


def test_a_photo_in_which_nothing_stands_out_has_no_suggestion():
    flat = np.full((*SIZE, 3), 110, np.uint8)
    found = look_for_distractors(flat, saliency=KnowingSaliency(), selector=KnowingSelector())
    assert found.subject is None and found.others == []


def test_what_cannot_be_used_is_refused(photo):
    with pytest.raises(InputError, match="within 200 x 160"):
        suggest(photo, subject=(500, 3), **NETWORKS)
    with pytest.raises(InputError, match="choose a point within it"):
        suggest(photo, subject=(100, 3), **NETWORKS)
    with pytest.raises(InputError, match="count is 0"):
        suggest(photo, 0, **NETWORKS)
