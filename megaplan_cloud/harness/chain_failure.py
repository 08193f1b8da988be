"""A milestone that did not get done: what is tried next, and what a person is told."""

from collections.abc import Mapping
from typing import Any

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.harness import clock, milestone, worktree
from megaplan_cloud.harness.auto import Outcome
from megaplan_cloud.harness.chain_end import Ended, complete
from megaplan_cloud.harness.chain_policy import Decision, Failure, decide
from megaplan_cloud.harness.chain_run import Run
from megaplan_cloud.harness.chain_spec import Milestone
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.plan import Plan

FOR_PEOPLE = frozenset(
    {"awaiting_human", "human_required", "paused", "tiebreaker_pending", "tiebreaker_ready"}
)
GIVEN_UP = frozenset({"aborted", "escalated"})


def failed(run: Run, each: Milestone, outcome: Outcome) -> Ended | None:
    """Do what the policy says about a plan that did not get done; None when the chain goes on."""
    state = run.file.state
    attempt = state.retry_counts.get(each.label, 0) + 1
    failure = {
        "label": each.label,
        "index": state.current_milestone_index,
        "plan": outcome.plan,
        "phase": outcome.last_phase,
        "status": outcome.status,
        "kind": outcome.kind or outcome.status,
        "reason": outcome.reason,
        "blocking_reasons": list(outcome.blocking_reasons),
        "attempt": attempt,
        "at": clock.stamp(),
        "what_now": _what_now(run, each, outcome.plan),
    }
    if outcome.status in FOR_PEOPLE:
        return _end(run, failure, "awaiting_human", "a person is needed")
    decision = _decision(run, each, outcome)
    if decision.action == "stop_chain":
        return _end(run, failure, "stopped", decision.reason)
    run.log(f"{_said(failure).splitlines()[0]}")
    _leave(run, each, f"{each.label}/{attempt}")
    if decision.action == "skip_milestone":
        complete(run, each, outcome.status)
        return None
    _again(run, each, decision, failure)
    return None


def broken(run: Run, each: Milestone, error: EngineError) -> Ended:
    """Stop the chain at a fault of its surroundings, which no policy is about: Git, disk, locks."""
    failure = {
        "label": each.label,
        "index": run.file.state.current_milestone_index,
        "plan": run.file.state.current_plan_name,
        "phase": "",
        "status": "failed",
        "kind": error.error if isinstance(error, HarnessError) else error.code,
        "reason": error.what,
        "blocking_reasons": [],
        "attempt": run.file.state.retry_counts.get(each.label, 0) + 1,
        "at": clock.stamp(),
        "what_now": error.hint or _what_now(run, each, run.file.state.current_plan_name or ""),
    }
    return _end(run, failure, "stopped", "no policy is about that")


def _end(run: Run, failure: dict[str, Any], status: str, why: str) -> Ended:
    run.file.update(failure=failure, last_state=failure["status"])
    said = _said(failure)
    run.log(said.splitlines()[0])
    run.log(f"the chain ends here: {why}")
    run.log(f"what now: {failure['what_now']}")
    return Ended(status, f"{failure['label']} {said}", failure)


def _said(failure: Mapping[str, Any]) -> str:
    """Return what happened, as the end of a sentence that begins with the milestone."""
    verb = "waits" if failure["status"] in FOR_PEOPLE else "failed"
    phase = f" in {failure['phase']}" if failure["phase"] else ""
    return f"{verb}{phase} ({failure['kind']}): {failure['reason']}"


def _decision(run: Run, each: Milestone, outcome: Outcome) -> Decision:
    state, spec = run.file.state, run.spec
    policy = spec.on_escalate if outcome.status in GIVEN_UP else spec.on_failure
    plan = Plan(run.root, state.current_plan_name or outcome.plan).state()
    return decide(
        policy,
        Failure(
            kind=outcome.kind or outcome.status,
            retries=state.retry_counts.get(each.label, 0),
            bumped=bool(milestone.bumps(run, each.label)),
            profile=plan.config.get("profile"),
            robustness=plan.level,
        ),
    )


def _again(run: Run, each: Milestone, decision: Decision, failure: dict[str, Any]) -> None:
    """Write down the next try: another plan, unless the same one is to be taken up."""
    state, label = run.file.state, each.label
    changes: dict[str, Any] = {
        "failure": failure,
        "last_state": failure["status"],
        "ladder_stage": {**state.ladder_stage, label: decision.stage},
    }
    if decision.stage == "retry":
        changes["retry_counts"] = {**state.retry_counts, label: failure["attempt"]}
    if decision.profile:
        changes["profile_bumps"] = {**state.profile_bumps, label: decision.profile}
    if decision.robustness:
        changes["robustness_bumps"] = {**state.robustness_bumps, label: decision.robustness}
    if decision.action == "retry_milestone":
        changes["current_plan_name"] = None
    run.file.update(**changes)
    run.log(f"{decision.action}: {decision.reason}")


def _leave(run: Run, each: Milestone, name: str) -> None:
    """Put the failed try's uncommitted work aside, so that the next thing begins clean."""
    tree = milestone.tree_of(run, each)
    if tree is None or not tree.path.exists():
        return
    kept = worktree.set_aside(tree, f"tries/{worktree.safe(name)}")
    if kept:
        run.log(f"its unfinished work is kept as {kept}")


def _what_now(run: Run, each: Milestone, plan: str) -> str:
    tree = milestone.tree_of(run, each)
    work = f" and at the work in {tree.path}" if tree is not None else ""
    look = f"Look at `megaplan status --plan {plan}`{work}" if plan else f"Look at the log{work}"
    return (
        f"{look}. Then start the chain again (megaplan chain --spec {run.spec.path}): it takes "
        f"{each.label} up where it stopped; an edited idea gets a new plan."
    )
