"""How well clicks and boxes select things that people outlined: overlap, and how many clicks a good mask takes."""
import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.data.select import Selected, select
from realistic_editing.data.selector import Point
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.selection.simulated import box_of, deepest, next_click
from realistic_editing.selection.things import Thing

GOOD, NONSENSE = 0.85, 0.3  # overlaps (intersection over union)
MEDIAN_GOALS = {"1 click": 0.75, "3 clicks": 0.85, "a box": 0.85}  # median overlaps that were wanted of the network
MAX_NONSENSE = 0.03  # share of selections below NONSENSE of which the user is told nothing


def measure_selections(things: Sequence[Thing], methods: Sequence[str], clicks: int) -> pd.DataFrame:
    """Play a user who clicks where the mistake is largest, and one who draws a box.

    Args:
        things: unseen ones.
        methods: of `select`: "network", "grabcut".
        clicks: the most that the user makes.

    Returns:
        A row for each method, thing and way of MEDIAN_GOALS: thing, photo, method, way, overlap, told (whether the user
        is told to look), seconds, and for the way "1 click" needed, the clicks to GOOD; clicks + 1 = never.
    """
    rows = []
    for number, thing in enumerate(tqdm(things, desc="select", unit="thing")):
        image, meant = thing.read(np.random.default_rng(0))
        for method in methods:
            common = {"thing": number, "photo": thing.name, "method": method}
            clicked = _clicked(image, meant, method, clicks)
            needed = next((at for at, row in enumerate(clicked, start=1) if row["overlap"] >= GOOD), clicks + 1)
            rows.append(common | {"way": "1 click", "needed": needed} | clicked[0])
            # A user who is content stops before the third.
            rows.append(common | {"way": "3 clicks"} | clicked[min(3, len(clicked)) - 1])
            left, top, right, bottom = box_of(meant)
            box = (left, top, right - left, bottom - top)
            rows.append(common | {"way": "a box"} | selected(image, meant, method, box=box)[0])
    return pd.DataFrame(rows)


def _clicked(image: np.ndarray, meant: np.ndarray, method: str, clicks: int) -> list[dict[str, object]]:
    """What each click reaches, until it is very good."""
    points, found = {1: [deepest(meant)], -1: []}, []
    for _ in range(clicks):
        row, mask = selected(image, meant, method, points[1], points[-1])
        found.append(row)
        wrong = next_click(meant, mask)
        if wrong is None or row["overlap"] >= 0.95:
            break
        points[wrong[2]].append(wrong[:2])
    return found


def selected(
    image: np.ndarray,
    meant: np.ndarray,
    method: str,
    inside: Sequence[Point] = (),
    outside: Sequence[Point] = (),
    box: tuple[float, float, float, float] | None = None,
) -> tuple[dict[str, object], np.ndarray]:
    """What a method selects, beside what was meant; nothing, where it says that it found nothing.

    Args:
        image: (H, W, 3) uint8.
        meant: (H, W) bool.
        method, inside, outside, box: as for `select`.

    Returns:
        overlap, told and seconds as of `measure_selections`, and the mask (H, W) bool.
    """
    started = time.perf_counter()
    try:
        found = select(image, inside, outside, box, method)
    except InputError:
        found = Selected(np.zeros(meant.shape, np.uint8), 0.0, ("nothing was found",))
    seconds, mask = time.perf_counter() - started, found.mask >= 128
    overlap = float((mask & meant).sum() / (mask | meant).sum())
    return {"overlap": overlap, "told": bool(found.notes), "seconds": seconds}, mask


def overlap_table(found: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Median overlap, the share of nonsense, and how much of it the user is told, for each method and way."""
    rows = []
    for (method, way), part in found.groupby(["method", "way"], sort=False):
        silent = (part.overlap < NONSENSE) & ~part.told
        median = partial(_median, part.overlap.to_numpy())
        row = {
            "method": method, "said by": way, "things": len(part), "photos": int(part.photo.nunique()),
            "median IoU": bootstrap.bootstrap(median, part.photo, resamples, seed, limits=bootstrap.SHARE),
            "mean IoU": bootstrap.mean(part.overlap, part.photo, resamples, seed, bootstrap.SHARE),
            f"IoU < {NONSENSE}": float((part.overlap < NONSENSE).mean()), "of which untold": float(silent.mean()),
            "told": float(part.told.mean()), "median seconds": float(part.seconds.median()),
        }  # fmt: skip
        goal = MEDIAN_GOALS[way]
        met = part.overlap.median() >= goal and silent.mean() <= MAX_NONSENSE
        row |= {"goal": f"{goal}, untold <= {MAX_NONSENSE}", "met": "yes" if met else "NO"}
        rows.append(row)
    return pd.DataFrame(rows)


def _median(values: np.ndarray, chosen: np.ndarray) -> float:
    return float(np.median(values[chosen]))


def clicks_table(found: pd.DataFrame, clicks: int, resamples: int, seed: int) -> pd.DataFrame:
    """Clicks needed to reach GOOD, for each method."""
    rows = []
    for method, part in found[found.way == "1 click"].groupby("method", sort=False):
        rows.append({
            "method": method,
            f"mean clicks to IoU {GOOD}": bootstrap.mean(part.needed, part.photo, resamples, seed, (1, clicks + 1)),
            "median": float(part.needed.median()), "within 3": float((part.needed <= 3).mean()),
            f"not within {clicks}": float((part.needed > clicks).mean()), "things": len(part),
        })  # fmt: skip
    return pd.DataFrame(rows)
