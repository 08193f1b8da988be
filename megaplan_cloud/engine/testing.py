"""Doubles for tests of playbooks: places that answer what they are told to, and a transcript.

stage = Stage({"docker version": "20.10", "docker inspect": {"rc": 1}})
play(path, connect=stage.connect, record=stage.record, batch=False)
assert stage.transcript == ["host$ docker version", …]
"""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.connection import Connection, OnBlock
from megaplan_cloud.engine.frame import Frame

Answers = Mapping[str, Any]
# What `stat` says of a file that an answer says exists.
FILE = {"raw": 0o100644} | dict.fromkeys(
    ["uid", "gid", "size", "inode", "dev", "nlink", "blocks", "atime", "mtime", "ctime"], 0
)
# What a transcript shows of the arguments of an action's own program.
SHOWN = ("state", "session", "path", "src", "dest")


@dataclass(slots=True)
class Stage:
    """Places that are played by doubles, and what was asked of them, line by line.

    `answers` has for the beginning of a command what it prints, or a mapping of `rc`, `stdout`
    and `stderr`; of an action's program, the fields that it says. What is not there succeeds and
    says nothing. Of a list, each time the next is taken; the last stays. `shown` rewrites a command
    before it is compared and written down, so that a test needs no path of this machine.
    """

    answers: Answers = field(default_factory=dict)
    shown: Callable[[str], str] = str
    transcript: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def connect(self, _place: str, _host: str = "") -> Connection:
        """Return the double of a place, as `play(connect=…)` wants it."""
        return MockConnection(self)

    def record(self, place: str, command: Command) -> None:
        """Write a command into the transcript, as `play(record=…)` wants it."""
        mark = ":" if command.program else "$"
        self.transcript.append(f"{place}{mark} {self.shown(spoken(command))}")

    def completed(self, command: Command) -> Completed:
        """Return what comes of a command."""
        found = self.answer(self.shown(spoken(command)))
        if command.program and command.program.name.startswith("action_"):
            return _of_program(command, found if isinstance(found, Mapping) else {})
        told = found if isinstance(found, Mapping) else {"stdout": found}
        stdout, stderr = (str(told.get(name, "")).encode() for name in ("stdout", "stderr"))
        return Completed(int(told.get("rc", 0)), stdout, stderr, 0.0)

    def answer(self, words: str) -> Any:
        """Return the answer whose key is the longest beginning of the words."""
        keys = [key for key in self.answers if words.startswith(key)]
        if not keys:
            return ""
        key = max(keys, key=len)
        answer = self.answers[key]
        if not isinstance(answer, list):
            return answer
        self.asked[key] = self.asked.get(key, 0) + 1
        return answer[min(self.asked[key], len(answer)) - 1]


@dataclass(frozen=True, slots=True)
class MockConnection:
    """A connection to nowhere: it answers from its stage, and touches nothing."""

    stage: Stage

    def open(self) -> None:
        """Do nothing."""

    def prepare(self) -> None:
        """Do nothing."""

    def run(self, command: Command) -> Completed:
        """Return the answer."""
        return self.stage.completed(command)

    def send(self, batch: Sequence[Frame]) -> Iterator[Completed | None]:
        """Give the answers up to the first failure that stops."""
        failed: int | None = None
        for frame in batch:
            if failed is not None and frame.group != failed:
                yield None
                continue
            completed = self.stage.completed(frame.command)
            if completed.rc and frame.stops:
                failed = frame.group
            yield completed

    def put(
        self,
        source: Path | bytes,  # noqa: ARG002 - the protocol's
        target: str,
        *,
        mode: str = "0644",  # noqa: ARG002
        owner: str | None = None,  # noqa: ARG002
        become: bool = False,  # noqa: ARG002
    ) -> Completed:
        """Answer as to `put TARGET`."""
        return self.run(Command(("put", target)))

    def get(self, source: str, target: Path, *, become: bool = False) -> Completed:  # noqa: ARG002
        """Answer as to `get SOURCE`."""
        return self.run(Command(("get", source)))

    def sync(
        self,
        source: Path,
        target: str,
        *,
        check: bool = False,  # noqa: ARG002
        become: bool = False,  # noqa: ARG002
    ) -> Completed:
        """Answer as to `sync SOURCE/ TARGET/`."""
        return self.run(Command(("sync", f"{source}/", f"{target}/")))

    def stream(self, command: Command, on_output: OnBlock, on_error: OnBlock | None = None) -> int:
        """Print the answer's stdout and stderr, and return its exit code."""
        completed = self.run(command)
        on_output(completed.stdout)
        (on_error or on_output)(completed.stderr)
        return completed.rc

    def attach(self, command: Command) -> int:
        """Return the answer's exit code."""
        return self.run(command).rc

    def cancel(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def spoken(command: Command) -> str:
    """Return a command as a person types it; of a program, its action and what it is about."""
    if command.program is None:
        return shlex.join(command.argv)
    known = _assigned(command)
    words = [f"{name}={known[name]}" for name in SHOWN if known.get(name)]
    return shlex.join([command.program.name.removeprefix("action_"), *words])


def _assigned(command: Command) -> dict[str, str]:
    """Return the variables that an action sets for its program."""
    words = shlex.split(command.argv[0]) if command.argv else []
    return dict(word.split("=", 1) for word in words if "=" in word)


def _of_program(command: Command, told: Mapping[str, Any]) -> Completed:
    """Return what an action's program answers: it changed what it was asked to, unless told."""
    known = _assigned(command)
    said = {name: known[name] for name in ("path", "dest", "session", "src") if known.get(name)}
    fields = {"changed": "1", "exists": "", **said, **(FILE if told.get("exists") else {}), **told}
    kept = {name: value for name, value in fields.items() if value is not None}
    stdout = "".join(f"{name}\0{value}\0" for name, value in kept.items())
    return Completed(int(kept.get("rc", 0)), stdout.encode(), b"", 0.0)
