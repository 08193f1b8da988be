"""Keep what the executor says of a batch; it is not believed without a trace of the work.

- name: Keep what was done
  keep_batch:
    plan: "{{ plan }}"
    batch: 1
    answer: "{{ executor.answer }}"
    call: "{{ executor.call }}"
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import batch, step
from megaplan_cloud.harness.state import State

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Bring the tasks up to date and keep the batch's record."""

    def work(directory: Path, state: State) -> Mapping[str, Any]:
        number = int(arguments["batch"])
        batch.keep(directory, state, number, arguments["answer"], arguments["call"])
        return {"batch": number}

    return step.take(arguments, work, check=context.check)
