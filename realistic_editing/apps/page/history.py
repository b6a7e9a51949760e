"""Undo and redo: the sessions that a visitor went through."""
import dataclasses

from realistic_editing.apps.page.state import Session

MOST_UNDONE = 30  # steps that can be undone


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """A visitor's sessions: the one that is shown, those before it, and those that were undone.

    Args:
        now: what is shown.
        past: the oldest first.
        future: what was undone last comes last.
        kind: of the step that led to `now`; steps of one kind in a row, such as moves of one slider, are undone together.
    """

    now: Session
    past: tuple[Session, ...] = ()
    future: tuple[Session, ...] = ()
    kind: str | None = None

    def then(self, session: Session, kind: str | None) -> "History":
        """After a step; one that changed nothing, or whose kind is None, cannot be undone, and leaves the rest as it is."""
        if kind is None or session is self.now:
            return dataclasses.replace(self, now=session)
        if kind == self.kind and not kind.startswith("step"):
            return dataclasses.replace(self, now=session, future=())
        return History(session, (*self.past, _light(self.now))[-MOST_UNDONE:], (), kind)

    def undone(self) -> "History":
        """One step back; the same where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (*self.future, _light(self.now)))

    def redone(self) -> "History":
        """One step forward again; the same where there is none."""
        if not self.future:
            return self
        return History(self.future[-1], (*self.past, _light(self.now)), self.future[:-1])


def _light(session: Session) -> Session:
    """A session without what the networks saw of it, which is found again when it is needed."""
    regions = tuple(dataclasses.replace(region, view=None) for region in session.regions)
    return dataclasses.replace(session, regions=regions)
