"""A channel: bytes to and from one program at a place, whatever carries them."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Block:
    """Some bytes that a program printed; none at all when its output is at its end."""

    data: bytes
    is_error: bool = False


class Channel(Protocol):
    """A program that runs somewhere, with its stdin, stdout and stderr."""

    def feed(self, blocks: Iterable[bytes], *, last: bool = False) -> None:
        """Send `blocks` in the background, in order; with `last`, end the program's stdin then."""

    def read(self, timeout: float | None) -> Block:
        """Return what comes next; raises TimeoutError when nothing does for `timeout` seconds."""

    def ending(self) -> int | None:
        """Return the exit code that the program is known to have ended with, if it is known."""

    def close(self) -> None:
        """End the channel and the program's stdin and stdout; may be called twice."""


def read_to_end(channel: Channel, timeout: float) -> None:
    """Read and forget all that comes, then close; TimeoutError when it takes longer than that."""
    deadline = time.monotonic() + timeout
    try:
        while channel.read(max(0.0, deadline - time.monotonic())).data:
            pass
    finally:
        channel.close()


class Transport(Protocol):
    """What can open channels at a place."""

    def open(self, words: Sequence[str]) -> Channel:
        """Start a program there; raises `ConnectionFailed` when that cannot be done."""

    def attach(self, words: Sequence[str]) -> int:
        """Give this terminal to a program there, through a pty; return its exit code."""

    def close(self) -> None:
        """Close what carries the channels; may be called twice."""


class Feeder:
    """Writes blocks from a thread of its own, so that reading never waits for writing."""

    def __init__(self, write: "Writer") -> None:
        self._write = write
        self._queue: SimpleQueue[tuple[Iterable[bytes], bool] | None] = SimpleQueue()
        self._thread: Thread | None = None

    def feed(self, blocks: Iterable[bytes], *, last: bool) -> None:
        """Queue `blocks`; the iterable is read as fast as the far side takes it."""
        self._queue.put((blocks, last))
        if self._thread is None:
            self._thread = Thread(target=self._run, name="channel-feeder", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let the thread end after what it is writing."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            blocks, last = item
            with suppress(OSError, EOFError, ValueError):
                for block in blocks:
                    self._write.write(block)
                if not last:
                    continue
            # Also after an error: the far side must not wait for what will never come, and
            # finds out that it is not whole; this side learns of a broken link by reading.
            with suppress(OSError, EOFError, ValueError):
                self._write.finish()


class Writer(Protocol):
    """What a feeder writes to."""

    def write(self, data: bytes) -> None:
        """Write all of `data`; raises OSError when the far side is gone."""

    def finish(self) -> None:
        """End the program's stdin."""
