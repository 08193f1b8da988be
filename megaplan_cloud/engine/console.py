"""A console: what a person reads on stderr while a playbook runs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from megaplan_cloud.engine.event import (
    Event,
    ItemEnded,
    Listener,
    OutputCame,
    PlayStarted,
    RunEnded,
    TaskEnded,
    TaskWaits,
)
from megaplan_cloud.engine.report import Report, TaskReport, explain
from megaplan_cloud.engine.result import Status

BAD = frozenset({Status.FAILED, Status.UNREACHABLE, Status.UNPROVEN})
QUIET = 0.05


@contextmanager
def console(
    stream: TextIO, redact: Callable[[str], str], environment: Mapping[str, str]
) -> Iterator[Listener]:
    """Give a listener that writes to `stream`: live on a terminal, plain lines elsewhere.

    Every line passes through `redact`. `NO_COLOR` and `TERM=dumb` in `environment` are obeyed.
    """
    if not stream.isatty() or environment.get("TERM") == "dumb":
        yield Plain(stream, redact)
        return
    from megaplan_cloud.engine.live import live  # rich is loaded for people only

    with live(stream, redact, colour=not environment.get("NO_COLOR")) as listener:
        yield listener


@dataclass(frozen=True, slots=True)
class Plain:
    """A listener that writes one line per task: for logs, pipes and screen readers."""

    stream: TextIO
    redact: Callable[[str], str]

    def __call__(self, event: Event) -> None:
        """Write the lines that tell the event."""
        for line in plain_lines(event):
            self.stream.write(self.redact(line) + "\n")
        self.stream.flush()


def plain_lines(event: Event) -> Iterator[str]:
    """Yield the lines by which a log tells an event."""
    match event:
        case PlayStarted(name, place, hosts):
            yield f"{name} [{shown_place(place, hosts)}]"
        case TaskEnded(report):
            yield from plain_task(report)
        case ItemEnded(report) if report.status is not Status.SKIPPED:
            yield f"    {report.status:<11} {report.item}{shown_time(report.duration)}"
        case TaskWaits(name, _, attempt, attempts):
            yield f"    waits       {name} (attempt {attempt} of {attempts})"
        case OutputCame(_, _, line):
            yield f"    | {line}"
        case RunEnded(report):
            yield summary(report)
        case _:
            return


def plain_task(report: TaskReport) -> Iterator[str]:
    """Yield the line of a task that ended, its differences, and why it failed."""
    yield f"  {report.status:<11} {report.name}{shown_host(report)}{shown_time(report.duration)}"
    if report.status is Status.UNKNOWN:
        yield f"              {report.reason}"
    yield from (f"    {line}" for line in differences(report))
    if report.status in BAD:
        yield from (f"    {line}" for line in explain(report))
    yield from (f"    {line}" for line in said(report))


def said(report: TaskReport) -> list[str]:
    """Return what a `debug` task has to say."""
    if report.action != "debug" or report.status in (Status.SKIPPED, Status.UNKNOWN):
        return []
    parts = report.items or (report,)
    return [line for part in parts for line in str(part.result.get("msg", "")).splitlines()]


def differences(report: TaskReport) -> list[str]:
    """Return the lines of the differences a task made or would make, when they were asked for."""
    parts = report.items or (report,)
    diffs = [str(part.result.get("diff") or "") for part in parts]
    return [line for diff in diffs for line in diff.splitlines()]


def summary(report: Report) -> str:
    """Return the run in one line: how many tasks, how each kind ended, how long it took."""
    counts = {status: count for status, count in report.counts.items() if count}
    total = sum(counts.values())
    parts = [
        f"{total} task{'s' * (total != 1)}",
        *(f"{n} {status}" for status, n in counts.items()),
    ]
    if report.interrupted:
        parts.append("interrupted")
    return " · ".join(parts) + shown_time(report.duration)


def shown_place(place: str, hosts: tuple[str, ...]) -> str:
    """Return how a play's header names where it plays."""
    return place if len(hosts) <= 1 else f"{place}: {', '.join(hosts)}"


def shown_host(report: TaskReport) -> str:
    """Return the host of a task where it is not the only one of its play."""
    return f" [{report.host}]" if report.host else ""


def shown_time(seconds: float) -> str:
    """Return a duration as people say it; nothing when it is too short to matter."""
    if seconds < QUIET:
        return ""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f" ({seconds:.1f} s)"
    minutes, rest = divmod(round(seconds), 60)
    return f" ({minutes} min {rest:02} s)"
