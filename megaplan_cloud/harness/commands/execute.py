"""`megaplan execute`: carry out the tasks, all of them or one batch."""

import argparse
from dataclasses import replace
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import phase_command, store, task_list
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.plan import Plan


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("execute", help="carry out the tasks")
    phase_command.add_arguments(parser)
    parser.add_argument(
        "--confirm-destructive", action="store_true", help="agents may change the project"
    )
    parser.add_argument(
        "--user-approved", action="store_true", help="a person has seen the tasks and agrees"
    )
    parser.add_argument("--batch", type=int, default=0, metavar="N", help="only batch N, from 1")
    parser.add_argument(
        "--retry-blocked-tasks", action="store_true", help="accepted; they are always tried again"
    )


def run(arguments: argparse.Namespace) -> Payload:
    """Carry out the tasks once a person has agreed to it, and tell what came of it."""
    plan = common.plan_of(arguments)
    _require_consent(plan, arguments)
    if arguments.batch < 0:
        raise InputError("batch_out_of_range", "batches are counted from 1")
    answer = phase_command.run(arguments, "execute", arguments.batch)
    if not arguments.batch:
        return answer
    return replace(answer, document=answer.document | _batches(plan, arguments.batch))


def _require_consent(plan: Plan, arguments: argparse.Namespace) -> None:
    if not arguments.confirm_destructive:
        raise InputError(
            "missing_confirmation",
            "execute lets agents change the project",
            hint="Say that this is meant: --confirm-destructive",
        )
    state = plan.state()
    approved = state.config.get("auto_approve") or state.meta.get("user_approved_gate")
    if not approved and not arguments.user_approved:
        raise InputError(
            "missing_approval",
            f"{plan.name} waits for a person to approve its tasks",
            hint=f"Read {plan.directory / 'final.md'}, then add --user-approved",
        )
    if arguments.user_approved and not state.meta.get("user_approved_gate"):
        store.update(
            plan.directory,
            lambda now: replace(now, meta={**now.meta, "user_approved_gate": True}),
        )


def _batches(plan: Plan, batch: int) -> dict[str, Any]:
    found = task_list.progress(plan.directory)
    left = found["batches_total"] - found["batches_completed"]
    guidance = f"Run --batch {batch + 1}" if left else "All batches are done"
    return {
        "batch": batch,
        "batches_total": found["batches_total"],
        "batches_remaining": left,
        "guidance": guidance,
    }
