"""What may be asked of an edit: the one declaration from which command line, Hydra's config, plans, batches and page derive."""
import argparse
import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realistic_editing.common.errors import InputError
from realistic_editing.common.hints import did_you_mean
from realistic_editing.common.orders import parse_order
from realistic_editing.common.ranges import Number, shown

RULES = ("best_effect", "best_realism", "best_saliency", "random")  # to pick one of the 24 orders (section 5)
# Weights of the judges by default, which know things; the small ones, "critic" and "compact_saliency", take less time.
CRITIC, SALIENCY = "lite_critic", "fast_saliency+compact_saliency"
MAX_STRENGTH = 1.5  # of a recipe: half as much again
GUARD = -0.25  # change of R on the scale of logits, below which an edit is taken weaker
REFINE = 36  # steps by default, of which 10 ask the saliency network (LOOK_EVERY in enhance/optimise.py)
REACHED = 0.005  # a target of saliency counts as met within half a per cent
WEAK = 0.05  # relative change of saliency the way the task asks, below which an edit hardly moves attention


def _option(default: Any, text: str, kind: Any = str) -> Any:
    """A field with what --help says of it, and what reads its value from a word of the command line."""
    return dataclasses.field(default=default, metadata={"help": text, "kind": kind})


@dataclasses.dataclass(frozen=True)
class EditOptions:
    """What `Enhancer.propose` may be asked for; each is checked when the options are made.

    Args:
        order: "best_effect" (found by a quick look), "best_realism", "best_saliency", "random" (see `select_order`), or one
            such as (3, 1, 0, 2).
        strength: of the proposal, 0 to 1.5; None leaves it to the budgets and the guard; with the guard, what hardly moves
            attention is taken weaker, too.
        min_realism_change: budget of dR, such as -0.1: the greatest strength that keeps to it.
        saliency_change: wanted, such as -0.3: the least strength that reaches it; where none does, as much as the budget, or
            without one the guard, allows.
        guard: where neither strength nor budget is given, and no target is reached, an edit whose change of realism lies below
            this on the scale of logits (`logit_change`), which sees more than dR where a photo scores nearly 1, or whose dR
            lies below four tenths of it, is taken weaker (`least_change`); None = as it is.
        refine: steps of gradient descent on the photo, from the network's proposal (see `optimise`); 0 = the paper's single
            pass; None = REFINE, or 0 for an enhancer without an objective.
        human: whether the region is a person, whose skin keeps its look; None = as the critic sees it.
        seed: of order "random".

    Raises:
        InputError: naming the option, its value and what it may be.
    """

    order: str | tuple[int, int, int, int] = _option(
        "best_effect",
        "best_effect, best_realism (the paper's), best_saliency, random, or an order such as 3,1,0,2 "
        "(0 white balance, 1 colour curve, 2 saturation, 3 exposure)",
    )
    strength: float | None = _option(
        None, "0 = no edit, 1 = as proposed, up to 1.5; when not given, the budgets or the guard decide", float
    )
    min_realism_change: float | None = _option(
        None, "budget, in the place of a strength: the greatest strength whose dR keeps to this, such as -0.1", float
    )
    saliency_change: float | None = _option(
        None,
        "target, in the place of a strength: the least that reaches this relative change of saliency, such as -0.3; where none "
        "does, as much as the budget or the guard allows",
        float,
    )
    guard: float | None = _option(
        GUARD,
        "without strength, budget or a target that is reached: an edit whose dR, on the scale of logits, lies below this, or "
        "whose dR lies below 0.4 of it, is taken weaker",
        float,
    )
    refine: int | None = _option(
        None,
        f"steps of optimisation on the photo, from the network's proposal; {REFINE} when not given, 0 = one pass, as the paper",
        int,
    )
    human: bool | None = _option(
        None, "whether the region is a person, whose skin keeps its look; as the critic sees it when not given", bool
    )
    seed: int = _option(0, "of order random", int)

    def __post_init__(self) -> None:
        if self.order not in RULES:
            object.__setattr__(self, "order", parse_order(self.order))
        if self.strength is not None:
            check_strength(self.strength)
        _check_number("min_realism_change", self.min_realism_change, -1, 0, "a number from -1 to 0, such as -0.1")
        _check_number("guard", self.guard, -1, 0, "a number from -1 to 0, such as -0.1, or null for none")
        _check_number("saliency_change", self.saliency_change, -math.inf, math.inf, "a number such as -0.3 or 0.3")
        if self.refine is not None:
            _check_whole("refine", self.refine, 0, 10_000)
        _check_whole("seed", self.seed, 0, 2**63 - 1)
        if self.human is not None and not isinstance(self.human, bool):
            raise InputError(f"human is {self.human!r}; use true or false, or null to let the critic see")
        if self.strength is not None and self.has_target:
            raise InputError(f"strength is {self.strength} beside a budget; give one of them: a budget finds the strength")

    @property
    def has_target(self) -> bool:
        """Whether a budget or a target finds the strength."""
        return self.min_realism_change is not None or self.saliency_change is not None

    def reached_by(self, gain: float) -> bool:
        """Whether the target of saliency is met.

        Args:
            gain: the change of saliency the way that the task asks, see `Edit.gain`.
        """
        return self.saliency_change is None or gain >= abs(self.saliency_change) - REACHED

    def steps(self, refinable: bool = True) -> int:
        """Of refinement: what is asked for, or the default of an enhancer that has an objective to refine by."""
        if self.refine is None:
            return REFINE if refinable else 0
        return self.refine

    def check_for(self, task: str, refinable: bool = True) -> None:
        """Refuse what a task, or an enhancer, cannot give.

        Args:
            task: "attenuate" or "amplify".
            refinable: whether there is an objective to refine by.

        Raises:
            InputError: naming the option, its value and what it may be.
        """
        if self.refine and not refinable:
            raise InputError("refine needs an objective, and these weights name none; pass Enhancer(..., objective=...)")
        sign = 1 if task == "amplify" else -1
        if self.saliency_change is not None and not sign * self.saliency_change > 0:
            side = "above" if sign > 0 else "below"
            raise InputError(f"saliency_change is {self.saliency_change}; to {task}, use a number {side} 0")

    def as_dict(self) -> dict[str, Any]:
        """The options by name."""
        return dataclasses.asdict(self)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "EditOptions":
        """Options from what a command line, a configuration or a plan holds; other keys are left alone, absent ones default.

        Args:
            values: by name; numbers may be text, and an order a list.

        Raises:
            InputError: naming the option, its value and what it may be.
        """
        return cls(**{name: _read(name, values[name]) for name in NAMES if name in values})


NAMES = tuple(field.name for field in dataclasses.fields(EditOptions))
DEFAULTS = {field.name: field.default for field in dataclasses.fields(EditOptions)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every option of `EditOptions` to a command: --min-realism-change for min_realism_change, and so on.

    Args:
        parser: of the command; --no-guard means guard=None.
    """
    for field in dataclasses.fields(EditOptions):
        flag, text, kind = f"--{field.name.replace('_', '-')}", field.metadata["help"], field.metadata["kind"]
        metavar = field.name.upper() if kind is str else "NUMBER"
        if kind is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=field.default, help=text)
        else:  # read by `EditOptions.read`, so that every door refuses in the same words
            parser.add_argument(flag, default=field.default, metavar=metavar, help=text)
        if field.name == "guard":
            parser.add_argument("--no-guard", dest="guard", action="store_const", const=None, help="take a proposal as it is")


def check_option_names(options: Iterable[str]) -> None:
    """Raise InputError for a name that is no option of an edit, naming the one that looks like it."""
    for name in options:
        if name not in NAMES:
            remedy = did_you_mean(name, NAMES, f"use {', '.join(NAMES)}")
            raise InputError(f"{name} is no option of an edit; {remedy}")


def check_strength(strength: float) -> float:
    """Return `strength` when it is a number in [0, 1.5].

    Raises:
        InputError: otherwise.
    """
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not number or not 0 <= strength <= MAX_STRENGTH:
        raise InputError(f"strength is {shown(strength)}; use a number from 0 (no edit) over 1 (as proposed) to {MAX_STRENGTH}")
    return float(strength)


def as_comments() -> str:
    """The options as the lines of a YAML file, each with what it is."""
    lines = []
    for field in dataclasses.fields(EditOptions):
        value = field.default if isinstance(field.default, str) else json.dumps(field.default)
        lines.append(f"{field.name}: {value}  # " + field.metadata["help"].replace("%%", "%"))
    return "\n".join(lines)


def _read(name: str, value: Any) -> Any:
    """A value as its option wants it, where it came as text; what cannot be read so is left to the checks."""
    kind = {field.name: field.metadata["kind"] for field in dataclasses.fields(EditOptions)}[name]
    if name == "order":
        return value if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
    if isinstance(value, str) and kind is int and re.fullmatch(r"[+-]?\d{1,20}", value.strip()):
        return int(value)
    if isinstance(value, str) and kind is float:
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _check_number(name: str, value: Any, least: float, most: float, remedy: str) -> None:
    if value is None:
        return
    if not Number(least, most).fits(value):
        raise InputError(f"{name} is {shown(value)}; use {remedy}")


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputError(f"{name} is {shown(value)}; use a whole number from {least} to {most}")
