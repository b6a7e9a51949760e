"""The critic, an enhancer and the operators as ONNX files, for programs without PyTorch; each is checked as it is written."""
import dataclasses
import importlib.util
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.files import replacing
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.recipe import PARAMETERS

ONNX_PACKAGES = ("onnx", "onnxruntime", "onnxscript")
TOLERANCE = 1e-4  # the largest difference from PyTorch that a file may have, of values in about [0, 2]

_PICTURE = {0: "batch", 2: "height", 3: "width"}
_EDITS = {0: "batch", 1: "edits"}
_FREE = {"image": _PICTURE, "mask": _PICTURE, "order": _EDITS} | dict.fromkeys(PARAMETERS, _EDITS)


@dataclasses.dataclass(frozen=True)
class Graph:
    """What becomes one ONNX file.

    Args:
        name: of the file, without .onnx.
        module: takes the inputs in their order, and gives a tensor or a tuple of them.
        inputs: of "image" (B, 3, H, W), "mask" (B, 1, H, W), "order" (B, N, 4) int64, and a recipe's parameters, each
            (B, N, ...); B, N, H and W stay free.
        outputs: their names.
        notes: what the file says of itself.
    """

    name: str
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)


def critic_graph(critic: nn.Module) -> Graph:
    """image, mask -> realism (B,) in [0, 1]."""
    return Graph("critic", critic, ("image", "mask"), ("realism",))


def enhancer_graph(network: nn.Module) -> Graph:
    """image, mask, order -> the parameters of N edits of each photo, with one pass of its encoder for all of them.

    Args:
        network: a `Proposer`; its `card`, where `load_network` gave it one, says for which task.
    """
    notes = {"task": str(getattr(network, "card", {}).get("task")), "blend": network.blend}
    return Graph("enhancer", _Proposals(network), ("image", "mask", "order"), PARAMETERS, notes)


def operators_graph(blend: str) -> Graph:
    """image, mask, order, parameters -> edited (B, N, 3, H, W): each photo by each of its N recipes.

    Args:
        blend: of the recipes.
    """
    return Graph("operators", _Edits(blend), ("image", "mask", "order", *PARAMETERS), ("edited",), {"blend": blend})


class _Proposals(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor, mask: torch.Tensor, order: torch.Tensor) -> tuple[torch.Tensor, ...]:
        sizes = order.shape[:2]  # B, N
        features = self.network.encode(image, mask)[:, None].expand(-1, sizes[1], -1)  # (B, N, width)
        recipe = self.network.decode(features.flatten(0, 1), order.flatten(0, 1))
        return tuple(getattr(recipe, name).unflatten(0, sizes) for name in PARAMETERS)


class _Edits(nn.Module):
    def __init__(self, blend: str) -> None:
        super().__init__()
        self.blend = blend

    def forward(
        self, image: torch.Tensor, mask: torch.Tensor, order: torch.Tensor, *parameters: torch.Tensor
    ) -> torch.Tensor:
        sizes = order.shape[:2]  # B, N
        recipe = Recipe(order.flatten(0, 1), *(value.flatten(0, 1) for value in parameters), blend=self.blend)
        image, mask = (
            part[:, None].expand(-1, sizes[1], -1, -1, -1).flatten(0, 1) for part in (image, mask)
        )  # (B N, C, H, W)
        return apply(image, mask, recipe).unflatten(0, sizes)


def need_extra() -> None:
    """Refuse where the packages that write and run ONNX files are not installed.

    Raises:
        InputError: naming those, and the extra that holds them.
    """
    missing = [name for name in ONNX_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"ONNX files need {', '.join(missing)}; {how_to_install('export')}")


@torch.no_grad()
def write_onnx(path: str | Path, graph: Graph, samples: Iterable[tuple[torch.Tensor, ...]]) -> float:
    """Write an ONNX file and run it by onnxruntime beside PyTorch; the file appears whole and checked, or not at all.

    Args:
        path: ending in .onnx.
        graph: on the CPU, in float32.
        samples: inputs to check it on, of several sizes; the first, which must have B, N > 1, is also traced.

    Returns:
        The largest absolute difference from PyTorch over all outputs of all samples.

    Raises:
        InputError: when a package is missing, when the difference is above `TOLERANCE`, or when the file cannot be written.
    """
    need_extra()
    graph.module.eval()
    samples = list(samples)
    free = tuple(_FREE[name] for name in graph.inputs)
    if isinstance(graph.module, _Edits):
        free = (*free[:3], free[3:])  # one entry for each argument of forward, and *parameters is one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes on the exporter's own code, and that axes share their names, as is meant
        program = torch.onnx.export(
            graph.module, samples[0], dynamo=True, verbose=False, dynamic_shapes=free,
            input_names=graph.inputs, output_names=graph.outputs,
        )  # fmt: skip
    program.model.metadata_props.update(graph.notes)
    with replacing(path) as temporary:
        program.save(str(temporary))
        gap = largest_difference(temporary, graph, samples)
        if not gap <= TOLERANCE:  # NaN is refused as well
            raise InputError(
                f"{path}: differs from PyTorch by {gap:.2g}, more than {TOLERANCE:g}, and was not kept; "
                "try other versions of onnx, onnxscript and onnxruntime"
            )
    return gap


@torch.no_grad()
def largest_difference(path: str | Path, graph: Graph, samples: Iterable[tuple[torch.Tensor, ...]]) -> float:
    """Run an ONNX file on the CPU beside the module that it was made from.

    Args:
        path: the file.
        graph: what it should do.
        samples: inputs, as for `write_onnx`.

    Returns:
        The largest absolute difference; NaN where either gives NaN, infinity where shapes differ.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    gaps = []
    for sample in samples:
        expected = graph.module(*sample)
        expected = expected if isinstance(expected, tuple) else (expected,)
        given = dict(zip(graph.inputs, (value.numpy() for value in sample), strict=True))
        for ours, theirs in zip(expected, session.run(list(graph.outputs), given), strict=True):
            same = ours.shape == theirs.shape
            gaps.append(np.abs(ours.numpy() - theirs).max(initial=0.0) if same else np.inf)
    return float(np.max(gaps))
