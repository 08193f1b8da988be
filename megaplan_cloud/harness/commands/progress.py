"""`megaplan progress`: how many tasks and batches are done."""

import argparse
from typing import Any

from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness import report, task_list
from megaplan_cloud.harness.payload import Payload


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    common.add_plan(subparsers.add_parser("progress", help="count the tasks that are done"))


def run(arguments: argparse.Namespace) -> Payload:
    """Tell how many tasks and batches are done; zeros before there are any."""
    plan = common.plan_of(arguments)
    found = task_list.progress(plan.directory)
    summary = (
        f"{found['tasks_done']} of {found['tasks_total']} tasks are done, "
        f"{found['batches_completed']} of {found['batches_total']} batches"
    )
    return Payload(report.head(plan, plan.state(), "progress", summary) | found, lines=(summary,))
