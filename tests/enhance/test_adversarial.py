"""The adversarial ablation: each loss moves its own network."""
import math

import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing.data.regions import Region
from realistic_editing.enhance.adversarial import AdversarialProblem
from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.saliency.compact import CompactSaliency

SALIENCY = {"input_size": (24, 32)}


def critic():
    return CompactCritic(input_size=48, stride=1, ring=8, palette=4, hidden=16)


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    folder, rng, regions = tmp_path_factory.mktemp("photos"), np.random.default_rng(0), []
    mask = np.zeros((48, 48), np.uint8)
    mask[10:30, 15:40] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    for index in range(8):
        Image.fromarray(rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(folder / f"{index}.png")
        split = "train" if index < 6 else "val"
        names = {"source": "folder", "photo_id": str(index), "region_id": "0", "category": "", "split": split}
        regions.append(Region(folder / f"{index}.png", mask=folder / "mask.png", **names))
    torch.manual_seed(0)
    network = CompactEnhancer(SALIENCY, input_size=48, stride=1, ring=8, palette=4, hidden=16)
    judges = Judges(critic(), CompactSaliency(**SALIENCY))
    options = {"size": 48, "objective": Objective(saliency_weight=-1.0, realism_weight=10.0), "pixels_per_zone": 60}
    return AdversarialProblem(network, critic(), judges, regions, **options)


def batch(problem):
    items = [problem.train_data[index, 0] for index in range(4)]
    return {name: torch.stack([item[name] for item in items]) for name in items[0]}


def test_each_loss_moves_its_own_network(problem):
    network = problem.network.train()
    terms = problem.losses(network, batch(problem), torch.Generator().manual_seed(0))
    parts = {"enhancer": network.enhancer.heads, "discriminator": network.discriminator_view}
    parts = {name: list(part.parameters()) for name, part in parts.items()}

    def moved(name, loss):
        slopes = torch.autograd.grad(loss, parts[name], retain_graph=True, allow_unused=True)
        return any(slope is not None and slope.abs().sum() > 0 for slope in slopes)

    own = terms["saliency"] - terms["realism_change"]
    assert moved("enhancer", own) and not moved("discriminator", own)
    assert moved("discriminator", terms["discriminator"]) and not moved("enhancer", terms["discriminator"])
    assert moved("enhancer", terms["total"]) and moved("discriminator", terms["total"])


def test_the_discriminator_learns_what_the_frozen_critic_does_not(problem):
    network = problem.network.train()
    before = {name: value.clone() for name, value in problem.judges.critic.state_dict().items()}
    optimizer = torch.optim.Adam(problem.network.parameters(), lr=0.01)
    losses = []
    for step in range(20):
        with torch.no_grad():  # an enhancer whose edits show
            network.enhancer.heads["exposure"].bias.fill_(4.0)
        terms = problem.losses(network, batch(problem), torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        terms["total"].backward()
        optimizer.step()
        losses.append(terms["discriminator"].item())
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    for name, value in problem.judges.critic.state_dict().items():  # its running statistics too
        assert torch.equal(value, before[name]), name


def test_an_edit_that_changes_nothing_is_not_marked_down(problem):
    network, fresh = problem.network.train(), critic()
    assert not any(module.p for module in network.discriminator_view.modules() if isinstance(module, torch.nn.Dropout))
    assert any(module.p for module in fresh.modules() if isinstance(module, torch.nn.Dropout))
    with torch.no_grad():
        for head in network.enhancer.heads.values():
            head.weight.zero_(), head.bias.zero_()
        network.enhancer.heads["exposure"].bias.fill_(math.log(0.5))  # a factor of 1 in [0.5, 2]
        terms = problem.losses(network, batch(problem), torch.Generator().manual_seed(0))
    assert abs(terms["realism_change"].item()) < 1e-4


def test_the_enhancer_is_what_is_kept_and_measured(problem):
    assert problem.network.export_module is problem.network.enhancer
    measures = problem.evaluate(problem.network.eval(), torch.device("cpu"))
    assert np.isfinite(list(measures.values())).all()
