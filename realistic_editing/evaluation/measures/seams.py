"""What edits leave at the border of clean masks, of damaged ones, and of damaged ones that were mended (Figure 11)."""
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import nn

from realistic_editing.data.edges import soften_hard
from realistic_editing.data.loose import mend_if_loose
from realistic_editing.data.masks import DAMAGES, damaged, intersection_over_union
from realistic_editing.data.matte import alpha_matte
from realistic_editing.data.refine import refine_mask
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.seam import seam
from realistic_editing.evaluation.measures.edits import Case, case_of, region_name
from realistic_editing.evaluation.measures.sweep import edit, grey, iter_regions, picture, score
from realistic_editing.ops import Recipe

CLEAN = "clean"
# What `realistic-editing edit` does of itself: then soft borders are edited as there, too, and otherwise by the paper's blend.
AS_EDITED = "as edited"


def mended_where_loose(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What `realistic-editing edit` makes of a mask, (H, W) uint8 both."""
    mended = mend_if_loose(photo, mask)
    return soften_hard(photo, mask if mended is None else mended.mask)


# What may be done about a rough mask. A matte about its own border shows how much of what mending gains is softness alone.
MENDERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mended": refine_mask,
    "softened": lambda photo, mask: alpha_matte(photo, mask >= 128),
    AS_EDITED: mended_where_loose,
}


def name_of(kind: str, mender: str | None = None) -> str:
    """What tables call a mask: "jagged", or "jagged, mended"."""
    return kind if mender is None else f"{kind}, {mender}"


def masks_of(
    name: str, photo: np.ndarray, clean: np.ndarray, menders: Sequence[str] = (), kinds: Sequence[str] = (CLEAN, *DAMAGES)
) -> Iterator[tuple[str, np.ndarray]]:
    """A region's clean mask and damaged ones, each followed by what the menders make of it.

    Args:
        name: seeds the damages.
        photo: (H, W, 3) uint8.
        clean: (H, W) uint8.
        menders: names of MENDERS.
        kinds: which masks are asked for. All damages are drawn, so that each is the same whichever are asked for.

    Yields:
        The mask's name (see `name_of`), and (H, W) uint8.
    """
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    for kind in (CLEAN, *DAMAGES):
        mask = clean if kind == CLEAN else damaged(clean, kind, generator)
        if kind in kinds:
            yield kind, mask
            for mender in menders:
                yield name_of(kind, mender), MENDERS[mender](photo, mask)


@torch.no_grad()
def proposal(case: Case, mask: np.ndarray, network: nn.Module) -> tuple[torch.Tensor, Recipe]:
    """A network's proposal for a case by another mask (H, W) uint8: that mask as (1, 1, H, W) in [0, 1], and the recipe.

    In the case's random order, and not judged.
    """
    used = torch.from_numpy(mask)[None, None].float() / 255
    image = case.view.image
    return used, network(image, used.to(image.device), case.order.to(image.device)).to("cpu")


def measure_seams(
    networks: Mapping[str, nn.Module],
    enhancer: Enhancer,
    regions: Sequence[Region],
    size: int,
    seed: int = 0,
    menders: Sequence[str] = (),
) -> pd.DataFrame:
    """Edit each region by its mask and by rough ones, in a random order.

    Args:
        networks: enhancers by name.
        enhancer: whose critic judges realism.
        regions, size, seed: as for `measure_edits`.
        menders: names of MENDERS.

    Returns:
        A row for each region, network and mask (see `masks_of`): index, photo, method, mask, seam, stray (the seam where the
        border is not that of the clean mask, see `seam`), realism (dR, by the mask that was used), overlap (intersection
        over union with the clean mask), changed (whether it is another mask than the rough one that it was
        made of; softening, which every hard mask gets as edited, is none).
    """
    rows = []
    for index, (region, image, mask) in enumerate(iter_regions(regions, size, "damage")):
        name, case = region_name(region, seed), case_of(region, image, mask, enhancer, seed)
        photo, clean = picture(image), grey(mask)
        given = clean
        for kind, rough in masks_of(name, photo, clean, menders):
            given = rough if kind in (CLEAN, *DAMAGES) else given  # what follows is made of it
            for method, network in networks.items():
                used, recipe = proposal(case, rough, network)
                edited = edit(image, used, recipe, foreground=kind.endswith(AS_EDITED))
                rows.append({
                    "index": index,
                    "photo": f"{region.source}/{region.photo_id}",
                    "method": method,
                    "mask": kind,
                    "seam": seam(image, edited, used),
                    "stray": seam(image, edited, used, thing=mask),
                    "realism": float(score(enhancer.critic, edited, used) - score(enhancer.critic, image, used)),
                    "overlap": intersection_over_union(rough, clean),
                    "changed": not np.array_equal(rough, soften_hard(photo, given) if kind.endswith(AS_EDITED) else given),
                })  # fmt: skip
    return pd.DataFrame(rows)
