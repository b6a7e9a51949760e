"""The loop: learns, resumes to the last bit, averages, accumulates, and stops at what is not finite."""
import functools
import os
import shutil

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import nn
from torch.utils.data import Dataset

from realistic_editing.common.errors import InputError
from realistic_editing.training import Trainer, fit
from realistic_editing.training.devices import launch
from realistic_editing.training.stepper import Stepper


class Line(Dataset):
    """y = 3 x - 1, and noise that a seed decides."""

    def __len__(self):
        return 40

    def __getitem__(self, key):
        index, seed = key
        x = torch.tensor([index / 40.0])
        return {"x": x, "y": 3 * x - 1 + 0.01 * torch.randn(1, generator=torch.Generator().manual_seed(seed))}


class LineProblem:
    monitor, mode = "error", "min"

    def __init__(self, poison_at=None):
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(1, 16), nn.BatchNorm1d(16), nn.SiLU(), nn.Dropout(0.1), nn.Linear(16, 1))
        self.train_data, self.poison_at, self.calls = Line(), poison_at, 0

    def losses(self, network, batch, generator):
        self.calls += 1
        x = batch["x"] + 0.01 * torch.randn(batch["x"].shape, generator=generator)
        total = (network(x) - batch["y"]).square().mean()
        return {"total": total * float("nan") if self.calls == self.poison_at else total}

    def evaluate(self, network, device):
        assert not network.training
        x = torch.linspace(0, 1, 9)[:, None]
        return {"error": (network(x) - (3 * x - 1)).square().mean().item()}

    def sheet(self, network, device):
        return None


SETTINGS = dict(
    steps=60, batch_size=8, learning_rate=2e-2, ema=0.9, log_every=5, evaluate_every=20, save_every=7, accelerator="cpu"
)


class InShards(Line):
    def shards(self):
        return np.arange(40) // 5


class Killed(Exception):
    pass


def run(folder, stop_after=None, fabric=None, **changes):
    problem = LineProblem()
    if stop_after is not None:
        losses = problem.losses

        def die(*arguments):
            if problem.calls == stop_after:
                raise Killed
            return losses(*arguments)

        problem.losses = die
    return fit(problem, Trainer(**(SETTINGS | changes)), folder, fabric)


@pytest.mark.parametrize("stop_after", [3, 7, 33, 59])
def test_a_killed_run_ends_bit_identical(tmp_path, stop_after):
    whole, result = run(tmp_path / "whole")
    with pytest.raises(Killed):
        run(tmp_path / "killed", stop_after)
    again, resumed = run(tmp_path / "killed")
    assert (result["step"], result["measures"]) == (resumed["step"], resumed["measures"])
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    last = [torch.load(tmp_path / run / "last.pt", weights_only=True) for run in ("whole", "killed")]
    for name, value in last[0]["network"].items():
        assert torch.equal(value, last[1]["network"][name]), name
    assert (tmp_path / "whole" / "best.pt").read_bytes() == (tmp_path / "killed" / "best.pt").read_bytes()


def test_it_learns_and_keeps_the_best(tmp_path):
    before = LineProblem()
    before.network.eval()
    start = before.evaluate(before.network, None)["error"]
    _, result = run(tmp_path, steps=200)
    assert result["measures"]["error"] < 0.05 * start
    assert {"best.pt", "last.pt", "tensorboard"} <= {path.name for path in tmp_path.iterdir()}


def test_a_finished_run_is_not_run_again(tmp_path):
    run(tmp_path)
    again, _ = run(tmp_path, stop_after=0)  # would raise at the first step
    assert isinstance(again, nn.Module)


def test_another_seed_gives_another_network(tmp_path):
    first, second = (run(tmp_path / str(seed), seed=seed)[0] for seed in (0, 1))
    assert not torch.equal(first[0].weight, second[0].weight)


def test_workers_do_not_change_the_result(tmp_path):
    alone, _ = run(tmp_path / "alone", steps=10)
    helped, _ = run(tmp_path / "helped", steps=10, workers=2)
    assert torch.equal(alone[0].weight, helped[0].weight)


def test_accumulation_takes_the_same_samples_in_parts(tmp_path):
    _network, result = run(tmp_path, accumulate=2, steps=120)
    assert result["measures"]["error"] < 0.2
    with pytest.raises(ValueError, match="batch_size is 8"):
        run(tmp_path / "odd", accumulate=3)


def test_accumulation_changes_nothing_where_losses_are_means(tmp_path):
    """Without draws and statistics that a share has of its own, two forward passes of four are one of eight."""

    def plain(folder, accumulate):
        problem = LineProblem()
        torch.manual_seed(0)
        problem.network = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), nn.Linear(16, 1))
        problem.losses = lambda network, batch, generator: {"total": (network(batch["x"]) - batch["y"]).square().mean()}
        settings = SETTINGS | {"accumulate": accumulate, "clip_gradient": 0.1, "ema": 0.0}
        return fit(problem, Trainer(**settings), tmp_path / folder)

    whole, result = plain("whole", 1)
    parts, same = plain("parts", 2)
    assert result["measures"] == pytest.approx(same["measures"], rel=1e-3)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], value, rtol=1e-3, atol=1e-5)


def test_the_loss_scale_of_half_precision_is_kept(tmp_path):
    """A killed run in float16 resumes to the last bit. On a CPU Fabric would take bfloat16 for it, so it is handed in."""

    def half(folder, stop_after=None):
        fabric = Fabric(accelerator="cpu", devices=1, plugins=MixedPrecision("16-mixed", "cpu"))
        run(tmp_path / folder, stop_after, fabric, ema=0.0)

    half("whole")
    with pytest.raises(Killed):
        half("killed", 33)
    half("killed")
    whole, killed = (torch.load(tmp_path / folder / "last.pt", weights_only=True) for folder in ("whole", "killed"))
    assert whole["precision"]["scale"] < 2**16  # it has moved: the first gradients overflowed
    assert whole["precision"] == killed["precision"]
    for name, value in whole["network"].items():
        assert torch.equal(value, killed["network"][name]), name


@pytest.mark.skipif(shutil.which(os.environ.get("CXX", "g++")) is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_the_same(tmp_path, monkeypatch):
    # The graph is captured and differentiated as ever; to turn it into C++ takes half a minute, and is PyTorch's own.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))

    def compiled(folder, compile):
        problem = LineProblem()
        # No dropout, which compiled code draws in another way, and no bias before the normalisation, where its gradient
        # is nothing but rounding.
        layers = nn.Linear(1, 16, bias=False), nn.BatchNorm1d(16), nn.SiLU(), nn.Linear(16, 1)
        problem.network = nn.Sequential(*layers)
        torch.manual_seed(0)
        for parameter in problem.network.parameters():
            nn.init.uniform_(parameter, -1, 1)
        return fit(problem, Trainer(**(SETTINGS | {"compile": compile, "ema": 0.0, "steps": 20})), tmp_path / folder)

    (eager, result), (fused, same) = compiled("eager", False), compiled("compiled", True)
    assert result["measures"] == pytest.approx(same["measures"], rel=1e-3)
    for name, value in eager.state_dict().items():
        torch.testing.assert_close(fused.state_dict()[name], value, rtol=1e-3, atol=1e-4)


def test_a_compiler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match="trainer.compile: .*no-such-compiler.*do without trainer.compile"):
        run(tmp_path, compile=True)


def test_a_run_tells_its_speed(tmp_path):
    speed = run(tmp_path)[1]["speed"]
    assert speed["steps"] == SETTINGS["steps"] and speed["images_per_s"] > 0 and 0 < speed["share_waiting_for_data"] < 1
    assert run(tmp_path)[1]["speed"]["steps"] == 0  # a finished run only reads what it kept


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    with pytest.raises(FloatingPointError, match="'total'.*step 9;"):  # named exactly, though losses are read at 10
        fit(LineProblem(poison_at=9), Trainer(**SETTINGS), tmp_path)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 7


def test_weights_that_are_not_finite_are_never_kept(tmp_path):
    with pytest.raises(FloatingPointError, match="step 6;"):
        fit(LineProblem(poison_at=6), Trainer(**SETTINGS), tmp_path)
    assert not (tmp_path / "last.pt").exists() and not (tmp_path / "best.pt").exists()


@pytest.mark.parametrize(
    "changes", [{"optimizer": "sgd"}, {"schedule": "step"}, {"precision": "8"}, {"accelerator": "abacus"}, {"accumulate": 3}]
)
def test_settings_that_cannot_be_used_are_named(tmp_path, changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        run(tmp_path, **changes)


@pytest.mark.parametrize("damage", ["truncated", "other"])
def test_a_damaged_checkpoint_is_refused_by_name(tmp_path, damage):
    run(tmp_path)
    path = tmp_path / "last.pt"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        torch.save({"network": {"weight": torch.zeros(1)}}, path)
    with pytest.raises(InputError, match=r"last\.pt"):
        run(tmp_path)


def test_a_window_of_shards_reaches_the_loader_and_needs_shards():
    problem, settings = LineProblem(), Trainer(**{**SETTINGS, "steps": 5, "window": 2})
    with pytest.raises(InputError, match="trainer.window is 2; .*regions.shards"):
        Stepper(problem, settings, launch(settings))
    problem.train_data = InShards()
    drawn = torch.cat([batch["x"] for batch in Stepper(problem, settings, launch(settings)).batches(0)])
    seen = (drawn.flatten() * 40).round().int().tolist()
    assert sorted(seen) == list(range(40)) and len({index // 5 for index in seen[:5]}) <= 2


def test_tensorboard_keeps_every_step_of_a_run_that_was_killed_and_begun_again(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def steps():
        events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
        return [[event.step for event in events.Scalars(name)] for name in ("train/total", "validation/error")]

    with pytest.raises(Killed):
        run(tmp_path, 33, save_every=20)  # it goes on from 20, and takes the steps to 30 again
    assert steps()[0] == [5, 10, 15, 20, 25, 30]
    run(tmp_path, save_every=20)
    assert steps() == [list(range(5, 65, 5)), [20, 40, 60]]
    files = sorted((tmp_path / "tensorboard").iterdir())
    run(tmp_path, save_every=20)  # finished, it says nothing new
    assert sorted((tmp_path / "tensorboard").iterdir()) == files


def test_tensorboard_holds_the_settings_and_what_runs_are_compared_by(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    settings = {"trainer": {"steps": 20, "learning_rate": 0.01}, "experiment": None, "sets": ["osie"]}
    fit(LineProblem(), Trainer(**(SETTINGS | {"steps": 20})), tmp_path, settings=settings)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert "validation/error" in events.Tags()["scalars"] and "config/text_summary" in events.Tags()["tensors"]
    assert b"learning_rate: 0.01" in events.Tensors("config/text_summary")[0].tensor_proto.string_val[0]

    def read(name):
        content = events.summary_metadata[f"_hparams_/{name}"].plugin_data.content
        return plugin_data_pb2.HParamsPluginData.FromString(content)

    assert [one.name.tag for one in read("experiment").experiment.metric_infos] == ["validation/error"]
    values = read("session_start_info").session_start_info.hparams
    assert values["trainer.learning_rate"].number_value == 0.01 and values["sets"].string_value == "['osie']"
