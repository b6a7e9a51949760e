"""Sweeps by hydra-submitit-launcher: its configuration composes with ours, and its jobs run, on this machine without Slurm."""
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from realistic_editing.apps.config import CONFIGS
from realistic_editing.benchmark.photos import synthetic_regions
from realistic_editing.data.packed import TABLE

pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs submitit: pip install -e .[slurm]")
ROOT = Path(__file__).resolve().parents[2]


def test_the_command_of_the_docs_composes():
    """But for what is swept over, which Hydra's launcher takes apart."""
    page = (ROOT / "docs/cluster.md").read_text()
    command = page[page.index("python scripts/train_enhancer.py --multirun hydra/launcher=submitit_slurm") :]
    words = command[: command.index("```")].replace("\\\n", " ").split()[3:]
    options = [word for word in words if "," not in word and "ablation" not in word]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train_enhancer", [*options, "task=attenuate"], return_hydra_config=True)
    launcher = config.hydra.launcher
    assert launcher._target_.endswith("SlurmLauncher")
    assert (launcher.partition, launcher.gpus_per_node, launcher.cpus_per_task, launcher.timeout_min) == ("gpu", 1, 8, 240)


def test_jobs_of_a_sweep_run_and_leave_a_folder_each(tmp_path):
    (tmp_path / "photos").mkdir()
    synthetic_regions(tmp_path / "photos", 3, seed=0)
    words = ["--multirun", "hydra/launcher=submitit_local", f"hydra.sweep.dir={tmp_path}/sweep", "workers=1"]
    words += [f"regions.folders=[{tmp_path}/photos]", "regions.matte=false", f"output={tmp_path}/${{size}}", "size=32,48"]
    script = [sys.executable, str(ROOT / "scripts/pack_regions.py")]
    done = subprocess.run([*script, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    for size in (32, 48):
        assert (tmp_path / str(size) / TABLE).is_file()
    assert list((tmp_path / "sweep").glob(".submitit/*/*_result.pkl"))  # by the launcher, and not one after the other here
