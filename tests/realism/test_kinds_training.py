"""Who is a person and what comes in any colour, learned on frozen features."""
import dataclasses

import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.common.protocols import SeesColorFreedom, SeesPeople
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.realism.kinds_training import CriticKindsProblem, few_of_each_kind, kinds_losses, labels, named
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.selection.things import Thing

PERSON, CAR, BANANA, LAPTOP = 1, 3, 52, 73
COLORS = {PERSON: (0, 0, 255), CAR: (0, 255, 0), BANANA: (255, 0, 0), LAPTOP: (128, 128, 128)}


def thing(index, category, split):
    def read(draws):
        image = np.random.default_rng(index).integers(0, 60, (48, 64, 3), dtype=np.uint8)
        mask = np.zeros((48, 64), bool)
        mask[10:40, 12:50] = True
        image[mask] = COLORS[category]
        return image, mask

    return Thing(f"coco/{index}", split, read, category=category)


@pytest.fixture
def critic():
    torch.manual_seed(0)
    return LiteCritic(things_size=64, input_size=64, stride=1, ring=8, palette=8, hidden=16, projection=8)


@pytest.fixture
def problem(critic):
    kinds = list(COLORS) * 8
    things = [thing(index, category, "val" if index % 5 == 3 else "train") for index, category in enumerate(kinds + kinds[1:])]
    return CriticKindsProblem(critic, things)


def test_two_layers_learn_and_nothing_else(problem):
    network = problem.network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.Adam([weight for weight in network.parameters() if weight.requires_grad], lr=1e-2)
    batch = problem.train_data.seen, problem.train_data.wanted, problem.train_data.known
    for _ in range(60):
        optimizer.zero_grad()
        problem.losses(network, batch, torch.Generator())["total"].backward()
        optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {f"{layer}.{part}" for layer in ("person", "freedom") for part in ("weight", "bias")}
    assert problem.evaluate(network, torch.device("cpu")) == {"person_auc": 1.0, "any_color_auc": 1.0}
    image, mask = torch.zeros(1, 3, 64, 64), torch.ones(1, 1, 64, 64)
    image[:, 1] = 1
    kept = network.cache_features(image, mask)
    assert isinstance(kept, SeesPeople) and isinstance(kept, SeesColorFreedom) and 0 < kept.any_color().item() < 1


class Namer:
    """Takes green for a car, red for a banana, and all else for a little of everything."""

    def __call__(self, photos):
        logits = torch.zeros(len(photos), 1000)
        logits[:, 817], logits[:, 954] = (20 * photos[..., 100:160, 100:160].mean(dim=(2, 3))).T[:2].flip(0)
        return logits


def test_what_has_no_category_is_named_where_the_classifier_is_sure(critic):
    colors = {PERSON: (0, 0, 255), CAR: (0, 255, 0), BANANA: (255, 0, 0)}
    found = []
    for color in colors.values():
        image, mask = torch.zeros(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
        image[0, :, 8:56, 8:56] = torch.tensor(color)[:, None, None] / 255
        mask[..., 8:56, 8:56] = 1
        found.append(named(Namer(), image, mask))
    assert [wanted[0].tolist() for wanted, _ in found[1:]] == [[0, 1], [0, 0]]
    assert [known[0].tolist() for _, known in found] == [[0, 0], [0, 1], [0, 1]]
    unnamed = [dataclasses.replace(thing(index, BANANA, split), category=0) for index, split in enumerate(("train", "val"))]
    things = [thing(5, CAR, "train"), thing(6, CAR, "val"), *unnamed]
    assert len(CriticKindsProblem(critic, things).train_data) == 1
    both = CriticKindsProblem(critic, things, Namer()).train_data
    assert both.wanted.tolist() == [[0, 1], [0, 0]] and both.known.tolist() == [[1, 1], [0, 1]]


def test_a_few_of_each_kind_hold_all_kinds():
    things = [thing(index, category, "train") for index, category in enumerate([PERSON] * 9 + [CAR, BANANA, LAPTOP])]
    assert [one.category for one in few_of_each_kind(things, 2)] == [PERSON, PERSON, CAR, BANANA, LAPTOP]


def test_things_of_which_nobody_knows_teach_nothing_of_colour(critic):
    wanted, known = labels(torch.tensor([PERSON, CAR, BANANA, LAPTOP]))
    assert wanted.tolist() == [[1, 0], [0, 1], [0, 0], [0, 0]] and known.tolist() == [[1, 1], [1, 1], [1, 1], [1, 0]]
    seen = torch.randn(2, critic.things.count)
    _, freedom = kinds_losses(critic, seen, *labels(torch.tensor([LAPTOP, LAPTOP])))
    freedom.backward()
    assert float(freedom) == 0 and not critic.freedom.weight.grad.any()


def test_a_critic_that_sees_no_things_is_refused():
    with pytest.raises(InputError, match="samples=kinds needs a critic that sees things"):
        CriticKindsProblem(CompactCritic(input_size=48, stride=1, ring=8, palette=8, hidden=16), [])
