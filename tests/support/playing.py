"""Playing small playbooks in a test: text in, report out, with every clock and sink in hand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from megaplan_cloud.engine.event import Event
from megaplan_cloud.engine.play import play
from megaplan_cloud.engine.report import Report
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.rules import Clock


@dataclass(slots=True)
class FakeClock:
    """A clock that moves only when somebody sleeps."""

    time: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.time += seconds

    def clock(self) -> Clock:
        """Return the clock that a run is given."""
        return Clock(wall=self.now, now=self.now, sleep=self.sleep)


@dataclass(slots=True)
class Theatre:
    """A folder with a playbook in it, and the events of its last run.

    The tests' commands write what they do into `trace`, which `deeds` reads.
    """

    folder: Path
    events: list[Event] = field(default_factory=list)

    @property
    def playbook(self) -> Path:
        """Return the playbook's file."""
        return self.folder / "playbook.yml"

    @property
    def trace(self) -> Path:
        """Return the file into which the tests' commands write."""
        return self.folder / "trace"

    @property
    def deeds(self) -> list[str]:
        """Return the lines that commands wrote into the trace."""
        return self.trace.read_text(encoding="utf-8").split() if self.trace.exists() else []

    def write(self, text: str, name: str = "playbook.yml") -> Path:
        """Write a file of the playbook; a margin is taken off."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def tasks(self, text: str, **options: Any) -> Report:
        """Play a list of tasks at the controller."""
        body = "".join(f"    {line}\n" for line in dedent(text).strip("\n").splitlines())
        return self.play(f"- name: Try it\n  hosts: controller\n  tasks:\n{body}", **options)

    def play(self, text: str = "", **options: Any) -> Report:
        """Play a playbook; without a text, the one that is there."""
        if text:
            self.write(text)
        self.events = []
        variables: Mapping[str, Any] = {
            "trace": str(self.trace),
            "here": str(self.folder),
            **options.pop("variables", {}),
        }
        listener: Callable[[Event], None] = options.pop("listener", self.events.append)
        return play(self.playbook, variables=variables, listener=listener, **options)


def statuses(report: Report) -> dict[str, str]:
    """Return the status of each task by its name."""
    return {task.name: task.status.value for task in report.tasks()}


def result(report: Report, name: str) -> Mapping[str, Any]:
    """Return the result of the task of that name."""
    return next(task.result for task in report.tasks() if task.name == name)


def said(report: Report, name: str) -> Any:
    """Return the message of the `debug` task of that name."""
    return result(report, name)["msg"]


def same(report: Report) -> Any:
    """Return all of a report that does not depend on how fast the machine is."""

    def timeless(value: Any) -> Any:
        match value:
            case dict():
                return {
                    k: timeless(v) for k, v in value.items() if k not in ("duration", "journal")
                }
            case list():
                return [timeless(each) for each in value]
            case _:
                return value

    return timeless(json.loads(json.dumps(report.as_json())))


OK, CHANGED, SKIPPED, FAILED = (
    Status.OK.value,
    Status.CHANGED.value,
    Status.SKIPPED.value,
    Status.FAILED.value,
)
