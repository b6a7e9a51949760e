"""Two processes, by torchrun or named as by it: the steps of one, one build of regions, one set of files, exact resume."""
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from realistic_editing.apps.cli import _compose, main
from realistic_editing.common.errors import InputError
from realistic_editing.training import Trainer
from realistic_editing.training.devices import launch
from realistic_editing.weights import load_network

ROOT = Path(__file__).resolve().parents[2]
STEPS = 30
BOXES = [(2, 2, 20, 20), (30, 2, 16, 16), (55, 2, 12, 20), (2, 30, 20, 12), (40, 30, 20, 20)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A COCO of a few photos, of which nothing is built yet."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    (root / "coco/annotations").mkdir(parents=True)
    for subset, count in (("train2017", 8), ("val2017", 8)):
        (root / "coco" / subset).mkdir()
        images, annotations = [], []
        for number in range(1, count + 1):
            name = f"{number:012d}.png"
            patches = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
            patches.resize((80, 60)).save(root / "coco" / subset / name)
            images.append({"id": number, "file_name": name, "height": 60, "width": 80})
            for index, (x, y, w, h) in enumerate(BOXES):
                outline = [[x, y, x + w, y, x + w, y + h, x, y + h]]
                annotations.append(
                    {"id": number * 100 + index, "image_id": number, "category_id": index + 1, "segmentation": outline}
                )
        text = json.dumps({"images": images, "annotations": annotations, "categories": []})
        (root / f"coco/annotations/instances_{subset}.json").write_text(text)
    return root


def options(data, output, *extra):
    return [
        f"output={output}", f"paths.data={data}", f"paths.outputs={data.parent / 'outputs'}", "regions.matte=false",
        "size=48", "model.network.input_size=48", f"trainer.steps={STEPS}",
        "trainer.batch_size=8", f"trainer.evaluate_every={STEPS}", "trainer.save_every=3", "trainer.log_every=1",
        "trainer.accelerator=cpu", "trainer.precision=32-true", *extra,
    ]  # fmt: skip


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def pair(beside):
    """Two processes of one run, named as torchrun names them."""

    @contextlib.contextmanager
    def started(folder, words):
        common = {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"}
        common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        members = [beside(words, f"{folder}-{rank}.txt", **common, RANK=rank, LOCAL_RANK=rank) for rank in ("0", "1")]
        try:
            yield members
        finally:
            for member in members:
                member.kill()

    return started


@pytest.fixture(scope="module")
def run_pair(pair):
    """The same, to their end."""

    def run(folder, words):
        with pair(folder, words) as members:
            started = time.monotonic()
            while any(member.exitcode is None for member in members) and not any(member.exitcode for member in members):
                assert time.monotonic() - started < 300
                time.sleep(0.02)
            said = [Path(f"{folder}-{rank}.txt").read_text()[-3000:] for rank in (0, 1)]
            assert [member.exitcode for member in members] == [0, 0], "\n".join(said)

    return run


def enhancer(data, output, weights):
    """With what a long run has: judges, damaged masks, an average of weights, gradients gathered over two batches."""
    files = {"model.attention": "saliency", "saliency.weights": "saliency", "realism.weights": "critic"}
    small = ["model.network.saliency={input_size:[24,32],widths:[4,4,4,4,4],join:4}", "model.network.hidden=8"]
    small += [f"{name}={weights[role]}" for name, role in files.items()]
    kept = ["task=amplify", "size=32", "model.network.input_size=32", "pixels_per_zone=20"]
    kept += ["trainer.accumulate=2", "trainer.ema=0.9"]
    return ["train", "enhancer", *options(data, output, "trainer.devices=2", *small, *kept)]


@pytest.fixture(scope="module")
def two(data, run_pair, tmp_path_factory):
    """The folder of an unbroken run on two processes, which also built the regions."""
    folder = tmp_path_factory.mktemp("two") / "run"
    run_pair(folder, ["train", "realism", *options(data, folder, "trainer.devices=2")])
    return folder


def losses(folder):
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return np.array([scalar.value for scalar in events.Scalars("train/total")])


def weights(network):
    return torch.cat([value.detach().flatten() for value in network.parameters()])


def state(folder):
    return torch.load(folder / "last.pt", weights_only=True)


def test_two_processes_take_the_steps_of_one(data, two, tmp_path):
    main(["train", "realism", *options(data, tmp_path, "trainer.accumulate=2")])
    one, both = losses(tmp_path), losses(two)
    assert len(one) == STEPS and one[-1] != one[0]
    np.testing.assert_allclose(both[:5], one[:5], rtol=1e-5)
    np.testing.assert_allclose(both, one, rtol=1e-2)  # differences of rounding grow
    # Adam takes a whole step where a gradient is rounding's alone, so weights are compared by how far training took them all.
    torch.manual_seed(0)
    start = weights(instantiate(_compose("train_realism", options(data, tmp_path)).model.network))
    alone, together = (weights(load_network(folder / "model.safetensors")) for folder in (tmp_path, two))
    assert (together - alone).norm() < 0.05 * (alone - start).norm()


def test_two_machines_take_the_steps_of_two_processes(data, two, tmp_path):
    """Two torchruns of one process each, which find one another by an address, as machines do."""
    meeting = ["--nnodes=2", "--nproc_per_node=1", "--rdzv_backend=c10d", "--rdzv_id=1"]
    meeting += [f"--rdzv_endpoint=127.0.0.1:{free_port()}"]
    command = [sys.executable, "-m", "torch.distributed.run", *meeting, str(ROOT / "scripts/train_realism.py")]
    command += options(data, tmp_path / "run", "trainer.devices=1", "trainer.nodes=2")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    machines = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [machine.communicate(timeout=300)[1] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], "\n".join(text[-3000:] for text in said)
    assert json.loads((tmp_path / "run/run.json").read_text())["processes"] == 2
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(two), rtol=1e-6)


def test_one_process_builds_and_writes(data, two):
    expected = {"best.pt", "config.yaml", "last.pt", "model.safetensors", "run.json", "tensorboard"}
    assert {path.name for path in two.iterdir()} == expected
    assert len(list((two / "tensorboard").iterdir())) == 1
    record = json.loads((two / "run.json").read_text())
    assert record["processes"] == 2 and record["speed_since_last_start"]["images_per_s"] > 0
    for subset in ("train2017", "val2017"):
        (built,) = (data.parent / "outputs/regions").glob(f"coco-{subset}-masks-compact_saliency-*")
        assert json.loads((built / "report.json").read_text())["photos"] == {"used": 8}


def test_a_killed_run_of_two_processes_goes_on_exactly(data, pair, run_pair, tiny_weights, tmp_path):
    """An enhancer's, which has the most to keep: two networks beside it, an average, gradients gathered, random masks."""
    whole, killed = (enhancer(data, tmp_path / name, tiny_weights) for name in ("whole", "killed"))
    run_pair(tmp_path / "whole", whole)
    with pair(tmp_path / "killed", killed) as members:
        while not (tmp_path / "killed/last.pt").exists() and all(member.is_alive() for member in members):
            time.sleep(0.01)
        for member in members:
            member.terminate()  # they have no handler for it, and die where they stand
        for member in members:
            member.join()
    assert state(tmp_path / "killed")["step"] < STEPS, "the run ended before it was killed"
    run_pair(tmp_path / "killed", killed)
    whole, killed = state(tmp_path / "whole"), state(tmp_path / "killed")
    assert whole["step"] == killed["step"] == STEPS
    for kind in ("network", "average"):
        for name, value in whole[kind].items():
            assert torch.equal(value, killed[kind][name]), name


def test_torchrun_and_devices_must_agree(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="torchrun started 2; set trainer.devices"):
        launch(Trainer(steps=1, batch_size=1, accelerator="cpu"))
