"""What carrying out the tasks promises."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.harness import batch, execution, repository, task_list
from megaplan_cloud.harness.errors import AgentError, HarnessError
from megaplan_cloud.harness.plan import Plan
from tests.support.harness import Project


def task(name: str, *needs: str) -> dict[str, Any]:
    """Return a task as the finalizer gives it."""
    return {
        "id": name,
        "description": f"do {name}",
        "depends_on": list(needs),
        "status": "pending",
        "executor_notes": "",
        "files_changed": [],
        "commands_run": [],
        "evidence_files": [],
        "reviewer_verdict": "",
    }


def tasks(*given: dict[str, Any]) -> dict[str, Any]:
    """Return the finalizer's answer with these tasks."""
    return {
        "tasks": list(given),
        "watch_items": [],
        "sense_checks": [],
        "meta_commentary": "",
        "validation": {},
    }


def update(name: str, *files: str, status: str = "done", notes: str = "") -> dict[str, Any]:
    """Return what the executor says of a task."""
    return {
        "task_id": name,
        "status": status,
        "executor_notes": notes,
        "files_changed": list(files),
        "commands_run": [],
    }


def answer(*updates: dict[str, Any]) -> dict[str, Any]:
    """Return the executor's answer with these updates."""
    return {"task_updates": list(updates), "sense_check_acknowledgments": []}


@pytest.fixture
def plan(project: Project) -> Plan:
    """Give a plan with the tasks A, then B and C, its execution begun."""
    made = project.plan(name="mine")
    given = tasks(task("A"), task("B", "A"), task("C", "A"))
    task_list.keep(made.directory, made.state(), given)
    execution.begin(made.directory, made.state())
    return made


def keep(plan: Plan, number: int, *updates: dict[str, Any]) -> None:
    """Keep an answer about a batch."""
    batch.keep(plan.directory, plan.state(), number, answer(*updates), {})


def statuses(plan: Plan) -> dict[str, str]:
    """Return how each task stands."""
    return {each["id"]: each["status"] for each in task_list.read(plan.directory)["tasks"]}


def test_batches_are_the_layers_of_what_depends_on_what() -> None:
    """The order within a layer is the list's own."""
    given = [task("D", "B", "C"), task("A"), task("C", "A"), task("B", "A")]

    assert task_list.layers(given) == [["A"], ["C", "B"], ["D"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (tasks(task("A"), task("A")), "A is used twice"),
        (tasks(task("A", "Z")), "A depends on Z, which is no task"),
        (tasks(task("A", "B"), task("B", "A")), "wait for each other: A, B"),
        (tasks(task("A", "A")), "wait for each other: A"),
    ],
)
def test_tasks_that_cannot_be_ordered_are_refused(
    project: Project, given: dict[str, Any], said: str
) -> None:
    """The message names the tasks."""
    plan = project.plan()

    with pytest.raises(AgentError, match=said) as caught:
        task_list.keep(plan.directory, plan.state(), given)

    assert caught.value.error == "invalid_finalize"


def test_what_is_done_is_not_done_again(plan: Plan, project: Project) -> None:
    """A second run begins with the first batch that is not done."""
    assert batch.waiting(plan.directory) == [1, 2]
    (project.path / "a.py").touch()
    keep(plan, 1, update("A", "a.py", status="completed"))

    assert statuses(plan) == {"A": "done", "B": "pending", "C": "pending"}
    assert batch.waiting(plan.directory) == [2]


def test_a_task_that_was_not_mentioned_blocks(plan: Plan) -> None:
    """What was done is kept all the same."""
    keep(plan, 1, update("A", "a.py"))

    with pytest.raises(AgentError, match="C was not mentioned") as caught:
        keep(plan, 2, update("B", "b.py"))

    assert caught.value.error == "blocked_by_quality"
    assert statuses(plan) == {"A": "done", "B": "done", "C": "pending"}


def test_a_task_without_a_trace_is_not_believed(plan: Plan) -> None:
    """Neither a file nor a command shows that it was done."""
    with pytest.raises(AgentError, match="A is called done, but nothing shows it"):
        keep(plan, 1, update("A"))


def test_a_change_that_nobody_claims_goes_to_the_task_that_claims_nothing(
    plan: Plan, project: Project
) -> None:
    """Bookkeeping alone blocks nobody: Git saw the work."""
    (project.path / "new.py").write_text("x = 1\n", encoding="utf-8")

    keep(plan, 1, update("A"))

    assert task_list.read(plan.directory)["tasks"][0]["files_changed"] == ["new.py"]


def test_what_is_missing_is_for_a_person(plan: Plan) -> None:
    """The reason is the executor's own."""
    with pytest.raises(AgentError, match="A: no key for the API") as caught:
        keep(plan, 1, update("A", status="blocked", notes="no key for the API"))

    assert caught.value.error == "blocked_by_prereq"
    assert caught.value.details["blocked_tasks"][0]["task_id"] == "A"


def test_updates_of_unknown_tasks_and_second_ones_are_dropped(plan: Plan) -> None:
    """The first word about a task counts; later batches may be told of early."""
    keep(plan, 1, update("A", "a.py"), update("A", status="skipped"), update("Z"), update("B", "b"))

    assert statuses(plan) == {"A": "done", "B": "done", "C": "pending"}


def test_work_that_was_not_good_is_done_again_with_the_last_batch(plan: Plan) -> None:
    """All tasks are done, but the command that decides has failed."""
    keep(plan, 1, update("A", "a.py"))
    keep(plan, 2, update("B", "b.py"), update("C", "c.py"))
    assert batch.waiting(plan.directory) == []

    document = {"verification": {"passed": False}}
    (plan.directory / execution.FILE).write_text(json.dumps(document), encoding="utf-8")

    assert batch.waiting(plan.directory) == [2]


def test_the_audit_holds_claims_against_facts(plan: Plan, project: Project) -> None:
    """It is advice: what leaves the project, what is not there, what nobody claims."""
    for name in ("a.py", "stray.py"):
        (project.path / name).touch()
    keep(plan, 1, update("A", "a.py", "gone.py", "../out.py", "/etc/passwd"))

    done = execution.finish(plan.directory, plan.state(), None)

    found = execution.read_audit(plan.directory)
    assert done["files_changed"] == ["a.py", "gone.py"]
    assert found["files_in_diff"] == ["a.py", "stray.py"]
    assert found["findings"] == [
        "../out.py is outside of the project and was not counted",
        "/etc/passwd is outside of the project and was not counted",
        "gone.py was claimed, but is not changed",
        "stray.py is changed, but nobody claimed it",
    ]


def test_a_new_list_of_tasks_keeps_what_was_claimed_before(plan: Plan) -> None:
    """The files were changed all the same, and will have to be committed."""
    keep(plan, 1, update("A", "a.py"))

    execution.forget(plan.directory)

    kept = plan.directory / "execution_batch_1_round_1.json"
    assert "a.py" in kept.read_text(encoding="utf-8")
    assert execution.batch_records(plan.directory, task_list.read(plan.directory)) == []


def test_dirt_from_before_is_no_change_of_the_plan(project: Project) -> None:
    """Unless the plan changes it again, or commits it."""
    git = ["git", "-C", str(project.path), "-c", "user.name=t", "-c", "user.email=t@t"]
    for name in ("old.py", "both.py", "kept.py"):
        (project.path / name).write_text("before\n", encoding="utf-8")
    subprocess.run([*git, "add", "kept.py"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "x"], check=True)
    before = repository.snapshot(project.path)
    assert before

    (project.path / "both.py").write_text("after\n", encoding="utf-8")
    (project.path / "ä b.py").write_text("new\n", encoding="utf-8")
    (project.path / "kept.py").write_text("committed\n", encoding="utf-8")
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "y"], check=True)

    assert repository.changed_since(project.path, before) == ["both.py", "kept.py", "ä b.py"]


def test_a_project_below_the_top_sees_its_own_paths(project: Project) -> None:
    """Paths count from the project's folder, and others are not seen."""
    below = project.path / "pkg"
    below.mkdir()
    before = repository.snapshot(below)
    assert before
    (below / "in.py").touch()
    (project.path / "out.py").touch()

    assert repository.changed_since(below, before) == ["in.py"]


def test_no_repository_is_no_reason_to_stop(tmp_path: Path) -> None:
    """There is nothing to compare with, and nobody is blamed."""
    assert repository.snapshot(tmp_path) is None


@pytest.mark.parametrize("claim", ["..", "a/../../x", "/etc/hosts", "", "link/x"])
def test_a_claim_never_leaves_the_project(project: Project, claim: str) -> None:
    """Neither by dots, nor by a whole path, nor through a link."""
    (project.path / "link").symlink_to("/tmp")

    assert repository.inside(project.path, [claim]) == ([], [claim])


def test_a_batch_cannot_be_skipped(plan: Plan) -> None:
    """Its turn comes when the ones before it are done."""
    with pytest.raises(HarnessError) as caught:
        batch.waiting(plan.directory, 2)

    assert caught.value.error == "batch_prerequisites"
