"""Which photos of the Mechrez set, and published results of them, chose constants of the earlier methods written here."""
import pandas as pd

from realistic_editing.data.mechrez import TASK_OF_PART

_ODD = tuple(f"{number:03d}" for number in range(1, 1000, 2))

# Method -> part -> the photos' numbers; None: all of the part. The bounds of WRS are percentiles of published results, and the
# relative saliency from which it brightens gives most of their directions; that it gives any, was seen on all photos. Reach
# and smoothing of OHR fit their angles, and the weights of MEC their lightness and colours. Which 56 photos chose constants of
# patch distinctness, which MEC follows, is not recorded, and so is not listed here.
TUNED: dict[str, dict[str, tuple[str, ...] | None]] = {
    "ohr": dict.fromkeys(TASK_OF_PART),
    "wrs": dict.fromkeys(TASK_OF_PART, _ODD),
    "mec": {
        "object_enhancement": (
            "001", "002", "003", "004", "005", "006", "007", "009", "011", "012", "013", "014", "015",
        ),
        "distractors_attenuation": None,
    },
}  # fmt: skip


def untouched(method: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of photos that chose no constant of a method.

    Args:
        method: a key of `suites.baselines.METHODS`.
        rows: a photo each, with columns part and photo ("part/number"), where TUNED knows the method.
    """
    if method not in TUNED:
        return rows
    numbers = rows.photo.str.rpartition("/")[2]
    chose = [
        part in TUNED[method] and (TUNED[method][part] is None or number in TUNED[method][part])
        for part, number in zip(rows.part, numbers, strict=True)
    ]
    return rows[[not one for one in chose]]
