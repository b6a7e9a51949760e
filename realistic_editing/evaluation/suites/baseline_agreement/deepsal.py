"""Whether Deepsal's three operators move attention in the asked direction, and not only by the network they are fitted to."""
from pathlib import Path

import pandas as pd

from realistic_editing.baselines.deepsal import DeepsalConv, DeepsalRecolor, DeepsalWarp
from realistic_editing.evaluation.suites.baseline_agreement.attention import moved

_FEW = 5  # regions of a task, where no limit is given: three fits of a region take half a minute on a core
_STEPS = 12  # of a fit, for each region that a smaller limit leaves: a quick look, which gives no verdict


def agreement(root: str | Path, limit: int | None = None) -> tuple[dict[str, float], pd.DataFrame]:
    """Edit unseen regions with each operator, fitted to compact_saliency; see `attention.moved`.

    Args:
        root: the folder that holds coco/.
        limit: of regions of a task; None: _FEW. Of fewer, fits are shorter too.
    """
    shorter = {"steps": _STEPS * limit} if limit is not None and limit < _FEW else {}
    kinds = (DeepsalRecolor, DeepsalConv, DeepsalWarp)
    methods = {kind.name: kind(progress=False, **shorter) for kind in kinds}
    return moved(methods, root, limit or _FEW)
