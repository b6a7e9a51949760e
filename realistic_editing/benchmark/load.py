"""The suite "load": training samples from photo files and from shards, and how long the command takes to start."""
import contextlib
import dataclasses
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from realistic_editing.benchmark import plain
from realistic_editing.benchmark.memory import extra_bytes
from realistic_editing.benchmark.timing import Measured, Say, in_turn
from realistic_editing.data.regions import Region
from realistic_editing.data.shards import read_shards, write_shards
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.enhancer import Enhancer


def loading(regions: Sequence[Region], size: int, weights: str, seconds: float, say: Say = print) -> list[Measured]:
    """Time reading of training samples on one process, and starting.

    Args:
        regions: to read, each once in a repeat.
        size: of the samples.
        weights: of the enhancer that is loaded.
        seconds: for each case.
        say: gets a line on what comes next.

    Returns:
        For samples, all on one thread: a plain data set, without and with the same crops and flips, this project's from files,
        this project's from shards (the same pixels), decoding the stored masks alone, and a bare copy of the stored photos;
        memory is what an epoch adds. For starting: each on its own line.
    """
    case = f"training samples, {size} px, one process"
    say(case)
    with tempfile.TemporaryDirectory() as folder, _one_thread():
        write_shards(regions, folder, size)
        packed = read_shards(folder)
        plainly, cropping = plain.PlainRegions(regions, size), plain.PlainRegions(regions, size, augment=True)
        files = RegionDataset(regions, size, augment=True, cache=False)
        shards = RegionDataset(packed, size, augment=True)
        works = {
            "plain": lambda _: [plainly[i] for i in range(len(plainly))],
            "plain, with crops and flips": lambda _: [cropping[i] for i in range(len(cropping))],
            "this project, from files": lambda _: [files[i, i] for i in range(len(files))],
            "this project, from shards": lambda _: [shards[i, i] for i in range(len(shards))],
            "decoding the stored masks": lambda _: [region.stored_mask() for region in packed],
            "limit: a copy of the stored photos": lambda _: [np.array(region.stored_photo()) for region in packed],
        }
        found = in_turn(case, works, len(regions), "samples", seconds)
        memory = extra_bytes(lambda: [None for i in range(len(shards)) if shards[i, i] is None])
        found = [dataclasses.replace(one, extra_bytes=memory) if "shards" in one.contender else one for one in found]
    say("starting")
    return found + _starting(weights, seconds)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Have OpenCV work on one thread, as a loader's process beside others does."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _starting(weights: str, seconds: float) -> list[Measured]:
    found = []
    help_of = [sys.executable, "-m", "realistic_editing", "--help"]
    for case, work in (
        ("start: --help", lambda _: subprocess.run(help_of, check=True, capture_output=True)),
        ("start: import, load an enhancer with its judges", lambda _: _imported(weights)),
        ("start: load an enhancer with its judges", lambda _: Enhancer.from_pretrained(weights)),
    ):
        found += in_turn(case, {"this project": work}, 1, "starts", seconds, least=1, warm_ups=1 if seconds else 0)
    return found


def _imported(weights: str) -> None:
    code = f"from realistic_editing import Enhancer; Enhancer.from_pretrained({str(Path(weights))!r})"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
