"""Who is a person and what comes in any colour, learned on frozen features, by problem and by command."""
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.common.protocols import SeesColorFreedom, SeesPeople
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.realism.kinds_training import CriticKindsProblem, kinds_losses, labels
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
    batch = problem.train_data.seen, problem.train_data.categories
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


def test_things_of_which_nobody_knows_teach_nothing_of_colour(critic):
    free, known = labels(torch.tensor([PERSON, CAR, BANANA, LAPTOP]))
    assert free.tolist() == [0, 1, 0, 0] and known.tolist() == [1, 1, 1, 0]
    seen = torch.randn(2, critic.things.count)
    _, freedom = kinds_losses(critic, seen, torch.tensor([LAPTOP, LAPTOP]))
    freedom.backward()
    assert float(freedom) == 0 and not critic.freedom.weight.grad.any()


def test_a_critic_that_sees_no_things_is_refused():
    with pytest.raises(InputError, match="samples=kinds needs a critic that sees things"):
        CriticKindsProblem(CompactCritic(input_size=48, stride=1, ring=8, palette=8, hidden=16), [])
