"""A shell: one long-lived helper at a place that answers frames, opened once and proven."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from megaplan_cloud.engine.answer import (
    Answers,
    Began,
    Ended,
    Event,
    GarbledAnswer,
    Hello,
    Refused,
)
from megaplan_cloud.engine.channel import Channel
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.errors import ConnectionFailed, Unproven
from megaplan_cloud.engine.frame import Frame, define, encode, hello, program_key


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait: to open, and beyond a command's own timeout for its end mark."""

    opening: float = 30.0
    grace: float = 15.0
    clock: Callable[[], float] = time.monotonic


class Shell:
    """The helper of one place. After an error it is broken, and good for `close` only."""

    def __init__(self, name: str, channel: Channel, place: str, patience: Patience) -> None:
        self.name = name
        self.broken = False
        self._channel = channel
        self._place = place
        self._patience = patience
        self._nonce = secrets.token_hex(16)
        self._hello = Hello(self._nonce)
        self._answers = Answers(self._nonce)
        self._programs: set[str] = set()
        self._number = 0
        self._answered = 0
        self._batch = 0
        self._errors = b""
        self._channel.feed([hello(self._nonce, "serve")])

    @property
    def pid(self) -> int | None:
        """The helper's process there; None until it said hello."""
        return self._hello.pid

    @property
    def waiting(self) -> bool:
        """Whether frames were sent whose answers have not been read."""
        return self._answered < self._number

    def alive(self) -> bool:
        """Return whether the link is not known to be broken, and nothing came that nobody asked."""
        try:
            while self._answers.empty():
                self._read(self._patience.clock())
        except TimeoutError:
            return True
        except EOFError:
            return False
        return False

    def open(self) -> None:
        """Wait for the helper's hello; raises `ConnectionFailed` when it does not come.

        No command is sent before it came: so when this fails, nothing was run.
        """
        deadline = self._patience.clock() + self._patience.opening
        while self.pid is None:
            try:
                self._read(deadline)
            except (EOFError, TimeoutError, GarbledAnswer) as error:
                said = self._hello.skipped + b"\n" + self._errors
                raise not_opened(self._place, error, self._channel, said, self._patience) from error

    def send(self, batch: Sequence[Frame]) -> Iterator[Completed | None]:
        """Send `batch` in one write; give the answers as they are proven."""
        first = self._number + 1
        self._channel.feed([self._encode(batch)])
        for number, frame in enumerate(batch, start=first):
            try:
                completed = self._answer(number, frame)
            except (EOFError, TimeoutError, GarbledAnswer) as error:
                raise unproven(frame.command, self._place, error, self._errors) from error
            self._answered = number
            yield completed

    def close(self) -> None:
        """Close the channel; the helper ends by itself when it reads the end of its input."""
        self._channel.close()

    def _encode(self, batch: Sequence[Frame]) -> bytes:
        self._batch += 1
        parts = []
        for frame in batch:
            program = frame.command.program
            if program and program_key(program) not in self._programs:
                parts.append(define(self._nonce, program))
                self._programs.add(program_key(program))
            self._number += 1
            parts.append(encode(self._nonce, self._number, self._batch, frame))
        return b"".join(parts)

    def _answer(self, number: int, frame: Frame) -> Completed | None:
        # Its input has to arrive there first, over however slow a line.
        arrival = self._patience.opening + len(frame.command.stdin) / 20_000
        match self._event(number, arrival):
            case Refused():
                return None
            case Began():
                began = self._patience.clock()
            case _:
                raise GarbledAnswer(f"frame {number} ended without a beginning")
        timeout = frame.command.timeout
        match self._event(number, None if timeout is None else timeout + self._patience.grace):
            case Ended(_, rc, stdout, stderr, timed_out):
                duration = self._patience.clock() - began
                return Completed(rc, stdout, stderr, duration, timed_out)
            case _:
                raise GarbledAnswer(f"frame {number} began twice")

    def _event(self, number: int, timeout: float | None) -> Event:
        deadline = None if timeout is None else self._patience.clock() + timeout
        while (event := self._answers.next()) is None:
            self._read(deadline)
        if event.number != number:
            raise GarbledAnswer(f"an answer to frame {event.number} instead of {number}")
        return event

    def _read(self, deadline: float | None) -> None:
        left = None if deadline is None else max(0.0, deadline - self._patience.clock())
        block = self._channel.read(left)
        if block.is_error:
            self._errors = (self._errors + block.data)[-4096:]
        elif block.data:
            data = block.data if self.pid is not None else self._hello.feed(block.data)
            self._answers.feed(data)
        else:
            self.broken = True
            raise EOFError


# EX_UNAVAILABLE of sysexits.h: what enters a place says in its own words that it is not there.
ABSENT = 69


def not_opened(
    place: str, error: Exception, channel: Channel, said: bytes, patience: Patience
) -> ConnectionFailed:
    """Return the error of a helper that did not say hello: nothing was sent to it to run."""
    match error:
        case TimeoutError():
            how = f"in {patience.opening:g} s"
        case EOFError():
            code = channel.ending()
            if code == ABSENT and said:
                what, _, hint = said.decode("utf-8", "replace").strip().partition("\n")
                return ConnectionFailed(what, hint=hint)
            how = "before it was gone" if code is None else f"and ended with exit code {code}"
        case _:
            how = f"but {str(error)!r}"
    return ConnectionFailed(
        f"{place} did not say hello {how}.{_last_words(said)}",
        hint="A POSIX sh is needed there, and login files must not read input or call exit.",
    )


def unproven(command: Command, place: str, error: Exception, said: bytes) -> Unproven:
    """Return the error of a command whose end mark was not read."""
    words = command.argv if command.program is None else (command.program.name, *command.argv)
    match error:
        case TimeoutError():
            why = "no answer came in time, so there is no"
        case EOFError():
            why = "the link broke before its"
        case _:
            why = f"garbage came ({error}) instead of its"
    return Unproven(
        f"{' '.join(words[:3])!r} on {place} is unproven: {why} end mark.{_last_words(said)}",
        hint="It may or may not have run to its end. Look at the place before you repeat it.",
    )


def _last_words(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()[-10:]
    return "\n".join((" It said:", *lines)) if lines else ""
