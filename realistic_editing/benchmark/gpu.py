"""The suite "gpu": applying and proposing where photo, mask and networks already lie on a GPU, beside plain code there."""
import copy
import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import nn

from realistic_editing.benchmark import plain
from realistic_editing.benchmark.apply import middling_recipe
from realistic_editing.benchmark.timing import Measured, Say, in_turn
from realistic_editing.common.inference import for_inference
from realistic_editing.data.pixels import read_grey, read_rgb
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import SIZE, network_input
from realistic_editing.enhance.network import EditNet
from realistic_editing.enhance.options import GUARD, REFINE
from realistic_editing.ops import Recipe, all_orders, apply
from realistic_editing.weights import load_network


@torch.no_grad()
def applying_there(
    megapixels: float, shares: Sequence[float], seconds: float, device: torch.device, say: Say = print
) -> list[Measured]:
    """Time one recipe on a photo of noise of 8 bits.

    Args:
        megapixels: of the photo, 4:3.
        shares: how much of it is under the mask, a band.
        seconds: for each case, warming up not counted.
        device: of everything.
        say: gets a line on what comes next.

    Returns:
        Plain first in each case, and a copy of the photo last.
    """
    from realistic_editing.ops.gpu import apply_on_gpu  # Triton is not everywhere

    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    photo = torch.randint(256, (1, round(megapixels * 1e6 / width), width, 3), device=device, dtype=torch.uint8)
    recipe = middling_recipe((0, 1, 2, 3), seed=0).to(device=device)
    found = []
    for share in shares:
        mask = torch.zeros(photo.shape[:3], device=device, dtype=torch.uint8)
        mask[:, : round(share * mask.shape[1])] = 255
        case = f"{megapixels:g} megapixels, 8 bit, {share:.0%} under the mask"
        edits = {
            "plain": lambda mask=mask: _in_float(photo, mask, recipe, _plain),
            "differentiable path": lambda mask=mask: _in_float(photo, mask, recipe, apply),
            "this project": lambda mask=mask: apply_on_gpu(photo, mask, recipe),
            "limit: a copy of the photo": photo.clone,
        }
        say(case)
        measured = _timed(case, edits, 1, seconds, device)
        apart = int((edits["this project"]().int() - edits["plain"]().int()).abs().max())
        ours = dataclasses.replace(measured[2], note=f"at most {apart} level from the first")
        found += [*measured[:2], ours, measured[3]]
    return found


@torch.no_grad()
def proposing_there(
    region: Region, weights: str, batch: int, seconds: float, device: torch.device, say: Say = print
) -> list[Measured]:
    """Time proposals: one order of one photo and of many at once, all 24 orders, and 24 orders proposed and judged.

    Args:
        region: whose photo and mask are shown at 384 x 384.
        weights: of the enhancer, a bundled name or a file.
        batch: photos at once.
        seconds: for each case, warming up not counted.
        device: of everything.
        say: gets a line on what comes next.

    Returns:
        The network as in the release first in each case; of all 24 orders, that network with one pass of its encoder.
    """
    photo, mask = read_rgb(region.photo), read_grey(region.mask)
    image, shown = (one.to(device) for one in network_input(photo, mask))
    order, found = all_orders()[:1].to(device), []
    for name, network in (("EditNet", EditNet().eval()), ("bundled", load_network(weights, kind="enhancer"))):
        network = network.to(device)
        ready = for_inference(network, image, shown, order)
        forms: dict[str, nn.Module] = {
            "plain": network, "this project": ready, "this project, bfloat16": copy.deepcopy(ready).to(torch.bfloat16)
        }  # fmt: skip
        for count in (1, batch):
            many = [one.expand(count, *one.shape[1:]).contiguous() for one in (image, shown, order)]
            case = f"{name}, one order, {SIZE} px, batch {count}"
            works = {form: lambda one=one, many=many: one(*many) for form, one in (forms | _graph(ready, device)).items()}
            say(case)
            found += _timed(case, works, count, seconds, device)
        case = f"{name}, all 24 orders, {SIZE} px, batch 1"
        works = {form: lambda one=one: one.all_orders(image, shown) for form, one in forms.items()}
        works = {"plain, one pass of the encoder": works.pop("plain"), **works}
        say(case)
        found += _timed(case, works, 1, seconds, device)
    enhancer = Enhancer.from_pretrained(weights, device=str(device))
    judged = {
        f"this project, {words}": lambda guard=guard, steps=steps: enhancer.propose(photo, mask, guard=guard, refine=steps)
        for words, guard, steps in (("one pass", None, 0), ("default", GUARD, REFINE))
    }
    case = f"best of 24 orders, {photo.shape[1]} x {photo.shape[0]}"
    say(case)
    return found + _timed(case, judged, 1, seconds, device)


def _graph(network: nn.Module, device: torch.device) -> dict[str, nn.Module]:
    """The network as one graph of all kernels, for one batch size: at batch 1 their launches are what takes the time."""
    if device.type != "cuda":
        return {}
    compiled = torch.compile(copy.deepcopy(network), mode="reduce-overhead", dynamic=False)
    return {"this project, compiled to a CUDA graph": compiled}


def _timed(
    case: str, works: dict[str, Callable[[], object]], amount: int, seconds: float, device: torch.device
) -> list[Measured]:
    """The times, and the device's memory that each takes at its most beside what lies there."""
    warm_ups = 3 if device.type == "cuda" else 1
    found = in_turn(case, _waiting(works, device), amount, "photos", seconds, most=100, warm_ups=warm_ups)
    if device.type != "cuda":
        return found
    noted = []
    for one, work in zip(found, works.values(), strict=True):
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        torch.cuda.synchronize(device)
        noted.append(dataclasses.replace(one, extra_bytes=torch.cuda.max_memory_allocated(device) - before))
    return noted


def _waiting(works: dict[str, Callable[[], object]], device: torch.device) -> dict:
    """The same, until the device is done."""

    def waiting(work: Callable[[], object]) -> Callable[[object], None]:
        def done(_: object) -> None:
            work()
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        return done

    return {name: waiting(work) for name, work in works.items()}


def _in_float(photos: torch.Tensor, masks: torch.Tensor, recipe: Recipe, edit: Callable) -> torch.Tensor:
    image, mask = photos.permute(0, 3, 1, 2).float() / 255, masks[:, None].float() / 255
    return (edit(image, mask, recipe) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def _plain(image: torch.Tensor, mask: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    for operator in recipe.order[0].tolist():
        image = plain.edit(image, mask, operator, plain.parameter_of(recipe, operator))
    return image
