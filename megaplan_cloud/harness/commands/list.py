"""`megaplan list`: the plans of a project."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import plan, workflow
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.plan import Plan


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("list", help="list the plans")
    common.add_common(parser)
    parser.add_argument("--all", action="store_true", help="finished plans, too")
    parser.add_argument("--include-done", action="store_true", help="the same as --all")
    parser.add_argument("--status", metavar="STATE", help="only the plans in this state")


def run(arguments: argparse.Namespace) -> Payload:
    """List the plans at work; every one with `--all`. One that cannot be read is told, too."""
    root = common.root_of(arguments)
    rows = [_row(each) for each in plan.list_plans(root)]
    everything = arguments.all or arguments.include_done or arguments.status
    shown = [row for row in rows if everything or not row.pop("over")]
    if arguments.status:
        shown = [row for row in shown if row["state"] == arguments.status]
    for row in shown:
        row.pop("over", None)
    hidden = len(rows) - len(shown)
    hints = [f"{hidden} more: megaplan list --all"] if hidden else []
    lines = tuple(f"{row['name']}: {row['state']}" for row in shown)
    document = {
        "success": True,
        "step": "list",
        "root": str(root),
        "summary": f"{len(shown)} plans",
        "plans": shown,
        "hints": hints,
    }
    return Payload(document, lines=(*lines, *hints))


def _row(each: Plan) -> dict[str, Any]:
    try:
        state = each.state()
    except HarnessError as error:
        return {"name": each.name, "state": "unreadable", "message": error.what, "over": False}
    return {
        "name": each.name,
        "idea": state.idea,
        "state": state.current_state,
        "iteration": state.iteration,
        "next_step": workflow.next_step(state),
        "over": workflow.is_terminal(state.current_state),
    }
