"""The suites "propose", "select" and "score": networks on one photo, beside the way the authors' release runs them."""
import dataclasses
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from realistic_editing.benchmark import plain
from realistic_editing.benchmark.timing import Measured, in_turn
from realistic_editing.common.inference import for_inference
from realistic_editing.data.pixels import read_grey, read_rgb
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import SIZE, Enhancer, as_seen
from realistic_editing.enhance.loss import saliency_change
from realistic_editing.enhance.network import EditNet
from realistic_editing.ops.orders import ALL_ORDERS, all_orders
from realistic_editing.realism.network import RealismNet
from realistic_editing.saliency.emlnet import EMLNet
from realistic_editing.weights import load_network

Say = Callable[[str], None]


@torch.no_grad()
def proposing(region: Region, weights: str, seconds: float, plain_orders: int, say: Say = print) -> list[Measured]:
    """Time proposals, of the paper's network with weights by chance and of the bundled one: one order, and all 24.

    Args:
        region: whose photo and mask are shown at 384 x 384.
        weights: of the enhancer, a bundled name or a file.
        seconds: for each case, warming up not counted.
        plain_orders: of how many orders the plain way is timed; its time for 24 is counted 24 / plain_orders times.
        say: told what comes next.

    Returns:
        In each case the network as in the release first; and what the processor would need at its peak.
    """
    image, mask = as_seen(read_rgb(region.photo), read_grey(region.mask))
    orders, found, peak = all_orders(), [], _peak_flops()
    for name, network in (("EditNet", EditNet().eval()), ("bundled", load_network(weights, kind="enhancer"))):
        ready = for_inference(network, image, mask, orders[:1])
        apart = (ready.all_orders(image, mask).color_curve - network.all_orders(image, mask).color_curve).abs().max()
        works = {
            f"{name}, one order": {
                "plain": lambda _, network=network: network(image, mask, orders[:1]),
                "this project": lambda _, ready=ready: ready(image, mask, orders[:1]),
            },
            f"{name}, all 24 orders": {
                "plain": lambda _, network=network: [network(image, mask, orders[i : i + 1]) for i in range(plain_orders)],
                "this project": lambda _, ready=ready: ready.all_orders(image, mask),
            },
        }
        with FlopCounterMode(display=False) as counter:
            ready(image, mask, orders[:1])
        limit = counter.get_total_flops() / peak
        for case, contenders in works.items():
            case = f"{case}, {SIZE} px"
            say(case)
            plainly, ours = in_turn(case, contenders, 1, "proposals", seconds)
            if "24" in case:
                plainly = dataclasses.replace(plainly, amount=plain_orders / len(orders))
            note = f"parameters at most {float(apart):.1e} from the first"
            words = f"limit: {counter.get_total_flops() / 1e9:.1f} GFLOP at the {peak / 1e9:.0f} GFLOP/s of a large product"
            found += [plainly, dataclasses.replace(ours, note=note), Measured(case, words, 1, "proposals", (limit,), (0.0,))]
    return found


@torch.no_grad()
def selecting(region: Region, weights: str, seconds: float, plain_orders: int, say: Say = print) -> list[Measured]:
    """Time the choice of one order of 24 by what the judges say of each, from a photo in memory to its recipe.

    Args:
        region: whose photo is edited.
        weights: of the enhancer, a bundled name or a file.
        seconds: for each case, warming up not counted.
        plain_orders: of how many orders the plain way is timed; its time is counted 24 / plain_orders times.
        say: told what comes next.

    Returns:
        The plain way first in each case: for each order the paper's network, an edit at the photo's size, the pix2pix critic
        and EML-Net. Its weights are chance's, so it says nothing of what is chosen.
    """
    photo, mask = read_rgb(region.photo), read_grey(region.mask)
    enhancer = Enhancer.from_pretrained(weights)
    network, critic, saliency = EditNet(input_size=None).eval(), RealismNet().eval(), EMLNet().eval()

    def plainly(_) -> None:
        image = torch.from_numpy(photo.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        region = torch.from_numpy(mask[None, None].astype(np.float32) / 255)
        before, realism = saliency(image), critic(image, region)
        for order in ALL_ORDERS[:plain_orders]:
            recipe, edited = network(image, region, torch.tensor([order])), image
            for operator in order:
                edited = plain.edit(edited, region, operator, plain.parameter_of(recipe, operator))
            float(critic(edited, region) - realism), float(saliency_change(before, saliency(edited), region))

    found, share = [], plain_orders / len(ALL_ORDERS)
    height, width = photo.shape[:2]
    size = f"{width} x {height}, {(mask > 0).mean():.0%} under the mask"
    say(f"all of 24 orders, plain, {size}")
    (slow,) = in_turn("", {f"plain, {plain_orders} orders times {1 / share:g}": plainly}, share, "photos", 0, least=1)
    for rule in ("best_realism", "best_saliency"):
        case = f"{rule} of 24 orders, {size}"
        say(case)
        ours = {
            "this project, as proposed": lambda _, rule=rule: enhancer.propose(photo, mask, rule, guard=None),
            "this project, guarded": lambda _, rule=rule: enhancer.propose(photo, mask, rule),
        }
        found += [dataclasses.replace(slow, case=case), *in_turn(case, ours, 1, "photos", seconds)]
    return found


@torch.no_grad()
def scoring(region: Region, seconds: float, batch: int, say: Say = print) -> list[Measured]:
    """Time the judges: the critic on photos, and both judges on an edit.

    Args:
        region: whose photo is judged.
        seconds: for each case, warming up not counted.
        batch: photos at once.
        say: told what comes next.

    Returns:
        The paper's judges first in each case: the pix2pix critic, EML-Net, in float32.
    """
    image, mask = as_seen(read_rgb(region.photo), read_grey(region.mask))
    images, masks = (one.expand(batch, -1, -1, -1).contiguous() for one in (image, mask))
    pairs = {
        "critic": (RealismNet().eval(), load_network("critic", "realism"), (images, masks)),
        "saliency": (EMLNet().eval(), load_network("compact_saliency", "saliency"), (images,)),
    }
    found = []
    for name, (paper, bundled, inputs) in pairs.items():
        ready, case = for_inference(bundled, *inputs), f"{name}, {SIZE} px, batch {batch}"
        works = {
            f"plain, {type(paper).__name__}": lambda _, paper=paper, inputs=inputs: paper(*inputs),
            f"{type(bundled).__name__} as trained": lambda _, bundled=bundled, inputs=inputs: bundled(*inputs),
            "this project": lambda _, ready=ready, inputs=inputs: ready(*inputs),
        }
        say(case)
        found += in_turn(case, works, batch, "photos", seconds)
    return found


def _peak_flops(side: int = 2048, repeats: int = 5) -> float:
    """Floating-point operations a second of a large float32 matrix product, the best of some."""
    one, times = torch.rand(side, side), []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        one @ one
        times.append(time.perf_counter() - started)
    return 2 * side**3 / min(times)
