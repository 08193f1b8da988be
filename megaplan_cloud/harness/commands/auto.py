"""`megaplan auto`: drive a plan through its phases until it is done or needs a person."""

import argparse
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import auto
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.write import write_json

DEFAULTS = auto.Options()


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("auto", help="drive a plan until it is done")
    common.add_plan(parser)
    parser.add_argument(
        "--on-escalate", choices=("force-proceed", "abort", "fail"), default=DEFAULTS.on_escalate
    )
    parser.add_argument("--stall-threshold", type=int, default=DEFAULTS.stall_threshold)
    parser.add_argument("--max-iterations", type=int, default=DEFAULTS.max_iterations)
    parser.add_argument("--max-cost-usd", type=float, default=None)
    parser.add_argument("--max-context-retries", type=int, default=DEFAULTS.max_context_retries)
    parser.add_argument("--max-blocked-retries", type=int, default=DEFAULTS.max_blocked_retries)
    parser.add_argument("--poll-sleep", type=float, default=DEFAULTS.poll_sleep)
    parser.add_argument("--phase-timeout", type=float, default=DEFAULTS.phase_timeout)
    parser.add_argument("--resume", action="store_true", help="take up a plan that had stopped")
    parser.add_argument("--outcome-file", metavar="FILE", help="gets the outcome, too")
    # Of the drivers before this one, which asked for a status in a process of its own.
    parser.add_argument("--status-timeout", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--phase-idle-timeout", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--max-review-rework-cycles", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--max-add-note-attempts", type=int, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> Payload:
    """Drive the plan and give the outcome; the exit code is the outcome's."""
    options = _options(arguments)
    plan = common.plan_of(arguments)
    outcome = auto.drive(plan, options)
    document = outcome.document() | {"root": str(plan.root), "plan_dir": str(plan.directory)}
    if arguments.outcome_file:
        write_json(Path(arguments.outcome_file).absolute(), document)
    line = f"{plan.name}: {outcome.status}: {outcome.reason}"
    return Payload(document, outcome.exit_code, (line,))


def _options(arguments: argparse.Namespace) -> auto.Options:
    names = (
        "on_escalate",
        "stall_threshold",
        "max_iterations",
        "max_cost_usd",
        "max_context_retries",
        "max_blocked_retries",
        "poll_sleep",
        "phase_timeout",
        "resume",
    )
    values = {name: getattr(arguments, name) for name in names}
    for name, value in values.items():
        if isinstance(value, int | float) and value < 0:
            raise InputError("invalid_args", f"--{name.replace('_', '-')} cannot be negative")
    return auto.Options(**values)
