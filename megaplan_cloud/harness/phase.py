"""Running a phase of a plan: its playbook, under the plan's lock, with a proven end."""

import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from megaplan_cloud.engine.action import ActionTable, find_actions
from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.harness import (
    clock,
    events,
    handoff,
    lock,
    log,
    profiles,
    store,
    workflow,
)
from megaplan_cloud.harness.actions.transition import finished
from megaplan_cloud.harness.errors import HarnessError, of_system
from megaplan_cloud.harness.handoff import PhaseResult
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State
from megaplan_cloud.harness.write import sweep
from megaplan_cloud.house import house

ACTIONS = ("megaplan_cloud.engine.actions", "megaplan_cloud.harness.actions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a phase is wanted: `batch` is one batch of execute, `timeout` is in seconds.

    `overrides` are keys of the plan's config (`profile`, `phase_model` …) for this run only.
    """

    timeout: float = 0.0
    batch: int = 0
    overrides: Mapping[str, Any] | None = None


EVERYTHING = Limits()


def run_phase(plan: Plan, phase: str, limits: Limits = EVERYTHING) -> PhaseResult:
    """Run a phase to its end and return what it handed over; a failure is a result, too.

    Raises HarnessError, before anything is done, when the plan's state does not allow the phase
    (`invalid_transition`) or another command is at work on it (`plan_locked`).
    """
    with lock.held(plan.directory / store.PLAN_LOCK, purpose=f"megaplan {phase}"):
        state = store.read(plan.directory)
        workflow.check(state, phase)
        _require_playbook(phase, state)
        begun = time.monotonic()
        run_id = _begin(plan, state, phase, limits)
        log.say(plan.root, f"[{plan.name}] {phase}: started")
        try:
            result = _played(plan, phase, run_id, limits)
        except KeyboardInterrupt:
            _interrupted(plan, phase)
            raise
        if not result.succeeded:
            _settle(plan, result)
        _end(plan, result, time.monotonic() - begun)
        return result


def _begin(plan: Plan, state: State, phase: str, limits: Limits) -> str:
    """Write down that the phase is at work; tell when an earlier run of it was killed."""
    run_id = uuid.uuid4().hex[:16]
    sweep(plan.directory)
    killed = state.active_step
    handoff.clear(plan.directory)
    overrides = dict(limits.overrides or {})
    spec = profiles.routing(plan.root, {**state.config, **overrides})[phase]
    attempt = int(killed["attempt"]) + 1 if killed and killed["step"] == phase else 1
    active = {
        "step": phase,
        "agent": str(spec),
        "mode": "fresh",
        "run_id": run_id,
        "started_at": clock.stamp(),
        "attempt": attempt,
        "pid": os.getpid(),
        "overrides": overrides,
    }
    store.update(plan.directory, lambda now: replace(now, active_step=active))
    if killed:
        told = {"step": killed["step"], "attempt": attempt, "reason": "the runner was killed"}
        events.append(plan.directory, "phase_retry", phase, told)
        log.say(plan.root, f"[{plan.name}] {phase}: its runner was killed; run again")
    events.append(plan.directory, "phase_start", phase, {"agent": str(spec), "run_id": run_id})
    return run_id


def _played(plan: Plan, phase: str, run_id: str, limits: Limits) -> PhaseResult:
    """Play the phase's playbook and return its hand-over, or what the report says instead."""
    try:
        trouble = _play(plan, phase, limits)
    except EngineError as error:
        trouble = str(error)
    except OSError as error:
        return handoff.failed(phase, run_id, of_system(error), raw_file="")
    found = handoff.read(plan.directory, phase, run_id)
    if found is not None:
        return found
    if not trouble:
        return PhaseResult(phase=phase, invocation_id=run_id)
    return handoff.failed(phase, run_id, HarnessError("internal_error", trouble), raw_file="")


def _play(plan: Plan, phase: str, limits: Limits) -> str:
    """Play the playbook of a phase; return what failed in it, or nothing."""
    from megaplan_cloud.engine.play import play  # loads the whole engine

    report = play(
        house() / "playbooks" / "phases" / f"{phase}.yml",
        variables={
            "plan": str(plan.directory),
            "phase_timeout": limits.timeout,
            "only_batch": limits.batch,
        },
        places={"controller": {}},
        actions=actions(),
    )
    if report.interrupted:
        raise KeyboardInterrupt
    if not report.failed:
        return ""
    return "; ".join(f"{task.name}: {task.reason}" for task in report.failures)


def actions() -> ActionTable:
    """Return the actions that the playbooks of phases may use."""
    return find_actions(*ACTIONS)


def _settle(plan: Plan, result: PhaseResult) -> None:
    """Write a failure into the plan's state; work that is not good enough blocks the plan."""
    blocked = result.exit_kind in ("blocked_by_quality", "blocked_by_prereq")
    told = {
        "kind": result.error,
        "message": result.message,
        "phase": result.phase,
        "recorded_at": clock.stamp(),
        "suggested_action": result.hint,
        "last_artifact": result.artifacts_written[0] if result.artifacts_written else "",
        "metadata": dict(result.details),
    }
    entry = {
        "step": result.phase,
        "result": "blocked" if blocked else "error",
        "message": result.message,
        "raw_output_file": told["last_artifact"],
    }

    def change(state: State) -> State:
        if workflow.is_terminal(state.current_state):
            return finished(state, entry)
        after = replace(
            finished(state, entry), latest_failure={**told, "state": state.current_state}
        )
        if not blocked or state.current_state == "blocked":
            return replace(after, resume_cursor=state.resume_cursor)
        return stopped(after, "block", result.phase)

    store.update(plan.directory, change)


def stopped(state: State, event: str, phase: str, strategy: str = "rerun_phase") -> State:
    """Return the state after `fail` or `block`, with the way back written down."""
    cursor = {"phase": phase, "retry_strategy": strategy, "state": state.current_state}
    return replace(workflow.transition(state, event), resume_cursor=cursor)


def _interrupted(plan: Plan, phase: str) -> None:
    """Write down that a person or the system ended us; the agent is ended already."""
    store.update(plan.directory, lambda now: replace(now, active_step=None))
    events.append(plan.directory, "phase_end", phase, {"exit_kind": "interrupted"})
    log.say(plan.root, f"[{plan.name}] {phase}: interrupted; run it again to go on")


def _end(plan: Plan, result: PhaseResult, seconds: float) -> None:
    ended = {"exit_kind": result.exit_kind, "duration_ms": round(seconds * 1000)}
    failed = {"error": result.error, "message": result.message} if result.error else {}
    events.append(plan.directory, "phase_end", result.phase, {**ended, **failed})
    state = store.read(plan.directory)
    if result.succeeded:
        if state.active_step:
            store.update(plan.directory, lambda now: replace(now, active_step=None))
        told = f"{result.phase}: done in {seconds:.1f} s, now {state.current_state}"
        log.say(plan.root, f"[{plan.name}] {told}")
        return
    for line in [f"failed: {result.message}", result.hint]:
        for part in line.splitlines():
            log.say(plan.root, f"[{plan.name}] {result.phase}: {part}")


def _require_playbook(phase: str, state: State) -> None:
    if not (house() / "playbooks" / "phases" / f"{phase}.yml").is_file():
        raise HarnessError(
            "unsupported_step",
            f"this version does not play the phase {phase!r} yet",
            hint=f"Levels that work: {', '.join(workflow.PLAYABLE)}",
            valid_next=workflow.valid_next(state),
        )
