"""`megaplan audit`: everything that is written down about a plan."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import execution, report
from megaplan_cloud.harness.payload import Payload


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    common.add_plan(subparsers.add_parser("audit", help="show a plan's whole state"))


def run(arguments: argparse.Namespace) -> Payload:
    """Give the whole state, and the claims of the executor held against the repository."""
    plan = common.plan_of(arguments)
    state = plan.state()
    summary = report.summary(plan, state)
    document = {
        "success": True,
        "step": "audit",
        "plan": plan.name,
        "root": str(plan.root),
        "plan_dir": str(plan.directory),
        "summary": summary,
        "state": state.document(),
        "execution_audit": execution.read_audit(plan.directory),
        "artifacts": report.artifacts(plan),
    }
    return Payload(document, lines=(summary,))
