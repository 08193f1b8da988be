"""`megaplan revise`: ask the planner to answer the critique."""

import argparse
from typing import Any

from megaplan_cloud.harness import phase_command
from megaplan_cloud.harness.payload import Payload


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("revise", help="answer the critique")
    phase_command.add_arguments(parser)


def run(arguments: argparse.Namespace) -> Payload:
    """Run the phase and tell what came of it."""
    return phase_command.run(arguments, "revise")
