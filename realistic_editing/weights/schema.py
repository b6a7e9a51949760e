"""What the arguments of each network may be: their kinds from its constructor, their ranges from one table by their names."""
import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any

from realistic_editing.common.errors import InputError
from realistic_editing.common.ranges import Choice, Either, Flag, Many, Number, Text, check
from realistic_editing.ops.recipe import BLENDS
from realistic_editing.weights.registry import NETWORKS, network_class

# Argument -> what it may be, each of them where it is a list. The greatest bound what a network may take: under 1 GB.
_WIDTH = Number(1, 1024, whole=True)
_SHARE = Number(0, 1, below=True)  # dropout of all would leave nothing
_RANGES: dict[str, Any] = {
    "input_size": Number(8, 4096, whole=True),
    "things_size": Number(32, 2048, whole=True),
    "stride": Number(1, 64, whole=True),
    "ring": Number(1, 256, whole=True),
    "palette": Number(0, 512, whole=True),
    "hidden": Number(1, 4096, whole=True),
    "projection": _WIDTH,
    "guesses": Number(0, 1024, whole=True),
    "width": Number(1, 256, whole=True),
    "widths": _WIDTH,
    "join": _WIDTH,
    "dropout": _SHARE,
    "things_dropout": _SHARE,
    "blend": Choice(BLENDS),
    # Only these: timm takes names for addresses that it fetches from.
    "backbone": Text("tf_efficientnet_lite[0-4]", "tf_efficientnet_lite0 to tf_efficientnet_lite4"),
}
class _Anything:
    """Of an annotation that says nothing, as a network of others may have: its constructor decides."""

    def fits(self, value: Any) -> bool:
        return True


_KINDS = {int: Number(whole=True), float: Number(), bool: Flag(), str: Text()}


def check_config(name: str, config: Mapping[str, Any], source: str) -> None:
    """Refuse arguments that a network cannot have, before anything is built of them.

    Args:
        name: of the network, a key of NETWORKS.
        config: its constructor's arguments, as a file or a configuration holds them.
        source: for the message: the file, or the name of the node.

    Raises:
        InputError: naming the argument, its value and what it may be.
    """
    cls, parts = network_class(NETWORKS[name].target), dict(NETWORKS[name].parts)
    hints, known = typing.get_type_hints(cls.__init__), inspect.signature(cls).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values())
    for argument, value in config.items():
        if argument not in known and not takes_any:
            its = ", ".join(known) or "none"
            raise InputError(f"{source}: {name} cannot be built from {argument!r}; its arguments are {its}")
        if argument in parts and isinstance(value, Mapping):
            check_config(parts[argument], value, f"{source}: {argument}")
        else:
            check(f"{source}: {argument}", value, _allowed(hints.get(argument), _RANGES.get(argument)))


def without_fetching(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The same arguments, but that no weights are fetched or looked for, here and in parts: a file holds them."""
    plain = {argument: "none" if argument == "pretrained" else value for argument, value in config.items()}
    for argument, part in NETWORKS[name].parts:
        if isinstance(plain.get(argument), Mapping):
            plain[argument] = without_fetching(part, plain[argument])
    return plain


def _allowed(hint: Any, within: Any) -> Any:
    """What an annotation and a range admit, in the terms of `common.ranges`."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is type(None):
        return None
    if origin in (typing.Union, types.UnionType):
        return Either(tuple(_allowed(one, within) for one in inner if not _is_mapping(one)))
    if origin is tuple:
        return Many(_allowed(inner[0], within), len(inner))
    return _KINDS.get(hint, _Anything()) if within is None else within


def _is_mapping(hint: Any) -> bool:
    return inspect.isclass(typing.get_origin(hint)) and issubclass(typing.get_origin(hint), Mapping)
