"""`megaplan step`: add, remove or move a step of the plan's text."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import report, step_edit
from megaplan_cloud.harness.payload import Payload


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("step", help="change the steps of the plan's text")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    adding = actions.add_parser("add", help="add a step")
    adding.add_argument("text", help="what the step does")
    adding.add_argument("--after", metavar="S<N>", help="the step before it; the last, if left out")
    removing = actions.add_parser("remove", help="remove a step")
    removing.add_argument("which", metavar="S<N>")
    moving = actions.add_parser("move", help="move a step")
    moving.add_argument("which", metavar="S<N>")
    moving.add_argument("--after", metavar="S<N>", required=True)
    for each in (adding, removing, moving):
        common.add_plan(each)


def run(arguments: argparse.Namespace) -> Payload:
    """Write the changed text as a new version of the plan, which goes back to `planned`."""
    plan = common.plan_of(arguments)
    edit: step_edit.Edit
    match arguments.action:
        case "add":
            edit = step_edit.Add(arguments.text, step_edit.number(arguments.after))
        case "remove":
            edit = step_edit.Remove(step_edit.number(arguments.which))
        case _:
            edit = step_edit.Move(
                step_edit.number(arguments.which), step_edit.number(arguments.after)
            )
    kept = step_edit.apply(plan, edit)
    summary = f"step {arguments.action}: {kept.files[0]}"
    document = report.head(plan, plan.state(), f"step {arguments.action}", summary)
    return Payload(document | {"artifacts": list(kept.files)}, lines=(summary,))
