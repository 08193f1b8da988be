"""The summary of a chain: the block that a person reads."""

from megaplan_cloud.cloud.summary import lines, summary

SPEC = {"labels": ["m1", "m2", "m3"], "base_branch": "main", "policy": {}}
STATE = {
    "current_milestone_index": 1,
    "current_plan_name": "m2-plan",
    "completed": [{"label": "m1", "status": "done"}],
    "last_state": "executed",
    "pr_number": 42,
    "pr_state": "open",
    "dirty_flag": True,
}


def test_the_block_says_where_the_chain_is() -> None:
    """Milestones, branch, plan, pull request, sync and policy, one to a line."""
    block = lines(summary(SPEC, STATE))

    assert block == [
        "Current milestone: m2 (index 1)",
        "Completed: m1",
        "Remaining: m2, m3",
        "Base branch: main",
        "Current plan: m2-plan",
        "Last state: executed",
        "Current PR: #42 (open)",
        "Sync:",
        "  Dirty: yes",
        "Policy:",
        "  Prerequisite: none",
        "  Validation: none",
        "  Review (clean_milestone_pr): auto",
        "Per-milestone:",
        "  - [completed] m1 (index 0)",
        "  - [in_progress] m2 (index 1)",
        "  - [pending] m3 (index 2)",
    ]


def test_a_chain_that_has_not_begun_is_a_chain() -> None:
    """An absent state is a state."""
    shown = summary(SPEC, {})

    assert shown["current_milestone"] is None
    assert shown["remaining"] == ["m1", "m2", "m3"]
    assert lines(shown)[0] == "Current milestone: none"
