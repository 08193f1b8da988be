"""A role: a folder of tasks with its defaults, its variables and its handlers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import source, statement
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.statement import NOTHING, Reading, Statement
from megaplan_cloud.engine.suggestion import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role as read, with the tasks of one of its task files (`tasks_from`)."""

    name: str
    path: Path
    tasks_from: str
    tasks: tuple[Statement, ...]
    handlers: tuple[Statement, ...]
    defaults: Mapping[str, Any]
    vars: Mapping[str, Any]
    meta: Mapping[str, Any]

    @property
    def arguments_schema(self) -> Path:
        """The schema of the role's block in cloud.yaml; the file need not exist."""
        return self.path / "meta" / "arguments.schema.json"


def find(name: str, search: Sequence[Path], mark: Mark | None = None) -> Path:
    """Return the folder of a role; raise `PlaybookError` with a suggestion if there is none."""
    for folder in search:
        if (folder / name).is_dir():
            return folder / name
    raise PlaybookError(
        f"there is no role '{name}'",
        mark=mark,
        hint=f"{did_you_mean(name, names(search))}Looked in: {_listed(search)}.",
    )


def names(search: Sequence[Path]) -> list[str]:
    """Return the names of all roles in the search path."""
    folders = (child for place in search if place.is_dir() for child in place.iterdir())
    return sorted({folder.name for folder in folders if (folder / "tasks").is_dir()})


def load(
    name: str,
    reading: Reading,
    search: Sequence[Path],
    *,
    tasks_from: str = "main",
    mark: Mark | None = None,
) -> Role:
    """Return a role with the tasks of `tasks/<tasks_from>.yml`."""
    path = find(name, search, mark)
    inside = replace(reading, folders=(path / "tasks", *reading.folders), open=())
    return Role(
        name=name,
        path=path,
        tasks_from=tasks_from,
        tasks=statement.read_file(tasks_file(path, tasks_from, mark), inside),
        handlers=_optional_tasks(path / "handlers" / "main.yml", inside),
        defaults=_optional(path / "defaults" / "main.yml"),
        vars=_optional(path / "vars" / "main.yml"),
        meta=_optional(path / "meta" / "main.yml"),
    )


def tasks_file(path: Path, tasks_from: str, mark: Mark | None = None) -> Path:
    """Return a task file of the role at `path`."""
    folder = path / "tasks"
    file = statement.find_tasks(tasks_from, [folder]) or folder / f"{tasks_from}.yml"
    if file.is_file():
        return file
    known = sorted(file.stem for file in folder.glob("*.yml"))
    raise PlaybookError(
        f"the role '{path.name}' has no tasks '{tasks_from}'",
        mark=mark,
        hint=f"{did_you_mean(tasks_from, known)}There is no file {folder / tasks_from}.yml.",
    )


def _optional(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return NOTHING
    value = source.load(path)
    if not isinstance(value, source.Mapping):
        raise PlaybookError("this file must hold a mapping", mark=Mark(str(path), 1, 1))
    return value


def _optional_tasks(path: Path, reading: Reading) -> tuple[Statement, ...]:
    return statement.read_file(path, reading) if path.is_file() else ()


def _listed(search: Sequence[Path]) -> str:
    return ", ".join(str(folder) for folder in search)
