"""The terms that help the paper's critic to leave chance: labels of patches, and a teacher's scores."""
import numpy as np
import pytest
import torch
from PIL import Image

from realistic_editing.data.regions import Region
from realistic_editing.ops import PRESETS
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.realism.network import RealismNet
from realistic_editing.realism.training import RealismProblem


class Shares(torch.nn.Module):
    """A critic that gives every sample one score."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, image, mask):
        return torch.full((len(image),), self.share)


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    folder, rng, found = tmp_path_factory.mktemp("photos"), np.random.default_rng(0), []
    mask = np.zeros((64, 64), np.uint8)
    mask[16:32, 16:48] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    for index, split in enumerate(("train", "train", "val")):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / f"{index}.png")
        names = {"source": "folder", "photo_id": str(index), "region_id": "0", "category": "", "split": split}
        found.append(Region(folder / f"{index}.png", mask=folder / "mask.png", **names))
    return found


def terms_of(regions, network, **loss):
    teacher, human = loss.pop("critic", None), loss.pop("human", False)
    options = {"size": 64, "edits": PRESETS["released"], "loss": {"kind": "cross_entropy", **loss}, "human": human}
    problem = RealismProblem(network, regions, **options, teacher=teacher)
    items = [problem.train_data[index, 0] for index in range(2)]
    batch = {name: torch.stack([item[name] for item in items]) for name in items[0]}
    return problem.losses(network, batch, torch.Generator().manual_seed(0))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return RealismNet(64, even_start=True)


@pytest.mark.parametrize("human", [False, True])
def test_the_patches_learn_by_themselves(regions, network, human):
    terms = terms_of(regions, network, patches=0.5, human=human)
    parts = sum(float(terms[name].detach()) for name in ("real", "fake", *(["fake_human"] if human else [])))
    assert float(terms["total"].detach()) == pytest.approx(parts + 0.5 * float(terms["patches"].detach()), rel=1e-5)
    terms["patches"].backward()
    assert network.patches[0].weight.grad.abs().sum() > 0 and network.hidden.weight.grad is None


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_teacher_pulls_the_scores_to_its_own(regions, network, share):
    terms = terms_of(regions, network, teacher=2.0, critic=Shares(share))
    assert float(terms["total"].detach()) == pytest.approx(
        sum(float(terms[name].detach()) for name in ("real", "fake")) + 2 * float(terms["teacher"].detach()), rel=1e-5
    )
    terms["teacher"].backward()
    assert (network.score.bias.grad < 0) == (share > 0.5)  # at 0.5 before


def test_without_their_weights_neither_is_asked(regions, network):
    assert set(terms_of(regions, network)) == {"total", "real", "fake"}


@pytest.mark.parametrize("human", [False, True])
def test_a_critic_that_keeps_features_learns_from_sampled_pixels_and_sees_the_photo_once(regions, human, monkeypatch):
    torch.manual_seed(0)
    critic = LiteCritic(things_size=64, input_size=64, stride=1, ring=8, palette=8, hidden=16, projection=8)
    loss = {"kind": "cross_entropy"}
    problem = RealismProblem(critic, regions, size=64, edits=PRESETS["released"], loss=loss, human=human, pixels_per_zone=50)
    items = [problem.train_data[index, 0] for index in range(2)]
    batch = {name: torch.stack([item[name] for item in items]) for name in items[0]}
    seen, things = [], type(critic.things).forward
    monkeypatch.setattr(
        type(critic.things), "forward", lambda self, image, mask: (seen.append(len(image)), things(self, image, mask))[1]
    )
    terms = problem.losses(critic.train(), batch, torch.Generator().manual_seed(0))
    terms["total"].backward()
    assert seen == [2]  # whatever is drawn of them
    asked = {name: value.grad is not None for name, value in critic.named_parameters() if value.requires_grad}
    assert asked and all(asked.values())  # several processes would wait for those that get none
