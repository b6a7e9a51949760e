"""Ways to edit a photo, by name: nothing, chance, the enhancer, its rivals, earlier methods, and what others published."""
import dataclasses
import functools
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from realistic_editing.baselines import BASELINES, FAMILIES, baseline
from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.common.hints import did_you_mean
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.foreground import apply_to_foreground
from realistic_editing.data.pixels import read_version
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import SIZE, network_input
from realistic_editing.enhance.options import EditOptions
from realistic_editing.evaluation.comparison.photo_sets import INPUT, TestPhoto
from realistic_editing.evaluation.measures.edits import Case, objective_of, optimised_edit, random_edit
from realistic_editing.ops import EditPreset, Recipe, random_orders
from realistic_editing.ops.photo import apply_to_photo

# The network alone, as in the paper: -> rule for the order.
OURS = {"ours_random": "random", "ours_realism": "best_realism", "ours_saliency": "best_saliency"}
PRODUCT = "ours"  # what users get: `Enhancer.propose` with its defaults
RANDOM = {"random_real": "real", "random_fake": "fake"}  # -> column of Table 1
OWN = (INPUT, *RANDOM, *OURS, PRODUCT)
ALIASES = {"ours_guarded": PRODUCT}  # what it was called in 0.1
ALL = "all"
OPTIMISED, STEPS = "optimised", 60  # gradient descent on the photo itself, and its steps
REPRODUCED = "_reproduced"  # after the name of an earlier method that is run here, beside results that its authors published


@dataclasses.dataclass(frozen=True)
class MethodResult:
    """What a method made of a photo.

    Args:
        pixels: (H, W, 3) uint8, RGB, of the photo's size.
        recipe: the edit, where the method is one of ours or of chance.
        seconds: it took; nan where it was not run here.
    """

    pixels: np.ndarray
    recipe: Recipe | None = None
    seconds: float = float("nan")


def choose(asked: Sequence[str] | str | None, photos: Sequence[TestPhoto], rivals: Sequence[str] = ()) -> list[str]:
    """The methods to compare, in a fixed order.

    Args:
        asked: names, or one; "all": all; None: our own and the published ones, which are quick. An earlier method's bare name
            means its published results, or, where the set has none, our reproduction; deepsal then means its three operators.
        photos: of the data set, with the results that others published.
        rivals: names of other enhancement networks.

    Raises:
        InputError: when there is no such method, or two have one name.
    """
    published = list(dict.fromkeys(name for photo in photos for name in photo.results))
    # Their rows would be taken for those of the method that has the name.
    own = {ALL, OPTIMISED, *OWN, *ALIASES, *BASELINES, *FAMILIES, *(f"{name}{REPRODUCED}" for name in BASELINES)}
    clash = [name for name in rivals if name in own or name in published]
    if clash:
        raise InputError(f"rivals: one is called {clash[0]!r}, as another method is; rename its file, or leave it out")
    here = [*OWN, *dict.fromkeys(rivals), OPTIMISED, *(f"{name}{REPRODUCED}" for name in BASELINES)]
    taken = [name for name in published if name in here or name in ALIASES]
    if taken:
        raise InputError(f"results of a method named {taken[0]!r}: that is a name of this package's own; rename their folder")
    known = [*here, *published]
    if asked is None:
        return [*OWN, *published]
    names = [asked] if isinstance(asked, str) else list(asked)
    if names == [ALL]:
        return known
    wanted = {meant for name in names for meant in ([name] if name in published else _meant(name))}
    unknown = sorted(wanted - set(known))
    if unknown or not wanted:
        offered = [ALL, *known, *FAMILIES, *ALIASES]
        meant = did_you_mean(unknown, [*offered, *BASELINES], "")
        use = f"{meant} Use" if meant else "use"
        some = f"one or several of {', '.join(offered)}; what ends in {REPRODUCED} is run here, and may be named without it"
        raise InputError(f"method names {', '.join(unknown) or 'nothing'}; {use} {some}")
    return [name for name in known if name in wanted]


def _meant(name: str) -> list[str]:
    """What a short name means; every other name for itself."""
    if name in ALIASES:
        return [ALIASES[name]]
    if name in BASELINES or name in FAMILIES:
        return [f"{one}{REPRODUCED}" for one in FAMILIES.get(name, (name,))]
    return [name]


class Editor:
    """One photo and its region, to be edited by any method.

    Args:
        photo: which.
        pixels, mask: (H, W, 3) and (H, W) uint8, at the photo's size.
        enhancer: of the photo's task.
        preset: the ranges of random edits.
        seed: decides orders and random edits, with the photo's name.
        rivals: other networks of the photo's task, by name.
        size: side of the square that the photo and its edits are measured at.

    Attributes:
        image, region: (1, 3, size, size) and (1, 1, size, size) in [0, 1], the photo and its mask as they are measured.
    """

    def __init__(
        self,
        photo: TestPhoto,
        pixels: np.ndarray,
        mask: np.ndarray,
        enhancer: Enhancer,
        preset: EditPreset,
        seed: int,
        rivals: Mapping[str, nn.Module],
        size: int = SIZE,
    ) -> None:
        self.image, self.region = network_input(pixels, mask, size=size)
        self.photo, self.pixels, self.mask = photo, pixels, mask
        self.enhancer, self.preset, self.seed, self.rivals = enhancer, preset, seed, rivals
        self.forget()

    def forget(self) -> None:
        """Drop what edits share, so that the next one is made from nothing."""
        self._case: Case | None = None
        self._viewed = self._tried = 0.0  # seconds that the view took, and the 24 candidates, which several rules share

    def edit(self, method: str) -> MethodResult:
        """Edit by a method.

        Args:
            method: a name from `choose`; a rival of this task, or a result that the photo has.

        Raises:
            InputError: when a published result cannot be read.
        """
        if method in self.photo.results:
            upright = self.photo.region.source == "folder"  # as `read_region` reads the photo
            return MethodResult(read_version(self.photo.results[method], self.pixels.shape[:2], upright))
        if method == INPUT:
            return MethodResult(self.pixels)
        if method.endswith(REPRODUCED):
            earlier, task = _earlier(method.removesuffix(REPRODUCED)), self.photo.region.task
            pixels, seconds = _timed(lambda: earlier.edit(self.pixels, self.mask, task))
            return MethodResult(pixels, None, seconds)
        case, shared = self._seen(), self._viewed
        if method == PRODUCT or OURS.get(method, "random") != "random":
            if not self._tried:
                _, self._tried = _timed(case.view.candidates)
            shared += self._tried
        (recipe, pixels), seconds = _timed(lambda: self._made(method, case))
        return MethodResult(pixels, recipe, seconds + shared)

    def _seen(self) -> Case:
        """The photo as every method of ours sees it, `Enhancer.view`; each method draws from the same start."""
        generator = torch.Generator().manual_seed(zlib.crc32(f"{self.seed}/{self.photo.name}".encode()))
        order = random_orders(1, generator)
        if self._case is None:
            # Without saying whether it is a person: users need not, either.
            view, self._viewed = _timed(lambda: self.enhancer.view(self.pixels, self.mask))
            self._case = Case(self.photo.region, view, order, generator)
        return dataclasses.replace(self._case, generator=generator)

    def _made(self, method: str, case: Case) -> tuple[Recipe, np.ndarray]:
        if method in RANDOM:
            recipe = random_edit(self.preset, RANDOM[method])(case)
        elif method in self.rivals:
            recipe = case.view_of(self.rivals[method]).pick(case.random_order()).recipe
        elif method == OPTIMISED:
            recipe = optimised_edit(objective_of(self.enhancer), STEPS)(case).detach()
        elif method == PRODUCT:
            recipe = case.view.propose(EditOptions()).recipe
            # Composited as by the commands.
            return recipe, apply_to_foreground(self.pixels, soften_hard(self.pixels, self.mask), recipe)
        else:
            rule = OURS[method]
            recipe = case.view.pick(case.random_order() if rule == "random" else rule).recipe
        return recipe, apply_to_photo(self.pixels, self.mask, recipe)


@functools.cache
def _earlier(name: str) -> Baseline:
    """An earlier method with its defaults, loaded once for each process; a comparison has a progress bar of its own."""
    return baseline(name, progress=False) if name in FAMILIES["deepsal"] else baseline(name)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returns, and the seconds it took."""
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started
