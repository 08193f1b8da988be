"""Move the plan on: one write of its state, which makes the phase's files count.

- name: Move on
  transition:
    plan: "{{ plan }}"
    event: plan
    kept: "{{ kept }}"
    call: "{{ planner.call }}"
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import clock, events, handoff, step, store, workflow
from megaplan_cloud.harness.handoff import PhaseResult
from megaplan_cloud.harness.state import State

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Change the plan's state and hand over the phase's success."""
    kept = arguments["kept"]
    event = str(arguments["event"])
    entry = {
        "step": event,
        "result": "success",
        **arguments.get("call", {}),
        **kept["history"],
        "output_file": kept["files"][0],
    }

    def moved(state: State) -> State:
        after = workflow.transition(state, event, outcome=str(arguments.get("outcome", "none")))
        return finished(replace(after, **_tuples(kept["state"])), entry)

    def work(directory: Path, before: State) -> Mapping[str, Any]:
        after = store.update(directory, moved)
        states = {"from": before.current_state, "to": after.current_state}
        events.append(directory, "state_transition", event, states)
        handoff.write(
            directory,
            PhaseResult(
                phase=event,
                invocation_id=str((before.active_step or {}).get("run_id", "")),
                artifacts_written=tuple(kept["files"]),
                payload=kept["payload"],
            ),
        )
        return {"state": after.current_state}

    return step.take(arguments, work, check=context.check)


def finished(state: State, entry: Mapping[str, Any]) -> State:
    """Return the state after a phase: its entry in the history, nothing active, its cost added."""
    active = state.active_step or {}
    known = {key: active[key] for key in ("agent", "attempt") if key in active}
    if "started_at" in active:
        took = clock.now() - datetime.fromisoformat(active["started_at"])
        known["duration_ms"] = round(took.total_seconds() * 1000)
    spent = float(state.meta.get("total_cost_usd", 0.0)) + float(entry.get("cost_usd", 0.0))
    return replace(
        state,
        history=(*state.history, {"timestamp": clock.stamp(), **known, **entry}),
        meta={**state.meta, "total_cost_usd": spent},
        active_step=None,
        latest_failure=None,
        resume_cursor=None,
    )


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
