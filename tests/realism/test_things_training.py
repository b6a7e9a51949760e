"""The samples that teach a critic which colours belong to what."""

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.data.regions import Region
from realistic_editing.ops import PRESETS
from realistic_editing.realism.augment import Degradation
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.realism.things_training import ThingsProblem

CAR, BANANA, PERSON, UNKNOWN = 3, 52, 1, 0


@pytest.fixture
def problem(tmp_path):
    torch.manual_seed(0)
    rng, regions = np.random.default_rng(0), []
    kinds = [(CAR, "train"), (BANANA, "train"), (PERSON, "train"), (UNKNOWN, "train"), (CAR, "val")]
    for index, (category, split) in enumerate(kinds):
        photo, mask = tmp_path / f"{index}.png", tmp_path / f"{index}_mask.png"
        patches = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(photo), cv2.resize(patches, (64, 64), interpolation=cv2.INTER_CUBIC))
        drawn = np.zeros((64, 64), np.uint8)
        drawn[16:40, 16:44] = 255
        cv2.imwrite(str(mask), drawn)
        regions.append(Region(photo, mask, "folder", str(index), "0", category=category, split=split))
    critic = LiteCritic(things_size=64, input_size=64, stride=1, ring=8, palette=8, hidden=16, projection=8)
    return ThingsProblem(
        critic, regions, size=64, edits=PRESETS["singles"], loss={"kind": "cross_entropy", "rank": 0.3, "people": 0.3},
        human=False, pixels_per_zone=0, augment=True,
    )  # fmt: skip


def samples(problem, index, seed, monkeypatch):
    monkeypatch.setattr(Degradation, "apply", lambda self, image: image)
    item = problem.train_data[index]
    region = problem.train_data.regions[index]
    found, _ = problem.samples_of(region, item["image"].numpy(), item["mask"].numpy()[0], np.random.default_rng(seed))
    return found, item["mask"].numpy()[0] > 0


@pytest.mark.parametrize(
    ("index", "labels"),
    [(0, [1, 0, 1, 0, 1]), (1, [1, 0, 1, 0, 0]), (2, [1, 0, 1, 0, 0, 0]), (3, [1, 0, 1, 0])],
    ids=["car", "banana", "person", "unknown"],
)
def test_what_is_real_depends_on_the_thing(problem, monkeypatch, index, labels):
    found, inside = samples(problem, index, 1, monkeypatch)
    assert [label for label, _ in found] == labels
    photo = found[2][1]
    for _, sample in found:
        assert sample.shape == (3, 64, 64) and sample.dtype == np.float32 and 0 <= sample.min() and sample.max() <= 1
        np.testing.assert_allclose(sample[:, ~inside], photo[:, ~inside], atol=1e-6)


def test_a_batch_is_learned_from_with_one_named_thing_as_with_many(problem):
    for indices in ([0, 3], [0, 1, 2, 3]):
        items = [problem.train_data[index] for index in indices]
        batch = {name: torch.stack([item[name] for item in items]) for name in items[0]}
        terms = problem.losses(problem.network.train(), batch, torch.Generator().manual_seed(0))
        terms["total"].backward()
        assert torch.isfinite(terms["total"]) and bool(terms["people"]) == (len(indices) > 2)
