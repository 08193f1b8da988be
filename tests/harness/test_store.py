"""What the store of a plan's state promises."""

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from megaplan_cloud.harness import plan as plans
from megaplan_cloud.harness import store
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State
from tests.support.harness import Project


def counted(state: State) -> State:
    """Return the state with one more note."""
    return replace(state, meta={**state.meta, "notes": [*state.meta["notes"], "one"]})


def add_many(directory: Path) -> None:
    """Change the state twenty times."""
    for _ in range(20):
        store.update(directory, counted)


def test_writers_side_by_side_lose_nothing(project: Project) -> None:
    """Every change is made to the state as the one before left it."""
    plan = project.plan()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=add_many, args=(plan.directory,)) for _ in range(4)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert (len(plan.state().meta["notes"]), plan.state().revision) == (80, 80)


def test_a_change_that_came_too_late_is_refused(project: Project) -> None:
    """Whoever names the revision they saw cannot overwrite a later one."""
    plan = project.plan()
    store.update(plan.directory, counted)

    with pytest.raises(HarnessError) as caught:
        store.update(plan.directory, counted, revision=0)

    assert caught.value.error == "revision_conflict"
    assert len(plan.state().meta["notes"]) == 1


def test_a_change_that_raises_writes_nothing(project: Project) -> None:
    """The state on disk is the one before."""
    plan = project.plan()
    before = (plan.directory / store.STATE).read_bytes()

    def refuse(state: State) -> State:
        raise LookupError(state.name)

    with pytest.raises(LookupError, match=plan.name):
        store.update(plan.directory, refuse)

    assert before == (plan.directory / store.STATE).read_bytes()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"name": 3}', "\x00", '{"name": "x", "new_key": 1}']
)
def test_a_state_that_cannot_be_read_is_kept_and_refused(project: Project, text: str) -> None:
    """Nothing is begun anew over it, and the bad copy stays."""
    plan = project.plan()
    (plan.directory / store.STATE).write_text(text, encoding="utf-8")

    with pytest.raises(HarnessError) as caught:
        plan.state()

    assert caught.value.error == "unreadable_state"
    kept = Path(caught.value.details["kept"])
    assert text == kept.read_text(encoding="utf-8")
    assert text == (plan.directory / store.STATE).read_text(encoding="utf-8")


def test_a_list_with_one_unreadable_plan_shows_the_others(project: Project) -> None:
    """One bad file does not hide the rest."""
    good, bad = project.plan(name="good"), project.plan(name="bad")
    (bad.directory / store.STATE).write_text("{", encoding="utf-8")

    answer = project.megaplan("list")

    states = {row["name"]: row["state"] for row in answer.document["plans"]}
    assert states == {"good": "initialized", "bad": "unreadable"}
    assert good.name == plans.find(project.path, "good").name


def test_the_state_comes_back_as_it_was_written(project: Project) -> None:
    """What is read is equal to what was written, the order of keys too."""
    plan = project.plan()
    state = store.update(plan.directory, counted)

    document = json.loads((plan.directory / store.STATE).read_text(encoding="utf-8"))

    assert state == plan.state()
    assert list(state.document()) == list(document)


def test_names_made_in_the_same_minute_differ(project: Project) -> None:
    """A second plan for the same idea gets a suffix."""
    names = [plans.create(project.path, "Same idea").name for _ in range(3)]

    assert len(set(names)) == 3
    assert names[1] == f"{names[0]}-2"


def test_a_name_that_is_taken_is_refused(project: Project) -> None:
    """The plan that has it is not touched."""
    project.plan(name="mine")

    with pytest.raises(HarnessError) as caught:
        project.plan(name="mine")

    assert caught.value.error == "duplicate_plan"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "-x", "a b", "x" * 101, "ä", "a\n"])
def test_a_name_that_leaves_its_folder_is_refused(project: Project, name: str) -> None:
    """Neither a new plan nor a lookup follows it."""
    with pytest.raises(HarnessError) as made:
        plans.create(project.path, "idea", name)
    with pytest.raises(HarnessError) as found:
        plans.find(project.path, name)

    assert {"invalid_args"} == {made.value.error, found.value.error}


def test_plans_are_kept_out_of_git(project: Project) -> None:
    """A `.gitignore` of our own hides the whole folder."""
    project.plan()

    assert (project.path / ".megaplan" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_without_a_name_the_only_plan_at_work_is_meant(project: Project) -> None:
    """Several of them are ambiguous, and are named."""
    first = project.plan(name="first")
    assert first == plans.find(project.path)
    project.plan(name="second")

    with pytest.raises(HarnessError) as caught:
        plans.find(project.path)

    assert caught.value.error == "ambiguous_plan"
    assert caught.value.details["plans"] == ["first", "second"]


def test_a_plan_is_where_its_root_is(project: Project) -> None:
    """The plan is plain data: two that mean the same are equal."""
    plan = project.plan(name="mine")

    assert Plan(project.path, "mine") == plan
