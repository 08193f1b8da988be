"""What commands tell of a plan: the keys that every payload has, and the whole status."""

from datetime import UTC, datetime
from typing import Any

from megaplan_cloud.harness import clock, flags, lock, runtime, store, task_list, workflow
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State

STALE_AFTER = 1800.0


def head(plan: Plan, state: State, step: str, summary: str) -> dict[str, Any]:
    """Return the keys that begin every payload about a plan."""
    following = workflow.next_step(state)
    document = {
        "success": True,
        "step": step,
        "plan": plan.name,
        "root": str(plan.root),
        "plan_dir": str(plan.directory),
        "state": state.current_state,
        "iteration": state.iteration,
        "summary": summary,
        "next_step": following,
        "valid_next": workflow.valid_next(state),
    }
    expected = runtime.expected(following)
    return {**document, "next_step_runtime": expected} if expected else document


def status(plan: Plan) -> dict[str, Any]:
    """Return everything there is to tell of a plan (schemas/status.schema.json)."""
    state = plan.state()
    last = state.history[-1] if state.history else None
    held = lock.is_held(plan.directory / store.PLAN_LOCK)
    document = head(plan, state, "status", summary(plan, state)) | {
        "artifacts": artifacts(plan),
        "lock_file_present": (plan.directory / store.PLAN_LOCK).exists(),
        "lock_held": held,
        "active_step": active_step(plan, state, held=held),
        "last_step": _last(last) if last else None,
        "total_cost_usd": float(state.meta.get("total_cost_usd", 0.0)),
        "notes_count": len(state.meta.get("notes", ())),
        "notes": list(state.meta.get("notes", ())),
        "session_summaries": [],
        "latest_failure": dict(state.latest_failure) if state.latest_failure else None,
        "robustness": state.level,
        "idea": state.idea,
    }
    open_flags = [each["id"] for each in flags.read(plan.directory) if each["status"] == "open"]
    document["open_flags"] = open_flags
    if (plan.directory / task_list.FILE).exists():
        document["progress"] = task_list.progress(plan.directory)
    recovery = recovery_commands(plan, state)
    return {**document, "suggested_recovery_commands": recovery} if recovery else document


def active_step(plan: Plan, state: State, *, held: bool) -> dict[str, Any] | None:
    """Return the phase at work with its health, or that its runner has died; None without one.

    It was active last when its agent last wrote something, or when it was begun.
    """
    if state.active_step is None:
        return None
    started = datetime.fromisoformat(state.active_step["started_at"])
    age = (clock.now() - started).total_seconds()
    latest = max(started, _last_output(plan) or started)
    phase = str(state.active_step["step"])
    shown = {key: value for key, value in state.active_step.items() if key != "overrides"}
    health = "stale" if not held else "slow" if age > STALE_AFTER else "healthy"
    return {
        **shown,
        **(runtime.expected(phase) or {}),
        "age_seconds": round(age, 1),
        "last_activity_at": clock.stamp(latest),
        "idle_seconds": round((clock.now() - latest).total_seconds(), 1),
        "stale": not held,
        "orphaned": not held,
        "health": health,
        "recommended_action": "wait" if held else "rerun_same_step",
        "recommended_action_reason": (
            "it is at work" if held else "its runner died; running it again loses nothing"
        ),
    }


def recovery_commands(plan: Plan, state: State) -> list[str]:
    """Return the commands that take a stopped plan further, from the same table as valid_next."""
    if not workflow.is_stopped(state.current_state):
        return []
    reasons = {"override abort", "override force-proceed", "override replan"}
    return [
        f"megaplan {event} --plan {plan.name}" + (' --reason "…"' if event in reasons else "")
        for event in workflow.valid_next(state)
        if event != "execute"
    ]


def summary(plan: Plan, state: State) -> str:
    """Return one sentence about a plan."""
    following = workflow.next_step(state)
    if state.latest_failure:
        return f"{plan.name} is {state.current_state}: {state.latest_failure['message']}"
    then = f"; next: {following}" if following else ""
    return f"{plan.name} is {state.current_state}{then}"


def artifacts(plan: Plan) -> list[str]:
    """Return the names of the files that phases left in the plan's folder."""
    return sorted(
        entry.name
        for entry in plan.directory.iterdir()
        if entry.is_file() and not entry.name.startswith(".")
    )


def _last_output(plan: Plan) -> datetime | None:
    """Return when an agent of the plan last wrote something; None when none ever did."""
    folder = plan.directory / "calls"
    files = [*folder.glob("*.out"), *folder.glob("*.err")]
    times = [path.stat().st_mtime for path in files]
    return datetime.fromtimestamp(max(times), tz=UTC) if times else None


def _last(entry: Any) -> dict[str, Any]:
    keys = ("step", "result", "timestamp", "agent", "output_file", "message")
    return {key: entry[key] for key in keys if key in entry}
