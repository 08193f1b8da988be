"""`megaplan auto`: drive a plan through its phases until it is done or needs a person."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import auto
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.write import write_json

DEFAULTS = auto.Options()
# Flags of other drivers, with the reason why they change nothing here.
WITHOUT_EFFECT: Mapping[str, str] = {
    "--status-timeout": "the status is read, not asked of another process",
    "--phase-idle-timeout": "a silent agent may be thinking; --phase-timeout ends it",
    "--max-review-rework-cycles": "no level that works here has a review",
    "--max-add-note-attempts": "no level that works here has a gate",
}


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
    for flag in WITHOUT_EFFECT:
        parser.add_argument(flag, type=float, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> Payload:
    """Drive the plan and give the outcome; the exit code is the outcome's."""
    options = _options(arguments)
    plan = common.plan_of(arguments)
    outcome = auto.drive(plan, options)
    document = outcome.document() | {"root": str(plan.root), "plan_dir": str(plan.directory)}
    warnings = [f"{flag} has no effect: {why}" for flag, why in _ignored(arguments)]
    if warnings:
        document["warnings"] = warnings
    if arguments.outcome_file:
        write_json(Path(arguments.outcome_file).absolute(), document)
    line = f"{plan.name}: {outcome.status}: {outcome.reason}"
    return Payload(document, outcome.exit_code, (line,))


def _ignored(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield the flags that were given and change nothing, each with its reason."""
    for flag, why in WITHOUT_EFFECT.items():
        if getattr(arguments, flag.lstrip("-").replace("-", "_")) is not None:
            yield flag, why


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
