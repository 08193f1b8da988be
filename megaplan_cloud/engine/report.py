"""A report: what came of a run, per play, task and loop item."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from megaplan_cloud.engine.result import Status

DONE, FAILED, UNPROVEN, INTERRUPTED = 0, 1, 4, 130
TAIL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReport:
    """What came of one task on one host, or of one item of its loop.

    `result` is the registered shape, redacted; `item` is the label of a loop's item and `items`
    are the reports of a loop; `reason` says why a task was skipped, failed or cannot be known.
    `restored` tells a task that an earlier run of the same journal had done. `duration` is in
    seconds.
    """

    name: str
    action: str
    status: Status
    host: str
    file: str
    line: int
    address: str = ""
    role: str = ""
    duration: float = 0.0
    result: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    hint: str = ""
    item: str | None = None
    items: tuple["TaskReport", ...] = ()
    restored: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the report as schemas/report.schema.json has it."""
        shown: dict[str, Any] = {
            "name": self.name,
            "action": self.action,
            "status": self.status.value,
            "host": self.host,
            "file": self.file,
            "line": self.line,
            "duration": round(self.duration, 3),
            "result": dict(self.result),
        }
        for key in ("role", "reason", "hint", "item", "restored"):
            if (value := getattr(self, key)) not in ("", None, False):
                shown[key] = value
        if self.items:
            shown["items"] = [item.as_json() for item in self.items]
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayReport:
    """What came of one play: its tasks in the order they ended, host by host."""

    name: str
    place: str
    hosts: tuple[str, ...]
    file: str
    line: int
    tasks: tuple[TaskReport, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the report as schemas/report.schema.json has it."""
        return {
            "name": self.name,
            "place": self.place,
            "hosts": list(self.hosts),
            "file": self.file,
            "line": self.line,
            "tasks": [task.as_json() for task in self.tasks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a run. `emitted` is what its `emit` tasks put out, in order."""

    playbook: str
    plays: tuple[PlayReport, ...] = ()
    check: bool = False
    interrupted: bool = False
    duration: float = 0.0
    emitted: tuple[Any, ...] = ()
    journal: str = ""

    def tasks(self) -> Iterator[TaskReport]:
        """Yield every task of every play."""
        return (task for play in self.plays for task in play.tasks)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many tasks ended in each status, every status named."""
        counted = Counter(task.status for task in self.tasks())
        return {status.value: counted[status] for status in Status}

    @property
    def failures(self) -> tuple[TaskReport, ...]:
        """Return the tasks that make this run a failed one, in the order they failed."""
        bad = (Status.FAILED, Status.UNREACHABLE, Status.UNPROVEN)
        return tuple(task for task in self.tasks() if task.status in bad)

    @property
    def failed(self) -> bool:
        """Return whether the run did not do what its playbook says."""
        return self.exit_code != DONE

    @property
    def exit_code(self) -> int:
        """Return 0 done, 1 failed, 4 unreachable or unproven, 130 interrupted."""
        if self.interrupted:
            return INTERRUPTED
        statuses = {task.status for task in self.failures}
        if statuses & {Status.UNREACHABLE, Status.UNPROVEN}:
            return UNPROVEN
        return FAILED if statuses else DONE

    def as_json(self) -> dict[str, Any]:
        """Return the report as schemas/report.schema.json has it."""
        return {
            "playbook": self.playbook,
            "check": self.check,
            "exit_code": self.exit_code,
            "interrupted": self.interrupted,
            "duration": round(self.duration, 3),
            "counts": self.counts,
            "plays": [play.as_json() for play in self.plays],
            "emitted": list(self.emitted),
            "journal": self.journal,
        }


def explain(task: TaskReport) -> list[str]:
    """Return the lines that tell a person why a task failed: where, what, its output, a hint."""
    failed = next((item for item in task.items if item.status is task.status), task)
    lines = [f"{task.file}:{task.line}"]
    if failed.item is not None:
        lines.append(f"item: {failed.item}")
    lines += command_lines(failed.result)
    lines += written(failed.result)[-TAIL:]
    if failed.reason not in TOLD_BY_THE_EXIT_CODE:
        lines += failed.reason.splitlines()
    return lines + failed.hint.splitlines()


TOLD_BY_THE_EXIT_CODE = ("", "non-zero return code")


def command_lines(result: Mapping[str, Any]) -> list[str]:
    """Return the command of a result and its exit code, when it ran one."""
    if "rc" not in result:
        return []
    command = result.get("cmd") or ""
    words = command if isinstance(command, str) else shlex.join(map(str, command))
    return [f"$ {words}", f"exit code {result['rc']}"]


def written(result: Mapping[str, Any]) -> list[str]:
    """Return the lines that the command wrote: its errors, or its output when it told none."""
    return str(result.get("stderr") or result.get("stdout") or "").splitlines()
