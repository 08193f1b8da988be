"""Channels to child processes of ours: the place `controller`, and whatever a command enters."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from threading import Lock
from typing import IO

from megaplan_cloud.engine.channel import BLOCK, Block, Feeder
from megaplan_cloud.engine.errors import ConnectionFailed


class ProcessTransport:
    """Opens channels by starting child processes."""

    def __init__(self, place: str = "this machine") -> None:
        self._place = place

    def open(self, words: Sequence[str]) -> "ProcessChannel":
        """Start `words` as a child process."""
        try:
            return ProcessChannel(words)
        except OSError as error:
            raise _not_started(words[0], self._place, error) from error

    def attach(self, words: Sequence[str]) -> int:
        """Run `words` on this terminal as it is; return the exit code."""
        try:
            return subprocess.call(words)
        except OSError as error:
            raise _not_started(words[0], self._place, error) from error

    def close(self) -> None:
        """Do nothing: a child process has nothing to be carried by."""


class ProcessChannel:
    """A channel to one child process."""

    def __init__(self, words: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            # Ctrl-C is ours to pass on: the terminal must not send it to the child as well.
            start_new_session=True,
        )
        self._stdin = _pipe(self._process.stdin)
        self._outputs = {
            _pipe(self._process.stdout).fileno(): False,
            _pipe(self._process.stderr).fileno(): True,
        }
        self._poll = select.poll()
        for output in self._outputs:
            self._poll.register(output, select.POLLIN)
        self._feeder = Feeder(self)
        self._closed = False
        self._reading = Lock()

    def feed(self, blocks: Iterable[bytes], *, last: bool = False) -> None:
        """Send `blocks` in the background, in order; with `last`, end the child's stdin then."""
        self._feeder.feed(blocks, last=last)

    def write(self, data: bytes) -> None:
        """Write all of `data` to the child's stdin."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._stdin.fileno(), view[:BLOCK]) :]

    def finish(self) -> None:
        """Close the child's stdin."""
        self._stdin.close()

    def read(self, timeout: float | None) -> Block:
        """Return what comes next; raises TimeoutError when nothing does for `timeout` seconds."""
        with self._reading:
            return Block(b"") if self._closed else self._next(timeout)

    def _next(self, timeout: float | None) -> Block:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            ready = self._poll.poll(left)
            if not ready:
                raise TimeoutError
            # Errors explain what the output's end means, so they are read before it.
            output = max((file for file, _ in ready), key=self._outputs.__getitem__)
            is_error = self._outputs[output]
            data = os.read(output, BLOCK)
            if data or not is_error:
                return Block(data, is_error)
            self._poll.unregister(output)

    def ending(self) -> int | None:
        """Return the child's exit code, None while it runs or if a signal ended it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        code = self._process.returncode
        return code if code is not None and code >= 0 else None

    def close(self) -> None:
        """Close the child's pipes, and kill it if it does not end by itself within two seconds."""
        if self._closed:
            return
        self._closed = True
        self._feeder.feed((), last=True)
        self._feeder.stop()
        # Nobody else must be reading from what is closed: its number may soon be another file's.
        if self._reading.acquire(blocking=False):
            self._close_outputs()
            self._end()
        else:
            self._end()
            self._reading.acquire()
            self._close_outputs()
        self._reading.release()

    def _close_outputs(self) -> None:
        for pipe in (self._process.stdout, self._process.stderr):
            _pipe(pipe).close()

    def _end(self) -> None:
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("a child process without pipes")
    return pipe


def _not_started(program: str, place: str, error: OSError) -> ConnectionFailed:
    return ConnectionFailed(
        f"{program} cannot be started on {place}: {error.strerror}.",
        hint=f"Install {program}, or put it on PATH, then run this again.",
    )
