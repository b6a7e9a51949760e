"""Write the critic, an enhancer and the operators as ONNX files that need no PyTorch."""
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.apps.demo import FOLDER
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.enhance.lite import LiteEnhancer
from realistic_editing.ops import PRESETS, all_orders, sample_recipe
from realistic_editing.ops.recipe import PARAMETERS
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.weights import load_network
from realistic_editing.weights.onnx_graphs import critic_graph, enhancer_graph, need_extra, operators_graph, write_onnx

Sample = dict[str, torch.Tensor]  # by the names of a graph's inputs
# Photos at a time, height and width: odd, wide, tall, smaller and larger than what the networks see.
CHECKED_SIZES = ((2, 75, 101), (1, 33, 470), (1, 401, 258))


def export_onnx(options: Mapping[str, Any]) -> list[Path]:
    """Write critic.onnx, enhancer.onnx and operators.onnx, each compared with PyTorch before it is kept.

    Args:
        options: output, a folder; task, "attenuate" or "amplify"; weights, bundled ones or a .safetensors file; of the compact
            network of the task when None; critic, bundled weights or a file.

    Returns:
        The files.

    Raises:
        InputError: when an option cannot be used, a package is missing, or a file differs from PyTorch.
    """
    check_task(options["task"])
    need_extra()
    network = _exportable(options["weights"] or f"compact_{options['task']}", "enhancer", f"compact_{options['task']}")
    graphs = (
        critic_graph(_exportable(options["critic"], "realism", "critic")),
        enhancer_graph(network),
        operators_graph(network.blend),
    )
    samples = [*random_samples(), real_sample()]
    written = []
    for graph in graphs:
        path = Path(options["output"]) / f"{graph.name}.onnx"
        gap = write_onnx(path, graph, [tuple(sample[name] for name in graph.inputs) for sample in samples])
        size = path.stat().st_size / 2**20
        orders = ", in all 24 orders" if "order" in graph.inputs else ""
        print(f"{graph.name}: {path} ({size:.1f} MiB), within {gap:.1e} of PyTorch on {len(samples)} inputs{orders}")
        written.append(path)
    return written


def _exportable(weights: str, kind: str, instead: str) -> nn.Module:
    """A network, refused where it cuts out each region's surroundings: a graph has no sizes that depend on a mask."""
    network = load_network(weights, kind=kind)
    if isinstance(network, LiteEnhancer | LiteCritic):
        raise InputError(f"{weights}: looks at the surroundings of each region, which no ONNX graph can cut out; use {instead}")
    return network


def random_samples(sizes: tuple[tuple[int, int, int], ...] = CHECKED_SIZES, seed: int = 0) -> list[Sample]:
    """Smooth random photos with a little noise, hard and soft masks, and each of the 24 orders with its own parameters.

    Args:
        sizes: photos, height and width of each sample.
        seed: of all.

    Returns:
        A value for each input that a graph may have.
    """
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for batch, height, width in sizes:
        # White noise alone would saturate the critic, which would then agree with anything.
        smooth = F.interpolate(torch.rand(batch, 4, 5, 7, generator=generator), (height, width), mode="bilinear")
        image = (smooth[:, :3] + 0.05 * torch.randn(smooth[:, :3].shape, generator=generator)).clamp(0, 1)
        mask = ((smooth[:, 3:] - 0.4) * 5).clamp(0, 1)
        samples.append({"image": image, "mask": mask} | _edits(batch, generator))
    return samples


def real_sample() -> Sample:
    """The bundled photo with its flag, at half its size, and 24 edits of it."""
    photo = read_photo(FOLDER / "astronaut.jpg").pixels
    mask, _ = read_mask(FOLDER / "flag.png", photo.shape[:2])
    image, soft = (
        torch.from_numpy(np.ascontiguousarray(part[::2, ::2])).float() / np.iinfo(part.dtype).max for part in (photo, mask)
    )
    return {"image": image.permute(2, 0, 1)[None], "mask": soft[None, None]} | _edits(1, torch.Generator().manual_seed(1))


def _edits(batch: int, generator: torch.Generator) -> Sample:
    """All orders for each photo, and strong edits, such as the critic's training has."""
    orders = all_orders()
    recipe = sample_recipe(PRESETS["released"].fake, batch * len(orders), generator)
    sizes = (batch, len(orders))
    edits = {name: getattr(recipe, name).unflatten(0, sizes) for name in PARAMETERS}
    return {"order": orders.expand(*sizes, 4).contiguous()} | edits
