"""The status of a chain, read and never changed: for programs a document, for people a block."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import chain_file, lock
from megaplan_cloud.harness.chain_spec import ChainSpec
from megaplan_cloud.harness.chain_state import ChainState

SYNC = ("branch_head", "pr_head", "last_pushed_commit", "dirty_flag", "sync_state")


def status(spec: ChainSpec) -> dict[str, Any]:
    """Return what `megaplan chain status` prints (schemas/chain_status.schema.json).

    A chain that was not begun has `state_present: false` and is pending from its first
    milestone. Committed state is no progress: it is left out, and told under `problems`.
    """
    found = chain_file.find(spec.path)
    state = found or ChainState()
    overridden = chain_file.overrides(spec.path)
    summary = _summary(spec, state)
    path = chain_file.state_path(spec.path)
    return {
        "success": True,
        "spec": str(spec.path),
        "state_path": str(path),
        "state_present": found is not None,
        "project_dir": state.project_dir,
        "milestone_count": len(spec.milestones),
        "seed_plan": spec.seed_plan,
        "base_branch": spec.base_branch,
        "complete": _complete(spec, state),
        "chain_state": state.document(),
        "summary": summary,
        "failure": state.failure,
        "sync": summary["sync"],
        "policy": policy(spec, overridden),
        "runner": _runner(path),
        "problems": list(_problems(spec)),
    }


def policy(spec: ChainSpec, overridden: Mapping[str, str]) -> dict[str, Any]:
    """Return the policies in force, and whether an operator has overridden any."""
    chosen = {**spec.policies, **overridden}
    return {
        "prerequisite_policy": chosen["prerequisite_policy"],
        "validation_policy": chosen["validation_policy"],
        "review_policy": {"clean_milestone_pr": chosen["clean_milestone_pr"]},
        "source": "runtime_override" if overridden else "chain_yaml",
    }


def block(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines that say a status document to a person."""
    return tuple(_lines(document))


def _summary(spec: ChainSpec, state: ChainState) -> dict[str, Any]:
    done, passed = state.done(), state.passed()
    index = state.current_milestone_index
    present = spec.milestones[index : index + 1] if index >= 0 else ()
    each = present[0] if present else None
    summary: dict[str, Any] = {
        "current_milestone": None
        if each is None
        else {"label": each.label, "index": index, "branch": each.branch},
        "completed": [one.label for one in spec.milestones if one.label in done],
        "skipped": [
            one.label for one in spec.milestones if one.label in passed and one.label not in done
        ],
        "remaining": [one.label for one in spec.milestones if one.label not in passed],
        "per_milestone": [
            _milestone(spec, state, position) for position in range(len(spec.milestones))
        ],
        "seed_plan": spec.seed_plan,
        "base_branch": spec.base_branch,
        "current_plan_name": state.current_plan_name,
        "last_state": state.last_state,
        "sync": {name: getattr(state, name) for name in SYNC},
        "policy": policy(spec, chain_file.overrides(spec.path)),
    }
    if state.pr_number is not None:
        summary |= {"pr_number": state.pr_number, "pr_state": state.pr_state}
    return summary


def _milestone(spec: ChainSpec, state: ChainState, position: int) -> dict[str, Any]:
    each = spec.milestones[position]
    entry = next((one for one in state.completed if one["label"] == each.label), None)
    kept = state.of(each.label)
    return {
        "label": each.label,
        "index": position,
        "status": _word(state, position, entry),
        "branch": each.branch,
        "plan": (entry or kept).get("plan"),
        "head": (entry or kept).get("head"),
        "pushed": kept.get("pushed"),
        "retries": state.retry_counts.get(each.label, 0),
    }


def _word(state: ChainState, position: int, entry: Mapping[str, Any] | None) -> str:
    if entry is not None:
        return "completed" if entry.get("status") == "done" else "skipped"
    if position != state.current_milestone_index:
        return "pending"
    if state.failure is not None:
        return "failed"
    return "in_progress" if state.current_plan_name else "pending"


def _complete(spec: ChainSpec, state: ChainState) -> bool:
    return bool(spec.milestones) and state.current_milestone_index >= len(spec.milestones)


def _runner(path: Path) -> dict[str, Any]:
    """Return whether a runner holds the chain's lock, and who it is."""
    who = lock.holder(path.with_suffix(".lock"))
    return {"status": "dead"} if who is None else {"status": "alive", **who}


def _problems(spec: ChainSpec) -> Iterator[dict[str, Any]]:
    poison = chain_file.poison(spec.path)
    if poison is not None:
        yield chain_file.poisoned(poison).document()


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    summary = document["summary"]
    current = summary["current_milestone"]
    yield f"Current milestone: {_named(current) if current else 'none'}"
    for name in ("completed", "skipped", "remaining"):
        if summary[name] or name != "skipped":
            yield f"{name.capitalize()}: {', '.join(summary[name]) or 'none'}"
    if summary["seed_plan"]:
        yield f"Seed plan: {summary['seed_plan']}"
    yield f"Base branch: {summary['base_branch']}"
    for title, name in (("Current plan", "current_plan_name"), ("Last state", "last_state")):
        if summary[name]:
            yield f"{title}: {summary[name]}"
    if "pr_number" in summary:
        yield f"Current PR: #{summary['pr_number']} ({summary['pr_state']})"
    yield from _sync_lines(summary["sync"])
    yield from _policy_lines(document["policy"])
    yield "Per-milestone:"
    yield from (f"  - [{each['status']}] {_named(each)}" for each in summary["per_milestone"])
    yield from _failure_lines(document)


def _named(each: Mapping[str, Any]) -> str:
    return f"{each['label']} (index {each['index']})"


def _sync_lines(sync: Mapping[str, Any]) -> Iterator[str]:
    yield "Sync:"
    for title, name in (
        ("Branch head", "branch_head"),
        ("PR head", "pr_head"),
        ("Last pushed", "last_pushed_commit"),
    ):
        if sync[name]:
            yield f"  {title}: {sync[name]}"
    yield f"  Dirty: {'yes' if sync['dirty_flag'] else 'no'}"
    if sync["sync_state"]:
        yield f"  Sync state: {sync['sync_state']}"


def _policy_lines(chosen: Mapping[str, Any]) -> Iterator[str]:
    yield "Policy:"
    yield f"  Prerequisite: {chosen['prerequisite_policy']}"
    yield f"  Validation: {chosen['validation_policy']}"
    yield f"  Review (clean_milestone_pr): {chosen['review_policy']['clean_milestone_pr']}"


def _failure_lines(document: Mapping[str, Any]) -> Iterator[str]:
    failure = document["failure"]
    if failure:
        phase = f" in {failure.get('phase')}" if failure.get("phase") else ""
        yield f"Failed: {failure.get('label')}{phase}: {failure.get('reason')}"
        yield f"What now: {failure.get('what_now')}"
    for problem in document["problems"]:
        yield f"Problem: {problem['message']}"
        yield f"What now: {problem['hint']}"
