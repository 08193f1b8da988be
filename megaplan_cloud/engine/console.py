"""A console: what a person reads on stderr while a playbook runs."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from megaplan_cloud.engine.difference import difference
from megaplan_cloud.engine.event import (
    Event,
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
INCLUDES = ("include_tasks", "include_role")
NAMING = ("ansible_loop_var", "ansible_index_var")
STANDARD = frozenset({"changed", "failed", "skipped", *NAMING})
QUIET, MINUTE = 0.1, 60


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


@dataclass(slots=True)
class Plain:
    """A listener that writes one line per task: for logs, pipes and screen readers."""

    stream: TextIO
    redact: Callable[[str], str]
    hosts: int = 1

    def __call__(self, event: Event) -> None:
        """Write the lines that tell the event."""
        if isinstance(event, PlayStarted):
            self.hosts = len(event.hosts)
        for line in self.lines(event):
            self.stream.write(self.redact(line) + "\n")
        self.stream.flush()

    def lines(self, event: Event) -> Iterator[str]:
        """Yield the lines by which a log tells an event."""
        match event:
            case PlayStarted(name, place, hosts):
                yield f"{name} [{place if len(hosts) == 1 else f'{place}, {len(hosts)} hosts'}]"
            case TaskEnded(report) if not unremarkable(report):
                yield from self.ended(report)
            case TaskWaits(name, host, attempt, attempts):
                where = f" [{host}]" if self.hosts > 1 else ""
                yield f"  {'waiting':<11} {name}{where} (attempt {attempt} of {attempts})"
            case OutputCame(_, _, line):
                yield f"    | {line}"
            case RunEnded(report):
                yield summary(report)

    def ended(self, report: TaskReport) -> Iterator[str]:
        """Yield the line of a task that ended, its items, and what there is to say of it."""
        where = f" [{report.host}]" if self.hosts > 1 else ""
        again = " (done before)" if report.restored else ""
        time = shown_time(report.duration)
        yield f"  {report.status:<11} {report.name}{where}{again}{time}"
        for item in shown_items(report):
            yield f"    {item.status:<11} {item.item}{shown_time(item.duration)}"
        yield from (f"      {line}" for line in remarks(report))
        if report.status in BAD:
            yield from (f"      {line}" for line in explain(report))


def unremarkable(report: TaskReport) -> bool:
    """Return whether a report is of an include that did what it says: its tasks tell the rest."""
    return report.action in INCLUDES and report.status in (Status.OK, Status.SKIPPED)


def shown_items(report: TaskReport) -> list[TaskReport]:
    """Return the items of a loop that are worth a line: those that were not skipped."""
    return [item for item in report.items if item.status is not Status.SKIPPED]


def remarks(report: TaskReport) -> list[str]:
    """Return what a task has to say besides its status: its doubt, its message, its difference."""
    parts = report.items or (report,)
    lines = [report.reason] if report.status is Status.UNKNOWN else []
    if report.action == "debug" and report.status is Status.OK:
        lines += [line for part in parts for line in said(part.result)]
    return lines + [line for part in parts for line in difference(part.result)]


def said(result: Mapping[str, Any]) -> list[str]:
    """Return what a `debug` task shows: its message, or the value of its variable."""
    hidden = STANDARD | {result.get(each) for each in NAMING}
    told = {key: value for key, value in result.items() if key not in hidden}
    if set(told) == {"msg"} and isinstance(told["msg"], str):
        return told["msg"].splitlines()
    return json.dumps(told, indent=2, ensure_ascii=False, default=str).splitlines()


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


def shown_time(seconds: float) -> str:
    """Return a duration as people say it; nothing when it is too short to matter."""
    if seconds < QUIET:
        return ""
    if seconds < MINUTE:
        return f" ({seconds:.1f} s)"
    minutes, rest = divmod(round(seconds), MINUTE)
    return f" ({minutes} min {rest:02} s)"
