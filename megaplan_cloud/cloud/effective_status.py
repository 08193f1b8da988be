"""The effective status of a chain: one word for all that is known of it, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Runner = Literal["alive", "dead", "unknown"]

STOPPED = frozenset(
    {
        "failed",
        "stalled",
        "blocked",
        "aborted",
        "cancelled",
        "escalated",
        "stopped",
        "cap",
        "paused",
    }
)


class Status(StrEnum):
    """What a chain is doing, or what it waits for."""

    RUNNING = "running"
    COMPLETE = "complete"
    AWAITING_PR_MERGE = "awaiting_pr_merge"
    PR_CLOSED = "pr_closed"
    AWAITING_HUMAN_VERIFY = "awaiting_human_verify"
    HUMAN_PREREQUISITE = "human_prerequisite"
    QUALITY_GATE = "quality_gate"
    QUOTA_WAIT = "quota_wait"
    STOPPED = "stopped"
    STALE_BOOKKEEPING = "stale_bookkeeping"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """What was seen of a chain; every fact that could not be had keeps its default.

    `human_verified` is None when nobody could say; `failed` says that the chain has written down
    why a milestone stopped it. `prerequisite_unmet` and `quality_failing` are
    facts of the plan, not the policy's name: a policy that is met blocks nothing.
    """

    milestone_count: int
    index: int
    state_present: bool = True
    last_state: str = ""
    pr_state: str = ""
    plan_state: str = ""
    active_step: str = ""
    runner: Runner = "unknown"
    human_verified: bool | None = None
    prerequisite_unmet: bool = False
    quality_failing: bool = False
    quota_waiting: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Effective:
    """The word, and the sentence that gives its evidence."""

    status: Status
    reason: str


def effective_status(facts: ChainFacts) -> Effective:
    """Return the effective status of a chain. The first rule that holds decides.

    Death is never guessed: what is not known of the runner counts as life, so that nothing is
    restarted because a question went unanswered.
    """
    if facts.state_present and facts.index >= facts.milestone_count:
        return Effective(Status.COMPLETE, "every milestone is done")
    if facts.last_state == "awaiting_pr_merge":
        return _pull_request(facts)
    if facts.plan_state == "awaiting_human_verify" and not facts.human_verified:
        return Effective(Status.AWAITING_HUMAN_VERIFY, _verification(facts))
    if facts.quota_waiting:
        return Effective(Status.QUOTA_WAIT, "an agent's quota is used up; it comes back by itself")
    return _without_runner(facts) if facts.runner == "dead" else _running(facts)


def _pull_request(facts: ChainFacts) -> Effective:
    if facts.pr_state == "closed":
        return Effective(Status.PR_CLOSED, "the pull request was closed without being merged")
    return Effective(
        Status.AWAITING_PR_MERGE, f"the pull request is {facts.pr_state or 'not merged yet'}"
    )


def _verification(facts: ChainFacts) -> str:
    if facts.human_verified is None:
        return "a person must verify, and what is verified could not be read"
    return "a person must verify criteria that are still open"


def _running(facts: ChainFacts) -> Effective:
    if facts.runner == "alive":
        return Effective(Status.RUNNING, f"the runner lives{_at(facts.active_step)}")
    return Effective(Status.RUNNING, "nobody could say whether the runner lives")


def _without_runner(facts: ChainFacts) -> Effective:
    """Return what a chain with a dead runner is: waiting for a person, stopped, or to restart."""
    if facts.prerequisite_unmet:
        return Effective(Status.HUMAN_PREREQUISITE, "a prerequisite waits for a person")
    if facts.quality_failing:
        return Effective(Status.QUALITY_GATE, "the quality gate of the plan fails")
    if facts.failed or facts.last_state in STOPPED:
        word = facts.last_state or "failed"
        return Effective(Status.STOPPED, f"the chain stopped: its last plan is {word}")
    return Effective(Status.STALE_BOOKKEEPING, "the runner is gone and the chain is not done")


def _at(step: str) -> str:
    return f" and is at {step}" if step else ""
