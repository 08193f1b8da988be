"""How a drive is told to go, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

EXIT_CODES: Mapping[str, int] = MappingProxyType(
    {
        "done": 0,
        "aborted": 0,
        "cancelled": 0,
        "paused": 0,
        "failed": 1,
        "awaiting_human": 1,
        "human_required": 1,
        "tiebreaker_pending": 1,
        "tiebreaker_ready": 1,
        "stalled": 2,
        "escalated": 3,
        "cap": 4,
        "blocked": 5,
        "cost_cap_exceeded": 6,
        "context_exhausted": 7,
        "worker_blocked": 8,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to drive. Durations are in seconds, money in US dollars; None means no cap.

    `resume` takes up a plan that stands in `failed` or `blocked`; without it such a plan ends
    the drive at once, with its reason.
    """

    on_escalate: str = "force-proceed"
    stall_threshold: int = 5
    max_iterations: int = 200
    max_cost_usd: float | None = None
    max_context_retries: int = 2
    max_blocked_retries: int = 1
    max_passing_retries: int = 1
    poll_sleep: float = 1.0
    phase_timeout: float = 3600.0
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the drive ended. `kind` is the class of the failure (`quota_exceeded` …), if any.

    `status` is a key of EXIT_CODES; `reason` one true sentence for a person.
    """

    status: str
    plan: str
    final_state: str
    reason: str
    kind: str = ""
    hint: str = ""
    last_phase: str = ""
    iterations: int = 0
    blocking_reasons: tuple[str, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    total_cost_usd: float = 0.0
    context_retries_used: int = 0
    blocked_retries_used: int = 0
    options: Options = field(default_factory=Options)

    @property
    def exit_code(self) -> int:
        """Return the exit code of `megaplan auto` for this outcome."""
        return EXIT_CODES[self.status]

    def document(self) -> dict[str, Any]:
        """Return the outcome as JSON (schemas/auto_outcome.schema.json)."""
        shown: dict[str, Any] = {
            "success": self.status == "done",
            "status": self.status,
            "plan": self.plan,
            "final_state": self.final_state,
            "iterations": self.iterations,
            "reason": self.reason,
            "last_phase": self.last_phase,
            "events": [dict(each) for each in self.events],
            "total_cost_usd": self.total_cost_usd,
            "cost_cap_usd": self.options.max_cost_usd,
            "context_retries_used": self.context_retries_used,
            "max_context_retries": self.options.max_context_retries,
            "blocked_retries_used": self.blocked_retries_used,
            "max_blocked_retries": self.options.max_blocked_retries,
            "blocking_reasons": list(self.blocking_reasons),
        }
        if self.kind:
            shown |= {"error": self.kind, "message": self.reason}
        if self.hint:
            shown["hint"] = self.hint
        return shown
