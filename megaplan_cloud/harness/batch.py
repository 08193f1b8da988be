"""A batch of tasks: which are still waiting, and what the executor says of one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import execution, task_list
from megaplan_cloud.harness.errors import AgentError, HarnessError
from megaplan_cloud.harness.execution import changed_paths, union
from megaplan_cloud.harness.kept import keep_json
from megaplan_cloud.harness.state import State


def waiting(directory: Path, only: int = 0) -> list[int]:
    """Return the numbers, from 1, of the batches that still have something to do.

    When every task is done but the work was not good, the last batch is carried out again. With
    `only`, that one batch; HarnessError when it does not exist or an earlier one is not done.
    """
    document = task_list.read(directory)
    status = {task["id"]: task["status"] for task in document["tasks"]}
    batches = task_list.layers(document["tasks"])
    left = [
        number
        for number, batch in enumerate(batches, start=1)
        if any(status[name] not in task_list.ENDED for name in batch)
    ]
    if only:
        _check_batch(only, len(batches), left)
        return [only]
    if left or execution.read(directory).get("verification", {}).get("passed", True):
        return left
    return [len(batches)]


def tasks_of(directory: Path, number: int) -> list[dict[str, Any]]:
    """Return the tasks of a batch."""
    tasks = task_list.read(directory)["tasks"]
    names = task_list.layers(tasks)[number - 1]
    return [task for task in tasks if task["id"] in names]


def keep(
    directory: Path, state: State, number: int, answer: Mapping[str, Any], call: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep what the executor says of a batch and return the batch's record.

    Updates of any known task count. AgentError `blocked_by_quality` when a task of the batch has
    no update, or is called done while nothing shows it; `blocked_by_prereq` when the executor
    says that something is missing. What was done is kept in either case.
    """
    document = task_list.read(directory)
    changed = changed_paths(directory, state)
    updates = _updates(answer, document["tasks"])
    claimed = _claimed(document["tasks"], updates, answer)
    unclaimed = [path for path in changed if path not in claimed]
    tasks = [_updated(task, updates.get(task["id"]), unclaimed) for task in document["tasks"]]
    record = {"batch": number, "answer": dict(answer), "call": dict(call)}
    keep_json(directory, f"execution_batch_{number}.json", record, phase="execute")
    task_list.write(directory, state.idea, _acknowledged({**document, "tasks": tasks}, answer))
    names = {task["id"] for task in tasks_of(directory, number)}
    _check_done([task for task in tasks if task["id"] in names], updates, state)
    return record


def _check_batch(only: int, count: int, left: Sequence[int]) -> None:
    if not 1 <= only <= count:
        raise HarnessError("batch_out_of_range", f"there is no batch {only}: they are 1 to {count}")
    if earlier := [number for number in left if number < only]:
        raise HarnessError(
            "batch_prerequisites",
            f"batch {only} needs the ones before it: {earlier[0]} is not done",
            hint=f"Run: megaplan execute --batch {earlier[0]}",
        )


def _updates(
    answer: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    known = {task["id"] for task in tasks}
    found: dict[str, Mapping[str, Any]] = {}
    for update in answer["task_updates"]:
        if update["task_id"] in known:
            found.setdefault(update["task_id"], update)
    return found


def _claimed(
    tasks: Sequence[Mapping[str, Any]],
    updates: Mapping[str, Mapping[str, Any]],
    answer: Mapping[str, Any],
) -> set[str]:
    said = [
        *(task["files_changed"] for task in tasks),
        *(update["files_changed"] for update in updates.values()),
    ]
    return {*union(said), *answer.get("files_changed", [])}


def _updated(
    task: Mapping[str, Any], update: Mapping[str, Any] | None, unclaimed: Sequence[str]
) -> dict[str, Any]:
    """Return a task as its update leaves it; unclaimed changes go to one that claims nothing."""
    if update is None:
        return dict(task)
    changed = {
        **task,
        "status": "done" if update["status"] == "completed" else update["status"],
        "executor_notes": update["executor_notes"],
        "files_changed": union([task["files_changed"], update["files_changed"]]),
        "commands_run": union([task["commands_run"], update["commands_run"]]),
    }
    shown = changed["files_changed"] or changed["commands_run"]
    if changed["status"] == "done" and not shown and unclaimed:
        return {**changed, "files_changed": list(unclaimed)}
    return changed


def _acknowledged(document: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    notes = {
        each["sense_check_id"]: each["executor_note"]
        for each in answer["sense_check_acknowledgments"]
    }
    checks = [
        {**check, "executor_note": notes.get(check["id"], check["executor_note"])}
        for check in document["sense_checks"]
    ]
    return {**document, "sense_checks": checks}


def _check_done(
    tasks: Sequence[Mapping[str, Any]], updates: Mapping[str, Any], state: State
) -> None:
    missing = [
        {"task_id": task["id"], "reason": task["executor_notes"] or "the executor is blocked"}
        for task in tasks
        if task["status"] == "blocked"
    ]
    if missing:
        told = "; ".join(f"{each['task_id']}: {each['reason']}" for each in missing)
        raise AgentError(
            "blocked_by_prereq",
            f"the executor cannot go on: {told}",
            hint=f"Provide what is missing, then: megaplan resume --plan {state.name}",
            details={"blocked_tasks": missing},
        )
    hollow = [
        {"task_id": task["id"], "reason": _hollow(task, updates)}
        for task in tasks
        if _hollow(task, updates)
    ]
    if hollow:
        told = "; ".join(f"{each['task_id']} {each['reason']}" for each in hollow)
        raise AgentError("blocked_by_quality", told, details={"blocked_tasks": hollow})


def _hollow(task: Mapping[str, Any], updates: Mapping[str, Any]) -> str:
    if task["id"] not in updates and task["status"] not in task_list.ENDED:
        return "was not mentioned in the executor's answer"
    shown = task["files_changed"] or task["commands_run"]
    return "is called done, but nothing shows it" if task["status"] == "done" and not shown else ""
