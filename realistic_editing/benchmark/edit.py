"""The suite "edit": the first proposal of a process, and `edit` and `batch` from file to file, beside another checkout's."""
import dataclasses
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from realistic_editing.benchmark.stages import CHECKOUT, where_time_goes
from realistic_editing.benchmark.timing import Measured, Say
from realistic_editing.common.errors import InputError
from realistic_editing.data.masks import write_mask
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import Region, read_region

COMMAND = ("-m", "realistic_editing")
# From Python, with a photo, a mask, weights and maybe --refine, as the command line has it; other ways are left out.
_FIRST = (
    "-c",
    "import json, sys, cv2; from realistic_editing.enhance.enhancer import Enhancer; "
    "photo, mask, weights, *options = sys.argv[1:]; "
    "named = {name[2:]: json.loads(value) for name, value in zip(options[::2], options[1::2])}; "
    "Enhancer.from_pretrained(weights).propose(cv2.imread(photo)[:, :, ::-1].copy(), cv2.imread(mask, 0), **named)",
)
_GRAIN = 6.0  # levels of noise on an enlarged photo: a camera's, without which files would be too small
# Of JPEG and TIFF in, and PNG and JPEG out, what is timed for each size; the result's suffix by the photo's.
_PAIRS = ((".jpg", ".png"), (".jpg", ".jpg"), (".tif", ".png"))


@dataclasses.dataclass(frozen=True)
class Run:
    """A command that was run.

    Args:
        seconds: it took.
        processor: seconds of processors that it used, which other programs hardly change.
        memory: the most bytes that it held.
    """

    seconds: float
    processor: float
    memory: int


def end_to_end(
    regions: Sequence[Region],
    megapixels: Sequence[float],
    photos: int,
    batch_megapixels: Sequence[float],
    ways: Mapping[str, Sequence[str]],
    repeats: int,
    beside: str | None = None,
    weights: str = "attenuate",
    profile: bool = False,
    say: Say = print,
) -> list[Measured]:
    """Time a first proposal, `edit` and `batch`, each in a process of its own, in turn with another checkout's.

    Args:
        regions: photos, enlarged to the sizes; `edit` takes the first.
        megapixels: of `edit`.
        photos: how many `batch` edits.
        batch_megapixels: of `batch`.
        ways: names and options of this project's contenders, such as {"refine 0": ["--refine", "0"]}.
        repeats: of each contender; medians are told.
        beside: a checkout of this project at another revision, the first contender; None = none.
        weights: of the enhancer, a bundled name or a file.
        profile: also where an edit of each size spends its time, in each way.
        say: gets a line on what comes next.

    Returns:
        For each size, pair of formats and command, the other checkout first, where there is one.

    Raises:
        InputError: where there is no checkout.
    """
    if beside is not None and not (Path(beside) / "realistic_editing" / "__main__.py").is_file():
        raise InputError(f"edit.beside is {beside}, which is no checkout of this project; use git worktree to make one")
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(case := "first proposal, 0.3 megapixels")
        command = [*_FIRST, *map(str, enlarged(regions[0], 0.3, folder / "first.png")), weights]
        told = {name: options for name, options in ways.items() if list(options[::2]) in ([], ["--refine"])}
        found += _in_turn(case, command, 1, told, repeats, beside)
        for size in megapixels:
            files = {suffix: enlarged(regions[0], size, folder / f"{size:g}{suffix}") for suffix in (".jpg", ".tif")}
            for given, wanted in _PAIRS:
                case = f"edit, {size:g} megapixels, {given[1:]} to {wanted[1:]}"
                say(case)
                output = folder / f"out{wanted}"
                command = [*COMMAND, "edit", *map(str, files[given]), "--weights", weights, "--output", str(output)]
                found += _in_turn(case, command, 1, ways, repeats, beside)
            words = [*map(str, files[".jpg"]), "--weights", weights, "--output", str(folder / "out.png")]
            if profile:
                say(case := f"where time goes, {size:g} megapixels, jpg to png")
                found += [where_time_goes(case, way, [*words, *options], repeats) for way, options in ways.items()]
        for size in batch_megapixels if photos else ():
            case = f"batch, {photos} photos of {size:g} megapixels"
            say(case)
            source, output = folder / f"batch{size:g}", folder / "results"
            for number in range(photos):
                enlarged(regions[number % len(regions)], size, source / f"{number}.jpg")
            command = [*COMMAND, "batch", str(source), "--weights", weights, "--output", str(output)]
            clear = functools.partial(shutil.rmtree, output, ignore_errors=True)  # or nothing would be left to do
            found += _in_turn(case, command, photos, ways, repeats, beside, clear)
    return found


def _in_turn(
    case: str,
    command: Sequence[str],
    amount: int,
    ways: Mapping[str, Sequence[str]],
    repeats: int,
    beside: str | None,
    before: Callable[[], object] = lambda: None,
) -> list[Measured]:
    """Run the contenders one after the other, each round in the reverse order of the one before."""
    contenders = {name: (CHECKOUT, [*command, *options]) for name, options in ways.items()}
    if beside is not None:
        contenders = {"the other checkout": (Path(beside).resolve(), list(command))} | contenders
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for turn in range(repeats):
        for name in list(contenders)[:: -1 if turn % 2 else 1]:
            before()
            runs[name].append(run_program(*contenders[name]))
    return [measured(case, name, amount, some) for name, some in runs.items()]


def measured(case: str, contender: str, amount: float, runs: Sequence[Run], note: str = "") -> Measured:
    """Runs of one contender as a report takes them: medians of processor time and memory in its note and its bytes."""
    processor = statistics.median(run.processor for run in runs)
    note = f"{processor / amount:.3g} s of processors each" + (f"; {note}" if note else "")
    memory = int(statistics.median(run.memory for run in runs))
    seconds = tuple(run.seconds for run in runs)
    return Measured(case, contender, amount, "photos", seconds, (0.0,) * len(runs), extra_bytes=memory, note=note)


def run_program(checkout: Path, words: Sequence[str]) -> Run:
    """Run Python on the package as a checkout has it, in a fresh process.

    Args:
        checkout: whose package is imported.
        words: for the interpreter, such as COMMAND and those of a command.

    Raises:
        InputError: where it fails, with what it says; on systems that do not tell what a process took, as Windows.
    """
    if not hasattr(os, "wait4"):
        raise InputError("suite=edit and suite=growth need Linux or macOS, which tell the memory that a process took")
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-I", "-S", "-c", _MEASURE, sys.executable, *words]
        told = subprocess.run(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=said).stdout
        seconds, status, processor, memory = json.loads(told or "[0, 1, 0, 0]")  # nothing, where it was killed
        if status:
            said.seek(0)
            raise InputError(f"{checkout}: {' '.join(words)}: {said.read().decode(errors='replace')[-500:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, processor, memory * unit)


# Between this process and the command, because Linux counts what a parent holds as memory of the process that it starts.
_MEASURE = """
import json, os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([time.perf_counter() - started, process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def enlarged(region: Region, megapixels: float, path: Path) -> tuple[Path, Path]:
    """Write a region's photo at another size, with grain, and its mask.

    Args:
        region: whose.
        megapixels: of the result.
        path: .jpg, or .tif for 16 bits; the mask is NAME_mask.png beside it.

    Returns:
        The two paths.
    """
    photo, mask = read_region(region)
    scale = (megapixels * 1e6 / mask.size) ** 0.5
    size = tuple(max(16, round(side * scale)) for side in mask.shape)
    pixels = cv2.resize(photo, size[::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    pixels += _GRAIN * np.random.default_rng(0).standard_normal(pixels.shape, np.float32)
    pixels = np.clip(pixels, 0, 255)[:, :, ::-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    deep = path.suffix == ".tif"
    stored = np.rint(pixels * (257 if deep else 1)).astype(np.uint16 if deep else np.uint8)
    options = {".tif": [cv2.IMWRITE_TIFF_COMPRESSION, 8], ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 92]}
    cv2.imwrite(str(path), stored, options.get(path.suffix, []))
    beside = path.with_name(f"{path.stem}_mask.png")
    write_mask(beside, resize(mask, size))
    return path, beside
