"""Ask the agent of a phase, and keep its answer only if it obeys the phase's schema.

- name: Ask the planner for a plan
  agent:
    plan: "{{ plan }}"
    phase: plan
  register: planner
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import call, step
from megaplan_cloud.harness.config import user_config
from megaplan_cloud.harness.state import State

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Give `answer`, as the agent gave it, and `call`: who answered, how long it took."""
    phase = str(arguments["phase"])

    def work(directory: Path, state: State) -> Mapping[str, Any]:
        asked = float(arguments.get("timeout", 0.0))
        question = call.Call(
            directory=directory,
            state=state,
            phase=phase,
            batch=int(arguments.get("batch", 0)),
            timeout=call.limit(phase, asked, user_config()),
        )
        answer, facts = call.ask(question, call.spec_for(question, directory.parents[2]))
        return {"answer": answer, "call": facts}

    return step.take(arguments, work, check=context.check)
