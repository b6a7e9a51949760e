"""One command for some minutes of a GPU: speeds beside plain code, then the paper's critic and EditNet; stopped, it goes on."""
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.packed import TABLE
from realistic_editing.weights import load_network, save_network

_MOST_BYTES = 16_000_000  # of a file of weights
# Of each network that is trained: its loop in suite=training, whose speed says how many steps there is time for.
_LOOPS = {"critic": "critic pix2pix", "enhancer": "enhancer EditNet"}
_START = "from realistic_editing.apps.scripts import run_script; run_script({!r})"


def gpu_run(config: DictConfig) -> Path:
    """Run what is not done yet, each part as a program of its own, so that one that fails or hangs does not stop the others.

    Args:
        config: as configs/gpu_run.yaml.

    Returns:
        The path of the summary.

    Raises:
        InputError: when the data are not there, or parts could not be done; after all others were.
    """
    data, output = Path(config.data), Path(config.output)
    if not (data / TABLE).is_file():
        how = f"python scripts/pack_regions.py output={data} size=192 megabytes=24"
        raise InputError(f"{data}: holds no packed regions; make them by {how}")
    state, started = _State(output / "state.json"), time.monotonic()
    state.began = started
    failed = []
    for part in _parts(config, state):
        name, job, options, seconds = part
        seconds = max(seconds, config.patience)
        if name in state.done:
            print(f"{name}: done before", flush=True)
            continue
        words = " ".join(options)
        print(f"{name}: {job} {words}\n{name}: {state.spent():.0f} s spent, at most {seconds:.0f} s for this", flush=True)
        problem = _run(job, options, seconds)
        state.note(name, problem)
        if problem:
            failed.append(f"{name} ({problem})")
        print(f"{name}: {problem or 'done'}", flush=True)
    files = _halved(config, output, state)
    summary = _summary(config, output, state, files)
    print(summary.read_text(), flush=True)
    if failed:
        raise InputError(f"not done: {', '.join(failed)}; see above; the same command tries again")
    return summary


class _State:
    """What is done, how many steps were planned and how long it took: kept after every part.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        found = json.loads(path.read_text()) if path.is_file() else {}
        self.path, self.began = path, time.monotonic()
        self.done: dict[str, str] = found.get("done", {})  # part -> when
        self.steps: dict[str, int] = found.get("steps", {})
        self.before: float = found.get("seconds", 0.0)

    def spent(self) -> float:
        """Seconds, of this start and those before."""
        return self.before + time.monotonic() - self.began

    def note(self, name: str, problem: str) -> None:
        """Keep that a part was done, or only the time where it was not."""
        if not problem:
            self.done[name] = time.strftime("%Y-%m-%d %H:%M:%S")
        self.keep()

    def keep(self) -> None:
        """Write the file, whole."""
        content = {"done": self.done, "steps": self.steps, "seconds": round(self.spent(), 1)}
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n")


def _parts(config: DictConfig, state: _State):
    """(name, job, options, seconds it may take) of each part, in turn; of what is trained once the speeds are known."""
    output, whole = Path(config.output), 60 * config.minutes
    tables = [f"output={output}/tables"]
    if torch.cuda.is_available():
        yield "gpu", "benchmark", ["suite=gpu", *tables, *config.gpu_options], 0.45 * whole
    else:
        print("gpu: PyTorch finds no CUDA device here; left out", flush=True)
    yield "training", "benchmark", ["suite=training", *tables, *config.training_options], 0.6 * whole
    yield _training(config, state, "critic", config.critic_share)
    yield _training(config, state, "enhancer", 1.0)  # of what is left by then


def _training(config: DictConfig, state: _State, name: str, share: float) -> tuple[str, str, list[str], float]:
    folder = Path(config.output) / name
    left = max(60 * (config.minutes - config.reserve) - state.spent(), 1.0) * share
    own = ["preset=paper", f"output={folder}", f"regions.shards={config.data}", "trainer.save_every=50"]
    if name == "enhancer":
        critic = Path(config.output) / "critic" / "model.safetensors"
        own += [f"task={config.for_task}", f"realism.weights={critic}"]
        small = ["saliency=compact", "saliency.weights=compact_saliency", "objective=calibrated"]
        own += [f"saliency.weights={config.saliency_weights}"] if config.saliency_weights else small
    options = [*own, *config[f"{name}_options"]]
    if name not in state.steps:
        batch = _value(options, "trainer.batch_size", {"critic": 128, "enhancer": 8}[name])
        state.steps[name] = max(1, int(left * _speed(Path(config.output), name) / batch))
        state.keep()
    steps = state.steps[name]
    options += [f"trainer.steps={steps}", f"trainer.evaluate_every={steps}"]
    return name, {"critic": "train_realism", "enhancer": "train_enhancer"}[name], options, 2 * left + 60 * config.reserve


def _value(options: Sequence[str], name: str, otherwise: int) -> int:
    given = [option.partition("=")[2] for option in options if option.startswith(f"{name}=")]
    return int(given[-1]) if given else otherwise


def _speed(output: Path, name: str) -> float:
    """Images a second of this project's loop, as the table of suite=training has it; 1 where that was not measured."""
    path = output / "tables" / "training.json"
    rows = json.loads(path.read_text())["results"] if path.is_file() else []
    ours = [row for row in rows if row["case"].startswith(_LOOPS[name]) and row["contender"] != "plain"]
    return max((row["images_per_s"] for row in ours), default=1.0)


def _run(job: str, options: Sequence[str], seconds: float) -> str:
    """Run a program of this package, whose output is seen as it comes; what went wrong, or nothing."""
    try:
        done = subprocess.run([sys.executable, "-c", _START.format(job), *options], timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return f"stopped after {seconds:.0f} s"
    return f"ended with code {done.returncode}" if done.returncode else ""


def _halved(config: DictConfig, output: Path, state: _State) -> list[Path]:
    """The weights that were trained, in half precision."""
    files = []
    for name, called in (("critic", "pix2pix"), ("enhancer", f"editnet_{config.for_task}")):
        path = output / name / "model.safetensors"
        if name not in state.done or not path.is_file():
            continue
        network = load_network(path)
        card = dict(network.card)
        kind, arguments = card.pop("network"), card.pop("config")
        file = output / "weights" / f"{called}.safetensors"
        save_network(network, kind, file, arguments, card, half=True)
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(f"{file}: {file.stat().st_size / 1e6:.1f} MB, more than {_MOST_BYTES / 1e6:.0f}")
        files.append(file)
    return files


def _summary(config: DictConfig, output: Path, state: _State, files: Sequence[Path]) -> Path:
    """Write what was done, trained and measured, with the tables, as Markdown."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    lines = ["# GPU run", "", f"{device}; {state.spent():.0f} s of {60 * config.minutes:.0f}; data {config.data}", ""]
    for name in ("critic", "enhancer"):
        record = output / name / "run.json"
        if record.is_file():
            found: dict[str, Any] = json.loads(record.read_text())
            measures = ", ".join(f"{key} {value:.3f}" for key, value in found["measures"].items())
            speed = found["speed_since_last_start"]["images_per_s"]
            lines += [f"{name}: {state.steps[name]} steps, {speed} images a second; {measures}", ""]
    lines += [f"{file.name}: {file.stat().st_size / 1e6:.1f} MB" for file in files]
    for table in sorted((output / "tables").glob("*.md")):
        lines += ["", table.read_text()]
    with replacing(output / "summary.md") as temporary:
        temporary.write_text("\n".join([*lines, "", "```yaml", OmegaConf.to_yaml(config), "```", ""]))
    return output / "summary.md"
