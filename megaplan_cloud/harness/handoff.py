"""What a phase hands over when it ends: `phase_result.json`, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.write import write_json

FILE = "phase_result.json"
# How a phase ended, for the failures that are more than an agent's.
EXIT_KINDS: Mapping[str, str] = {
    "worker_timeout": "timeout",
    "context_overflow": "context_exhausted",
    "blocked_by_quality": "blocked_by_quality",
    "blocked_by_prereq": "blocked_by_prereq",
    "internal_error": "internal_error",
    "io_error": "internal_error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """How a phase ended. `error` and `message` are empty after success.

    `exit_kind` is success, blocked_by_quality, blocked_by_prereq, timeout, context_exhausted,
    internal_error, or agent_failed with the class of the failure in `error`. `payload` is what
    the phase's command shows; `details` is what a program may want to know of a failure.
    """

    phase: str
    invocation_id: str
    exit_kind: str = "success"
    error: str = ""
    message: str = ""
    hint: str = ""
    blocked_tasks: tuple[Mapping[str, Any], ...] = ()
    deviations: tuple[Mapping[str, Any], ...] = ()
    artifacts_written: tuple[str, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Return whether the phase did what it is for."""
        return self.exit_kind == "success"


def write(directory: Path, result: PhaseResult) -> None:
    """Hand over how a phase ended (schemas/phase_result.schema.json)."""
    names = PhaseResult.__dataclass_fields__
    write_json(directory / FILE, {name: getattr(result, name) for name in names})


def read(directory: Path, phase: str, invocation_id: str) -> PhaseResult | None:
    """Return what this very run of a phase handed over, or None when it handed over nothing."""
    try:
        document = json.loads((directory / FILE).read_text(encoding="utf-8"))
        result = PhaseResult(**document)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    same = (result.phase, result.invocation_id) == (phase, invocation_id)
    return result if same else None


def clear(directory: Path) -> None:
    """Remove what an earlier phase handed over, so that nobody takes it for the next one's."""
    (directory / FILE).unlink(missing_ok=True)


def failed(phase: str, invocation_id: str, error: HarnessError, *, raw_file: str) -> PhaseResult:
    """Return the hand-over of a phase that failed with `error`."""
    blocked = error.details.get("blocked_tasks", ())
    return PhaseResult(
        phase=phase,
        invocation_id=invocation_id,
        exit_kind=EXIT_KINDS.get(error.error, "agent_failed"),
        error=error.error,
        message=error.what,
        hint=error.hint,
        blocked_tasks=tuple(blocked),
        artifacts_written=(raw_file,) if raw_file else (),
        details={key: value for key, value in error.details.items() if key != "blocked_tasks"},
    )
