"""An event: something that happened in a run, told to whoever listens while it happens."""

from collections.abc import Callable
from dataclasses import dataclass

from megaplan_cloud.engine.report import Report, TaskReport


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run has begun."""

    playbook: str
    check: bool


@dataclass(frozen=True, slots=True)
class PlayStarted:
    """A play has begun at the hosts of a place."""

    name: str
    place: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task is now at work on a host."""

    name: str
    host: str
    item: str | None = None


@dataclass(frozen=True, slots=True)
class TaskWaits:
    """A task is asked again: its `until` does not hold yet."""

    name: str
    host: str
    attempt: int
    attempts: int


@dataclass(frozen=True, slots=True)
class OutputCame:
    """A task that streams wrote a line, on its stderr if `is_error`; it is not redacted yet."""

    name: str
    host: str
    line: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class ItemEnded:
    """One item of a loop has ended."""

    report: TaskReport


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task has ended on a host."""

    report: TaskReport


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run has ended."""

    report: Report


Event = (
    RunStarted
    | PlayStarted
    | TaskStarted
    | TaskWaits
    | OutputCame
    | ItemEnded
    | TaskEnded
    | RunEnded
)
Listener = Callable[[Event], None]


def nobody(_: Event) -> None:
    """Listen to nothing."""
