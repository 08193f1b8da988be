"""Changing the steps of a plan's text: sections `## Step N:`, numbered anew after each change."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from megaplan_cloud.harness import events, lock, plan_version, store, workflow
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.kept import Kept
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State

HEADING = re.compile(r"^(#{2,3}) Step (\d+):[ \t]*(.*)$", re.MULTILINE)
OTHER = re.compile(r"^#{1,2} (?!Step \d+:)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Add:
    """Add a step after step `after`; after the last one for 0."""

    text: str
    after: int = 0


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove step `which`."""

    which: int


@dataclass(frozen=True, slots=True)
class Move:
    """Put step `which` after step `after`; 0 puts it first."""

    which: int
    after: int


Edit = Add | Remove | Move


def number(text: str | None) -> int:
    """Return the number in `S3` or `3`; 0 for nothing. Raises InputError for anything else."""
    found = re.fullmatch(r"[Ss]?(\d{1,4})", text or "S0")
    if found is None:
        raise InputError("invalid_step_edit", f"{text!r} is no step", hint="Write S and a number.")
    return int(found[1])


def apply(plan: Plan, edit: Edit) -> Kept:
    """Write the changed text as a new version of the same number; the plan goes to `planned`.

    Raises HarnessError `missing_step` for a step that is not there.
    """
    with lock.held(plan.directory / store.PLAN_LOCK, purpose="megaplan step"):
        state = plan.state()
        workflow.check(state, "step")
        text = edited(plan_version.text(plan.directory, state), edit)
        told = {"action": type(edit).__name__.lower(), "action_summary": str(edit)}
        meta = plan_version.meta(plan.directory, state) | {"step_edit": told}
        kept = plan_version.store(
            plan.directory, state, text, meta, version=state.iteration, phase="step"
        )

        def change(now: State) -> State:
            after = workflow.transition(now, "step")
            versions = tuple(kept.state["plan_versions"])
            return replace(after, plan_versions=versions, last_gate={})

        moved = store.update(plan.directory, change)
    states = {"from": state.current_state, "to": moved.current_state}
    events.append(plan.directory, "state_transition", "step", states)
    return kept


def edited(text: str, edit: Edit) -> str:
    """Return the plan's text after an edit, its steps numbered from 1."""
    before, steps, after = split(text)
    match edit:
        case Add(words, place):
            _require(steps, place or len(steps))
            steps.insert(place or len(steps), scaffold(words))
        case Remove(which):
            _require(steps, which)
            if len(steps) == 1:
                raise HarnessError("invalid_step_edit", "the last step cannot be removed")
            del steps[which - 1]
        case Move(which, place):
            _require(steps, which)
            _require(steps, place or 1)
            moved = steps.pop(which - 1)
            steps.insert(place if place < which else place - 1, moved)
    numbered = [
        HEADING.sub(rf"\1 Step {place}: \3", step, count=1)
        for place, step in enumerate(steps, start=1)
    ]
    return before + "".join(numbered) + after


def split(text: str) -> tuple[str, list[str], str]:
    """Return what stands before the steps, each step with its heading, and what stands after."""
    starts = [found.start() for found in HEADING.finditer(text)]
    if not starts:
        raise HarnessError("structure_error", "the plan has no `## Step N:` heading")
    rest = OTHER.search(text, starts[-1])
    end = rest.start() if rest else len(text)
    bounds = [*starts, end]
    steps = [text[begin:stop] for begin, stop in pairwise(bounds)]
    return text[: starts[0]], steps, text[end:]


def scaffold(words: str) -> str:
    """Return the section of a new step, to be filled in."""
    return f"## Step 0: {words.strip()}\n\nScope: Small\n\n1. TODO\n\n"


def _require(steps: Sequence[str], which: int) -> None:
    if not 1 <= which <= len(steps):
        raise HarnessError(
            "missing_step", f"there is no step S{which}: they are S1 to S{len(steps)}"
        )
