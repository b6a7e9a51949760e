"""The ways to name a region; apart from what finds it, so that a mistake need not wait for PyTorch."""
from collections.abc import Mapping
from typing import Any

from realistic_editing.common.errors import InputError

WAYS = ("mask", "box", "points", "alpha")
_DRAWN = "a box (--box x,y,width,height), points (--points x,y, or --click)"
_OF_PHOTO = f"a mask (--mask), {_DRAWN}, or the photo's alpha (--alpha)"
_OF_CLIP = f"a mask (--mask), {_DRAWN} in the first frame"


def check_one_region(options: Mapping[str, Any], clip: bool = False) -> None:
    """Refuse options that name no region or several, or say how to find one that is not looked for.

    Args:
        options: of a command, as for `mask.region_of`; those not given are None, False or absent.
        clip: whether it is one of a clip, which has no transparency.

    Raises:
        InputError: naming what is given, and what may be.
    """
    given = [name for name in WAYS if options.get(name)]
    if len(given) != 1 and given != ["box", "points"]:
        found = " and ".join(given) + " are given" if given else "no region is named"
        raise InputError(f"{found}; give one of {_OF_CLIP if clip else _OF_PHOTO}; or points beside a box")
    for name in ("sam", "grabcut"):
        if options.get(name) and given[0] not in ("box", "points"):
            raise InputError(f"{name} is {options[name]} beside {given[0]}; give it a box or points")
    if options.get("sam") and options.get("grabcut"):
        raise InputError(f"sam is {options['sam']} beside grabcut; leave one out")
    if options.get("label") is not None and not options.get("mask"):
        raise InputError(f"label is {options['label']!r} without a mask; give the label map as the mask")
