"""Training the selector: samples are functions of their seed, losses fall, a click mends a guess, kinds are told apart."""
import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from realistic_editing.data.prompts import Prompts
from realistic_editing.selection.network import THING_KINDS, ClickSelector
from realistic_editing.selection.things import Thing, ThingDataset, kind_of
from realistic_editing.selection.training import KindsProblem, SelectorProblem, losses_of, mended


def disc(number, split="train", category=1):
    """A red or blue disc on grey noise, at a place that its number decides."""

    def read(generator):
        noise = np.random.default_rng(number)
        y, x = np.mgrid[:80, :100]
        mask = (x - noise.integers(30, 70)) ** 2 + (y - noise.integers(30, 50)) ** 2 < 15**2
        image = noise.integers(90, 130, (80, 100, 3)).astype(np.uint8)
        image[mask] = (200, 40, 40) if category == 1 else (40, 40, 200)
        return image, mask

    return Thing(f"coco/{number}", split, read, category=category, area=0.09)


@pytest.fixture(scope="module")
def things():
    return [disc(n, "train" if n < 12 else "val", 1 + n % 2) for n in range(16)]


def test_a_sample_is_a_function_of_its_seed(things):
    data = ThingDataset(things, 64)
    one, again, other = data[3, 5], data[3, 5], data[3, 6]
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["image"], other["image"])
    assert one["image"].shape == (3, 64, 64) and one["mask"].shape == (1, 32, 32) and one["mask"].max() == 255


def test_the_first_click_is_in_the_thing_and_boxes_hold_it(things):
    data, boxes = ThingDataset(things, 64), 0
    for seed in range(40):
        sample = data[seed % len(things), seed]
        mask = sample["mask"][0].numpy()
        for (x, y), kind in zip(sample["points"].numpy(), sample["kinds"].numpy(), strict=True):
            if kind:
                assert (mask[min(int(y * 32), 31), min(int(x * 32), 31)] >= 128) == (kind > 0)
        left, top, right, bottom = sample["box"].numpy() * 32
        if right > left:
            boxes += 1
            outside = (mask >= 128).copy()
            outside[max(0, int(top - 2)) : int(np.ceil(bottom + 2)), max(0, int(left - 2)) : int(np.ceil(right + 2))] = False
            assert outside.mean() < 0.02
    assert 5 < boxes < 30


def test_steps_lower_the_loss(things):
    torch.manual_seed(0)
    problem = SelectorProblem(ClickSelector(input_size=64), things)
    network, batch = problem.network.train(), default_collate([problem.train_data[n, n] for n in range(6)])
    optimiser = torch.optim.Adam([part for part in network.parameters() if part.requires_grad], 2e-3)
    totals = []
    for step in range(8):
        losses = problem.losses(network, batch, torch.Generator().manual_seed(step))
        losses["total"].backward()
        optimiser.step()
        optimiser.zero_grad()
        totals.append(float(losses["cross"].detach()))
    assert np.mean(totals[-2:]) < 0.8 * np.mean(totals[:2]), totals


def test_the_loss_of_a_right_mask_is_least():
    target = torch.zeros(1, 1, 16, 16)
    target[..., 4:12, 4:12] = 1
    coarse = torch.nn.functional.adaptive_avg_pool2d(target, 4) * 16 - 8

    def total(logits, iou):
        return float(losses_of({"logits": logits, "coarse": coarse, "iou": torch.tensor([iou])}, target)["total"])

    right = target * 16 - 8
    assert total(right, 1.0) < total(right, 0.5) < total(-right, 0.5)
    assert total(right, 1.0) < total(right.roll(2, -1), 1.0)


def test_a_click_that_mends_is_added_beside_the_guess():
    target = torch.zeros(1, 1, 16, 16)
    target[..., 4:12, 4:12] = 1
    first = Prompts(torch.full((1, 3, 2), 0.5), torch.tensor([[1.0, 0, 0]]), torch.zeros(1, 4))
    guess = torch.full((1, 1, 16, 16), -5.0)
    guess[..., 4:12, 4:16] = 5.0  # too far to the right
    then = mended(guess, target, first)
    assert then.kinds.tolist() == [[1, -1, 0]] and then.points[0, 1, 0] > 0.75 and then.guessed.all()
    assert torch.allclose(then.previous, guess.sigmoid())


@pytest.mark.parametrize(
    ("category", "kind"), [(1, "person"), (2, "vehicle"), (9, "vehicle"), (17, "animal"), (62, "furniture")]
)
def test_categories_have_kinds(category, kind):
    assert THING_KINDS[kind_of(category)] == kind


def test_only_the_last_layer_learns_kinds(things):
    torch.manual_seed(0)
    problem = KindsProblem(ClickSelector(input_size=64), things)
    learning = [name for name, part in problem.network.named_parameters() if part.requires_grad]
    assert learning == ["kinds.weight", "kinds.bias"]
    assert problem.train_data[0, 7][0].shape == (problem.network.kinds.in_features,) and len(problem.val_data) == 4
    measures = problem.evaluate(problem.network, torch.device("cpu"))
    assert 0 <= measures["accuracy"] <= 1
