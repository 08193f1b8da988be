"""`megaplan status`: where a plan stands, and what is possible next."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import plan, report
from megaplan_cloud.harness.payload import Payload

WAITING = frozenset({"awaiting_human_verify", "blocked", "failed", "paused", "tiebreaker_pending"})


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("status", help="tell where a plan stands")
    common.add_plan(parser)
    parser.add_argument(
        "--pending-human", action="store_true", help="only the plans that wait for a person"
    )


def run(arguments: argparse.Namespace) -> Payload:
    """Tell everything about one plan, or which plans wait for a person."""
    if arguments.pending_human:
        return _pending(arguments)
    document = report.status(common.plan_of(arguments))
    return Payload(document, lines=(document["summary"],))


def _pending(arguments: argparse.Namespace) -> Payload:
    plans = plan.list_plans(common.root_of(arguments))
    found = [
        {"name": each.name, "state": each.state().current_state}
        for each in plans
        if each.state().current_state in WAITING
    ]
    lines = tuple(f"{each['name']}: {each['state']}" for each in found)
    return Payload({"success": True, "step": "status", "plans": found}, lines=lines)
