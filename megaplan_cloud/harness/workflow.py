"""What a plan may do next: the table of `workflow.yml`, and the one function that moves a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.state import State

INITIAL = "initialized"
STAY = "stay"
CURSOR = "cursor"
# Levels whose phases all have their playbook.
PLAYABLE = ("bare", "light")


@dataclass(frozen=True, slots=True)
class Row:
    """One way from a state to another."""

    event: str
    sources: frozenset[str]
    target: str
    levels: frozenset[str] | None = None
    conditions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    offered: bool = True

    def fits(self, state: State, outcome: str) -> bool:
        """Return whether a plan in `state` may take this row when its phase came to `outcome`."""
        facts = {"gate": verdict(state), "outcome": outcome}
        return (
            state.current_state in self.sources
            and (self.levels is None or state.level in self.levels)
            and all(facts[name] in wanted for name, wanted in self.conditions.items())
        )


@dataclass(frozen=True, slots=True)
class Workflow:
    """The table, read: states by name to their kind, levels, rows in the order of the file."""

    kinds: Mapping[str, str]
    levels: Mapping[str, Mapping[str, Any]]
    rows: tuple[Row, ...]


@cache
def workflow() -> Workflow:
    """Return the table of `workflow.yml`, read once."""
    text = Path(__file__).with_name("workflow.yml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    return Workflow(
        kinds={name: state["kind"] for name, state in document["states"].items()},
        levels=document["levels"],
        rows=tuple(_row(row) for row in document["transitions"]),
    )


def transition(state: State, event: str, *, outcome: str = "none") -> State:
    """Return the state after `event`: the only function that changes `current_state`.

    `outcome` is what a phase came to, where the table asks for it (`proceed`, `rework` …).
    Raises HarnessError `invalid_transition`, which lists what is possible instead.
    """
    row = next((row for row in _rows(state, outcome) if row.event == event), None)
    if row is None:
        raise _refused(state, event)
    if row.target == STAY:
        return state
    if row.target != CURSOR:
        return replace(state, current_state=row.target)
    if state.resume_cursor is None:
        raise HarnessError(
            "missing_resume_cursor",
            f"{state.name} is {state.current_state}, but not where it stopped is written down",
            hint=f"Plan anew: megaplan override replan --plan {state.name}",
        )
    return replace(state, current_state=state.resume_cursor["state"], resume_cursor=None)


def check(state: State, event: str) -> None:
    """Refuse an event that the plan could not take now, before any work is done for it."""
    if not any(row.event == event for row in workflow().rows if _reachable(row, state)):
        raise _refused(state, event)


def valid_next(state: State) -> list[str]:
    """Return the events to choose from now, the most natural first; empty when all is over."""
    return list(dict.fromkeys(row.event for row in _rows(state, "none") if row.offered))


def next_step(state: State) -> str | None:
    """Return the first of `valid_next`, or None."""
    return next(iter(valid_next(state)), None)


def is_terminal(name: str) -> bool:
    """Return whether nothing follows the state called `name`."""
    return workflow().kinds[name] == "terminal"


def is_stopped(name: str) -> bool:
    """Return whether a person has to look before a plan in the state `name` goes on."""
    return workflow().kinds[name] == "stopped"


def verdict(state: State) -> str:
    """Return the gate's recommendation for the newest plan version, `none` without one."""
    return str(state.last_gate.get("recommendation", "none"))


def level_name(given: str) -> str:
    """Return the canonical name of a robustness level; older names are understood.

    Raises InputError `invalid_args` for others, and `unsupported_level` for levels whose phases
    this version cannot play yet.
    """
    for name, level in workflow().levels.items():
        if given == name or given in level["aliases"]:
            if name in PLAYABLE:
                return name
            raise InputError(
                "unsupported_level",
                f"the level {name!r} needs phases that this version does not play yet",
                hint="Use one of: " + ", ".join(PLAYABLE),
            )
    raise InputError(
        "invalid_args",
        f"there is no robustness level {given!r}",
        hint="Use one of: " + ", ".join(PLAYABLE),
    )


def _rows(state: State, outcome: str) -> list[Row]:
    return [row for row in workflow().rows if row.fits(state, outcome)]


def _reachable(row: Row, state: State) -> bool:
    outcomes = row.conditions.get("outcome", frozenset({"none"}))
    return any(row.fits(state, outcome) for outcome in outcomes)


def _refused(state: State, event: str) -> HarnessError:
    possible = valid_next(state)
    if event == "critique" and state.level == "bare":
        return HarnessError(
            "bare_skips_critique",
            f"{state.name} is a bare plan: it has no critique",
            valid_next=possible,
        )
    return HarnessError(
        "invalid_transition",
        f"{state.name} is {state.current_state}: {event} is not possible now",
        hint=f"Possible now: {', '.join(possible)}" if possible else "Nothing follows this state.",
        valid_next=possible,
    )


def _row(row: Mapping[str, Any]) -> Row:
    return Row(
        event=row["event"],
        sources=frozenset(row["from"]),
        target=row["to"],
        levels=frozenset(row["levels"]) if "levels" in row else None,
        conditions={name: frozenset(wanted) for name, wanted in row.get("when", {}).items()},
        offered=row.get("offer", True),
    )
