"""realistic-editing batch --engine ray, on a Ray cluster of this machine: what the local engine does, whoever is killed."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image

from realistic_editing.apps import batch as module
from realistic_editing.apps import batch_ray
from realistic_editing.apps.batch_scores import JOURNAL
from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.enhance.enhancer import Enhancer

NAMES = ("a", "b", "c", "d")
ONE_WORKER = ["--engine", "ray", "--workers", "1"]  # where two show no more: each needs seconds to import PyTorch


@pytest.fixture(scope="module")
def ray(tmp_path_factory):
    """A cluster of two processors, on its own, which asks for a password and sends nothing anywhere."""
    patch = pytest.MonkeyPatch()
    # Ray's workers stand behind whatever else the machine does, and tests would wait.
    for name, value in (batch_ray.RAY_SETTINGS | {"RAY_AUTH_TOKEN": "0" * 64, "RAY_worker_niceness": "0"}).items():
        patch.setenv(name, value)
    ray = pytest.importorskip("ray", reason="needs Ray: pip install -e .[cluster]")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()
    patch.undo()


@pytest.fixture
def photos(tmp_path):
    """Four photos with masks beside them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo, mask = Image.open(FOLDER / "astronaut.jpg").resize((64, 64)), Image.open(FOLDER / "flag.png").resize((64, 64))
    for turn, name in enumerate(NAMES):
        photo.rotate(90 * turn).save(folder / f"{name}.jpg")
        mask.rotate(90 * turn).save(folder / f"{name}_mask.png")
    return folder


@pytest.fixture
def judges(tiny_weights):
    roles = {"weights": "attenuate", "critic": "critic", "saliency": "saliency"}
    return [word for option, role in roles.items() for word in (f"--{option}", tiny_weights[role])]


def run(photos, output, *options):
    few = ["--refine", "2"]  # said to Ray's workers as well
    main(["batch", str(photos), "--output", str(output), "--order", "3,1,0,2", "--no-guard", *few, *map(str, options)])


def content(folder):
    """Everything in a folder: results and recipes by their bytes, and the scores without times."""
    scores = pd.read_csv(folder / "scores.csv", dtype=str)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".csv"}
    return files, [(Path(row.pop("result")).name, row) for row in scores.drop(columns="seconds").to_dict("records")]


def test_ray_edits_as_the_local_engine_past_what_is_broken_and_once_only(
    ray, photos, tmp_path, judges, capsys, monkeypatch
):
    """Files are named from a folder that is not the workers'."""
    monkeypatch.chdir(tmp_path)
    (photos / "aa.jpg").write_bytes(b"\xff\xd8\xff")
    shutil.copy(photos / "a_mask.png", photos / "aa_mask.png")
    Image.open(photos / "b_mask.png").resize((32, 32)).save(photos / "b_mask.png")  # of which a note is made
    threads, said = torch.get_num_threads(), {}
    torch.set_num_threads(1)  # as in a worker: the order of sums must be the same
    try:
        for name, options in (("local", []), ("ray", ["--engine", "ray"])):
            with pytest.raises(SystemExit) as stop:
                run("photos", name, *judges, *options)
            assert stop.value.code == 2
            error = capsys.readouterr().err.replace(f"{tmp_path}/", "")  # workers say where a file lies in full
            said[name] = re.findall(r"note: .*|error: [^\r]*", error)  # all but the progress bar
    finally:
        torch.set_num_threads(threads)
    assert content(tmp_path / "local") == content(tmp_path / "ray")
    assert len(content(tmp_path / "ray")[0]) == 2 * len(NAMES)
    assert said["local"] == said["ray"] and len(said["ray"]) == 2
    assert "b.jpg: the mask was resized" in said["ray"][0] and "aa.jpg: is damaged" in said["ray"][1]
    (photos / "aa.jpg").unlink()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "ray").glob("*.png")}
    run(photos, tmp_path / "ray", *judges, "--engine", "ray")
    assert "4 of 4 photos were edited before" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in before}


def wrapped(monkeypatch, kind):
    """Have batches use enhancers of another class, which is sent to the workers as it stands here."""
    enhancers_of = module._enhancers

    def wrap(enhancer):
        enhancer.__class__ = kind
        return enhancer

    monkeypatch.setattr(module, "_enhancers", lambda *args: {task: wrap(one) for task, one in enhancers_of(*args).items()})


def test_a_worker_killed_in_the_middle_costs_no_photo_and_doubles_none(ray, photos, tmp_path, judges, monkeypatch):
    killed = tmp_path / "killed"

    class Fragile(Enhancer):
        def view(self, *args, **options):
            view = super().view(*args, **options)
            propose = view.propose

            def deadly(*asked):
                edit = propose(*asked)

                class Deadly(type(edit.recipe)):
                    def save(self, path):  # when its temporary file is there, and before the result is
                        if not killed.exists():
                            killed.write_text(str(path))
                            os.kill(os.getpid(), signal.SIGKILL)
                        super().save(path)

                object.__setattr__(edit.recipe, "__class__", Deadly)
                return edit

            view.propose = deadly
            return view

    wrapped(monkeypatch, Fragile)
    run(photos, tmp_path / "out", *judges, "--engine", "ray")
    monkeypatch.undo()
    assert Path(killed.read_text()).parent == tmp_path / "out"
    run(photos, tmp_path / "whole", *judges)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["scores.csv", *(f"{name}{suffix}" for name in NAMES for suffix in (".png", ".json"))]
    )
    assert [row for row, _ in content(tmp_path / "out")[1]] == [f"{name}.png" for name in NAMES]
    for name in NAMES:
        assert (tmp_path / f"out/{name}.json").read_text() == (tmp_path / f"whole/{name}.json").read_text()


def test_a_photo_that_kills_every_worker_is_named_and_the_others_are_edited(
    ray, photos, tmp_path, judges, monkeypatch, capsys
):
    Image.open(photos / "c.jpg").resize((60, 60)).save(photos / "c.jpg")
    deaths = tmp_path / "deaths"
    deaths.mkdir()

    class Mortal(Enhancer):
        def view(self, photo, mask, *options, **changes):
            if len(photo) == 60:
                (deaths / str(os.getpid())).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().view(photo, mask, *options, **changes)

    wrapped(monkeypatch, Mortal)
    monkeypatch.setattr(batch_ray, "TRIES", 2)
    with pytest.raises(SystemExit) as stop:
        run(photos, tmp_path / "out", *judges, *ONE_WORKER)
    error = capsys.readouterr().err
    assert stop.value.code == 2 and "1 photos were left out" in error and "c.jpg: its worker died 2 times" in error
    assert len(list(deaths.iterdir())) == 2
    assert {path.stem for path in (tmp_path / "out").glob("*.png")} == set(NAMES) - {"c"}


def test_a_killed_driver_goes_on(ray, photos, tmp_path, judges, capsys):
    """On a cluster that outlives it, by its address; many photos, so that it is not done before it is killed."""
    address, table, count = ray.get_runtime_context().gcs_address, tmp_path / "table.csv", 30
    table.write_text("photo,mask\n" + f"{photos}/a.jpg,{photos}/a_mask.png\n" * count)
    command = [sys.executable, "-m", "realistic_editing.apps.cli", "batch", str(table), "--output", str(tmp_path / "out")]
    command += ["--order", "3,1,0,2", "--no-guard", "--refine", "2", *judges]
    command += [*ONE_WORKER, "--address", address]
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "out" / JOURNAL).exists() and driver.poll() is None:
        time.sleep(0.01)
    driver.kill()
    assert driver.wait() == -signal.SIGKILL, driver.stderr.read()
    rows = [json.loads(line) for line in (tmp_path / "out" / JOURNAL).read_text().split("\n") if line]
    assert not (tmp_path / "out/scores.csv").exists() and 0 < len(rows) < count
    with (tmp_path / "out" / JOURNAL).open("a") as file:
        file.write('\n{"photo": "cut sho')
    kept = [tmp_path / "out" / Path(row["result"]).name for row in rows]
    before = {path: path.stat().st_mtime_ns for path in kept}
    run(table, tmp_path / "out", *judges, *ONE_WORKER)
    assert f"{len(rows)} of {count} photos were edited before" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in kept}
    assert len(pd.read_csv(tmp_path / "out/scores.csv")) == count and not (tmp_path / "out" / JOURNAL).exists()
    assert len(list((tmp_path / "out").iterdir())) == 2 * count + 1


def test_a_machine_that_lacks_the_files_ends_the_batch(ray, photos, tmp_path, judges, monkeypatch, capsys):
    """The workers are told of a file where they have no such folder."""
    probed = []

    @contextlib.contextmanager
    def probe(folder):
        probed.append(folder)
        yield Path("/nowhere") / folder.name / ".scores.csv"

    monkeypatch.setattr(batch_ray, "_probe", probe)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        run("photos", "out", *judges, *ONE_WORKER)
    error = capsys.readouterr().err
    assert probed == [tmp_path / "out"]
    assert stop.value.code == 2 and "/nowhere/out/.scores.csv: not seen by the machine" in error
    assert "share" in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "spark"], "engine is 'spark'; use local, or ray"),
        (["--workers", "2"], "workers is 2, which the local engine has no use for; add --engine ray"),
        (["--engine", "ray", "--workers", "0"], "workers is 0; use 1 or more"),
    ],
)
def test_options_that_no_engine_knows_are_refused(photos, tmp_path, capsys, options, words):
    with pytest.raises(SystemExit) as stop:
        run(photos, tmp_path / "out", *options)
    assert stop.value.code == 2 and words in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_the_page_on_clusters_lists_every_setting():
    page = (Path(__file__).resolve().parents[2] / "docs/cluster.md").read_text()
    assert all(f"export {name}={value} " in page for name, value in batch_ray.RAY_SETTINGS.items())


def test_without_ray_the_extra_is_named(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SystemExit) as stop:
        run(photos, tmp_path / "out", "--engine", "ray")
    assert stop.value.code == 2 and "pip install -e '.[cluster]'" in capsys.readouterr().err


def test_a_machine_lost_in_the_middle_costs_no_photo(tmp_path, photos, judges):
    """Two machines of one processor each, as Ray has them in one test cluster, of which the second is taken away."""
    pytest.importorskip("ray", reason="needs Ray: pip install -e .[cluster]")
    table, count = tmp_path / "table.csv", 24
    table.write_text("photo,mask\n" + f"{photos}/a.jpg,{photos}/a_mask.png\n" * count)
    program = tmp_path / "cluster.py"
    # In a process of its own: Ray is started once in a process, and the other tests have theirs.
    program.write_text(_TWO_MACHINES)
    settings = batch_ray.RAY_SETTINGS | {"RAY_AUTH_TOKEN": "0" * 64, "RAY_worker_niceness": "0"}
    words = [str(table), str(tmp_path / "out"), str(tmp_path / "lost"), *map(str, judges)]
    done = subprocess.run(
        [sys.executable, str(program), *words], env=os.environ | settings, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    before, machines = (tmp_path / "lost").read_text().split()
    assert 0 < int(before) < count and int(machines) == 1  # it went in the middle, and stayed away
    scores = pd.read_csv(tmp_path / "out/scores.csv")
    assert len(scores) == count and scores.result.nunique() == count
    assert len(list((tmp_path / "out").glob("*.png"))) == count


_TWO_MACHINES = """
import sys, threading, time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from realistic_editing.apps.batch_scores import JOURNAL
from realistic_editing.apps.cli import main

table, output, lost, *judges = sys.argv[1:]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()
ray.init(cluster.address, log_to_driver=False)


def lose():
    journal = Path(output) / JOURNAL
    while not journal.exists() or len(journal.read_text().split()) == 0:
        time.sleep(0.01)
    cluster.remove_node(second, allow_graceful=False)
    done = journal.read_text().count('"photo"')
    until = time.monotonic() + 90  # the head looks after its machines every few seconds
    while sum(node["Alive"] for node in ray.nodes()) > 1 and time.monotonic() < until:
        time.sleep(0.2)
    Path(lost).write_text(f"{done} {sum(node['Alive'] for node in ray.nodes())}")


watch = threading.Thread(target=lose)
watch.start()
main(["batch", table, "--output", output, "--order", "3,1,0,2", "--no-guard", "--refine", "2", "--engine", "ray", *judges])
watch.join()
ray.shutdown()
cluster.shutdown()
"""
