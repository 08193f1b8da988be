"""`megaplan init`: begin a plan for an idea."""

import argparse
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import auto, plan, report, workflow
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.payload import Payload

MODES = ("code",)


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("init", help="begin a plan for an idea")
    common.add_common(parser)
    common.add_routing(parser)
    parser.add_argument("idea", nargs="?", help="what is to be done")
    parser.add_argument("--idea-file", metavar="FILE", help="a file with the idea")
    parser.add_argument("--name", help="the plan's name; made of the idea, if left out")
    parser.add_argument("--robustness", metavar="LEVEL", help="bare or light")
    parser.add_argument("--auto-approve", action="store_true", default=None)
    parser.add_argument("--auto-start", action="store_true", help="drive the plan at once")
    parser.add_argument("--mode", default="code", help="code")
    parser.add_argument("--test-command", metavar="COMMAND", help="decides if the work is good")
    parser.add_argument("--with-prep", action="store_true", default=None)
    parser.add_argument("--with-feedback", action="store_true", default=None)
    parser.add_argument("--prep-direction", metavar="TEXT")


def run(arguments: argparse.Namespace) -> Payload:
    """Begin the plan and tell its name; drive it, too, with `--auto-start`."""
    idea = _idea(arguments)
    if arguments.mode not in MODES:
        raise InputError(
            "unsupported_mode",
            f"this version has no mode {arguments.mode!r}",
            hint=f"Use one of: {', '.join(MODES)}",
        )
    if arguments.with_prep or arguments.with_feedback:
        raise InputError(
            "unsupported_step",
            "this version does not play the phases prep and feedback yet",
            hint="Leave out --with-prep and --with-feedback.",
        )
    made = plan.create(common.root_of(arguments), idea, arguments.name, config=_config(arguments))
    state = made.state()
    summary = f"{made.name} is begun; next: megaplan {workflow.next_step(state)}"
    document = report.head(made, state, "init", summary) | {
        "artifacts": ["state.json"],
        "auto_approve": state.config["auto_approve"],
        "robustness": state.level,
        "mode": state.config["mode"],
    }
    if not arguments.auto_start:
        return Payload(document, lines=(summary,))
    outcome = auto.drive(made)
    return Payload(document | {"auto_outcome": outcome.document()}, outcome.exit_code, (summary,))


def _idea(arguments: argparse.Namespace) -> str:
    if (arguments.idea is None) == (arguments.idea_file is None):
        raise InputError(
            "invalid_args",
            "give the idea, or --idea-file, and not both",
            hint='megaplan init "Add a health check"',
        )
    if arguments.idea is not None:
        return str(arguments.idea)
    return common.file_text(arguments.idea_file, "the idea file")


def _config(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {
        "project_dir": str(Path(arguments.project_dir).resolve()) if arguments.project_dir else "",
        "robustness": arguments.robustness,
        "auto_approve": arguments.auto_approve,
        "test_command": arguments.test_command,
        "prep_direction": arguments.prep_direction,
        **common.routing(arguments),
    }
    return {name: value for name, value in given.items() if value not in (None, "")}
