"""The earlier methods by name, imported only when asked for."""
from typing import Any

from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.weights.registry import network_class

# Name -> where the class is.
BASELINES: dict[str, str] = {
    "ohr": "realistic_editing.baselines.ohr:HueRotation",
    "wrs": "realistic_editing.baselines.wrs:SaliencyOrder",
    "hagiwara": "realistic_editing.baselines.hagiwara:SaliencyFeedback",
    "mec": "realistic_editing.baselines.mec:MEC",
    "deepsal_conv": "realistic_editing.baselines.deepsal:DeepsalConv",
    "deepsal_recolor": "realistic_editing.baselines.deepsal:DeepsalRecolor",
    "deepsal_warp": "realistic_editing.baselines.deepsal:DeepsalWarp",
    "gazeshift": "realistic_editing.baselines.gazeshift:GazeShift",
}
# A method of several operators -> they; where one is to represent it, the first.
FAMILIES = {"deepsal": ("deepsal_recolor", "deepsal_conv", "deepsal_warp")}


def baseline(name: str, **options: Any) -> Baseline:
    """An earlier method.

    Args:
        name: a key of BASELINES, or of FAMILIES.
        options: of its class, such as the saliency model that it asks.

    Raises:
        InputError: when there is no such method.
    """
    found = FAMILIES.get(name, (name,))[0]
    if found not in BASELINES:
        raise InputError(f"method is {name!r}; use one of {', '.join([*BASELINES, *FAMILIES])}")
    return network_class(BASELINES[found])(**options)
