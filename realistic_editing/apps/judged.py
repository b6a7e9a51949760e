"""An edit as users are told of it: what it does, whether it looks edited, and where it is not what was asked for."""
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from realistic_editing.common.readable import percent
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.inputs import network_input
from realistic_editing.enhance.options import MAX_STRENGTH, WEAK, EditOptions
from realistic_editing.enhance.signs import measure_signs, signs_of
from realistic_editing.enhance.verdict import (
    CANNOT_JUDGE,
    LOOKS_EDITED,
    SAFE,
    SHOWS,
    VERDICTS,
    Signs,
    Verdict,
    attention_problem,
    judge,
)
from realistic_editing.enhance.view import PhotoView

_NEARLY_WHOLE = 0.9  # of a strength: the rest changes little
SEVERITY = (SAFE, SHOWS, CANNOT_JUDGE, LOOKS_EDITED)
MEANING = (
    "realism: how much more real (+) or less real (-) the region looks to the critic than before, dR; from -0.1 down it looks "
    "edited.\nsaliency: how much more (+) or less (-) the region is predicted to draw people's eyes than before."
)


@dataclasses.dataclass(frozen=True)
class JudgedResult:
    """An edit with its verdict.

    Args:
        edit: what was done.
        signs: what the verdict goes by.
        problems: where the edit is not what was asked for, a sentence each.
    """

    edit: Edit
    signs: Signs
    problems: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether it looks edited."""
        return judge(self.signs)

    def report(self) -> dict[str, Any]:
        """For JSON: the measures, the verdict with its reasons and signs, and the problems."""
        return verdict_report(self.signs) | {
            "realism_change": float(self.edit.realism_change),
            "saliency_change": float(self.edit.saliency_change),
            "strength": float(self.edit.strength),
            "problems": list(self.problems),
        }

    def __str__(self) -> str:
        first, *rest = str(self.edit).splitlines()
        return "\n".join([first, verdict_line(self.signs), *rest])


def judged(view: PhotoView, edit: Edit, options: EditOptions | None = None, doubt: str = "") -> JudgedResult:
    """The edit of a view with its verdict and, where it is given what was asked for, its problems; `doubt` as in `Signs`."""
    problems = () if options is None else tuple(problems_of(edit, options))
    signs = signs_of(view, edit.recipe, edit.realism_change)
    return JudgedResult(edit, dataclasses.replace(signs, doubt=doubt), problems)


def signs_of_result(view: PhotoView, result: np.ndarray, realism_change: float) -> Signs:
    """The signs of a result (H, W, 3) that another method made of the view's photo."""
    whole = np.full(result.shape[:2], 255, np.uint8)
    edited = network_input(result, whole, view.image.device, view.image.shape[-1])[0]
    return measure_signs(view.image, edited, view.mask, view.realism, realism_change, view.free, view.human)


def verdict_line(signs: Signs) -> str:
    """What is printed of a verdict."""
    return f"verdict: {judge(signs)} (R of the photo {signs.realism:.2f}, of 0 to 1)"


def remedy(done: JudgedResult, options: EditOptions) -> list[str]:
    """What to try where an edit looks edited, or hardly moves attention: a note, or none."""
    verdict, strength = done.verdict, done.edit.strength
    if verdict.name != LOOKS_EDITED:
        if options.has_target or options.strength is not None or not 0 < done.edit.gain < WEAK:
            return []  # whoever names a strength knows of others
        further = 1 if strength < _NEARLY_WHOLE else MAX_STRENGTH
        return [f"--strength {further:g} takes it further; the verdict says whether that looks edited"]
    also = {
        "the region looks less real": ", --min-realism-change -0.05 keeps dR",
        "the border": ", or --refine-mask mends the mask's border",
    }
    more = "".join(words for start, words in also.items() if any(one.startswith(start) for one in verdict.reasons))
    return [f"it looks edited; --strength {0.6 * strength:.2g} takes it weaker{more}"]


def verdict_report(signs: Signs) -> dict[str, Any]:
    """What JSON holds of a verdict."""
    found = judge(signs)
    numbers = {name: value for name, value in dataclasses.asdict(signs).items() if name != "doubt"}  # which is a reason
    return {"verdict": found.name, "reasons": list(found.reasons), "signs": numbers}


def over_frames(edits: Sequence[JudgedResult], options: EditOptions) -> dict[str, Any]:
    """Of an edit that was judged at several frames of a clip: the worst verdict, how many have each, and the problems.

    Args:
        edits: one for each frame; the problem is that of their mean change of saliency.
        options: of the edit.
    """
    found = [edit.verdict for edit in edits]
    worst = max(found, key=lambda verdict: SEVERITY.index(verdict.name))
    mean = dataclasses.replace(edits[0].edit, saliency_change=float(np.mean([edit.edit.saliency_change for edit in edits])))
    # A missed target is not named: edits that are smoothed over time may miss in the mean what each of them reaches.
    asked = options.strength == 0 or (options.saliency_change is not None and not unmet_targets(mean, options))
    moved = None if asked else attention_problem(mean.task, mean.saliency_change)
    counts = Counter(verdict.name for verdict in found)
    return {"verdict": worst.name, "reasons": list(worst.reasons), "verdicts": counts, "problems": [moved] if moved else []}


def problems_of(edit: Edit, options: EditOptions) -> list[str]:
    """Where an edit moves attention less than was asked for, hardly, or the wrong way; none where no edit was asked for.

    Args:
        edit: what was found.
        options: of the edit.
    """
    if options.strength == 0:
        return []
    unmet, moved = unmet_targets(edit, options), attention_problem(edit.task, edit.saliency_change)
    # A target below 5 % that is met is what was asked for.
    asked = options.saliency_change is not None and not unmet
    return unmet if moved is None or asked else [*unmet, moved]


def unmet_targets(edit: Edit, options: EditOptions) -> list[str]:
    """A note where an edit moves attention less than was asked for, or the wrong way.

    Args:
        edit: what was found.
        options: of the edit.
    """
    target, budget = options.saliency_change, options.min_realism_change
    if options.reached_by(edit.gain):
        return []
    within = f" within the budget of {budget:+.2f} dR" if budget is not None else ""
    taken = "; taken as far as the guard allows" if budget is None and options.guard is not None else ""
    return [f"no strength up to {MAX_STRENGTH} reaches saliency {percent(target)}{within}{taken}"]


def counted(verdicts: Mapping[str, int]) -> str:
    """How many edits have each verdict, in the order of VERDICTS: "3 safe, 1 looks edited"."""
    return ", ".join(f"{verdicts[name]} {name}" for name in VERDICTS if verdicts.get(name))
