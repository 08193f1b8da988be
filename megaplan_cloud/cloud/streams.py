"""The streams of this process: open, and not at an end when whoever reads them has gone."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class Unheard(Exception):
    """Whoever read our output has gone, as `head` does."""


class Prose(io.TextIOWrapper):
    """A stream for people: what nobody can read any more is lost, and stops no work."""

    @classmethod
    def over(cls, stream: TextIO) -> "Prose":
        """Return the prose that goes where a stream goes."""
        descriptor = os.fdopen(os.dup(stream.fileno()), "wb")
        return cls(descriptor, stream.encoding, "backslashreplace", line_buffering=True)

    def write(self, text: str, /) -> int:
        """Write a text, or lose it."""
        with self._going_on():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is kept back, or lose it."""
        with self._going_on():
            super().flush()

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            to_nowhere(self)


def standard() -> tuple[TextIO, TextIO]:
    """Return stdout and stderr; one that was closed before we began goes nowhere."""
    return sys.stdout or _nowhere(), Prose.over(sys.stderr or _nowhere())


def to_nowhere(stream: TextIO) -> None:
    """Let a stream that nobody reads any more take everything, also what it keeps back."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
