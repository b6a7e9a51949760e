"""What a benchmark found, as JSON and as a Markdown table."""
import itertools
import json
from collections.abc import Callable, Sequence
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
    reads = any(sum(one.waited) for one in found)
    rows = [_row(one, group[0], reads) for group in _by_case(found) for one in group]
    text = _table(made, rows)
    with replacing(output / f"{suite}.json") as temporary:
        temporary.write_text(json.dumps({**made, "settings": settings, "results": rows}, indent=2) + "\n")
    with replacing(output / f"{suite}.md") as temporary:
        temporary.write_text(text)
    return text


def _by_case(found: Sequence[Measured]) -> list[list[Measured]]:
    return [list(group) for _, group in itertools.groupby(found, key=lambda one: one.case)]


def _row(one: Measured, reference: Measured, reads: bool) -> dict[str, Any]:
    memory = {} if one.extra_bytes is None else {"extra_bytes": one.extra_bytes}
    if memory and one.per_photo:
        memory["extra_per_input_byte"] = _short(one.extra_bytes / one.per_photo)
    waits = {"share_reading_data": round(sum(one.waited) / sum(one.seconds), 3)} if reads else {}
    apart = {} if one.apart is None else {"apart": one.apart}
    return {
        "case": one.case,
        "contender": one.contender,
        "milliseconds": _short(1000 / one.rate),
        "unit": one.unit.removesuffix("s"),
        f"{one.unit}_per_s": _short(one.rate),
        "slowest": _short(one.spread[0]),
        "fastest": _short(one.spread[1]),
        "ratio": _short(one.rate / reference.rate),
        "ratio_without_data": _short(one.rate_without_data / reference.rate_without_data),
        **waits,
        **memory,
        **apart,
        "note": one.note,
        "seconds": [round(value, 5) for value in one.seconds],
    }


# Title of a column -> its text for a row; columns that are empty in all rows are left out.
_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "case": lambda row: row["case"],
    "contender": lambda row: row["contender"],
    "ms each": lambda row: f"{row['milliseconds']:g}",
    "per second": lambda row: f"{row[row['unit'] + 's_per_s']:g} {row['unit']}s ({row['slowest']:g} to {row['fastest']:g})",
    "repeats": lambda row: str(len(row["seconds"])),
    "ratio": lambda row: f"{row['ratio']:.{2 if row['ratio'] < 20 else 0}f}",
    "without data": lambda row: f"{row['ratio_without_data']:.2f}" if "share_reading_data" in row else "",
    "share reading data": lambda row: f"{row['share_reading_data']:.0%}" if "share_reading_data" in row else "",
    "extra memory, MB": lambda row: f"{row['extra_bytes'] / 1e6:.0f}" if "extra_bytes" in row else "",
    "times the input": lambda row: f"{row['extra_per_input_byte']:.2f}" if "extra_per_input_byte" in row else "",
    "apart from the first, at most": lambda row: f"{row['apart']:.1e}" if "apart" in row else "",
    "note": lambda row: row["note"],
}


def _table(made: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    columns = {title: text for title, text in _COLUMNS.items() if any(text(row) for row in rows)}
    lines = [
        f"# Benchmark: {made['suite']}",
        "",
        f"`{made['command']}`, revision {made['revision']}, {made['machine']}, {made['processor']}, {made['threads']} threads; "
        f"load before the run {made['load_before']}. Medians; in brackets the slowest and the fastest repeat. Ratios "
        "are to the first line of each case.",
        "",
        f"| {' | '.join(columns)} |",
        "|" + "---|" * len(columns),
    ]
    lines += [f"| {' | '.join(text(row) for text in columns.values())} |" for row in rows]
    return "\n".join(lines) + "\n"


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _processor() -> str:
    """The processor's name, where the system reports it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "processor unknown")
