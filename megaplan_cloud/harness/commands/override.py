"""`megaplan override`: abort, add-note, force-proceed, replan."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import override, plan_version, report
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("override", help="stop a plan, push it on, note something")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    helps = {
        "abort": "give the plan up",
        "force-proceed": "go on although something is not satisfied",
        "replan": "go back to the plan's text",
        "add-note": "tell every later prompt something",
    }
    for name, told in helps.items():
        action = actions.add_parser(name, help=told)
        common.add_plan(action)
        action.add_argument("--reason", default="", help="why; kept with the plan")
        action.add_argument("--note", default="", help="the note")
        if name == "add-note":
            action.add_argument("words", nargs="*", help="the note, if --note is left out")
            action.add_argument("--source", choices=("user", "driver"), default="user")
        if name == "force-proceed":
            action.add_argument("--user-approved", action="store_true")


def run(arguments: argparse.Namespace) -> Payload:
    """Do it and tell how the plan stands after it."""
    plan = common.plan_of(arguments)
    state = _do(plan, arguments)
    summary = f"{arguments.action}: {report.summary(plan, state)}"
    document = report.head(plan, state, f"override {arguments.action}", summary)
    if arguments.action == "replan":
        document["plan_file"] = str(plan.directory / plan_version.newest(state))
        document["message"] = "Edit the plan file, then run: megaplan critique"
    return Payload(document, lines=(summary,))


def _do(plan: Plan, arguments: argparse.Namespace) -> State:
    if arguments.action == "add-note":
        note = arguments.note or " ".join(arguments.words)
        return override.add_note(plan, note, arguments.source)
    if not arguments.reason.strip():
        raise InputError(
            "invalid_args",
            f"override {arguments.action} needs a reason",
            hint='Give it with --reason "…"; it is kept with the plan.',
        )
    match arguments.action:
        case "abort":
            return override.abort(plan, arguments.reason)
        case "force-proceed":
            return override.force_proceed(plan, arguments.reason)
        case _:
            return override.replan(plan, arguments.reason, arguments.note)
