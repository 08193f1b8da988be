"""The commands that run one phase by hand: `megaplan plan`, `megaplan critique` and so on."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import report, workflow
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.handoff import PhaseResult
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.phase import Limits, run_phase
from megaplan_cloud.harness.plan import Plan

# Sessions do not outlive a call here, so that these three ask for what already is.
SESSIONS = ("fresh", "persist", "ephemeral")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every phase takes."""
    common.add_plan(parser)
    common.add_routing(parser)
    parser.add_argument("--phase-timeout", type=float, default=0.0, metavar="SECONDS")
    for name in SESSIONS:
        parser.add_argument(
            f"--{name}", action="store_true", help="how the agent's session is kept"
        )


def run(arguments: argparse.Namespace, phase: str, batch: int = 0) -> Payload:
    """Run the phase and return its payload; a failed phase exits 1, with the true reason."""
    if sum(bool(getattr(arguments, name)) for name in SESSIONS) > 1:
        raise InputError("invalid_args", "--fresh, --persist and --ephemeral exclude each other")
    plan = common.plan_of(arguments)
    limits = Limits(
        timeout=arguments.phase_timeout, batch=batch, overrides=common.routing(arguments)
    )
    return payload(plan, run_phase(plan, phase, limits))


def payload(plan: Plan, result: PhaseResult) -> Payload:
    """Return what a phase handed over as the payload of its command."""
    state = plan.state()
    if not result.succeeded:
        raise refusal(plan, result)
    summary = f"{result.phase} is done: {plan.name} is {state.current_state}"
    document = report.head(plan, state, result.phase, summary) | {
        "artifacts": list(result.artifacts_written),
        **result.payload,
    }
    return Payload(document, lines=(summary,))


def refusal(plan: Plan, result: PhaseResult) -> HarnessError:
    """Return a failed phase as the error that its command answers with."""
    state = plan.state()
    details: dict[str, Any] = {
        **result.details,
        "phase": result.phase,
        "exit_kind": result.exit_kind,
        "state": state.current_state,
        "plan": plan.name,
    }
    if result.blocked_tasks:
        details["blocked_tasks"] = [dict(each) for each in result.blocked_tasks]
    return HarnessError(
        result.error,
        result.message,
        hint=result.hint,
        valid_next=workflow.valid_next(state),
        details=details,
    )
