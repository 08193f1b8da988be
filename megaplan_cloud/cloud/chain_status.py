"""The status of a chain from outside: our own look and the harness's word, in one payload."""

import json
from collections.abc import Mapping
from typing import Any

from megaplan_cloud.cloud import summary as summaries
from megaplan_cloud.cloud.effective_status import (
    ChainFacts,
    Effective,
    Runner,
    Status,
    effective_status,
)
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.whereabouts import Whereabouts

HUMAN_KINDS = frozenset(
    {"human_required", "blocked_by_prereq", "awaiting_human", "missing_approval"}
)
QUALITY_KINDS = frozenset({"blocked_by_quality", "execution_blocked", "worker_blocked"})
QUOTA_KINDS = frozenset({"quota_exceeded", "rate_limit", "insufficient_quota"})
NO_REVIEW = {"clean_milestone_pr": "auto"}


def payload(seen: Mapping[str, Any], where: Whereabouts, settings: Settings) -> dict[str, Any]:
    """Return the document of `invoke status --chain` (schemas/status_chain.schema.json).

    `seen` is what playbooks/chain_status.yml emitted. An absent state is a state: that of a chain
    which has not begun.
    """
    look, said = seen["look"], _document(seen["chain"].get("stdout"))
    state = dict(look.get("state") or said.get("chain_state") or {})
    plan = _plan_status(look, seen.get("plan") or {})
    runner = _runner(look, said, where)
    policy = said.get("policy") or _policy()
    shown = said.get("summary") or summaries.summary(_marked(where, policy), state)
    facts = chain_facts(shown, state, plan, runner["status"], present=look.get("state") is not None)
    effective = effective_status(facts)
    return {
        "success": True,
        "spec": where.target.spec,
        "milestone_count": len(shown["per_milestone"]),
        "seed_plan": shown.get("seed_plan"),
        "state_path": look["state_path"],
        "state_present": look.get("state") is not None,
        "chain_state": state,
        "summary": shown,
        "effective_status": str(effective.status),
        "reason": effective.reason,
        "next": next_step(effective, state),
        "failure": state.get("failure"),
        "policy": policy,
        "sync": summaries.sync(state),
        "plan_status": plan,
        "runner": runner,
        "logs": _logs(look, where),
        "pr": _pull_request(state),
        "provider_consistency": _consistency(where, settings),
        "human_verification": {"status": "unavailable", "reason": "nobody asked"},
        "resolved_workspace": where.target.workspace,
        "resolved_session": where.target.session,
        "resolved_context": {"source": where.source},
        "problems": _problems(look, said, seen["chain"]),
    }


def chain_facts(
    shown: Mapping[str, Any],
    state: Mapping[str, Any],
    plan: Mapping[str, Any],
    runner: Runner,
    *,
    present: bool,
) -> ChainFacts:
    """Return the facts that decide the effective status, taken from what was seen."""
    failure = dict(state.get("failure") or plan.get("latest_failure") or {})
    kinds = {str(failure.get("kind") or ""), str(failure.get("status") or "")}
    policy = dict(shown.get("policy") or {})
    return ChainFacts(
        milestone_count=len(shown["per_milestone"]),
        index=int(state.get("current_milestone_index", -1)),
        state_present=present,
        last_state=str(state.get("last_state") or ""),
        pr_state=str(state.get("pr_state") or ""),
        plan_state=str(plan.get("state") or ""),
        active_step=str((plan.get("active_step") or {}).get("step") or ""),
        runner=runner,
        prerequisite_unmet=not kinds.isdisjoint(HUMAN_KINDS),
        quality_failing=not kinds.isdisjoint(QUALITY_KINDS)
        and policy.get("validation_policy") == "required",
        quota_waiting=not kinds.isdisjoint(QUOTA_KINDS),
        failed=bool(state.get("failure")),
    )


def next_step(effective: Effective, state: Mapping[str, Any]) -> str:
    """Return what a person can do now; nothing when there is nothing to do."""
    failure = dict(state.get("failure") or {})
    match effective.status:
        case Status.COMPLETE | Status.RUNNING:
            return ""
        case Status.STALE_BOOKKEEPING:
            return "Run the same `invoke chain` again: it goes on from where it stands."
        case Status.AWAITING_PR_MERGE:
            return "Review and merge the pull request; then run the same `invoke chain` again."
        case Status.PR_CLOSED:
            return "Reopen the pull request, or take the milestone out of the spec."
        case _:
            return str(failure.get("what_now") or "Look at `invoke logs --chain --no-follow`.")


def lines(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the block that a person reads on stderr."""
    block = [f"Status: {document['effective_status']} ({document['reason']})"]
    block += summaries.lines(document["summary"])
    failure = document["failure"]
    if failure:
        phase = f" in {failure['phase']}" if failure.get("phase") else ""
        block.append(f"Failed: {failure.get('label')}{phase}: {failure.get('reason')}")
    if document["next"]:
        block.append(f"What now: {document['next']}")
    return (*block, *(f"Problem: {problem}" for problem in document["problems"]))


def _runner(look: Mapping[str, Any], said: Mapping[str, Any], where: Whereabouts) -> dict[str, Any]:
    """Return whether the runner lives: dead only when tmux and the chain's lock both say so."""
    session = str(look["runner"])
    holder = dict(said.get("runner") or {})
    status = "alive" if holder.get("status") == "alive" else session
    found = {"status": status, "session": where.target.session, "detail": f"tmux: {session}"}
    ended = look.get("exit")
    return {**found, "exit": ended} if ended and status == "dead" else found


def _plan_status(look: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    plan = look.get("plan")
    if not plan:
        return {"status": "missing", "reason": "no current plan"}
    said = _document(asked.get("stdout"))
    if said.get("success"):
        return said
    if plan.get("state"):
        return dict(plan)
    return {"status": "unavailable", "reason": str(said.get("message") or "no state was read")}


def _logs(look: Mapping[str, Any], where: Whereabouts) -> dict[str, Any]:
    workspace = where.target.workspace
    return {
        "workspace": workspace,
        "plan_log": f"{workspace}/.megaplan/logs/latest.log",
        "agent_log": f"{workspace}/agent.log",
        "chain_log": dict(look["log"]),
    }


def _pull_request(state: Mapping[str, Any]) -> dict[str, Any]:
    if not state.get("pr_number"):
        return {"status": "none"}
    return {key: state.get(key) for key in ("pr_number", "pr_state", "pr_head")}


def _consistency(where: Whereabouts, settings: Settings) -> dict[str, Any]:
    """Return whether the chain was started with the provider that cloud.yaml names now."""
    then, now = where.marker.get("provider_identity"), settings["box.identity"]
    if not then:
        return {"status": "unknown"}
    same = then == now and where.marker.get("provider") == settings.provider.name
    return {"status": "consistent"} if same else {"status": "mismatch", "then": then, "now": now}


def _problems(
    look: Mapping[str, Any], said: Mapping[str, Any], asked: Mapping[str, Any]
) -> list[str]:
    """Return what is wrong around the chain: places that are gone, files that cannot be read."""
    found = [str(look["state_problem"])] if look.get("state_problem") else []
    if not look["workspace_present"]:
        found.append("workspace_missing: the checkout of the chain is gone")
    if not look["spec_present"]:
        found.append("spec_missing: the chain spec is gone from the box")
    elif not said:
        found.append(f"the harness did not answer (exit code {asked.get('rc')})")
    return found + [str(each.get("message")) for each in said.get("problems") or []]


def _marked(where: Whereabouts, policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the marker knows of the spec, for a harness that cannot be asked."""
    marker = where.marker
    return {
        "labels": list(marker.get("labels") or []),
        "base_branch": marker.get("base_branch"),
        "policy": policy,
    }


def _policy() -> dict[str, Any]:
    none = {"prerequisite_policy": "none", "validation_policy": "none"}
    return {**none, "review_policy": NO_REVIEW, "source": "chain_yaml"}


def _document(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
