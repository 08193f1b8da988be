"""A result: what came of one task, or of one item of its loop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The one word a report has for a task (docs/language.md)."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    RESCUED = "rescued"
    IGNORED = "ignored"
    UNREACHABLE = "unreachable"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a task. `register` makes `variable()` of it, in Ansible's shape.

    `argv`, `rc`, `stdout` and `stderr` are there when a command ran; `duration` is in seconds;
    `unknown` is set in check mode only and names what the outcome depends on; `values` holds
    whatever else the action found (`stat`, `checksum`, `results`, `diff`, `ansible_facts` …).
    """

    changed: bool = False
    failed: bool = False
    skipped: bool = False
    msg: str = ""
    argv: tuple[str, ...] = ()
    rc: int | None = None
    stdout: str = ""
    stderr: str = ""
    duration: float = 0.0
    unknown: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def variable(self) -> dict[str, Any]:
        """Return the value that a playbook sees when it registers this result."""
        shown: dict[str, Any] = {"changed": self.changed, "failed": self.failed}
        if self.skipped:
            shown["skipped"] = True
        if self.msg or self.rc is not None:
            shown["msg"] = self.msg
        if self.rc is not None:
            shown |= {
                "rc": self.rc,
                "cmd": list(self.argv),
                "stdout": self.stdout,
                "stdout_lines": self.stdout.splitlines(),
                "stderr": self.stderr,
                "stderr_lines": self.stderr.splitlines(),
            }
        return shown | dict(self.values)
