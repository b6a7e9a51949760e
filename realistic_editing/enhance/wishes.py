"""What may be asked of an edit, checked without a network, so that a wish that cannot be is refused before any work."""
from collections.abc import Mapping
from typing import Any

from realistic_editing.common.errors import InputError


def check_wishes(task: str, wishes: Mapping[str, Any], refinable: bool = True) -> None:
    """Refuse wishes that `Enhancer.propose` cannot have.

    Args:
        task: "attenuate" or "amplify".
        wishes: refine, min_realism_change, saliency_change and guard, as for `Enhancer.propose`; others are not looked at.
        refinable: whether there is an objective to refine by.

    Raises:
        InputError: naming the option, its value and what it may be.
    """
    refine, realism, saliency, guard = (
        wishes[name] for name in ("refine", "min_realism_change", "saliency_change", "guard")
    )
    if refine < 0:
        raise InputError(f"refine is {refine}; use a number of steps >= 0")
    if refine and not refinable:
        raise InputError("refine needs an objective, and these weights name none; pass Enhancer(..., objective=...)")
    if realism is not None and not -1 <= realism <= 0:
        raise InputError(f"min_realism_change is {realism}; use a number from -1 to 0, such as -0.1")
    if guard is not None and not -1 <= guard <= 0:
        raise InputError(f"guard is {guard}; use a number from -1 to 0, such as -0.1, or null for none")
    sign = 1 if task == "amplify" else -1
    if saliency is not None and not sign * saliency > 0:
        side = "above" if sign > 0 else "below"
        raise InputError(f"saliency_change is {saliency}; to {task}, use a number {side} 0")
