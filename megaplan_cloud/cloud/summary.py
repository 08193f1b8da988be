"""The summary of a chain: what a person reads first, and the same as data."""

from collections.abc import Mapping, Sequence
from typing import Any


def summary(spec: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a chain stands, from what its spec and its state say.

    `spec` has `labels` (and `branches` by label), `base_branch`, `seed_plan` and `policy`.
    """
    labels: Sequence[str] = spec["labels"]
    index = int(state.get("current_milestone_index", -1))
    passed = [str(each.get("label")) for each in state.get("completed") or []]
    rows = [
        {"label": label, "index": at, "status": _status(label, at, index, passed, state)}
        for at, label in enumerate(labels)
    ]
    current = rows[index] if 0 <= index < len(rows) else None
    shown: dict[str, Any] = {
        "current_milestone": _current(current, spec),
        "completed": [row["label"] for row in rows if row["status"] == "completed"],
        "remaining": [row["label"] for row in rows if row["status"] != "completed"],
        "per_milestone": rows,
        "seed_plan": spec.get("seed_plan"),
        "base_branch": spec.get("base_branch"),
        "current_plan_name": state.get("current_plan_name"),
        "last_state": state.get("last_state"),
        "sync": sync(state),
        "policy": dict(spec.get("policy") or {}),
    }
    if state.get("pr_number"):
        shown |= {"pr_number": state["pr_number"], "pr_state": state.get("pr_state")}
    return shown


def sync(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the branch, the pull request and the remote agree."""
    keys = ("branch_head", "pr_head", "last_pushed_commit", "dirty_flag", "sync_state")
    return {key: state.get(key, False if key == "dirty_flag" else None) for key in keys}


def lines(shown: Mapping[str, Any]) -> list[str]:
    """Return the block that a person reads."""
    current = shown["current_milestone"]
    block = [
        f"Current milestone: {current['label']} (index {current['index']})"
        if current
        else "Current milestone: none",
        f"Completed: {', '.join(shown['completed']) or 'none'}",
        f"Remaining: {', '.join(shown['remaining']) or 'none'}",
    ]
    for title, key in (
        ("Seed plan", "seed_plan"),
        ("Base branch", "base_branch"),
        ("Current plan", "current_plan_name"),
        ("Last state", "last_state"),
    ):
        if shown.get(key):
            block.append(f"{title}: {shown[key]}")
    if shown.get("pr_number"):
        block.append(f"Current PR: #{shown['pr_number']} ({shown['pr_state']})")
    return [*block, *_sync_lines(shown["sync"]), *_policy_lines(shown["policy"]), *_rows(shown)]


def _status(
    label: str, at: int, index: int, passed: Sequence[str], state: Mapping[str, Any]
) -> str:
    if label in passed:
        return "completed"
    return "in_progress" if at == index and state.get("current_plan_name") else "pending"


def _current(row: Mapping[str, Any] | None, spec: Mapping[str, Any]) -> dict[str, Any] | None:
    if row is None:
        return None
    branch = dict(spec.get("branches") or {}).get(row["label"])
    found = {"label": row["label"], "index": row["index"]}
    return {**found, "branch": branch} if branch else found


def _sync_lines(found: Mapping[str, Any]) -> list[str]:
    titles = (
        ("Branch head", "branch_head"),
        ("PR head", "pr_head"),
        ("Last pushed", "last_pushed_commit"),
    )
    block = ["Sync:"]
    block += [f"  {title}: {found[key]}" for title, key in titles if found.get(key)]
    block.append(f"  Dirty: {'yes' if found.get('dirty_flag') else 'no'}")
    return block + ([f"  Sync state: {found['sync_state']}"] if found.get("sync_state") else [])


def _policy_lines(policy: Mapping[str, Any]) -> list[str]:
    review = dict(policy.get("review_policy") or {})
    return [
        "Policy:",
        f"  Prerequisite: {policy.get('prerequisite_policy', 'none')}",
        f"  Validation: {policy.get('validation_policy', 'none')}",
        f"  Review (clean_milestone_pr): {review.get('clean_milestone_pr', 'auto')}",
    ]


def _rows(shown: Mapping[str, Any]) -> list[str]:
    rows = [
        f"  - [{row['status']}] {row['label']} (index {row['index']})"
        for row in shown["per_milestone"]
    ]
    return ["Per-milestone:", *rows]
