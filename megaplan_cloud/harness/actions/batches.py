"""Sort the plan's tasks into batches, and tell which are still to be carried out.

- name: Sort the tasks into batches
  batches:
    plan: "{{ plan }}"
  register: batches
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import batch, execution, step
from megaplan_cloud.harness.state import State

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Give `waiting`: the batches' numbers, from 1, or the one asked for as `only`."""

    def work(directory: Path, state: State) -> Mapping[str, Any]:
        execution.begin(directory, state)
        return {"waiting": batch.waiting(directory, int(arguments.get("only", 0)))}

    return step.take(arguments, work, check=context.check)
