"""The suite "page": how long the page takes from a click to what it shows next."""
import dataclasses
import tempfile
from pathlib import Path

import torch

from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page import view
from realistic_editing.apps.page.regions import add_region
from realistic_editing.apps.page.state import Session, open_photo
from realistic_editing.benchmark.timing import Measured, Say, in_turn
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.images import read_mask, read_photo, write_photo
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer


@torch.no_grad()
def answering(region: Region, side: int, seconds: float, say: Say = print) -> list[Measured]:
    """Time a proposal, and a move of a slider, each with all pictures and words that the page shows after it.

    Args:
        region: whose photo is edited.
        side: pixels of the photo's longer side.
        seconds: for each case, warming up not counted.
        say: gets a line on what comes next.
    """
    enhancers = {task: Enhancer.from_pretrained(task) for task in TASKS}
    session = _opened(region, side)
    height, width = session.photo.pixels.shape[:2]
    proposed = steps.propose(session, enhancers)
    dials = dataclasses.replace(proposed.region.dials, exposure=0.25)

    def propose(_) -> None:
        found = steps.propose(session, enhancers)
        _shown(found)
        view.proposal_pictures(found)

    def move(_) -> None:
        _shown(steps.set_dials(proposed, dials, 1.0, enhancers, quickly=True))

    found = []
    for case, work in (("a proposal", propose), ("a slider", move)):
        case = f"{case}, {width} x {height}"
        say(case)
        found += in_turn(case, {"this project": work}, 1, "answers", seconds)
    return found


def _opened(region: Region, side: int) -> Session:
    """The photo enlarged to `side`, with its region marked."""
    photo = read_photo(region.photo)
    scale = side / max(photo.pixels.shape[:2])
    pixels = resize(photo.pixels, tuple(round(length * scale) for length in photo.pixels.shape[:2]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.tif"
        write_photo(path, dataclasses.replace(photo, pixels=pixels, alpha=None), pixels)
        session = open_photo(path)
    return add_region(session, read_mask(region.mask, pixels.shape[:2])[0], "attenuate")


def _shown(session: Session) -> None:
    view.stage(session, whole=True)
    view.gauges(session)
    view.steps(session.region)
