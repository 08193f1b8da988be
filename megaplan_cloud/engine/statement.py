"""A statement of a task list: a task, a block, an import or an include, not yet rendered."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import source
from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.source import NOWHERE, Text

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


@dataclass(frozen=True, slots=True)
class Loop:
    """The items that a statement is repeated for: a list, or a `Text` that gives one."""

    items: Any
    label: Any = None


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
    notify: tuple[Any, ...] = ()
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
    """

    file: Text
    folders: tuple[Path, ...]
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
    """A role, read and played when the play gets here; its name may be a template."""

    role: Text
    tasks_from: Text
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

SHARED = frozenset(Keywords.__dataclass_fields__)
LISTS = ("block", "rescue", "always")
TASK_KEYWORDS = SHARED | {
    *("loop", "loop_control", "register", "until", "retries", "delay"),
    *("changed_when", "failed_when", "notify", "listen"),
}
INCLUDES = ("import_tasks", "include_tasks", "include_role")
BUILTIN = "ansible.builtin."


@dataclass(frozen=True, slots=True)
class Reading:
    """How task lists are read: what is known, where to look, and what was found wrong.

    `open` are the files being read, outermost first. Whatever is wrong is added to `problems`,
    and reading goes on, so that one load tells everything.
    """

    actions: Collection[str]
    folders: tuple[Path, ...] = ()
    open: tuple[Path, ...] = ()
    problems: list[EngineError] = field(default_factory=list)


def read_file(path: Path, reading: Reading) -> tuple[Statement, ...]:
    """Return the statements of a task file."""
    node = source.load(path)
    return read_list(node, replace(reading, open=(*reading.open, path)))


def read_list(nodes: Any, reading: Reading) -> tuple[Statement, ...]:
    """Return the statements of a list of tasks that obeys its schema."""
    return tuple(read(node, reading) for node in nodes or ())


def read(node: source.Mapping, reading: Reading) -> Statement:
    """Return one statement."""
    if "block" in node:
        return _block(node, reading)
    action = next(key for key in node if key not in TASK_KEYWORDS)
    match action.removeprefix(BUILTIN):
        case "import_tasks":
            return _import_tasks(node, action, reading)
        case "include_tasks":
            return _include_tasks(node, action, reading)
        case "include_role":
            return _include_role(node, action)
        case word:
            return _task(node, action, word)


def find_tasks(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the first file of that name in the folders; an absolute name is itself."""
    candidates = (folder / name for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


def _task(node: source.Mapping, key: str, action: str) -> Task:
    return Task(
        action=action,
        arguments=node[key],
        keywords=keywords(node),
        mark=node.mark,
        at={**node.values_at, action: node.values_at[key]},
        fingerprint=fingerprint(node),
        loop=_loop(node),
        register=node.get("register"),
        until=_several(node, "until"),
        retries=node.get("retries", 3),
        delay=node.get("delay", 5),
        changed_when=_several(node, "changed_when") if "changed_when" in node else None,
        failed_when=_several(node, "failed_when") if "failed_when" in node else None,
        notify=_several(node, "notify"),
        listen=_several(node, "listen"),
    )


def _block(node: source.Mapping, reading: Reading) -> Block:
    block, rescue, always = (read_list(node.get(part), reading) for part in LISTS)
    return Block(
        block=block,
        rescue=rescue,
        always=always,
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
    )


def _import_tasks(node: source.Mapping, key: str, reading: Reading) -> ImportTasks:
    name = _argument(node[key], "file")
    path = find_tasks(name, _folders(reading))
    tasks: tuple[Statement, ...] = ()
    if path is None:
        reading.problems.append(_no_such_file(name, _folders(reading)))
    elif path in reading.open:
        reading.problems.append(_cycle(name, path, reading))
    else:
        tasks = read_file(path, reading)
    return ImportTasks(
        file=path or Path(name),
        tasks=tasks,
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
    )


def _include_tasks(node: source.Mapping, key: str, reading: Reading) -> IncludeTasks:
    return IncludeTasks(
        file=_argument(node[key], "file"),
        folders=_folders(reading),
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
        fingerprint=fingerprint(node),
        loop=_loop(node),
    )


def _include_role(node: source.Mapping, key: str) -> IncludeRole:
    arguments = node[key]
    return IncludeRole(
        role=arguments["name"],
        tasks_from=arguments.get("tasks_from", Text("main", node.values_at[key])),
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
        fingerprint=fingerprint(node),
        loop=_loop(node),
    )


def keywords(node: source.Mapping) -> Keywords:
    """Return the shared keywords of a statement or of an entry of `roles`."""
    given = {key: node[key] for key in node if key in SHARED}
    for key in ("when", "tags"):
        if key in given:
            given[key] = _several(node, key)
    return Keywords(**given)


def _loop(node: source.Mapping) -> Loop | None:
    if "loop" not in node:
        return None
    return Loop(node["loop"], (node.get("loop_control") or {}).get("label"))


def _several(node: source.Mapping, key: str) -> tuple[Any, ...]:
    """Return what may be one value or a list of them."""
    value = node.get(key, ())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _argument(value: Any, key: str) -> Text:
    """Return an include's one argument, written as `{key: …}` or as a plain text."""
    text = value[key] if isinstance(value, dict) else value
    return text if isinstance(text, Text) else Text(str(text), NOWHERE)


def _folders(reading: Reading) -> tuple[Path, ...]:
    own = (reading.open[-1].parent,) if reading.open else ()
    return tuple(dict.fromkeys((*own, *reading.folders)))


def _no_such_file(name: Text, folders: Iterable[Path]) -> PlaybookError:
    places = ", ".join(str(folder) for folder in folders)
    return PlaybookError(
        f"there is no task file '{name}'", mark=name.mark, hint=f"Looked in: {places}."
    )


def _cycle(name: Text, path: Path, reading: Reading) -> PlaybookError:
    chain = (*reading.open[reading.open.index(path) :], path)
    return PlaybookError(
        f"'{name}' imports itself: " + " -> ".join(file.name for file in chain),
        mark=name.mark,
        hint="Take one import out of the circle; a file cannot be part of itself.",
    )


def fingerprint(node: Any) -> str:
    """Return a digest of what a node says, whatever its layout, comments and order of keys."""
    text = json.dumps(node, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
