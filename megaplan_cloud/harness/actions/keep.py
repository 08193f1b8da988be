"""Keep what a phase's agent answered as the plan's own files.

- name: Keep the plan as its next version
  keep:
    plan: "{{ plan }}"
    phase: plan
    answer: "{{ planner.answer }}"
  register: kept
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import execution, flags, plan_version, step, task_list
from megaplan_cloud.harness.state import State

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Write the files and give what makes them count, for `transition`."""
    answer = arguments["answer"]

    def work(directory: Path, state: State) -> Mapping[str, Any]:
        match arguments["phase"]:
            case "plan":
                return plan_version.keep(directory, state, answer, "plan").document()
            case "revise":
                kept = plan_version.keep(directory, state, answer, "revise")
                addressed = kept.payload["flags_addressed"]
                remaining = flags.address(directory, addressed, kept.payload["iteration"])
                return {
                    **kept.document(),
                    "payload": {**kept.payload, "flags_remaining": remaining},
                }
            case "critique":
                return flags.keep(directory, state, answer).document()
            case _:
                execution.forget(directory)
                return task_list.keep(directory, state, answer).document()

    return step.take(arguments, work, check=context.check)
