"""`megaplan review`: review the work (not played yet)."""

import argparse
from typing import Any

from megaplan_cloud.harness import phase_command
from megaplan_cloud.harness.payload import Payload


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("review", help="review the work")
    phase_command.add_arguments(parser)


def run(arguments: argparse.Namespace) -> Payload:
    """Run the phase and tell what came of it."""
    return phase_command.run(arguments, "review")
