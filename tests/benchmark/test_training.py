"""The plain steps do what the project's do, and the suite writes its report."""
import json
import random
import types

import pytest
import torch

from realistic_editing.apps.cli import _compose
from realistic_editing.apps.main import call
from realistic_editing.benchmark import plain, quality
from realistic_editing.benchmark.photos import gaze_photos, synthetic_regions
from realistic_editing.benchmark.training import Loop
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.sampling import get_preset


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_plain_edits_are_the_edits_of_a_recipe(generator):
    image, mask = torch.rand(2, 3, 24, 20, generator=generator), torch.rand(2, 1, 24, 20, generator=generator)
    order = [2, 0, 3, 1]
    recipe = Recipe(
        torch.tensor([order, order]),
        white_balance=0.5 + torch.rand(2, 3, generator=generator) / 2,
        color_curve=0.5 + torch.rand(2, 3, 8, generator=generator),
        saturation=2 * torch.rand(2, generator=generator),
        exposure=0.5 + torch.rand(2, generator=generator),
        blend="each",
    )
    edited = image
    for operator in order:
        edited = plain.edit(edited, mask, operator, plain.parameter_of(recipe, operator))
    torch.testing.assert_close(edited, apply(image, mask, recipe), atol=1e-5, rtol=0)


def test_hsv_is_there_and_back(generator):
    image = torch.rand(1, 3, 16, 16, generator=generator)
    image[..., :2] = image[:, :1, :, :2]  # grey
    image[..., 3, :], image[..., 4, :] = 0, 1
    torch.testing.assert_close(plain.hsv_to_rgb(*plain.rgb_to_hsv(image)), image, atol=1e-6, rtol=0)


@pytest.mark.parametrize("column", ["real", "fake", "fake_human"])
def test_plain_samples_stay_in_range_and_inside_the_mask(generator, column):
    random.seed(0)
    image, mask = torch.rand(1, 3, 8, 8, generator=generator), torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    for _ in range(20):
        edited = plain.random_edit(image, mask, getattr(get_preset("released"), column))
        assert 0 <= edited.min() and edited.max() <= 1
        torch.testing.assert_close(edited[..., 4:], image[..., 4:])


def test_plain_data_are_the_photos(tmp_path):
    regions = synthetic_regions(tmp_path, 3, seed=0)
    assert [region.split for region in regions] == ["train", "train", "val"]
    photo, mask = plain.PlainRegions(regions, 32)[0]
    assert photo.shape == (3, 32, 32) and mask.shape == (1, 32, 32) and 0 <= photo.min() and photo.max() <= 1
    assert mask.mean().item() == pytest.approx(regions[0].area, abs=0.02)
    cut = plain.PlainRegions(regions, 32, augment=True)
    assert torch.equal(cut[0][0], cut[0][0]) and not torch.equal(cut[0][0], photo)  # the sample's number decides the crop
    expected = RegionDataset(regions, 32, augment=True)[0, 0]
    assert (255 * cut[0][1] - expected["mask"]).abs().mean() < 10  # the same crop, shrunk without care for aliasing
    photo, density, fixations = plain.PlainGaze(gaze_photos(regions, 0), (24, 32))[0]
    assert photo.shape == (3, 24, 32) and density.sum().item() == pytest.approx(1, abs=1e-4) and fixations.sum() > 40


def small(output, *extra):
    return _compose(
        "benchmark",
        [
            "suite=training",
            f"output={output}", "photos=4", "training.seconds=0", "training.precisions=[32-true]", "trainer.accelerator=cpu",
            "training.loops.saliency_compact.size=[48,64]", "training.loops.saliency_compact.batch_size=2",
            "+training.loops.saliency_compact.network.input_size=[48,64]",
            "+training.loops.saliency_compact.network.widths=[4,4,4,4,4]",
            "realism.network.input_size=32", "training.loops.critic_compact.pixels_per_zone=20",
            "training.loops.critic_compact.batch_size=4", "training.loops.enhancer_EditNet.network.input_size=32",
            "training.loops.enhancer_EditNet.size=32", "training.loops.enhancer_EditNet.batch_size=2", *extra,
        ],
    )  # fmt: skip


def test_the_suite_times_every_kind_of_loop(tmp_path, capsys):
    call("benchmark", small(tmp_path, "training.only=[saliency_compact,critic_compact,enhancer_EditNet]"))
    text = (tmp_path / "training.md").read_text()
    assert text in capsys.readouterr().out
    results = json.loads((tmp_path / "training.json").read_text())["results"]
    assert [row["contender"] for row in results] == ["plain", "this project, 32-true"] * 3
    assert [row["case"] for row in results[::2]] == [
        "saliency compact, 48x64 px, batch 2",
        "critic compact, 32 px, batch 4, 20 pixels of each zone where plain takes the picture",
        "enhancer EditNet, 32 px, batch 2",
    ]
    # Two rounds; a loop that takes a tenth of another's time has more turns in the second.
    assert all(row["images_per_s"] > 0 and 2 <= len(row["seconds"]) <= 11 for row in results)


def test_every_loop_of_the_suite_is_there():
    loops = small("unused").training.loops
    assert {node.job for node in loops.values()} == {"saliency", "realism", "enhancer"} and len(loops) == 7


@pytest.mark.parametrize("option", ["suite=flying", "training.only=[flying]", "data=no/such/folder"])
def test_what_is_unknown_is_named(tmp_path, capsys, option):
    with pytest.raises(SystemExit) as stop:
        call("benchmark", small(tmp_path, option))
    assert stop.value.code == 2 and option.split("=")[1].strip("[]") in capsys.readouterr().err


def test_a_job_that_is_unknown_is_named():
    with pytest.raises(ValueError, match="'flying'; use saliency"):
        Loop("flying", torch.nn.Identity(), 32, 1)


class Counted:
    """A problem whose measure is the number of steps that were taken; and what trains it, plainly or not, at two speeds."""

    monitor, mode = "auc", "max"

    def __init__(self, clock):
        self.network, self.steps, self.clock = torch.nn.Linear(1, 1), 0, clock

    def evaluate(self, network, device):
        self.clock.now += 20  # not counted
        return {"auc": float(self.steps)}


def test_time_to_quality_is_of_training_alone_and_ends_where_the_plain_measure_is_reached(monkeypatch):
    clock = types.SimpleNamespace(now=0.0, process_time=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr(quality, "time", clock)

    def courses():
        return (Counted(clock), None), (Counted(clock), None)

    def train(pause):
        def run(problem, trainer):
            while True:
                clock.now += pause
                problem.steps += 1
                problem.evaluate(problem.network, torch.device("cpu"))

        return run

    monkeypatch.setattr(quality, "_train_plainly", train(10.0))
    monkeypatch.setattr(quality, "_train", train(2.0))
    said = []
    first, second = quality.to_quality({"critic": courses}, 35, said.append)
    assert (first.contender, second.contender) == ("plain", "this project") and first.case == "critic"
    assert (first.seconds[0], second.seconds[0]) == pytest.approx((40, 8))
    assert "auc" in second.note and "not reached" not in second.note and len(said) == 2 + 4 + 4 + 1
    monkeypatch.setattr(quality, "_train", train(30.0))
    _, late = quality.to_quality({"critic": courses}, 35, said.append)
    assert late.note.startswith("not reached") and late.seconds[0] == pytest.approx(60)


def test_courses_train_from_real_configurations(tmp_path, capsys):
    """One plain validation and this project's way until then, of a critic on made-up regions."""
    synthetic_regions(tmp_path, 6, seed=0)
    shared = [f"regions.folders=[{tmp_path}]", "regions.matte=false", f"paths.regions={tmp_path / 'regions'}", "size=32"]
    shared += ["trainer.accelerator=cpu", "trainer.batch_size=2", "trainer.evaluate_every=1", "trainer.steps=3"]
    shared += ["model.network.hidden=8", "model.network.input_size=32"]
    words = ",".join(f"'{one}'" for one in shared)
    course = "+quality.courses.critic={script:realism,plain:['pixels_per_zone=0'],ours:['pixels_per_zone=20']}"
    options = ["suite=quality", f"output={tmp_path}", "photos=2", "quality.minutes=0", "quality.only=critic", course]
    call("benchmark", _compose("benchmark", [*options, f"quality.shared=[{words}]"]))
    results = json.loads((tmp_path / "quality.json").read_text())["results"]
    assert [row["contender"] for row in results] == ["plain", "this project"]
    assert all("auc" in row["note"] for row in results) and "critic, plain, at most 0 s" in capsys.readouterr().out
