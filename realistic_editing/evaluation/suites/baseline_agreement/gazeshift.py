"""Whether GazeShift, as trained here, moves attention in the asked direction."""
from pathlib import Path

import pandas as pd

from realistic_editing.baselines.gazeshift import GazeShift
from realistic_editing.evaluation.suites.baseline_agreement.attention import moved


def agreement(root: str | Path, limit: int | None = None) -> tuple[dict[str, float], pd.DataFrame]:
    """Edit unseen regions with the bundled weights, with and without edits of the background; see `attention.moved`.

    Args:
        root: the folder that holds coco/.
        limit: of regions of a task; None: all.
    """
    methods = {"gazeshift": GazeShift(), "gazeshift_no_background": GazeShift(background_edits=False)}
    return moved(methods, root, limit)
