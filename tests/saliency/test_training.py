"""Learning from teachers."""
import cv2
import numpy as np
import pytest
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.data.gaze import GazePhoto
from realistic_editing.saliency.training import SaliencyProblem, augment

WEIGHTS = {"kl": 1.0, "cc": 1.0, "nss": 0.3, "scale": 0.1}


class Brightness(nn.Module):
    """Says that bright pixels are looked at; `power` is what can be learned."""

    def __init__(self, power=1.0):
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))

    def forward(self, image):
        return image.mean(dim=1, keepdim=True).clamp(1e-4, 1) ** self.power


@pytest.fixture
def photos(tmp_path):
    """Four photos of coloured patches with twenty fixations each; the first validates."""
    found = []
    for index in range(4):
        rng = np.random.default_rng(index)
        patches = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        path = tmp_path / f"{index}.png"
        cv2.imwrite(str(path), cv2.resize(patches, (80, 60), interpolation=cv2.INTER_NEAREST))
        points = (rng.random((20, 2)) * (800, 600)).astype(np.float32)
        zeros = np.zeros(20)
        split = "val" if index == 0 else "train"
        found.append(GazePhoto(path, str(index), split, points, zeros.astype(np.int64), zeros.astype(np.float32)))
    return found


def batch_of(problem, indices):
    items = [problem.train_data[index, 7] for index in indices]
    return [torch.stack(parts) for parts in zip(*items, strict=True)]


def test_unlabelled_photos_follow_the_tracked_ones_and_teach_by_the_teacher_alone(photos):
    problem = SaliencyProblem(
        Brightness(2.0), photos, (24, 32), WEIGHTS, teachers=[Brightness(1.0)], unlabelled=[photos[0].photo] * 5
    )
    assert len(problem.train_data) == 3 + 5
    unlabelled = problem.losses(problem.network, batch_of(problem, [3, 4]), torch.Generator().manual_seed(0))
    assert unlabelled["kl"] == 0 and unlabelled["total"] == unlabelled["taught"]
    unlabelled["total"].backward()
    assert problem.network.power.grad > 0  # towards the teacher's smaller power


def test_a_student_like_its_teacher_loses_less(photos):
    def taught(power):
        problem = SaliencyProblem(Brightness(power), photos, (24, 32), WEIGHTS, teachers=[Brightness(1.0)])
        return problem.losses(problem.network, batch_of(problem, [0, 1]), torch.Generator().manual_seed(0))["taught"]

    assert taught(1.0) < taught(2.0) and taught(1.0) < taught(0.5)


def test_teachers_are_not_trained(photos):
    teacher = Brightness(1.0)
    problem = SaliencyProblem(Brightness(2.0), photos, (24, 32), WEIGHTS, teachers=[teacher])
    problem.losses(problem.network, batch_of(problem, [0]), torch.Generator().manual_seed(0))["total"].backward()
    assert teacher.power.grad is None and not teacher.training


def test_unlabelled_photos_need_a_teacher(photos):
    with pytest.raises(InputError, match="no teacher"):
        SaliencyProblem(Brightness(), photos, (24, 32), WEIGHTS, unlabelled=[photos[0].photo])


def test_unlabelled_photos_are_cropped_too():
    image = torch.rand(4, 3, 24, 32)
    nothing = torch.zeros(4, 1, 24, 32)
    cropped, density, fixations = augment(image, nothing, nothing, torch.Generator().manual_seed(0), zoom=0.5, jitter=0)
    assert (cropped - image).abs().mean() > 0.01 and density.abs().max() == 0 and fixations.abs().max() == 0
