"""A statement of a task list: a task, a block, an import or an include, not yet rendered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.source import Text

if TYPE_CHECKING:
    from megaplan_cloud.engine.role import Role

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """What every statement may say, and its inner statements inherit.

    `None` is a keyword that is not there. `when` holds conditions that must all be true; each is
    a `Text` or a boolean. Whatever is typed `Any` is unrendered: a value or a `Text`.
    """

    name: str = ""
    when: tuple[Any, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    environment: Any = None
    tags: tuple[Any, ...] = ()
    become: Any = None
    no_log: Any = None
    ignore_errors: Any = None
    check_mode: Any = None
    delegate_to: Any = None
    timeout: Any = None
    notify: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """The items that a statement is repeated for: a list, or a `Text` that gives one.

    `loop_var` is the variable that holds the item, `index_var` one for its number, from 0;
    `pause` are the seconds between two items, unrendered.
    """

    items: Any
    label: Any = None
    loop_var: str = "item"
    index_var: str | None = None
    pause: Any = None

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that each item has: its own, its number's, and those that name these."""
        own = (self.loop_var, "ansible_loop_var")
        return (*own, self.index_var, "ansible_index_var") if self.index_var else own


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One action with its arguments. A handler is a task, too.

    `at` has the place of each key's value. `fingerprint` changes when anything of the text does.
    """

    action: str
    arguments: Any
    keywords: Keywords
    mark: Mark
    at: Mapping[str, Mark]
    fingerprint: str
    loop: Loop | None = None
    register: str | None = None
    until: tuple[Any, ...] = ()
    retries: Any = 3
    delay: Any = 5
    changed_when: tuple[Any, ...] | None = None
    failed_when: tuple[Any, ...] | None = None
    listen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The sentence that a report shows, unrendered; the action's name where there is none."""
        return self.keywords.name or self.action


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Statements that share keywords; `rescue` runs when one fails, `always` in any case."""

    block: tuple["Statement", ...]
    rescue: tuple["Statement", ...]
    always: tuple["Statement", ...]
    keywords: Keywords
    mark: Mark
    at: Mapping[str, Mark]

    @property
    def name(self) -> str:
        """The sentence that a report shows, unrendered."""
        return self.keywords.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTasks:
    """The statements of another file, read when the playbook was loaded: a block of their own."""

    file: Path
    tasks: tuple["Statement", ...]
    keywords: Keywords
    mark: Mark
    at: Mapping[str, Mark]

    @property
    def name(self) -> str:
        """The sentence that a report shows, unrendered."""
        return self.keywords.name


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludeTasks:
    """The statements of another file, read when the play gets here.

    `file` may be a template; `folders` are the places where the rendered name is looked for.
    `tasks` are there already when the name is none.
    """

    file: Text
    folders: tuple[Path, ...]
    tasks: tuple["Statement", ...] | None
    keywords: Keywords
    mark: Mark
    at: Mapping[str, Mark]
    fingerprint: str
    loop: Loop | None = None

    @property
    def name(self) -> str:
        """The sentence that a report shows, unrendered."""
        return self.keywords.name or f"include_tasks: {self.file}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludeRole:
    """A role, played when the play gets here.

    Its name may be a template; `loaded` is the role already when it is none.
    """

    role: Text
    tasks_from: Text
    loaded: "Role | None"
    keywords: Keywords
    mark: Mark
    at: Mapping[str, Mark]
    fingerprint: str
    loop: Loop | None = None

    @property
    def name(self) -> str:
        """The sentence that a report shows, unrendered."""
        return self.keywords.name or f"include_role: {self.role}"


Statement = Task | Block | ImportTasks | IncludeTasks | IncludeRole


def inner(statement: Statement) -> tuple[Statement, ...]:
    """Return the statements that stand in a statement, as far as they are read already."""
    match statement:
        case Block():
            return statement.block + statement.rescue + statement.always
        case ImportTasks():
            return statement.tasks
        case IncludeTasks():
            return statement.tasks or ()
        case IncludeRole(loaded=role) if role is not None:
            return role.tasks + role.handlers
        case _:
            return ()


def every(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield all statements of a list and what stands in them, in the order of the files."""
    for statement in statements:
        yield statement
        yield from every(inner(statement))


def is_open(statement: Statement) -> bool:
    """Say whether a statement includes what is known only when the play gets there."""
    match statement:
        case IncludeTasks():
            return statement.tasks is None
        case IncludeRole():
            return statement.loaded is None
        case _:
            return False


def find_tasks(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the first file of that name in the folders; an absolute name is itself."""
    candidates = (folder / name for folder in folders)
    return next((path for path in candidates if path.is_file()), None)
