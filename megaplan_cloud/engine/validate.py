"""Validation: everything that is wrong in the playbooks and roles of some folders."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from megaplan_cloud.engine import playbook as playbooks
from megaplan_cloud.engine import reader, schema, variables
from megaplan_cloud.engine import role as roles
from megaplan_cloud.engine.errors import EngineError, PlaybookError, SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.playbook import Play, Playbook
from megaplan_cloud.engine.reader import Reading
from megaplan_cloud.engine.role import Role
from megaplan_cloud.engine.statement import (
    ImportTasks,
    IncludeRole,
    IncludeTasks,
    Task,
    every,
)
from megaplan_cloud.house import house

KEY_OF_A_PLAY = re.compile(r"^(?:- |  )[\"']?(?:hosts|roles|tasks)[\"']?:", re.MULTILINE)
ENTRY = re.compile(r"^- ", re.MULTILINE)
GIVEN = "variables.yml"
NOT_PLAYBOOKS = frozenset({GIVEN, "tasks", "vars", "templates", "files", "roles", "handlers"})


def validate(
    paths: Iterable[Path],
    known: Collection[str],
    *,
    actions: Collection[str],
    roles_path: Sequence[Path] = (),
) -> list[EngineError]:
    """Return everything that is wrong, sorted by place; nothing is run and nothing is changed.

    A path is a playbook, or a folder with `playbooks/` and `roles/`. `known` has the names of the
    variables that settings and `--set` may give, `actions` those of the actions. Whatever else
    is given to the playbooks of a folder is named in a `variables.yml` there.
    """
    reading = Reading(actions)
    files = _each(paths, _playbooks_of)
    books = [_read(path, reading, roles_path) for path in files if _is_book(path)]
    for path in files:
        if not _is_book(path):
            reader.read_data(path, "tasks", reading)
    passed = frozenset(known) | frozenset(_passed(book for book, _ in books))
    for book, own in books:
        given = _given_to(book.path, reading)
        passed |= given
        reading.problems.extend(variables.check(book, given | frozenset(known), own))
    for folder in _each(paths, _roles_of):
        search = (folder.parent, *roles_path, house() / "roles")
        _validate_role(folder, passed, replace(reading, search=search))
    distinct = {(problem.mark, problem.what): problem for problem in reading.problems}
    return sorted(distinct.values(), key=lambda problem: problem.mark or Mark("", 0, 0))


def _each(paths: Iterable[Path], of: Callable[[Path], Iterable[Path]]) -> list[Path]:
    """Return what `of` finds in the paths, each only once."""
    return list({found.resolve(): found for path in paths for found in of(path)}.values())


def _playbooks_of(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    folder = path / "playbooks"
    found = sorted(file for kind in ("*.yml", "*.yaml") for file in folder.rglob(kind))
    return [file for file in found if NOT_PLAYBOOKS.isdisjoint(file.relative_to(folder).parts)]


def _roles_of(path: Path) -> Iterable[Path]:
    folder = path / "roles"
    return sorted(role for role in folder.iterdir() if role.is_dir()) if folder.is_dir() else []


def _given_to(path: Path, reading: Reading) -> frozenset[str]:
    """Return the names that the `variables.yml` of a playbook's folder promises."""
    file = path.parent / GIVEN
    return (
        frozenset(reader.read_data(file, "given", reading) or ()) if file.is_file() else frozenset()
    )


def _is_book(path: Path) -> bool:
    """Say whether a file is a playbook: not a list of tasks that playbooks include."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return True
    return bool(KEY_OF_A_PLAY.search(text)) or not ENTRY.search(text)


def _read(path: Path, reading: Reading, roles_path: Sequence[Path]) -> tuple[Playbook, Reading]:
    own = replace(reading, search=roles.search_path(path, roles_path, house()))
    return playbooks.read(path, own), own


def _validate_role(folder: Path, known: frozenset[str], reading: Reading) -> None:
    """Add what is wrong in a role, whether or not a playbook names it."""
    files = sorted((folder / "tasks").glob("*.yml"))
    read = [reader.read_role(folder.name, reading, tasks_from=file.stem) for file in files]
    found = [role for role in read if role is not None]
    for role in _entries(found):
        reading.problems.extend(variables.check_role(role, known, reading))
    reading.problems.extend(_never_notified(found))
    reading.problems.extend(_arguments_schema(folder / "meta" / "arguments.schema.json"))
    for template in sorted((folder / "templates").rglob("*.j2")):
        reading.problems.extend(variables.check_syntax(template))


def _entries(read: Sequence[Role]) -> Iterator[Role]:
    """Yield the roles as their task files begin them; files that another includes are left out."""
    included = {
        (role.path / "tasks" / statement.file).resolve()
        for role in read
        for statement in every(role.tasks)
        if isinstance(statement, IncludeTasks | ImportTasks)
    }
    for role in read:
        if (role.path / "tasks" / f"{role.tasks_from}.yml").resolve() not in included:
            yield role


def _never_notified(read: Sequence[Role]) -> Iterator[PlaybookError]:
    """Yield the handlers of a role that none of its tasks asks for."""
    statements = [found for role in read for found in (*every(role.tasks), *every(role.handlers))]
    notified = {name for found in statements for name in found.keywords.notify or ()}
    if any("{{" in name for name in notified):
        return
    for handler in every(read[0].handlers if read else ()):
        names = {handler.name, *(handler.listen if isinstance(handler, Task) else ())}
        if isinstance(handler, Task) and names.isdisjoint(notified):
            yield PlaybookError(
                f"nothing in this role notifies the handler '{handler.name}'",
                mark=handler.mark,
                hint="Name it in the notify of a task, or remove it.",
            )


def _arguments_schema(path: Path) -> Iterator[EngineError]:
    """Yield why a role's arguments schema cannot be used."""
    if not path.is_file():
        return
    try:
        schema.verify(path)
    except json.JSONDecodeError as error:
        yield SchemaError(f"not JSON: {error.msg}", mark=Mark(str(path), error.lineno, error.colno))
    except (ValueError, OSError) as error:
        yield SchemaError(f"no JSON Schema: {error}", mark=Mark(str(path), 1, 1))


def _passed(books: Iterable[Playbook]) -> Iterator[str]:
    """Yield the names that the playbooks of a tree define for the roles they play."""
    for book in books:
        for play in book.plays:
            yield from play.vars
            for use in play.roles:
                yield from use.keywords.vars
            yield from _given(play)


def _given(play: Play) -> Iterator[str]:
    """Yield the variables around the includes of a play, those of their loops, and its facts."""
    for statement in play.statements():
        yield from statement.keywords.vars
        if isinstance(statement, IncludeTasks | IncludeRole) and statement.loop:
            yield from statement.loop.names
    yield from variables.facts(play.statements())
