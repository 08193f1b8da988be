"""A role: a folder of tasks with its defaults, its variables and its handlers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.statement import Statement
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


def search_path(playbook: Path, roles_path: Sequence[Path], house: Path) -> tuple[Path, ...]:
    """Return where the roles of a playbook are looked for, in this order.

    `roles/` beside the playbook, `roles/` beside the `playbooks/` that it is in, the folders of
    `roles_path`, and the roles that come with the program.
    """
    beside = [parent.parent for parent in playbook.parents if parent.name == "playbooks"]
    folders = [playbook.parent / "roles", *(place / "roles" for place in beside)]
    return tuple(dict.fromkeys([*folders, *roles_path, house / "roles"]))


def find(name: str, search: Sequence[Path], mark: Mark | None = None) -> Path:
    """Return the folder of a role; raise `PlaybookError` with a suggestion if there is none."""
    for folder in search:
        if (folder / name).is_dir():
            return folder / name
    places = ", ".join(str(folder) for folder in search)
    raise PlaybookError(
        f"there is no role '{name}'",
        mark=mark,
        hint=f"{did_you_mean(name, names(search))}Looked in: {places}.",
    )


def names(search: Sequence[Path]) -> list[str]:
    """Return the names of all roles in the search path."""
    folders = (child for place in search if place.is_dir() for child in place.iterdir())
    return sorted({folder.name for folder in folders if (folder / "tasks").is_dir()})


def tasks_file(path: Path, tasks_from: str, mark: Mark | None = None) -> Path:
    """Return a task file of the role at `path`; raise `PlaybookError` if it is not there."""
    folder = path / "tasks"
    for file in (folder / f"{tasks_from}.yml", folder / tasks_from):
        if file.is_file():
            return file
    known = sorted(file.stem for file in folder.glob("*.yml"))
    raise PlaybookError(
        f"the role '{path.name}' has no tasks '{tasks_from}'",
        mark=mark,
        hint=f"{did_you_mean(tasks_from, known)}There is no file {folder / tasks_from}.yml.",
    )
