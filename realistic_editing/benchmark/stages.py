"""Where an edit from file to file spends its time: `edit` in a fresh process, with its parts timed.

Run as a program it is that process: `python -m realistic_editing.benchmark.stages PHOTO MASK ...` edits as the command does,
and prints what each part took as JSON on its last line.
"""
import functools
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from realistic_editing.benchmark.timing import Measured
from realistic_editing.common.errors import InputError

CHECKOUT = Path(__file__).resolve().parents[2]
START, WAIT, REST = "start and end of the process, imports", "wait for the networks", "all else"
_LOAD, _READ = "load the networks", "read photo and mask"  # side by side
# Part -> what does it, "module:name" or "module:Class.name", in the order of an edit. What a part calls counts for that part.
STAGES = {
    _LOAD: ("realistic_editing.apps.edit:enhancer_of",),
    _READ: ("realistic_editing.apps.edit:_read",),
    "judge the photo": ("realistic_editing.enhance.enhancer:Enhancer.view",),
    "propose": ("realistic_editing.enhance.view:PhotoView.pick",),
    "refine": ("realistic_editing.enhance.view:PhotoView.improve",),
    "guard": ("realistic_editing.enhance.view:PhotoView.guard",),
    "apply": ("realistic_editing.apps.edit:apply_with_colours",),
    "judge the result": ("realistic_editing.apps.edit:as_shown", "realistic_editing.apps.edit:judged"),
    "write": ("realistic_editing.apps.edit:write_edit",),
}


def where_time_goes(case: str, contender: str, words: Sequence[str], repeats: int) -> Measured:
    """Time `edit`, and its parts.

    Args:
        case, contender: what is edited, and in which way, for the report.
        words: of the command, after "edit".
        repeats: fresh processes.

    Returns:
        The seconds of the whole; the note has those of each part, medians, one after the other as they are done. Of loading
        the networks only what goes beyond reading counts.

    Raises:
        InputError: where the edit fails, with what it says.
    """
    runs = [_run(words) for _ in range(repeats)]
    parts = {part: statistics.median(run[part] for run in runs) for part in runs[0]}
    seconds = tuple(sum(run.values()) for run in runs)
    note = "; ".join(f"{part} {taken:.2f} s" for part, taken in parts.items() if taken >= 0.005)
    return Measured(case, contender, 1, "edits", seconds, (0.0,) * len(runs), note=note)


def _run(words: Sequence[str]) -> dict[str, float]:
    command, environment = [sys.executable, "-m", __name__, *words], os.environ | {"PYTHONPATH": str(CHECKOUT)}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    whole = time.perf_counter() - started
    if done.returncode:
        raise InputError(f"edit {' '.join(words)}: {done.stderr[-500:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return one_after_the_other(whole, found["inside"], found["spans"])


def one_after_the_other(whole: float, inside: float, spans: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Parts that add up to the whole, from what was timed side by side.

    Args:
        whole: seconds of the process.
        inside: those of the command within it.
        spans: part -> its seconds, and when it ended, counted from the command's begin; none of a part that was not done.

    Returns:
        Part -> seconds, 0 of what was not done.
    """
    taken = {part: spans[part][0] if part in spans else 0.0 for part in STAGES if part != _LOAD}
    wait = max(0.0, spans[_LOAD][1] - spans[_READ][1]) if _LOAD in spans and _READ in spans else 0.0
    rest = inside - wait - sum(taken.values())
    return {START: whole - inside, _READ: taken.pop(_READ), WAIT: wait, **taken, REST: rest}


class _Parts:
    """The seconds of each part, and when it ended; what a part calls is not counted again."""

    def __init__(self) -> None:
        self.spans: dict[str, tuple[float, float]] = {}
        self._within: set[str] = set()

    def timed(self, part: str, work: Callable) -> Callable:
        """The same work, with its time counted."""

        @functools.wraps(work)
        def called(*given: object, **named: object) -> object:
            if part != _LOAD and self._within - {_LOAD}:  # of the process, because workers have threads of their own
                return work(*given, **named)
            started = time.perf_counter()
            self._within.add(part)
            try:
                return work(*given, **named)
            finally:
                self._within.discard(part)
                ended = time.perf_counter()
                before = self.spans.get(part, (0.0, 0.0))[0]
                self.spans[part] = before + ended - started, ended

        return called

    def watch(self) -> None:
        """Put what counts its time in the place of each of STAGES."""
        for part, places in STAGES.items():
            for place in places:
                module, names = place.split(":")
                *owners, name = names.split(".")
                owner = functools.reduce(getattr, owners, importlib.import_module(module))
                setattr(owner, name, self.timed(part, getattr(owner, name)))


def main() -> None:
    """Edit as the command line asks, and print what each part took."""
    parts = _Parts()
    parts.watch()  # imports what an edit needs
    command = importlib.import_module("realistic_editing.apps.cli").main  # in a process of its own, as a user's
    started = time.perf_counter()
    command(["edit", *sys.argv[1:]])
    inside = time.perf_counter() - started
    print(json.dumps({"inside": inside, "spans": {part: (taken, end - started) for part, (taken, end) in parts.spans.items()}}))


if __name__ == "__main__":
    main()
