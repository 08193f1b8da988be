"""The prompt of a phase: its template, and what the template may know."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.template import render_document
from megaplan_cloud.harness import answer, execution, flags, plan_version, task_list
from megaplan_cloud.harness.batch import tasks_of
from megaplan_cloud.harness.state import State
from megaplan_cloud.harness.workflow import workflow
from megaplan_cloud.house import house


@dataclass(frozen=True, slots=True)
class Facts:
    """What a prompt's template may use, by name."""

    values: Mapping[str, Any]

    def look_up(self, name: str) -> Any:
        """Return one fact; KeyError if there is none of that name."""
        return self.values[name]

    def known(self) -> Iterable[str]:
        """Return the names of the facts."""
        return self.values


def text(directory: Path, state: State, phase: str, batch: int = 0) -> str:
    """Return the prompt of a phase: `templates/prompts/<phase>.md.j2`, filled in."""
    folder = house() / "templates" / "prompts"
    path = folder / f"{phase}.md.j2"
    values = facts(directory, state, phase, batch)
    source = path.read_text(encoding="utf-8")
    return render_document(source, str(path), Facts(values), search=(folder,))


def facts(directory: Path, state: State, phase: str, batch: int = 0) -> dict[str, Any]:
    """Return what the template of a phase may use (docs/harness.md lists it)."""
    known: dict[str, Any] = {
        "phase": phase,
        "name": state.name,
        "idea": state.idea,
        "level": state.level,
        "iteration": state.iteration,
        "project_dir": state.config["project_dir"],
        "plan_dir": str(directory),
        "notes": [note["note"] for note in state.meta.get("notes", ())],
        "checks": workflow().levels[state.level]["checks"],
        "schema": json.dumps(answer.described(phase), indent=2),
        "plan": "",
        "plan_meta": {},
        "flags": [each for each in flags.read(directory) if each["status"] in flags.BLOCKING],
        "tasks": [],
        "batch": batch,
        "watch_items": [],
        "sense_checks": [],
        "failure": _failure(directory, state),
    }
    if state.plan_versions:
        known["plan"] = plan_version.text(directory, state)
        known["plan_meta"] = plan_version.meta(directory, state)
    if batch:
        known |= _batch(directory, batch)
    return known


def _batch(directory: Path, number: int) -> dict[str, Any]:
    document = task_list.read(directory)
    tasks = tasks_of(directory, number)
    names = {task["id"] for task in tasks}
    return {
        "tasks": tasks,
        "done_tasks": [task for task in document["tasks"] if task["status"] in task_list.ENDED],
        "watch_items": document["watch_items"],
        "sense_checks": [each for each in document["sense_checks"] if each["task_id"] in names],
    }


def _failure(directory: Path, state: State) -> dict[str, Any]:
    """Return why the work was not good enough the last time; empty when nothing is wrong."""
    told = str((state.latest_failure or {}).get("message", ""))
    verified = execution.read(directory).get("verification") or {"passed": True}
    if verified["passed"]:
        return {"message": told, "lines": []} if told else {}
    ended = f"`{verified['command']}` gave exit code {verified['rc']}:"
    return {"message": ended, "lines": verified["tail"]}
