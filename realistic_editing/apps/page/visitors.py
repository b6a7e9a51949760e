"""Whose photos the page holds: together no more than fit into memory, and none for longer than its visitor is there."""
import dataclasses
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realistic_editing.apps.page.history import History
from realistic_editing.apps.page.state import Session
from realistic_editing.common.errors import InputError
from realistic_editing.common.memory import give_back
from realistic_editing.data import color
from realistic_editing.data.containers import embedded_profile
from realistic_editing.data.opened import open_image

MAX_MEMORY = 2.4  # GB of all photos with their masks and views; 20 of 24 megapixels with a region each take 2.05
IDLE = 1800  # seconds without a step after which a session ends
BRIEF = 300  # the same, where another visitor needs the room
VIEW = 10_000_000  # bytes of what is shown, and of a region as the networks see it
ENDED = "this session has ended; reload the page"


@dataclasses.dataclass
class _Seat:
    history: History
    used: float  # when its visitor took the last step


class Visitors:
    """The sessions of all visitors.

    Args:
        most: bytes that their photos, masks and views may take together.
        clock: seconds that never go back.
    """

    def __init__(self, most: float = MAX_MEMORY * 1e9, clock: Callable[[], float] = time.monotonic):
        self._most, self._clock, self._lock = most, clock, threading.Lock()
        self._seats: dict[Hashable, _Seat] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def session(self, visitor: Hashable) -> Session:
        """A visitor's session. Raises InputError when there is none, or none any more."""
        with self._lock:
            self._end_idle()
            if visitor not in self._seats:
                raise InputError(ENDED)
            self._seats[visitor].used = self._clock()
            return self._seats[visitor].history.now

    def begin(self, visitor: Hashable, session: Session) -> None:
        """Put a session in the place of all that the visitor did."""
        with self._lock:
            self._seats[visitor] = _Seat(History(session), self._clock())

    def keep(self, visitor: Hashable, session: Session, kind: str | None = None) -> None:
        """Put a session after the visitor's last one; see `History.then` for `kind`."""
        with self._lock:
            seat = self._seats.get(visitor)
            history = History(session) if seat is None else seat.history.then(session, kind)
            self._seats[visitor] = _Seat(history, self._clock())

    def turn_back(self, visitor: Hashable, forward: bool = False) -> Session:
        """Undo the visitor's last step, or take again what was undone last. Raises InputError where the session has ended."""
        self.session(visitor)
        with self._lock:
            seat = self._seats[visitor]
            seat.history = seat.history.redone() if forward else seat.history.undone()
            return seat.history.now

    def steps(self, visitor: Hashable) -> tuple[int, int]:
        """How many steps of a visitor can be undone, and taken again."""
        with self._lock:
            seat = self._seats.get(visitor)
            return (0, 0) if seat is None else (len(seat.history.past), len(seat.history.future))

    def make_room(self, visitor: Hashable, size: int, instead: bool = False) -> None:
        """Before something large is read: end sessions that rest where memory is short.

        Args:
            visitor: who wants it.
            size: bytes that it will take.
            instead: whether it takes the place of the visitor's session, which then may go first.

        Raises:
            InputError: when others need the memory now, or there will never be enough.
        """
        with self._lock:
            if size > self._most:
                raise InputError(
                    f"this needs {size / 1e9:.2f} GB of memory, and the page has {self._most / 1e9:g} for all its visitors; "
                    "open a smaller photo, or start the page with a greater --max-memory"
                )
            self._end_idle()
            for seat in sorted(self._seats.values(), key=lambda seat: seat.used):  # what could be undone goes first
                if self._held() + size <= self._most:
                    break
                seat.history = History(seat.history.now)
            for other in self._resting(visitor):
                if self._held() + size <= self._most:
                    break
                del self._seats[other]
            if instead and self._held() + size > self._most and self._held(without=visitor) + size <= self._most:
                del self._seats[visitor]
            if self._held() + size > self._most:
                raise InputError(
                    f"the page holds the photos of {len(self._seats)} visitors, as many as fit into its memory; "
                    "wait some minutes and try again, or open a smaller photo"
                )

    def leave(self, visitor: Hashable) -> None:
        """Note that a visitor closed the page, or lost the connection: the session goes first, and soon."""
        with self._lock:
            if visitor in self._seats:
                self._seats[visitor].used = min(self._seats[visitor].used, self._clock() - (IDLE - BRIEF))

    def sweep(self) -> None:
        """End idle sessions, and give their memory back to the system."""
        with self._lock:
            ended = self._end_idle()
        if ended:
            give_back()

    def held(self) -> int:
        """Bytes of all sessions."""
        with self._lock:
            return self._held()

    def _held(self, without: Hashable | None = None) -> int:
        sessions = [seat.history for visitor, seat in self._seats.items() if visitor != without]
        return sum(dict(_memory(sessions, set())).values())

    def _resting(self, besides: Hashable) -> list[Hashable]:
        """Others who took no step for a while, the longest first."""
        limit = self._clock() - BRIEF
        found = [(seat.used, visitor) for visitor, seat in self._seats.items() if visitor != besides and seat.used <= limit]
        return [visitor for _, visitor in sorted(found, key=lambda one: one[0])]

    def _end_idle(self) -> int:
        limit = self._clock() - IDLE
        ended = [visitor for visitor, seat in self._seats.items() if seat.used <= limit]
        for visitor in ended:
            del self._seats[visitor]
        return len(ended)


def check_max_memory(value: float) -> float:
    """Return it, in GB. Raises InputError when it is no number above 0."""
    if not 0 < value < float("inf"):
        raise InputError(f"max-memory is {value!r}; use a number of GB above 0, such as {MAX_MEMORY:g}")
    return value


def memory_of(path: str | Path) -> int:
    """Bytes that a photo file takes when it is open, with one region, by its size and its header.

    Raises:
        InputError: when it is no photo, or above the limits.
    """
    data, image, _ = open_image(path)
    pixels, depth = image.width * image.height, 2 if image.format == "ushort" else 1
    block = image.get("exif-data") if image.get_typeof("exif-data") else None
    profile, _ = color.find_profile(path, data, embedded_profile(data), block)
    spaces = 1 if color.is_srgb(profile) else 2  # as stored, and in sRGB
    return len(data) + pixels * depth * (3 * spaces + 2) + VIEW  # 2: transparency and a mask


def region_memory(session: Session) -> int:
    """Bytes that a further region takes, or the feather of one."""
    return session.photo.pixels[..., 0].nbytes + VIEW


def _memory(value: Any, seen: set[int]) -> Iterator[tuple[int, int]]:
    """Each block of memory that a session holds, as its address and its bytes; networks are the page's own."""
    if id(value) in seen:  # such as the example, which visitors share
        return
    seen.add(id(value))
    if isinstance(value, torch.Tensor):
        yield value.untyped_storage().data_ptr(), value.untyped_storage().nbytes()
    elif isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        yield value.__array_interface__["data"][0], value.nbytes
    elif isinstance(value, bytes):
        yield id(value), len(value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _memory(part, seen)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _memory(part, seen)
    elif type(value).__module__.startswith("realistic_editing") and not isinstance(value, torch.nn.Module):
        yield from _memory(vars(value), seen) if hasattr(value, "__dict__") else ()
