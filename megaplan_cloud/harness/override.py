"""What a person may do to a plan beside its phases: stop it, push it on, note something."""

from dataclasses import replace
from typing import Any

from megaplan_cloud.harness import clock, events, flags, lock, store, workflow
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.kept import keep_json
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State


def abort(plan: Plan, reason: str) -> State:
    """Give the plan up. A plan that is done stays done: `invalid_transition`."""
    return _apply(plan, "override abort", reason)


def force_proceed(plan: Plan, reason: str) -> State:
    """Go on although the critique, the review or the tests are not satisfied."""
    before = plan.state()
    workflow.check(before, "override force-proceed")
    if before.current_state == "critiqued":
        _force_gate(plan, reason)
    return _apply(plan, "override force-proceed", reason)


def replan(plan: Plan, reason: str, note: str = "") -> State:
    """Go back to the plan's text, which may be edited by hand before it is criticised again."""
    if note:
        add_note(plan, note, "user")
    return _apply(plan, "override replan", reason)


def resume(plan: Plan) -> State:
    """Take up a plan that stopped, where it stopped."""
    return _apply(plan, "resume", "")


def add_note(plan: Plan, note: str, source: str = "user") -> State:
    """Add a note that every later prompt shows. It never disturbs a phase that is at work."""
    if not note.strip():
        raise InputError("invalid_args", "the note is empty", hint='Give it with --note "…"')
    entry = {"timestamp": clock.stamp(), "note": note, "source": source}

    def change(state: State) -> State:
        after = workflow.transition(state, "override add-note")
        return replace(after, meta=_appended(after, "notes", entry))

    state = store.update(plan.directory, change)
    events.append(plan.directory, "note_added", None, {"note": note, "source": source})
    return state


def _apply(plan: Plan, event: str, reason: str) -> State:
    """Take the event and write down who asked for it and why."""
    entry = {"timestamp": clock.stamp(), "action": event, "reason": reason}
    before: list[str] = []
    at_work = lock.is_held(plan.directory / store.PLAN_LOCK)

    def change(state: State) -> State:
        before.append(state.current_state)
        after = workflow.transition(state, event)
        return replace(
            after,
            meta=_appended(after, "overrides", entry),
            last_gate={} if after.current_state == "planned" else after.last_gate,
            latest_failure=None,
            resume_cursor=None,
            # The phase at work needs its own name to hand over that it came too late.
            active_step=state.active_step if at_work else None,
        )

    state = store.update(plan.directory, change)
    moved = {"from": before[-1], "to": state.current_state}
    told = {"action": event, "reason": reason, **moved}
    events.append(plan.directory, "override_applied", None, told)
    events.append(plan.directory, "state_transition", None, moved)
    return state


def _force_gate(plan: Plan, reason: str) -> None:
    state = plan.state()
    if not state.plan_versions:
        raise HarnessError("unsafe_override", f"{state.name} has no plan to go on with")
    open_flags = [each["id"] for each in flags.read(plan.directory) if each["status"] == "open"]
    document = {
        "passed": True,
        "recommendation": "PROCEED",
        "rationale": reason,
        "override_forced": True,
        "unresolved_flags": open_flags,
    }
    keep_json(plan.directory, "gate.json", document, phase="gate")


def _appended(state: State, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {**state.meta, name: [*state.meta.get(name, []), entry]}
