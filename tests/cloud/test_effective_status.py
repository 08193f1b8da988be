"""The effective status, row by row: the first rule that holds decides."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.cloud.effective_status import ChainFacts, Status, effective_status

ROWS: list[tuple[dict[str, Any], Status]] = [
    ({"index": 3, "runner": "dead"}, Status.COMPLETE),
    ({"index": 3, "runner": "alive"}, Status.COMPLETE),
    ({"milestone_count": 0, "index": 0}, Status.COMPLETE),
    ({"milestone_count": 0, "index": 0, "state_present": False, "runner": "alive"}, Status.RUNNING),
    ({"last_state": "awaiting_pr_merge", "pr_state": "open"}, Status.AWAITING_PR_MERGE),
    ({"last_state": "awaiting_pr_merge", "pr_state": "merged"}, Status.AWAITING_PR_MERGE),
    ({"last_state": "awaiting_pr_merge", "pr_state": "closed"}, Status.PR_CLOSED),
    ({"plan_state": "awaiting_human_verify"}, Status.AWAITING_HUMAN_VERIFY),
    (
        {"plan_state": "awaiting_human_verify", "human_verified": False},
        Status.AWAITING_HUMAN_VERIFY,
    ),
    (
        {"plan_state": "awaiting_human_verify", "human_verified": True, "runner": "alive"},
        Status.RUNNING,
    ),
    (
        {"plan_state": "awaiting_human_verify", "human_verified": True, "runner": "dead"},
        Status.STALE_BOOKKEEPING,
    ),
    ({"quota_waiting": True, "runner": "dead"}, Status.QUOTA_WAIT),
    ({"quota_waiting": True, "runner": "alive"}, Status.QUOTA_WAIT),
    ({"runner": "alive"}, Status.RUNNING),
    ({"runner": "alive", "prerequisite_unmet": True}, Status.RUNNING),
    ({"runner": "unknown"}, Status.RUNNING),
    ({"runner": "unknown", "last_state": "failed"}, Status.RUNNING),
    ({"runner": "dead", "prerequisite_unmet": True}, Status.HUMAN_PREREQUISITE),
    ({"runner": "dead", "quality_failing": True}, Status.QUALITY_GATE),
    ({"runner": "dead", "last_state": "failed"}, Status.STOPPED),
    ({"runner": "dead", "last_state": "stalled"}, Status.STOPPED),
    ({"runner": "dead", "last_state": "worker_blocked", "failed": True}, Status.STOPPED),
    ({"runner": "alive", "last_state": "worker_blocked", "failed": True}, Status.RUNNING),
    ({"runner": "dead"}, Status.STALE_BOOKKEEPING),
    ({"runner": "dead", "active_step": "execute"}, Status.STALE_BOOKKEEPING),
    ({"runner": "dead", "index": -1, "state_present": False}, Status.STALE_BOOKKEEPING),
]


@pytest.mark.parametrize(("facts", "expected"), ROWS)
def test_each_row_of_the_table(facts: dict[str, Any], expected: Status) -> None:
    """Every status is reached, each by the rule that says so."""
    found = effective_status(ChainFacts(**{"milestone_count": 3, "index": 1, **facts}))

    assert found.status is expected
    assert found.reason


def test_the_table_has_every_status() -> None:
    """No status is there that nothing leads to."""
    assert {status for _, status in ROWS} == set(Status)


FACTS = st.builds(
    ChainFacts,
    milestone_count=st.integers(0, 4),
    index=st.integers(-1, 4),
    state_present=st.booleans(),
    last_state=st.sampled_from(["", "done", "failed", "stalled", "awaiting_pr_merge"]),
    pr_state=st.sampled_from(["", "open", "closed", "merged"]),
    plan_state=st.sampled_from(["", "planned", "executed", "awaiting_human_verify"]),
    runner=st.sampled_from(["alive", "dead", "unknown"]),
    human_verified=st.sampled_from([None, True, False]),
    prerequisite_unmet=st.booleans(),
    quality_failing=st.booleans(),
    quota_waiting=st.booleans(),
)


@given(FACTS)
def test_only_a_dead_runner_is_ever_restarted(facts: ChainFacts) -> None:
    """Stale bookkeeping is what a supervisor restarts: never a living or an unknown runner."""
    if effective_status(facts).status is Status.STALE_BOOKKEEPING:
        assert facts.runner == "dead"


@given(FACTS)
def test_a_dead_runner_is_never_called_running(facts: ChainFacts) -> None:
    """A chain whose runner died would otherwise wait for ever."""
    if facts.runner == "dead":
        assert effective_status(facts).status is not Status.RUNNING
