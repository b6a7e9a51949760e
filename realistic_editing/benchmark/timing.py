"""Time contenders in turn, so that what else the machine does meets them all alike."""
import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator, Mapping


class Stopwatch:
    """Adds up the time inside `running()`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the time inside."""
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


# Does the work once, waiting until the device is done; the stopwatch is given the time that reading data took.
Work = Callable[[Stopwatch], None]
Say = Callable[[str], None]  # takes a line for the user, as print does


@dataclasses.dataclass(frozen=True)
class Measured:
    """The times of one contender in one case.

    Args:
        case: what was done, such as "critic, 384 px, batch 8".
        contender: who did it.
        amount: how much each repeat did, in units.
        unit: of the amount, such as "images".
        seconds: of each repeat.
        waited: the part of each spent on reading data.
        extra_bytes: of memory that it took beside its input; None unknown.
        per_photo: bytes of the input, to compare them with; None where that says nothing.
        note: what else is worth saying.
        apart: the largest difference of its outcome from the first contender's; None where none was taken.
    """

    case: str
    contender: str
    amount: float
    unit: str
    seconds: tuple[float, ...]
    waited: tuple[float, ...]
    extra_bytes: int | None = None
    per_photo: int | None = None
    note: str = ""
    apart: float | None = None

    @property
    def rate(self) -> float:
        """Units per second, at the median repeat."""
        return self.amount / statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """Units per second of the slowest and of the fastest repeat."""
        return self.amount / max(self.seconds), self.amount / min(self.seconds)

    @property
    def rate_without_data(self) -> float:
        """Units per second, at the median of what remains of the repeats when reading data is taken away."""
        rest = [whole - part for whole, part in zip(self.seconds, self.waited, strict=True)]
        return self.amount / statistics.median(rest)


def in_turn(
    case: str,
    contenders: Mapping[str, Work],
    amount: float,
    unit: str,
    seconds: float,
    least: int = 2,
    most: int = 20,
    warm_ups: int = 1,
) -> list[Measured]:
    """Time all contenders round after round, each round in the reverse order of the one before.

    Where one takes more than a tenth of a second, those that take a tenth of its time or less have up to ten turns in each
    round after the first: the median of two short times would be chance's.

    Args:
        case: what they do.
        contenders: work by name.
        amount, unit: see `Measured`.
        seconds: no round starts after this long, warming up not counted.
        least, most: rounds.
        warm_ups: how often each is done, untimed, before the first round; compiled work needs some.

    Returns:
        One for each contender, in the order given.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for work in contenders.values():
        for _ in range(warm_ups):
            work(Stopwatch())
    names, started = list(contenders), time.perf_counter()
    for turn in range(most):
        if turn >= least and time.perf_counter() - started > seconds:
            break
        longest = max((pairs[0][0] for pairs in times.values() if pairs), default=0.0)
        for name in names[:: -1 if turn % 2 else 1]:
            turns = min(10, int(longest / 10 / times[name][0][0])) if longest > 0.1 else 1
            for _ in range(max(1, turns)):
                whole, reading = Stopwatch(), Stopwatch()
                with whole.running():
                    contenders[name](reading)
                times[name].append((whole.seconds, reading.seconds))
    return [
        Measured(case, name, amount, unit, tuple(whole for whole, _ in pairs), tuple(part for _, part in pairs))
        for name, pairs in times.items()
    ]
