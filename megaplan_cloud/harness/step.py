"""A step of a phase: how the harness's actions find their plan and hand over what goes wrong."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import handoff, store
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.state import State

Work = Callable[[Path, State], Mapping[str, Any]]


def take(arguments: Mapping[str, Any], work: Work, *, check: bool) -> Result:
    """Return what `work` came to; a refusal is handed over to the phase and fails the task.

    In check mode nothing is done: what an agent would answer cannot be known.
    """
    if check:
        return Result(changed=True, unknown="what the agent would answer")
    directory = Path(arguments["plan"])
    state = store.read(directory)
    try:
        values = work(directory, state)
    except HarnessError as error:
        active = state.active_step or {}
        raw = str(error.details.get("raw_file", ""))
        result = handoff.failed(
            str(active.get("step", "")), str(active.get("run_id", "")), error, raw_file=raw
        )
        handoff.write(directory, result)
        return Result(failed=True, msg=error.what, values={"error": error.error})
    return Result(changed=True, values=values)
