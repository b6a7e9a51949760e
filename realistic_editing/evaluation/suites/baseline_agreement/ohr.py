"""Whether our OHR turns hues by the angles of the published results, and keeps what they keep."""
from pathlib import Path

import numpy as np
import pandas as pd

from realistic_editing.baselines.ohr import HueRotation
from realistic_editing.evaluation.suites.baseline_agreement.pairs import Pair, pairs, turn

VISIBLE = 10.0  # degrees from which a published result counts as turned,
COHERENT = 0.9  # and how rigidly: below, clipped colours or compression leave no one angle to compare with


def agreement(root: str | Path, limit: int | None = None) -> tuple[dict[str, float], pd.DataFrame]:
    """Compare our OHR with the published results, in its published mode, at 8 bits.

    Args:
        root: the folder that holds mechrez/.
        limit: of photos, spread evenly over the set; None: all.

    Returns:
        Figures by name: `turned`, the number of photos where the published result shows a visible, coherent turn;
        over those, `hue_error`, the median difference of angle in degrees, and `within_30`, the share within 30
        (1 / 6 by chance); over all photos, the medians `light` and `chroma`, of the mean absolute change inside; and
        `changed_outside`, the share of photos with any change outside the mask. And a row per photo.
    """
    rows = pd.DataFrame([_row(pair) for pair in pairs(root, HueRotation(), limit)])
    return figures_of(rows), rows


def figures_of(rows: pd.DataFrame) -> dict[str, float]:
    """See `agreement`, of its rows or of some of them."""
    turned = rows[rows["turned"]]
    return {
        "photos": len(rows),
        "turned": len(turned),
        "hue_error": turned["hue_error"].median(),
        "within_30": (turned["hue_error"] <= 30).mean(),
        "light": rows["light"].median(),
        "chroma": rows["chroma"].median(),
        "published_light": rows["published_light"].median(),
        "published_chroma": rows["published_chroma"].median(),
        "changed_outside": rows["changed_outside"].mean(),
        "seconds": rows["seconds"].median(),
    }


def _row(pair: Pair) -> dict[str, float | str | bool]:
    before, published, ours = (version[pair.inside] for version in (pair.before, pair.published, pair.ours))
    (theirs, coherence), (angle, _) = turn(before, published), turn(before, ours)
    light, chroma = _kept(before, ours)
    published_light, published_chroma = _kept(before, published)
    return {
        "part": pair.part,
        "photo": pair.photo,
        "published_angle": theirs,
        "coherence": coherence,
        "angle": angle,
        "turned": abs(theirs) > VISIBLE and coherence > COHERENT,
        "hue_error": abs((angle - theirs + 180) % 360 - 180),
        "light": light,
        "chroma": chroma,
        "published_light": published_light,
        "published_chroma": published_chroma,
        "changed_outside": not np.array_equal(pair.before[~pair.inside], pair.ours[~pair.inside]),
        "seconds": pair.seconds,
    }


def _kept(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Mean absolute change of lightness and of chroma: (N, 3) CIELAB each."""
    chroma = [np.hypot(pixels[:, 1], pixels[:, 2]) for pixels in (before, after)]
    return float(np.abs(after[:, 0] - before[:, 0]).mean()), float(np.abs(chroma[1] - chroma[0]).mean())
