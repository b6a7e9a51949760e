"""Output that outlives its reader: a pipe that closes, and a terminal that lacks letters, end no work and raise nothing."""
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


class _Patient:
    """A stream that goes on into nothing when its reader has left, as `head` does."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop, a text."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._drop()
        except UnicodeEncodeError:  # a terminal that is not UTF-8
            encoding = self._stream.encoding or "ascii"
            self.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, or drop it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._stream.fileno())  # also for what the interpreter flushes when it ends
        os.close(nothing)


@contextlib.contextmanager
def patient() -> Iterator[None]:
    """Let stdout and stderr be patient while the block runs."""
    kept = [(name, getattr(sys, name)) for name in ("stdout", "stderr")]
    for name, stream in kept:
        if stream is not None and not isinstance(stream, _Patient):
            setattr(sys, name, _Patient(stream))
    try:
        yield
    finally:
        for name, stream in kept:
            if getattr(sys, name) is not None:
                getattr(sys, name).flush()
            setattr(sys, name, stream)
