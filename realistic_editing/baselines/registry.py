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


def baseline(name: str, **options: Any) -> Baseline:
    """An earlier method.

    Args:
        name: a key of BASELINES.
        options: of its class, such as the saliency model that it asks.

    Raises:
        InputError: when there is no such method.
    """
    if name not in BASELINES:
        raise InputError(f"method is {name!r}; use one of {', '.join(BASELINES)}")
    return network_class(BASELINES[name])(**options)
