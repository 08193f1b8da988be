"""What the table of states and transitions promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.engine import source
from megaplan_cloud.engine.schema import check
from megaplan_cloud.harness import workflow
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.state import State
from megaplan_cloud.house import house

TABLE = Path(workflow.__file__).with_name("workflow.yml")
LEVELS = ("bare", "light", "full", "thorough", "extreme")
GATES = ("none", "PROCEED", "ITERATE", "ESCALATE")


def state(name: str, level: str = "light", gate: str = "none", **more: Any) -> State:
    """Return a plan's state."""
    return State(
        name="p",
        idea="i",
        current_state=name,
        created_at="",
        config={"robustness": level},
        last_gate={} if gate == "none" else {"recommendation": gate},
        resume_cursor={"phase": "plan", "retry_strategy": "rerun_phase", "state": "planned"},
        **more,
    )


def reachable(level: str) -> Iterator[State]:
    """Yield every state that a plan of a level can come to, with each verdict of a gate."""
    seen: set[tuple[str, str]] = set()
    waiting = [state(workflow.INITIAL, level)]
    while waiting:
        current = waiting.pop()
        key = (current.current_state, workflow.verdict(current))
        if key in seen:
            continue
        seen.add(key)
        yield current
        for row in workflow.workflow().rows:
            for outcome in row.conditions.get("outcome", {"none"}):
                if row.fits(current, outcome):
                    after = workflow.transition(current, row.event, outcome=outcome)
                    gates = GATES if row.event == "gate" else ("none",)
                    waiting += [state(after.current_state, level, gate) for gate in gates]


def test_the_table_obeys_its_schema() -> None:
    """Every row names known states, levels and verdicts."""
    assert check(source.load(TABLE), "workflow") == []
    known, levels = workflow.workflow().kinds, workflow.workflow().levels
    for row in workflow.workflow().rows:
        assert row.sources <= known.keys(), row
        assert row.target in {*known, workflow.STAY, workflow.CURSOR}, row
        assert row.levels is None or row.levels <= levels.keys(), row


@pytest.mark.parametrize("level", LEVELS)
def test_every_state_leads_on_or_is_terminal(level: str) -> None:
    """Nobody is ever left with a plan that nothing can be done about."""
    for current in reachable(level):
        ended = workflow.is_terminal(current.current_state)
        assert ended == (workflow.valid_next(current) == []), current


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_offered_can_be_taken(level: str) -> None:
    """`valid_next` lists nothing that `transition` refuses."""
    for current in reachable(level):
        for event in workflow.valid_next(current):
            workflow.check(current, event)
            outcomes = {
                outcome
                for row in workflow.workflow().rows
                if row.event == event
                for outcome in row.conditions.get("outcome", {"none"})
            }
            assert any(
                workflow.transition(current, event, outcome=outcome)
                for outcome in outcomes
                if any(
                    row.event == event and row.fits(current, outcome)
                    for row in workflow.workflow().rows
                )
            )


@pytest.mark.parametrize("level", workflow.PLAYABLE)
def test_the_natural_way_goes_through_the_levels_steps(level: str) -> None:
    """Following `next_step` visits the phases in the order that the level lists."""
    current, taken = state(workflow.INITIAL, level), []
    while (step := workflow.next_step(current)) is not None:
        taken.append(step)
        current = workflow.transition(current, step)

    assert taken == workflow.workflow().levels[level]["steps"]
    assert current.current_state == "done"


@pytest.mark.parametrize("event", ["override abort", "plan", "execute", "resume", "fail", "block"])
def test_done_stays_done(event: str) -> None:
    """No event brings a finished plan to another state."""
    with pytest.raises(HarnessError) as caught:
        workflow.transition(state("done"), event)

    assert caught.value.error == "invalid_transition"
    assert caught.value.valid_next == ()


def test_every_phase_of_a_playable_level_has_all_its_parts() -> None:
    """A playbook, a prompt and a schema: a level is playable or it is refused."""
    phases = {
        step for level in workflow.PLAYABLE for step in workflow.workflow().levels[level]["steps"]
    }
    for phase in phases:
        for path in (
            f"playbooks/phases/{phase}.yml",
            f"templates/prompts/{phase}.md.j2",
            f"schemas/phases/{phase}.schema.json",
        ):
            assert (house() / path).is_file(), path


def test_levels_without_all_phases_are_refused_with_those_that_work() -> None:
    """The error names the levels to use; older names are understood."""
    assert workflow.level_name("tiny") == "bare"
    for name in ("full", "standard", "thorough", "robust", "extreme", "superrobust"):
        with pytest.raises(InputError, match="does not play yet") as caught:
            workflow.level_name(name)
        assert (
            caught.value.error,
            caught.value.hint,
        ) == ("unsupported_level", "Use one of: bare, light")


def test_a_critique_of_a_bare_plan_says_why_not() -> None:
    """It has a code of its own, because drivers ask for it."""
    with pytest.raises(HarnessError) as caught:
        workflow.transition(state("planned", "bare"), "critique")

    assert caught.value.error == "bare_skips_critique"


@given(
    st.sampled_from(sorted(workflow.workflow().kinds)),
    st.sampled_from(LEVELS),
    st.sampled_from(GATES),
    st.lists(st.sampled_from([row.event for row in workflow.workflow().rows]), max_size=30),
)
def test_no_sequence_of_events_leaves_the_table(
    name: str, level: str, gate: str, events: list[str]
) -> None:
    """Any event either moves to a known state or is refused with what is possible."""
    current = state(name, level, gate)
    for event in events:
        try:
            current = workflow.transition(current, event)
        except HarnessError as refused:
            listed = refused.valid_next
        else:
            listed = tuple(workflow.valid_next(current))
        assert listed == tuple(workflow.valid_next(current))
        assert current.current_state in workflow.workflow().kinds
