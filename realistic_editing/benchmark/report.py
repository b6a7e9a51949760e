"""What a benchmark found, as JSON and as a Markdown table."""
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from realistic_editing.benchmark.timing import Measured
from realistic_editing.common import provenance
from realistic_editing.common.files import replacing


def write_report(
    suite: str, found: Sequence[Measured], settings: dict[str, Any], output: Path, load: float | None = None
) -> str:
    """Write `output`/NAME.json with every time, and `output`/NAME.md with the table.

    Args:
        suite: its name, and the files'.
        found: the first contender of each case is what the others are compared with.
        settings: of the run, kept in the JSON.
        output: a folder.
        load: how many processes wanted the machine before the run began; None unknown.

    Returns:
        The table.

    Raises:
        InputError: when the folder cannot be written.
    """
    made = {
        "suite": suite,
        "revision": provenance.revision(),
        "command": provenance.command(),
        "machine": provenance.machine(),
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "load_before": load,
    }
    rows = [_row(one, group[0]) for group in _by_case(found) for one in group]
    text = _table(made, rows)
    with replacing(output / f"{suite}.json") as temporary:
        temporary.write_text(json.dumps({**made, "settings": settings, "results": rows}, indent=2) + "\n")
    with replacing(output / f"{suite}.md") as temporary:
        temporary.write_text(text)
    return text


def _by_case(found: Sequence[Measured]) -> list[list[Measured]]:
    return [list(group) for _, group in itertools.groupby(found, key=lambda one: one.case)]


def _row(one: Measured, reference: Measured) -> dict[str, Any]:
    return {
        "case": one.case,
        "contender": one.contender,
        f"{one.unit}_per_s": _short(one.rate),
        "slowest": _short(one.spread[0]),
        "fastest": _short(one.spread[1]),
        "ratio": _short(one.rate / reference.rate),
        "ratio_without_data": _short(one.rate_without_data / reference.rate_without_data),
        "share_reading_data": round(sum(one.waited) / sum(one.seconds), 3),
        "seconds": [round(value, 5) for value in one.seconds],
    }


def _table(made: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        f"# Benchmark: {made['suite']}",
        "",
        f"`{made['command']}`, revision {made['revision']}, {made['machine']}, {made['processor']}, {made['threads']} threads; "
        f"load before the run {made['load_before']}. Medians; in brackets the slowest and the fastest repeat. Ratios "
        "are to the first line of each case, with reading of data and without.",
        "",
        "| case | contender | per second | repeats | ratio | without data | share reading data |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        rate = next(value for name, value in row.items() if name.endswith("_per_s"))
        unit = next(name for name in row if name.endswith("_per_s")).removesuffix("_per_s")
        lines.append(
            f"| {row['case']} | {row['contender']} | {rate:g} {unit} ({row['slowest']:g} to {row['fastest']:g}) | "
            f"{len(row['seconds'])} | {row['ratio']:.2f} | {row['ratio_without_data']:.2f} | {row['share_reading_data']:.0%} |"
        )
    return "\n".join(lines) + "\n"


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _processor() -> str:
    """The processor's name, where the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "processor unknown")
