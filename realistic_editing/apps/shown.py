"""What an edit does where its result is shown: colours beyond sRGB keep what lies beyond it, so that there less may be seen."""
import dataclasses

import numpy as np

from realistic_editing.common.arrays import LEVELS
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer

_FAR, _FEW = 0.01, 1e-4  # from the proposal, as a share of the levels; and the share of values that may lie so far


def as_shown(
    enhancer: Enhancer, edit: Edit, mask: np.ndarray, before: np.ndarray, proposed: np.ndarray, shown: np.ndarray
) -> tuple[Edit, list[str]]:
    """The edit with what its result does as sRGB shows it, and a note where that is not what was proposed.

    Args:
        enhancer: who judges.
        edit: as proposed.
        mask: (H, W), of its region.
        before: (H, W, 3) sRGB, the photo before the edit, as it is shown.
        proposed: the same after it, as it was proposed.
        shown: the same of the result, see `Photo.shown`.
    """
    if proposed is shown or (np.abs(shown.astype(np.int32) - proposed) > LEVELS[proposed.dtype] * _FAR).mean() < _FEW:
        return edit, []
    realism, saliency = enhancer.judge(before, mask, shown)
    note = (
        f"has colours beyond sRGB, which stay there: proposed were realism {delta_r(edit.realism_change)} and saliency "
        f"{percent(edit.saliency_change)}, shown in sRGB the result has {delta_r(realism)} and {percent(saliency)}"
    )
    return dataclasses.replace(edit, realism_change=realism, saliency_change=saliency), [note]
