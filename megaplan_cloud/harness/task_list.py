"""The tasks of a plan: `finalize.json`, the order they are carried out in, `final.md`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from megaplan_cloud.harness.errors import AgentError, HarnessError
from megaplan_cloud.harness.kept import Kept, keep_json, keep_text
from megaplan_cloud.harness.state import State

FILE = "finalize.json"
ENDED = frozenset({"done", "skipped"})
BOXES = {"done": "x", "skipped": "-", "blocked": "!"}


def keep(directory: Path, state: State, answer: Mapping[str, Any]) -> Kept:
    """Keep an answer's tasks, all of them pending. AgentError `invalid_finalize` for a bad graph.

    That is an id used twice, a dependency that is no task, a cycle, a check of no task.
    """
    tasks = [{**task, "status": "pending"} for task in answer["tasks"]]
    _check(tasks, answer["sense_checks"])
    document = {**answer, "tasks": tasks}
    keep_json(directory, "finalize_snapshot.json", document, phase="finalize")
    keep_json(directory, FILE, document, phase="finalize")
    keep_text(directory, "final.md", checklist(state.idea, document), phase="finalize")
    files = [FILE, "finalize_snapshot.json", "final.md"]
    if answer.get("user_actions"):
        keep_text(directory, "user_actions.md", _user_actions(answer), phase="finalize")
        files.append("user_actions.md")
    count = len(layers(tasks))
    return Kept(
        files=tuple(files),
        payload={
            "iteration": state.iteration,
            "tasks": len(tasks),
            "batches": count,
            "watch_items": answer["watch_items"],
        },
    )


def read(directory: Path) -> dict[str, Any]:
    """Return the plan's tasks with what belongs to them. HarnessError when there are none yet."""
    path = directory / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise HarnessError(
            "invalid_state", "the plan has no tasks yet", hint="Run: megaplan finalize"
        ) from None
    except (OSError, ValueError) as error:
        raise HarnessError("unreadable_state", f"{path} cannot be read: {error}") from error
    return dict(found)


def write(directory: Path, idea: str, document: Mapping[str, Any]) -> None:
    """Keep the tasks with what is now known of them."""
    keep_json(directory, FILE, document, phase="execute")
    keep_text(directory, "final.md", checklist(idea, document), phase="execute")


def layers(tasks: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the batches: the ids that can be done together, each layer after the one before.

    HarnessError `invalid_finalize` for a cycle, which it names.
    """
    waiting = {task["id"]: set(task["depends_on"]) for task in tasks}
    found: list[list[str]] = []
    done: set[str] = set()
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= done]
        if not ready:
            raise AgentError(
                "invalid_finalize", f"these tasks wait for each other: {', '.join(waiting)}"
            )
        found.append(ready)
        done.update(ready)
        waiting = {name: needs for name, needs in waiting.items() if name not in done}
    return found


def progress(directory: Path) -> dict[str, Any]:
    """Return how many tasks and batches there are and are done; zeros before finalize."""
    tasks = read(directory)["tasks"] if (directory / FILE).exists() else []
    batches = layers(tasks)
    status = {task["id"]: task["status"] for task in tasks}
    counts = {name: list(status.values()).count(name) for name in ("done", "skipped", "blocked")}
    return {
        "tasks_total": len(tasks),
        "tasks_done": counts["done"],
        "tasks_skipped": counts["skipped"],
        "tasks_blocked": counts["blocked"],
        "tasks_pending": len(tasks) - sum(counts.values()),
        "batches_total": len(batches),
        "batches_completed": sum(all(status[name] in ENDED for name in batch) for batch in batches),
        "tasks": [
            {"id": name, "status": status[name], "batch": number}
            for number, batch in enumerate(batches, start=1)
            for name in batch
        ],
    }


def checklist(idea: str, document: Mapping[str, Any]) -> str:
    """Return the tasks as a Markdown checklist for people."""
    lines = [f"# {idea.strip().splitlines()[0]}", ""]
    for task in document["tasks"]:
        needs = f" (after {', '.join(task['depends_on'])})" if task["depends_on"] else ""
        box = BOXES.get(task["status"], " ")
        lines.append(f"- [{box}] **{task['id']}** {task['description']}{needs}")
        if task["executor_notes"]:
            lines.append(f"      {task['executor_notes']}")
    if document["watch_items"]:
        lines += ["", "## Watch", "", *(f"- {each}" for each in document["watch_items"])]
    return "\n".join(lines) + "\n"


def _check(tasks: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]) -> None:
    names = [task["id"] for task in tasks]
    twice = sorted({name for name in names if names.count(name) > 1})
    unknown = sorted(
        {
            f"{task['id']} depends on {need}"
            for task in tasks
            for need in task["depends_on"]
            if need not in names
        }
    )
    lost = sorted(check["id"] for check in checks if check["task_id"] not in names)
    problems = [
        *(f"the id {name} is used twice" for name in twice),
        *(f"{each}, which is no task" for each in unknown),
        *(f"the sense check {name} is for no task" for name in lost),
    ]
    if problems:
        raise AgentError("invalid_finalize", "; ".join(problems))
    layers(tasks)


def _user_actions(answer: Mapping[str, Any]) -> str:
    actions = answer["user_actions"]
    lines = [f"- **{each['id']}** ({each['phase']}) {each['description']}" for each in actions]
    return "\n".join(["# What a person has to do", "", *lines, ""])
