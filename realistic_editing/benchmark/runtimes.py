"""Other ways to run an enhancement network on a processor: the suite "propose" times and compares those it is asked for."""
import copy
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from torch import nn

from realistic_editing.benchmark.folded import Pairs
from realistic_editing.common.errors import InputError
from realistic_editing.common.inference import for_inference
from realistic_editing.enhance.proposer import Proposer
from realistic_editing.ops.orders import all_orders
from realistic_editing.ops.recipe import PARAMETERS, Recipe
from realistic_editing.training.devices import check_compiler
from realistic_editing.weights.onnx_graphs import enhancer_graph, write_onnx

# A photo (1, 3, H, W), its mask (1, 1, H, W) and N orders (N, 4) -> N edits.
Propose = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], Recipe]


def check_names(names: Iterable[str]) -> None:
    """Refuse unknown runtimes.

    Raises:
        InputError: naming them.
    """
    unknown = sorted(set(names) - set(RUNTIMES))
    if unknown:
        raise InputError(f"propose.runtimes names {unknown}; use some of {', '.join(RUNTIMES)}")


def build_runtimes(names: Iterable[str], network: Proposer, pairs: Pairs) -> tuple[dict[str, Propose], dict[str, str]]:
    """Make a network ready to run in other ways.

    Args:
        names: of `RUNTIMES`.
        network: as trained, in evaluation mode.
        pairs: photos and masks, as `pairs_of` gives them; by them integers get their ranges.

    Returns:
        The ways by name; and of those that this machine lacks something for, what that is.
    """
    ways, lacking = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                ways[name] = RUNTIMES[name](network, pairs, Path(folder))
            except InputError as error:
                lacking[name] = str(error)
    return ways, lacking


def several(network: nn.Module) -> Propose:
    """A network's proposals for one photo in several orders, with one pass of its encoder."""

    def propose(image: torch.Tensor, mask: torch.Tensor, orders: torch.Tensor) -> Recipe:
        return network.decode(network.encode(image, mask).expand(len(orders), -1), orders)

    return propose


def _channels_last(network: Proposer, *_: object) -> Propose:
    return several(copy.deepcopy(network).to(memory_format=torch.channels_last))


def _folded(network: Proposer, pairs: Pairs, _: Path) -> Propose:
    return several(_ready(network, pairs).to(memory_format=torch.contiguous_format))


def _bfloat16(network: Proposer, pairs: Pairs, _: Path) -> Propose:
    propose = several(_ready(network, pairs))

    def in_half(image: torch.Tensor, mask: torch.Tensor, orders: torch.Tensor) -> Recipe:
        with torch.autocast("cpu", torch.bfloat16):
            return propose(image, mask, orders)

    return in_half


def _compile(network: Proposer, pairs: Pairs, _: Path) -> Propose:
    check_compiler("compile")
    # Frozen weights are packed as the processor likes them, once.
    compiled = torch.compile(several(_ready(network, pairs)), dynamic=False, options={"freezing": True})
    try:
        with torch.no_grad():
            compiled(*pairs[0], all_orders()[:1])
    except RuntimeError as error:  # all that PyTorch's compiler raises; mostly a compiler of C++ without its headers
        raise InputError(f"compile: PyTorch cannot compile here ({str(error).splitlines()[0]}); leave it out") from error
    return compiled


def _onnx(network: Proposer, pairs: Pairs, folder: Path) -> Propose:
    return _session(_written(folder, network, pairs))


def _int8(network: Proposer, pairs: Pairs, folder: Path) -> Propose:
    written = _written(folder, network, pairs)
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    simple, integers = folder / "simple.onnx", folder / "integers.onnx"
    quant_pre_process(written, simple, skip_symbolic_shape=True)
    quantize_static(
        simple, integers, _Shown(pairs), quant_format=QuantFormat.QDQ, per_channel=True, op_types_to_quantize=["Conv"],
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    return _session(integers)


# The folder is for files that they make, until all are made.
RUNTIMES: dict[str, Callable[[Proposer, Pairs, Path], Propose]] = {
    "channels_last": _channels_last,
    "folded": _folded,
    "onnx": _onnx,
    "int8": _int8,
    "bfloat16": _bfloat16,
    "compile": _compile,
}


class _Shown:
    """Photos in all orders, one after another, as quantisation asks for them."""

    def __init__(self, pairs: Pairs) -> None:
        self._left: Iterator = iter(pairs)

    def get_next(self) -> dict | None:
        pair = next(self._left, None)
        return pair and _named(*pair, all_orders())


def _ready(network: Proposer, pairs: Pairs) -> Proposer:
    return for_inference(network, *pairs[0], all_orders()[:1])


def _written(folder: Path, network: Proposer, pairs: Pairs) -> Path:
    path = folder / "enhancer.onnx"
    if not path.exists():
        # Traced on two crops of a size that no network has: what is of a fixed size in the trace stays so in the file.
        crops = [part[..., :75, :101].expand(2, -1, -1, -1).contiguous() for part in pairs[0]]
        samples = [(*crops, all_orders().expand(2, -1, -1).contiguous()), (*pairs[0], all_orders()[None])]
        write_onnx(path, enhancer_graph(network), samples)
    return path


def _session(path: Path) -> Propose:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def propose(image: torch.Tensor, mask: torch.Tensor, orders: torch.Tensor) -> Recipe:
        values = session.run(list(PARAMETERS), _named(image, mask, orders))
        return Recipe(orders, *(torch.from_numpy(value[0]) for value in values))

    return propose


def _named(image: torch.Tensor, mask: torch.Tensor, orders: torch.Tensor) -> dict:
    return {"image": image.numpy(), "mask": mask.numpy(), "order": orders[None].numpy()}
