"""The command that decides whether the work is good: run by us, judged by its exit code."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.harness import process
from megaplan_cloud.harness.state import State

TIMEOUT = 1800.0
TAIL = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the command said. `source` is `config` or `finalize`; `tail` holds its last lines."""

    command: str
    source: str
    rc: int
    duration_s: float
    timed_out: bool
    tail: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Return whether the work is good."""
        return self.rc == 0 and not self.timed_out

    def document(self) -> dict[str, Any]:
        """Return it as execution.json keeps it."""
        return {**asdict(self), "tail": list(self.tail), "passed": self.passed}


def command(state: State, tasks: Mapping[str, Any]) -> tuple[str, str, float]:
    """Return the command, who asks for it and its time limit; no command when nobody does."""
    if chosen := state.config.get("test_command"):
        return str(chosen), "config", float(state.config.get("test_timeout", TIMEOUT))
    asked = tasks.get("verification") or {}
    return str(asked.get("command", "")), "finalize", float(asked.get("timeout_seconds", TIMEOUT))


def run(directory: Path, state: State, tasks: Mapping[str, Any]) -> Verification | None:
    """Run the command in the project's folder and return what it said; None without a command."""
    text, source, timeout = command(state, tasks)
    if not text:
        return None
    ended = process.run(
        process.Errand(
            argv=["sh", "-c", text],
            cwd=Path(state.config["project_dir"]),
            environment=process.environment(
                MEGAPLAN_PHASE="execute", MEGAPLAN_PLAN=state.name, MEGAPLAN_PLAN_DIR=str(directory)
            ),
            timeout=timeout,
            logs=directory / "calls",
            name="verification",
        ),
        home=directory,
    )
    written = Redactor().redact(f"{ended.stdout}\n{ended.stderr}").splitlines()
    return Verification(
        command=text,
        source=source,
        rc=ended.rc,
        duration_s=round(ended.duration, 3),
        timed_out=ended.stopped == "timeout",
        tail=tuple(line for line in written if line.strip())[-TAIL:],
    )
