"""`megaplan resume`: take up a plan that stopped, and run its next phase."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import override, phase_command, workflow
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.phase import Limits, run_phase


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("resume", help="take up a plan that stopped")
    common.add_plan(parser)
    common.add_routing(parser)
    parser.add_argument("--phase-timeout", type=float, default=0.0, metavar="SECONDS")


def run(arguments: argparse.Namespace) -> Payload:
    """Run the phase that the plan stopped in; a phase that fails again exits 1."""
    plan = common.plan_of(arguments)
    state = plan.state()
    if workflow.is_stopped(state.current_state):
        state = override.resume(plan)
    phase = workflow.next_step(state)
    if phase is None or phase.startswith("override"):
        raise HarnessError(
            "invalid_transition",
            f"{plan.name} is {state.current_state}: there is nothing to resume",
            valid_next=workflow.valid_next(state),
        )
    limits = Limits(timeout=arguments.phase_timeout, overrides=common.routing(arguments))
    answer = phase_command.payload(plan, run_phase(plan, phase, limits))
    document = answer.document | {"step": "resume", "phase": phase}
    return Payload(document | {"command": f"megaplan {phase} --plan {plan.name}"}, 0, answer.lines)
