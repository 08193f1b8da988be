"""A playbook: plays of tasks for places, read and checked but not yet rendered."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import notification, reader, source
from megaplan_cloud.engine import role as roles
from megaplan_cloud.engine.errors import EngineError, PlaybookError, SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.reader import Reading
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
    Statement,
    Task,
    every,
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
    "check_variables",
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

    def statements(self) -> Iterator[Statement]:
        """Yield all statements, those of roles and handlers too, as far as they are read."""
        for use in self.roles:
            if use.role:
                yield from every((*use.role.tasks, *use.role.handlers))
        for section in (self.pre_tasks, self.tasks, self.post_tasks, self.handlers):
            yield from every(section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A playbook file. `search` is where the roles are that it names when it runs."""

    path: Path
    plays: tuple[Play, ...]
    search: tuple[Path, ...]


def load(
    path: Path,
    roles_path: Sequence[Path] = (),
    *,
    actions: Collection[str],
    known: Collection[str] | None = None,
) -> Playbook:
    """Return a playbook with all that can be read before it runs.

    `actions` has the names of the known actions; an action table is one. `known` has the names of
    the variables that will be given; without it, undefined variables are not looked for. Raises
    an `EngineError` for a mistake, and for several a `SchemaError` with `problems`.
    """
    reading = Reading(actions, roles.search_path(path, roles_path, house()))
    playbook = read(path, reading)
    if known is not None:
        reading.problems.extend(_misnamed(playbook, known, reading))
    raise_together(reading.problems)
    return playbook


def check_variables(
    playbook: Playbook, known: Collection[str], *, actions: Collection[str]
) -> None:
    """Raise what the templates of a playbook get wrong: their syntax, undefined variables.

    For a caller that has read roles which a template chose, and so knows more than `load`.
    """
    raise_together(list(_misnamed(playbook, known, Reading(actions, playbook.search))))


def _misnamed(
    playbook: Playbook, known: Collection[str], reading: Reading
) -> Iterable[EngineError]:
    from megaplan_cloud.engine import variables  # it needs what is defined here

    return variables.check(playbook, known, reading)


def load_tasks(
    path: Path,
    *,
    actions: Collection[str],
    folders: Sequence[Path] = (),
    search: Sequence[Path] = (),
) -> tuple[Statement, ...]:
    """Return the statements of a task file that a play includes while it runs.

    What it includes itself is looked for beside it, then in `folders`; its roles in `search`.
    """
    reading = Reading(actions, tuple(search), tuple(folders))
    tasks = reader.read_tasks(path, reading)
    raise_together(reading.problems)
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
    reading = Reading(actions, tuple(search))
    role = reader.read_role(name, reading, tasks_from=tasks_from, mark=mark)
    raise_together(reading.problems)
    if role is None:
        raise PlaybookError(f"the role '{name}' cannot be read", mark=mark)
    return role


def read(path: Path, reading: Reading) -> Playbook:
    """Return a playbook without what is wrong in it; that is added to the reading's problems."""
    inside = replace(reading, folders=(path.parent,), open=(path,))
    nodes = reader.read_data(path, "playbook", inside) or ()
    plays = tuple(_play(node, inside) for node in nodes)
    return Playbook(path=path, plays=plays, search=reading.search)


def raise_together(problems: Sequence[EngineError]) -> None:
    """Raise what is wrong, if anything is: one error, or one that holds them all."""
    distinct = list({(problem.mark, problem.what): problem for problem in problems}.values())
    match distinct:
        case []:
            return
        case [problem]:
            raise problem
        case _:
            ordered = sorted(distinct, key=lambda problem: problem.mark or Mark("", 0, 0))
            raise SchemaError(f"{len(ordered)} mistakes", problems=ordered)


def _play(node: source.Mapping, reading: Reading) -> Play:
    play = Play(
        name=node.get("name") or Text(node["hosts"], node.mark),
        hosts=node["hosts"],
        vars=node.get("vars") or NOTHING,
        roles=tuple(_role_use(entry, reading) for entry in node.get("roles") or ()),
        pre_tasks=reader.statements(node.get("pre_tasks"), reading),
        tasks=reader.statements(node.get("tasks"), reading),
        post_tasks=reader.statements(node.get("post_tasks"), reading),
        handlers=reader.handlers(node.get("handlers"), reading),
        tags=reader.several(node, "tags"),
        become=node.get("become"),
        environment=node.get("environment"),
        mark=node.mark,
        at=node.values_at,
    )
    reading.problems.extend(notification.check(play))
    return play


def _role_use(entry: Any, reading: Reading) -> RoleUse:
    node = source.Mapping([("role", entry)], mark=entry.mark) if isinstance(entry, Text) else entry
    name: Text = node["role"]
    tasks_from = node.get("tasks_from", Text("main", name.mark))
    literal = "{{" not in name and "{{" not in tasks_from
    return RoleUse(
        name=name,
        tasks_from=tasks_from,
        keywords=reader.keywords(node),
        mark=node.mark,
        at=node.values_at,
        role=reader.read_role(name, reading, tasks_from=tasks_from, mark=name.mark)
        if literal
        else None,
    )
