"""Driving a plan through its phases until it is done or a person is needed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from megaplan_cloud.harness.plan import Plan

EXIT_CODES = {
    "done": 0,
    "aborted": 0,
    "cancelled": 0,
    "paused": 0,
    "failed": 1,
    "awaiting_human": 1,
    "stalled": 2,
    "escalated": 3,
    "cap": 4,
    "blocked": 5,
    "cost_cap_exceeded": 6,
    "context_retries": 7,
    "worker_blocked": 8,
}


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
    last_phase: str = ""
    iterations: int = 0
    blocking_reasons: tuple[str, ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    total_cost_usd: float = 0.0
    context_retries_used: int = 0
    blocked_retries_used: int = 0
    options: Options = field(default_factory=Options)

    @property
    def exit_code(self) -> int:
        """Return the exit code of `megaplan auto` for this outcome."""
        return EXIT_CODES[self.status]


def drive(
    plan: Plan,
    options: Options | None = None,
    on_phase: Callable[[Plan, str], None] = lambda _plan, _phase: None,
) -> Outcome:
    """Run the plan's next phase again and again, and return how it ended.

    `on_phase` is called after each phase that succeeded, with the phase's name.
    """
    raise NotImplementedError
