"""Small weights of every kind, made once for all tests that need judges and enhancers but not good ones."""
import contextlib
import dataclasses
import functools
import gc
import importlib.util
import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import realistic_editing  # noqa: F401  (before PyTorch, whose waiting threads then sleep)

# isort: split
import torch

from realistic_editing.enhance import options
from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.loss import Objective
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.saliency.distinctness import PatchDistinctness
from realistic_editing.weights import files as weight_files
from realistic_editing.weights import save_network

WEIGHTS_FOLDER = weight_files.WEIGHTS_FOLDER  # whatever tests put in its place
SALIENCY = {"input_size": (24, 32), "widths": (4, 4, 4, 4, 4), "join": 4}
CRITIC = {"input_size": 32, "ring": 4, "hidden": 8}
ENHANCER = {"saliency": SALIENCY, "input_size": 32, "stride": 1, "ring": 4, "palette": 4, "hidden": 8}

# Files that take longest, to begin with them: else one worker would be at them when the others have nothing left to do. Those
# that keep every core busy (test_suites.py) come after the browser, which would wait for them.
LONGEST = (
    "page/test_browser.py", "test_presets.py", "test_video.py", "test_notebooks.py", "test_train.py", "test_session.py",
    "test_suites.py", "test_processes.py", "test_export_onnx.py", "test_batch_ray.py", "test_visitors.py", "test_crash.py",
    "comparison/test_run.py", "study/test_browser.py", "test_evaluate.py", "test_gpu_run.py", "test_batch.py",
    "test_compare.py", "test_enhance.py", "test_gpu.py", "data/test_color.py", "test_shards.py", "test_served.py",
    "test_answers.py", "test_demo.py", "test_formats_table.py", "test_network.py", "test_streams.py",
)  # fmt: skip


@pytest.fixture(scope="session")
def launch_browser():
    """What launches a real browser: `with launch_browser(*more_arguments) as browser`. Tests without one are skipped."""

    @contextlib.contextmanager
    def launch(*arguments: str) -> Iterator[object]:
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            pytest.skip("needs a browser: install Debian's package chromium, or Chrome")
        api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e .[dev]")
        quiet = ["--disable-gpu", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-quic"]
        with api.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=program, args=[*quiet, *arguments])
            yield browser
            browser.close()

    return launch


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # A browser is another program, with timings of its own: what fails in one is tried once more. A second failure fails.
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if "launch_browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.flaky(reruns=1))

    def turn(item: pytest.Item) -> int:
        return next((turn for turn, end in enumerate(LONGEST) if item.path.as_posix().endswith(f"/{end}")), len(LONGEST))

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import stay to the end: the collector need not look through them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory) -> dict[str, str]:
    """Role -> file: saliency, heldout_saliency, critic, attenuate (which darkens) and amplify (which brightens)."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    for role, name, network, config in (
        ("saliency", "compact_saliency", CompactSaliency(**SALIENCY), SALIENCY),
        ("heldout_saliency", "compact_saliency", CompactSaliency(**SALIENCY), SALIENCY),
        ("critic", "compact_critic", CompactCritic(**CRITIC), CRITIC),
    ):
        save_network(network, name, folder / f"{role}.safetensors", config, {"step": 1})
    for task, weight in (("attenuate", -1.0), ("amplify", 1.0)):
        card = {"task": task, "objective": dataclasses.asdict(Objective(saliency_weight=weight, change="log_ratio"))}
        network = CompactEnhancer(**ENHANCER)
        torch.nn.init.constant_(network.heads["exposure"].bias, weight)
        save_network(network, "compact_enhancer", folder / f"{task}.safetensors", ENHANCER, card)
    return {path.stem: str(path) for path in folder.iterdir()}


@pytest.fixture(scope="session")
def tiny_bundle(tiny_weights, tmp_path_factory) -> Path:
    """The folder of bundled weights, with small ones in the place of those that edit and judge."""
    folder = tmp_path_factory.mktemp("bundle")
    small = {"lite_critic": "critic", "compact_saliency": "saliency", "fast_saliency": "saliency"}
    small |= {f"compact_{task}": task for task in ("attenuate", "amplify")}
    for path in WEIGHTS_FOLDER.glob("*.safetensors"):
        (folder / path.name).symlink_to(tiny_weights.get(small.get(path.stem, path.stem), path))
    return folder


@pytest.fixture
def small_networks(tiny_bundle) -> Iterator[None]:
    """For tests of what is done with an edit, whatever it is: bundled weights' names stand for small ones, which are quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weight_files, "WEIGHTS_FOLDER", tiny_bundle)
        yield


@pytest.fixture
def bundled_networks(small_networks) -> Iterator[None]:
    """For tests of what the bundled weights make of an edit, where others have `small_networks`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weight_files, "WEIGHTS_FOLDER", WEIGHTS_FOLDER)
        yield


@pytest.fixture
def few_steps() -> Iterator[None]:
    """Edits are refined by 2 steps instead of 36, which is what most time would go into; how well, tests/enhance looks at."""
    with pytest.MonkeyPatch.context() as patch:  # which a test's own undo() leaves
        patch.setattr(options, "REFINE", 2)
        yield


@pytest.fixture
def small_distinctness() -> Iterator[None]:
    """Patch distinctness looks at a 64-pixel copy of a photo, not 256: its maps' quality, tests/saliency looks at."""
    start = PatchDistinctness.__init__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "__defaults__", (64, *start.__defaults__[1:]))
        yield


@pytest.fixture
def mechrez_root() -> Path:
    """The folder that holds the real Mechrez set, where it is at hand."""
    root = os.environ.get("REALISTIC_EDITING_DATA")
    if not root or not (Path(root) / "mechrez").is_dir():
        pytest.skip("set REALISTIC_EDITING_DATA to the folder that holds mechrez/")
    return Path(root)


# What a process does first, having imported PyTorch: it has the test's weights and steps of refinement, unless told otherwise.
BEGINNING = """
import os, resource, tempfile
import torch
from realistic_editing.enhance import options
from realistic_editing.weights import files
torch.set_num_threads(1)
options.REFINE, files.WEIGHTS_FOLDER = {refine}, type(files.WEIGHTS_FOLDER)({weights!r})
os.environ.clear()
os.environ.update({environment!r})
tempfile.tempdir = None  # as TMPDIR says
os.chdir({folder!r})
resource.setrlimit(resource.RLIMIT_NOFILE, {files!r})
for number, file in {said!r}:
    os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
"""
# What it does then: the command by its words, or a script, or a program's text, as if it had been started by its name.
COMMAND = "from realistic_editing.apps.cli import main; main({words!r})"
SCRIPT = "import runpy, sys; sys.argv = {words!r}; runpy.run_path(sys.argv[0], run_name='__main__')"


class SplitProcess:
    """A process that is split off, with what `subprocess.Popen` has."""

    stdin = stdout = stderr = None

    def __init__(self, context: multiprocessing.context.ForkServerContext, code: str) -> None:
        self._process = context.Process(target=exec, args=(code, {}))  # no daemon, which could not build with workers
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@pytest.fixture(scope="session")
def splitting() -> multiprocessing.context.ForkServerContext:
    """Processes are split off from one that has imported PyTorch and the commands, for which each would need seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"realistic_editing.apps.{name}" for name in ("cli", "edit", "train")])
    return context


@pytest.fixture(scope="session")
def split_off(splitting) -> Callable[..., SplitProcess]:
    """Starts what a code does: `split_off(code, words, said, folder)`; `said` pairs numbers of streams with files."""

    def start(code: str, words: list[object], said: list[tuple[int, Path]], folder: Path | None = None, **more) -> SplitProcess:
        environment = dict(os.environ) | more.pop("environment", {})
        of_the_test = {"refine": options.REFINE, "weights": str(weight_files.WEIGHTS_FOLDER)} | more
        import resource  # late: Windows has none

        common = {"files": resource.getrlimit(resource.RLIMIT_NOFILE), "folder": str(folder or Path.cwd())} | of_the_test
        streams = [(number, str(file)) for number, file in said]
        words = [str(word) for word in words]
        return SplitProcess(splitting, (BEGINNING + code).format(environment=environment, said=streams, words=words, **common))

    return start


@pytest.fixture(scope="session")
def split_command(split_off) -> Callable[..., SplitProcess]:
    """Starts the command in a process of its own: `split_command(words, said)`, as `split_off` does."""
    return functools.partial(split_off, COMMAND)


@pytest.fixture
def run_script(split_off, tmp_path_factory) -> Callable[..., subprocess.CompletedProcess]:
    """Runs a script with its words in a process of its own to its end: `run_script(path, *words, cwd=folder)`."""

    def run(*words: object, cwd: Path) -> subprocess.CompletedProcess:
        files = [tmp_path_factory.mktemp("said") / name for name in ("stdout", "stderr")]
        code = split_off(SCRIPT, [*words], [*enumerate(files, 1)], cwd).wait()
        return subprocess.CompletedProcess(words, code, *(file.read_text() for file in files))

    return run


@pytest.fixture(scope="session")
def beside(split_command) -> Iterator[Callable[..., multiprocessing.Process]]:
    """Starts words of the command in a process of its own, to be killed."""
    started = []

    def start(words: list[object], said: Path, **environment: str) -> multiprocessing.Process:
        started.append(split_command(words, [(2, said)], environment=environment)._process)
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture(scope="session")
def video_clips() -> ModuleType:
    """tests/video_clips.py; loaded by its path, so that it is found whatever way pytest imports the tests."""
    spec = importlib.util.spec_from_file_location("video_clips", Path(__file__).with_name("video_clips.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
