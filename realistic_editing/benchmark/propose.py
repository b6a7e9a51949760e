"""The suites "propose", "select" and "score": networks on one photo, beside the way the authors' release runs them."""
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from realistic_editing.benchmark import plain
from realistic_editing.benchmark.apply import middling_recipe
from realistic_editing.benchmark.folded import as_if_trained, judgements_apart, pairs_of, parameters_apart
from realistic_editing.benchmark.runtimes import Propose, build_runtimes, check_names, several
from realistic_editing.benchmark.timing import Measured, Say, Work, in_turn
from realistic_editing.common.inference import for_inference
from realistic_editing.data.pixels import read_grey, read_rgb
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.enhance.inputs import SIZE
from realistic_editing.enhance.network import EditNet
from realistic_editing.enhance.proposer import Proposer
from realistic_editing.ops.orders import ALL_ORDERS, all_orders
from realistic_editing.realism.network import RealismNet
from realistic_editing.saliency.emlnet import EMLNet
from realistic_editing.weights import load_network


@torch.no_grad()
def proposing(
    regions: Sequence[Region],
    weights: str,
    seconds: float,
    plain_orders: int,
    runtimes: Sequence[str] = (),
    say: Say = print,
) -> list[Measured]:
    """Time proposals, of the paper's network with weights by chance and of the bundled one: one order, and all 24.

    Args:
        regions: photos and masks, shown at 384 x 384: the first is timed, and what is proposed for some is compared.
        weights: of the enhancer, a bundled name or a file.
        seconds: for each network, warming up not counted.
        plain_orders: of how many orders the plain way is timed; its time for 24 is counted 24 / plain_orders times.
        runtimes: other ways to run the networks, of `RUNTIMES`.
        say: gets a line on what comes next.

    Returns:
        In each case the network as in the release first; and what the processor would need at its peak.

    Raises:
        InputError: when a runtime is unknown.
    """
    check_names(runtimes)
    pairs = pairs_of(regions)
    orders, found, peak = all_orders(), [], _peak_flops()
    for name, network in (
        ("EditNet", as_if_trained(EditNet(), pairs)),
        ("bundled", load_network(weights, kind="enhancer")),
    ):
        say(name)
        ready = for_inference(network, *pairs[0], orders[:1])
        others, lacking = build_runtimes(runtimes, network, pairs)
        ways = {"this project": several(ready), **others}
        apart = {way: parameters_apart(network, propose, pairs) for way, propose in ways.items()}
        for case, count, timed in _one_and_all(network, ways, pairs[0], plain_orders, seconds):
            case = f"{name}, {case}, {SIZE} px"
            with FlopCounterMode(display=False) as counter:
                ways["this project"](*pairs[0], orders[:count])
            limit = counter.get_total_flops() / peak
            words = f"limit: {counter.get_total_flops() / 1e9:.3f} GFLOP at the {peak / 1e9:.0f} GFLOP/s of a large product"
            plainly, *rest = (dataclasses.replace(one, case=case, apart=apart.get(one.contender)) for one in timed)
            note = "; ".join(f"{way} not to be had: {reason}" for way, reason in lacking.items())
            found += [dataclasses.replace(plainly, note=note), *rest]
            found.append(Measured(case, words, 1, "proposals", (limit,), (0.0,)))
    return found


def _one_and_all(
    network: Proposer, ways: Mapping[str, Propose], pair: tuple[torch.Tensor, torch.Tensor], plain_orders: int, seconds: float
) -> list[tuple[str, int, list[Measured]]]:
    """A case in words, its number of orders and the times of all ways, plain first; the two cases take turns as well."""
    works: dict[tuple[str, int], dict[str, Work]] = {}
    for case, count in (("one order", 1), ("all 24 orders", len(ALL_ORDERS))):
        orders, few = all_orders()[:count], all_orders()[: min(count, plain_orders)]
        works[case, count] = {
            "plain": lambda _, few=few: [network(*pair, order[None]) for order in few],
            **{way: lambda _, propose=propose, orders=orders: propose(*pair, orders) for way, propose in ways.items()},
        }
    # Else a machine that slows down between the two would show in their ratio.
    together = {f"{case}, {way}": work for (case, _), group in works.items() for way, work in group.items()}
    measured, found = iter(in_turn("", together, 1, "proposals", seconds)), []
    for (case, count), group in works.items():
        plainly, *rest = (dataclasses.replace(next(measured), contender=way) for way in group)
        plainly = dataclasses.replace(plainly, amount=min(count, plain_orders) / count)
        found.append((case, count, [plainly, *rest]))
    return found


@torch.no_grad()
def selecting(region: Region, weights: str, seconds: float, plain_orders: int, say: Say = print) -> list[Measured]:
    """Time the choice of one order of 24 by what the judges say of each, from a photo in memory to its recipe.

    Args:
        region: whose photo is edited.
        weights: of the enhancer, a bundled name or a file.
        seconds: for each case, warming up not counted.
        plain_orders: of how many orders the plain way is timed; their time is counted 24 / plain_orders times, and that of
            looking at the unedited photo once.
        say: gets a line on what comes next.

    Returns:
        The plain way first in each case: for each order the paper's network, an edit at the photo's size, the pix2pix critic
        and EML-Net. Its weights are chance's, so it says nothing of what is chosen.
    """
    photo, mask = read_rgb(region.photo), read_grey(region.mask)
    enhancer, found, times = Enhancer.from_pretrained(weights), [], len(ALL_ORDERS) / plain_orders
    look, try_orders = _plain_choice(photo, mask, ALL_ORDERS[:plain_orders])
    height, width = photo.shape[:2]
    for rule in ("best_realism", "best_saliency"):
        case = f"{rule} of 24 orders, {width} x {height}, {(mask > 0).mean():.0%} under the mask"
        say(case)
        works = {
            "look": lambda _: look(),
            "orders": lambda _: try_orders(),
            "this project, one pass": lambda _, rule=rule: enhancer.propose(photo, mask, order=rule, refine=0),
            "this project, refined by default": lambda _, rule=rule: enhancer.propose(photo, mask, order=rule),
        }
        looked, tried, *ours = in_turn(case, works, 1, "photos", seconds, least=3)
        whole = tuple(once + times * each for once, each in zip(looked.seconds, tried.seconds, strict=False))
        name = f"plain, the photo once and {plain_orders} orders times {times:g}"
        found += [Measured(case, name, 1, "photos", whole, (0.0,) * len(whole)), *ours]
    return found


def _plain_choice(
    photo: np.ndarray, mask: np.ndarray, orders: Sequence[Sequence[int]]
) -> tuple[Callable[[], tuple], Callable[[], None]]:
    """What the plain way does once for a photo, and what it does for each of some orders."""
    network, critic, saliency = EditNet(input_size=None).eval(), RealismNet().eval(), EMLNet().eval()

    def look() -> tuple[torch.Tensor, ...]:
        image = torch.from_numpy(photo.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        region = torch.from_numpy(mask[None, None].astype(np.float32) / 255)
        return image, region, saliency(image), critic(image, region)

    image, region, before, realism = look()

    def try_orders() -> None:
        for order in orders:
            recipe, edited = network(image, region, torch.tensor([order])), image
            for operator in order:
                edited = plain.edit(edited, region, operator, plain.parameter_of(recipe, operator))
            float(critic(edited, region) - realism), float(saliency_drop(before, saliency(edited), region))

    return look, try_orders


@torch.no_grad()
def scoring(regions: Sequence[Region], seconds: float, batch: int, say: Say = print) -> list[Measured]:
    """Time the judges on photos.

    Args:
        regions: the photo of the first is judged; of some, what judges say of edits with and without batch norms is compared.
        seconds: for each case, warming up not counted.
        batch: photos at once.
        say: gets a line on what comes next.

    Returns:
        The paper's judges first in each case: the pix2pix critic, EML-Net, in float32.
    """
    pairs = pairs_of(regions)
    image, mask = pairs[0]
    images, masks = (one.expand(batch, -1, -1, -1).contiguous() for one in (image, mask))
    judges = {
        "critic": (RealismNet().eval(), load_network("critic", "realism"), (images, masks)),
        "saliency": (EMLNet().eval(), load_network("compact_saliency", "saliency"), (images,)),
    }
    recipes = middling_recipe((0, 1, 2, 3), seed=0).repeat_interleave(len(ALL_ORDERS))
    recipes = dataclasses.replace(recipes, order=all_orders())
    aparts = judgements_apart(judges["critic"][1], judges["saliency"][1], pairs, recipes)
    found = []
    for (name, (paper, bundled, inputs)), apart in zip(judges.items(), aparts, strict=True):
        ready, case = for_inference(bundled, *inputs), f"{name}, {SIZE} px, batch {batch}"
        works = {
            f"plain, {type(paper).__name__}": lambda _, paper=paper, inputs=inputs: paper(*inputs),
            f"{type(bundled).__name__} as trained": lambda _, bundled=bundled, inputs=inputs: bundled(*inputs),
            "this project": lambda _, ready=ready, inputs=inputs: ready(*inputs),
        }
        say(case)
        *others, ours = in_turn(case, works, batch, "photos", seconds)
        change = "dR" if name == "critic" else "the change of saliency"
        note = f"{change} at most {apart:.1e} from as trained, of {len(recipes)} edits of {len(pairs)} photos"
        found += [*others, dataclasses.replace(ours, note=note)]
    return found


def _peak_flops(side: int = 2048, repeats: int = 5) -> float:
    """Floating-point operations a second of a large float32 matrix product, the best of some."""
    one, times = torch.rand(side, side), []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        one @ one
        times.append(time.perf_counter() - started)
    return 2 * side**3 / min(times)
