"""The suite "busy": the command `edit` beside other programs, with threads that sleep or spin while they wait."""
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from realistic_editing.benchmark.timing import Measured, Say, in_turn
from realistic_editing.common.threads import CHOSEN
from realistic_editing.data.regions import Region

SPINS = "300000"  # turns of a waiting thread where nothing is set: the default of GNU's OpenMP
PROGRAM = """
import time
while True:
    end = time.monotonic() + {busy}
    while time.monotonic() < end:
        pass
    time.sleep({idle})
"""


def under_load(
    region: Region,
    loads: Sequence[float],
    seconds: float,
    weights: str = "attenuate",
    options: Sequence[str] = (),
    say: Say = print,
) -> list[Measured]:
    """Time an edit from file to file, in a process of its own, beside programs that keep processors busy.

    Args:
        region: whose photo is edited.
        loads: how many processors other programs would use, such as 2.5.
        seconds: for each load; a first edit, before all loads, is not counted. 0 = one edit each, and no such first one.
        weights: of the enhancer, a bundled name or a file.
        options: more words of the command.
        say: gets a line on what comes next.

    Returns:
        For each load: threads that spin while they wait, as OpenMP has them by itself, first; then as this project sets them.
    """
    kept = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "realistic_editing", "edit", str(region.photo), str(region.mask)]
        command += ["--weights", str(weights), "--output", str(Path(folder) / "edited.png"), *options]

        def edit(environment: Mapping[str, str]) -> None:
            subprocess.run(command, check=True, capture_output=True, env=environment)

        if seconds:
            edit(kept)  # so that files are in memory; each edit is a process of its own, which nothing else warms up
        for load in loads:
            case = f"edit, from file to file, beside a load of {load:g}"
            say(case)
            works = {
                "plain, threads spin": lambda _: edit(kept | {"GOMP_SPINCOUNT": SPINS}),
                "this project": lambda _: edit(kept),
            }
            with _busy(load):
                found += in_turn(case, works, 1, "photos", seconds, least=2 if seconds else 1, warm_ups=0)
    return found


@contextlib.contextmanager
def _busy(load: float) -> Iterator[None]:
    """Processes that use so many processors, the last one in part; ended in any case."""
    shares = [1.0] * int(load) + ([load % 1] if load % 1 else [])
    programs = []
    try:
        for share in shares:
            code = PROGRAM.format(busy=0.1 * share, idle=0.1 * (1 - share))
            programs.append(subprocess.Popen([sys.executable, "-c", code]))
        time.sleep(0.5 if shares else 0)  # until they are at work
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()
