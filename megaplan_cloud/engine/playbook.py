"""A playbook: plays of tasks for places, read and checked but not yet rendered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import role as roles
from megaplan_cloud.engine import source, statement
from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.role import Role
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.statement import (
    NOTHING,
    Block,
    ImportTasks,
    IncludeRole,
    IncludeTasks,
    Keywords,
    Loop,
    Reading,
    Statement,
    Task,
)
from megaplan_cloud.house import house

__all__ = [
    "Block",
    "ImportTasks",
    "IncludeRole",
    "IncludeTasks",
    "Keywords",
    "Loop",
    "Play",
    "Playbook",
    "RoleUse",
    "Statement",
    "Task",
    "load",
    "load_role",
    "load_tasks",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUse:
    """An entry of a play's `roles`. `role` is there when the name is no template."""

    name: Text
    tasks_from: Text
    keywords: Keywords
    mark: Mark
    at: Mapping[str, Mark]
    role: Role | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Tasks for one place: `controller`, `host` or `box`."""

    name: str
    hosts: str
    vars: Mapping[str, Any]
    roles: tuple[RoleUse, ...]
    pre_tasks: tuple[Statement, ...]
    tasks: tuple[Statement, ...]
    post_tasks: tuple[Statement, ...]
    handlers: tuple[Statement, ...]
    tags: tuple[Any, ...]
    become: Any
    environment: Any
    mark: Mark
    at: Mapping[str, Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A playbook file. `search` is where the roles are that it names when it runs."""

    path: Path
    plays: tuple[Play, ...]
    search: tuple[Path, ...]


def load(path: Path, roles_path: Sequence[Path] = (), *, actions: Collection[str]) -> Playbook:
    """Return a playbook with all that can be read before it runs.

    `actions` has the names of the known actions; an action table is one. Raises `SchemaError`
    or `PlaybookError`; when there are several mistakes, its `problems` has them all.
    """
    search = (path.parent / "roles", *roles_path, house() / "roles")
    reading = Reading(actions, open=(path,))
    nodes = source.load(path)
    plays = tuple(_play(node, reading, search) for node in nodes)
    _raise(reading.problems)
    return Playbook(path=path, plays=plays, search=search)


def load_tasks(path: Path, *, actions: Collection[str]) -> tuple[Statement, ...]:
    """Return the statements of a task file that a play includes while it runs."""
    reading = Reading(actions)
    tasks = statement.read_file(path, reading)
    _raise(reading.problems)
    return tasks


def load_role(
    name: str,
    search: Sequence[Path],
    *,
    actions: Collection[str],
    tasks_from: str = "main",
    mark: Mark | None = None,
) -> Role:
    """Return a role that a play names while it runs."""
    reading = Reading(actions)
    role = roles.load(name, reading, search, tasks_from=tasks_from, mark=mark)
    _raise(reading.problems)
    return role


def _play(node: source.Mapping, reading: Reading, search: Sequence[Path]) -> Play:
    tags = node.get("tags", ())
    return Play(
        name=node.get("name", Text(node["hosts"], node.mark)),
        hosts=node["hosts"],
        vars=node.get("vars", NOTHING),
        roles=tuple(_role_use(entry, reading, search) for entry in node.get("roles", ())),
        pre_tasks=statement.read_list(node.get("pre_tasks"), reading),
        tasks=statement.read_list(node.get("tasks"), reading),
        post_tasks=statement.read_list(node.get("post_tasks"), reading),
        handlers=statement.read_list(node.get("handlers"), reading),
        tags=tuple(tags) if isinstance(tags, list) else (tags,) if tags else (),
        become=node.get("become"),
        environment=node.get("environment"),
        mark=node.mark,
        at=node.values_at,
    )


def _role_use(entry: Any, reading: Reading, search: Sequence[Path]) -> RoleUse:
    node = source.Mapping([("role", entry)], mark=entry.mark) if isinstance(entry, Text) else entry
    name: Text = node.get("role") or node["name"]
    tasks_from = node.get("tasks_from", Text("main", name.mark))
    role = None
    if "{{" not in name and "{{" not in tasks_from:
        role = roles.load(name, reading, search, tasks_from=tasks_from, mark=name.mark)
    return RoleUse(
        name=name,
        tasks_from=tasks_from,
        keywords=statement.keywords(node),
        mark=node.mark,
        at=node.values_at,
        role=role,
    )


def _raise(problems: list[EngineError]) -> None:
    if problems:
        raise problems[0]
