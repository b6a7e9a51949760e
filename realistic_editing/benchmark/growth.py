"""The suite "growth": what time and memory do as photos, regions, orders, batches and clips grow, with the slope of each."""
import itertools
import json
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from realistic_editing.benchmark.edit import COMMAND, Run, enlarged, measured, run_program
from realistic_editing.benchmark.memory import extra_bytes
from realistic_editing.benchmark.stages import CHECKOUT
from realistic_editing.benchmark.timing import Measured, Say
from realistic_editing.data.regions import Region, read_region
from realistic_editing.enhance.enhancer import Enhancer

_SMALL = 0.02  # megapixels of the photos of a batch and the frames of a clip: what is counted is how many there are
AXES = {
    "megapixels": "edit, megapixels of the photo",
    "regions": "plan, regions of the photo",
    "orders": "judging, orders",
    "batch": "batch, photos",
    "frames": "video, frames",
}


def growing(
    region: Region,
    sizes: Mapping[str, Sequence[float]],
    options: Sequence[str],
    judges: Sequence[str] = (),
    weights: str = "attenuate",
    repeats: int = 1,
    say: Say = print,
) -> list[Measured]:
    """Run each command at several sizes, in a process of its own; orders are judged within this one.

    Args:
        region: whose photo and mask all are made of.
        sizes: by the names of AXES, ascending.
        options: more words of the commands that edit one region; a plan's regions are edited without refinement.
        judges: more words of every command.
        weights: of the enhancer, a bundled name or a file.
        repeats: of each size.
        say: gets a line on what comes next.

    Returns:
        One for each size; notes hold the slopes.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for axis, values in sizes.items():
            words = [*judges, *(() if axis == "regions" else (*options, "--weights", weights))]
            work = _work(axis, region, Path(folder), words, weights)
            runs = []
            for value in values:
                say(f"{AXES[axis]}: {value:g}")
                runs.append([work(value) for _ in range(repeats)])
            found += _curve(AXES[axis], values, runs)
    return found


def _curve(case: str, values: Sequence[float], runs: Sequence[Sequence[Run]]) -> list[Measured]:
    """The sizes of one case; the note of each says how fast time and memory grow from the size before, in log-log."""
    rows = []
    for value, some in zip(values, runs, strict=True):
        rows.append(measured(case, f"{value:g}", 1, some))
    notes = [""]
    for (before, first), (after, second) in itertools.pairwise(zip(values, rows, strict=True)):
        grown = math.log(after / before)
        pairs = zip(_sizes(first), _sizes(second), strict=True)
        slopes = [math.log(max(two, 1e-9) / max(one, 1e-9)) / grown for one, two in pairs]
        notes.append(f"slope of time {slopes[0]:.2f}, of memory {slopes[1]:.2f}")
    return [measured(case, row.contender, 1, some, note) for row, some, note in zip(rows, runs, notes, strict=True)]


def _sizes(row: Measured) -> tuple[float, float]:
    return 1 / row.rate, float(row.extra_bytes or 0)


def _work(axis: str, region: Region, folder: Path, options: Sequence[str], weights: str) -> Callable[[float], Run]:
    """What runs one size of an axis."""
    made = {"megapixels": _edit, "regions": _plan, "batch": _batch, "frames": _video}
    if axis == "orders":
        return _orders(region, weights)
    return lambda value: run_program(CHECKOUT, [*COMMAND, *made[axis](region, value, folder), *options])


def _edit(region: Region, megapixels: float, folder: Path) -> list[str]:
    photo = enlarged(region, megapixels, folder / f"{megapixels:g}.jpg")
    return ["edit", *map(str, photo), "--output", str(folder / "edited.png")]


def _plan(region: Region, count: float, folder: Path) -> list[str]:
    """Regions side by side, of which each is the whole height of the photo."""
    photo, mask = enlarged(region, 0.3, folder / "plan.jpg")
    shape = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED).shape
    steps = []
    for number in range(int(count)):
        part = np.zeros(shape, np.uint8)
        part[:, number * shape[1] // int(count) : (number + 1) * shape[1] // int(count)] = 255
        file = folder / f"plan_{number}.png"
        cv2.imwrite(str(file), part)
        steps.append({"name": str(number), "mask": str(file), "task": "attenuate", "refine": 0})
    (folder / "plan.json").write_text(json.dumps(steps))
    return ["plan", str(photo), str(folder / "plan.json"), "--output", str(folder / "planned")]


def _batch(region: Region, count: float, folder: Path) -> list[str]:
    source = folder / f"batch{count:g}"
    photo, mask = enlarged(region, _SMALL, folder / "small.jpg")
    _repeated(photo, source, int(count), "{:05d}.jpg")
    _repeated(mask, source, int(count), "{:05d}_mask.png")
    return ["batch", str(source), "--output", str(folder / f"batched{count:g}_{time.monotonic_ns()}")]


def _video(region: Region, count: float, folder: Path) -> list[str]:
    source = folder / f"clip{count:g}"
    photo, mask = enlarged(region, _SMALL, folder / "frame.png")
    _repeated(photo, source / "frames", int(count), "{:05d}.png")
    _repeated(mask, source / "masks", int(count), "{:05d}.png")
    where = ["--mask", str(source / "masks"), "--out", str(folder / f"clip{count:g}_{time.monotonic_ns()}")]
    return ["video", str(source / "frames"), *where]


def _repeated(file: Path, folder: Path, count: int, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / name.format(number)).write_bytes(file.read_bytes())


def _orders(region: Region, weights: str) -> Callable[[float], Run]:
    view = Enhancer.from_pretrained(weights).view(*read_region(region))
    recipes = view.candidates().recipe
    view.region.changes(recipes)  # warm

    def work(count: float) -> Run:
        some = recipes[: int(count)]
        started, processor = time.perf_counter(), time.process_time()
        view.region.changes(some)
        seconds, used = time.perf_counter() - started, time.process_time() - processor
        return Run(seconds, used, extra_bytes(lambda: view.region.changes(some)) or 0)

    return work


def growth_figure(found: Sequence[Measured], colours: tuple[str, str]) -> Figure:
    """Time and memory of every case against its size, on logarithmic axes.

    Args:
        found: of `growing`.
        colours: of time and of memory.
    """
    cases = [(case, list(rows)) for case, rows in itertools.groupby(found, key=lambda one: one.case)]
    figure = Figure(figsize=(3 * len(cases), 5.4), layout="constrained")
    panels = figure.subplots(2, len(cases), squeeze=False)
    for column, (case, rows) in enumerate(cases):
        sizes = [float(row.contender) for row in rows]
        for panel, values, colour, name in (
            (panels[0, column], [1 / row.rate for row in rows], colours[0], "seconds"),
            (panels[1, column], [(row.extra_bytes or 0) / 1e6 for row in rows], colours[1], "MB"),
        ):
            panel.loglog(sizes, values, "o-", color=colour)
            middle = math.sqrt(max(min(values), 1e-9) * max(max(values), 1e-9))
            reach = max(math.sqrt(10), 1.3 * max(values) / middle)  # a factor of ten or more: small steps look small
            panel.set_ylim(middle / reach, middle * reach)
            panel.plot(sizes, [values[0] * size / sizes[0] for size in sizes], ":", color="grey")
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_formatter(StrMethodFormatter("{x:g}"))
                axis.set_minor_formatter(NullFormatter())
            panel.set_xlabel(case, fontsize=8)
            panel.set_ylabel(name)
    figure.suptitle("Time and memory of growing work; dotted: as fast as its input", fontsize=9)
    return figure
