"""A reader: YAML files into statements and roles, with all that is wrong in them."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import role as roles
from megaplan_cloud.engine import schema, source
from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.role import Role
from megaplan_cloud.engine.source import NOWHERE, Text
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
    find_tasks,
)
from megaplan_cloud.engine.suggestion import did_you_mean

# The names that the engine gives to templates; nothing overrides them.
MAGIC = frozenset(
    {
        *("inventory_hostname", "ansible_check_mode", "check", "playbook_dir"),
        *("role_name", "role_path", "item"),
    }
)
SHARED = frozenset(Keywords.__dataclass_fields__)
TASK_KEYWORDS = SHARED | {
    *("loop", "loop_control", "register", "until", "retries", "delay"),
    *("changed_when", "failed_when", "listen"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How task lists are read: what is known, where to look, and what was found wrong.

    `open` are the files being read, outermost first; `conditional` says that a `when` or a loop
    stands between them, `handlers` that they hold handlers. Whatever is wrong is added to
    `problems`, and reading goes on, so that one load tells everything. `read` keeps each file's
    statements: no file is read twice.
    """

    actions: Collection[str]
    search: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    open: tuple[Path, ...] = ()
    conditional: bool = False
    handlers: bool = False
    problems: list[EngineError] = field(default_factory=list)
    read: dict[tuple[Path, tuple[Path, ...]], tuple[Statement, ...]] = field(default_factory=dict)

    def refuse(self, what: str, mark: Mark | None, hint: str = "") -> None:
        """Add a problem."""
        self.problems.append(PlaybookError(what, mark=mark, hint=hint))


def read_data(path: Path, schema_name: str, reading: Reading) -> Any:
    """Return what a YAML file holds, or None if it does not obey its schema."""
    try:
        node = source.load(path)
    except EngineError as error:
        reading.problems.append(error)
        return None
    top = Mark(str(path), 1, 1)
    problems = schema.check(node, schema_name, actions=reading.actions, mark=top)
    reading.problems.extend(problems)
    return None if problems else node


def read_tasks(path: Path, reading: Reading, *, of: str = "tasks") -> tuple[Statement, ...]:
    """Return the statements of a task file; `of` is the name of its schema."""
    key = (path, reading.folders)
    if key not in reading.read:
        inside = replace(reading, open=(*reading.open, path))
        reading.read[key] = statements(read_data(path, of, reading), inside)
    return reading.read[key]


def read_role(
    name: str, reading: Reading, *, tasks_from: str = "main", mark: Mark | None = None
) -> Role | None:
    """Return a role with the tasks of `tasks/<tasks_from>.yml`, or None if it has none."""
    try:
        path = roles.find(name, reading.search, mark)
        file = roles.tasks_file(path, tasks_from, mark)
    except PlaybookError as error:
        reading.problems.append(error)
        return None
    if _closes_circle(file, name, mark, reading):
        return None
    inside = replace(reading, folders=(path / "tasks", *reading.folders))
    return Role(
        name=name,
        path=path,
        tasks_from=tasks_from,
        tasks=read_tasks(file, inside),
        handlers=_handlers_file(path / "handlers" / "main.yml", inside),
        defaults=_mapping(path / "defaults" / "main.yml", "variables", reading),
        vars=_mapping(path / "vars" / "main.yml", "variables", reading),
        meta=_mapping(path / "meta" / "main.yml", "role", reading),
    )


def statements(nodes: Any, reading: Reading) -> tuple[Statement, ...]:
    """Return the statements of a list that obeys its schema, without those that are wrong."""
    read = (statement(node, reading) for node in nodes or ())
    return tuple(found for found in read if found is not None)


def handlers(nodes: Any, reading: Reading) -> tuple[Statement, ...]:
    """Return the statements of a list of handlers."""
    read = statements(nodes, replace(reading, handlers=True))
    for found in read:
        if isinstance(found, IncludeTasks | IncludeRole):
            reading.refuse("a handler cannot be an include", found.mark, "Write import_tasks.")
        elif isinstance(found, Task) and not (found.keywords.name or found.listen):
            reading.refuse("a handler needs a name, or listen", found.mark)
    return read


def statement(node: source.Mapping, reading: Reading) -> Statement | None:
    """Return one statement, or None if it has no action, or two."""
    if "block" in node:
        return _block(node, reading)
    action = _action(node, reading)
    match action.removeprefix(schema.BUILTIN):
        case "":
            return None
        case "import_tasks":
            return _import_tasks(node, action, reading)
        case "include_tasks":
            return _include_tasks(node, action, reading)
        case "include_role":
            return _include_role(node, action, reading)
        case word:
            return _task(node, action, word, reading)


def _action(node: source.Mapping, reading: Reading) -> str:
    """Return the key that names the action; nothing unless there is exactly one."""
    actions = [key for key in node if key not in TASK_KEYWORDS]
    if not actions:
        hint = "Write one action beside its keywords, as command: [echo, hello]."
        reading.refuse("this task has no action", node.mark, hint)
    for extra in actions[1:]:
        what = f"a task has one action, and this one has '{actions[0]}' and '{extra}'"
        reading.refuse(what, node.keys_at[extra], "Make two tasks of it.")
    return actions[0] if len(actions) == 1 else ""


def _task(node: source.Mapping, key: str, action: str, reading: Reading) -> Task:
    if "loop_control" in node and "loop" not in node:
        reading.refuse("'loop_control' needs 'loop' beside it", node.keys_at["loop_control"])
    if "listen" in node and not reading.handlers:
        hint = "It says what else notifies a handler; this task is none."
        reading.refuse("'listen' stands outside handlers", node.keys_at["listen"], hint)
    _refuse_magic(node, "register", MAGIC, reading)
    return Task(
        action=action,
        arguments=node[key],
        keywords=keywords(node),
        mark=node.mark,
        at={**node.values_at, action: node.values_at[key]},
        fingerprint=fingerprint(node),
        loop=_loop(node, reading),
        register=node.get("register"),
        until=several(node, "until"),
        retries=node.get("retries", 3),
        delay=node.get("delay", 5),
        changed_when=several(node, "changed_when") if "changed_when" in node else None,
        failed_when=several(node, "failed_when") if "failed_when" in node else None,
        listen=several(node, "listen"),
    )


def _refuse_magic(node: source.Mapping, key: str, names: Collection[str], reading: Reading) -> None:
    """Add a problem if the value of a key, the name of a variable, is one of the engine's own."""
    if node.get(key) in names:
        hint = "Choose another name; the engine's own always counts."
        reading.refuse(f"'{node[key]}' is a name of the engine", node.values_at[key], hint)


def _block(node: source.Mapping, reading: Reading) -> Block:
    inside = _under(node, reading)
    return Block(
        block=statements(node["block"], inside),
        rescue=statements(node.get("rescue"), replace(inside, conditional=True)),
        always=statements(node.get("always"), inside),
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
    )


def _import_tasks(node: source.Mapping, key: str, reading: Reading) -> ImportTasks:
    name = _argument(node[key], "file", node.values_at[key])
    path: Path | None = None
    if "{{" in name:
        hint = "Write include_tasks, which is read when the play gets there."
        reading.refuse("the name of an import cannot be a template", name.mark, hint)
    else:
        path = _find(name, reading)
    tasks: tuple[Statement, ...] = ()
    # A condition does not help: an import is read before it can be asked.
    if path and not _closes_circle(path, name, name.mark, replace(reading, conditional=False)):
        tasks = read_tasks(path, reading)
    return ImportTasks(
        file=path or Path(name),
        tasks=tasks,
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
    )


def _include_tasks(node: source.Mapping, key: str, reading: Reading) -> IncludeTasks:
    name = _argument(node[key], "file", node.values_at[key])
    inside = _under(node, reading)
    tasks = None
    if "{{" not in name:
        path = _find(name, reading)
        if path and path not in reading.open:
            tasks = read_tasks(path, inside)
        elif path:
            _closes_circle(path, name, name.mark, inside)
    return IncludeTasks(
        file=name,
        folders=_folders(reading),
        tasks=tasks,
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
        fingerprint=fingerprint(node),
        loop=_loop(node, reading),
    )


def _include_role(node: source.Mapping, key: str, reading: Reading) -> IncludeRole:
    name = node[key]["name"]
    tasks_from = node[key].get("tasks_from", Text("main", name.mark))
    loaded = None
    if "{{" not in name and "{{" not in tasks_from:
        inside = _under(node, reading)
        loaded = read_role(name, inside, tasks_from=tasks_from, mark=name.mark)
    return IncludeRole(
        role=name,
        tasks_from=tasks_from,
        loaded=loaded,
        keywords=keywords(node),
        mark=node.mark,
        at=node.values_at,
        fingerprint=fingerprint(node),
        loop=_loop(node, reading),
    )


def keywords(node: source.Mapping) -> Keywords:
    """Return the shared keywords of a statement or of an entry of `roles`."""
    given = {key: node[key] for key in node if key in SHARED}
    for key in ("when", "tags", "notify"):
        if key in given:
            given[key] = several(node, key)
    return Keywords(**given)


def fingerprint(node: Any) -> str:
    """Return a digest of what a node says, whatever its layout, comments and order of keys."""
    text = json.dumps(node, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _under(node: source.Mapping, reading: Reading) -> Reading:
    """Return the reading of what stands inside a statement."""
    conditional = reading.conditional or "when" in node or "loop" in node
    return replace(reading, conditional=conditional)


def _loop(node: source.Mapping, reading: Reading) -> Loop | None:
    if "loop" not in node:
        return None
    control = node.get("loop_control") or source.Mapping()
    for key in ("loop_var", "index_var"):
        _refuse_magic(control, key, MAGIC - {"item"}, reading)
    return Loop(node["loop"], **control)


def several(node: source.Mapping, key: str) -> tuple[Any, ...]:
    """Return what may be one value or a list of them."""
    value = node.get(key, ())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _argument(value: Any, key: str, mark: Mark) -> Text:
    """Return an include's one argument, written as `{key: …}` or as a plain text."""
    text = value[key] if isinstance(value, dict) else value
    return text if isinstance(text, Text) else Text(str(text), mark)


def _find(name: Text, reading: Reading) -> Path | None:
    """Return the task file of a literal name."""
    folders = _folders(reading)
    path = find_tasks(name, folders)
    if path is None:
        there = (file.name for folder in folders for file in folder.glob("*.yml"))
        near = did_you_mean(name, there)
        places = ", ".join(str(folder) for folder in folders)
        reading.refuse(f"there is no task file '{name}'", name.mark, f"{near}Looked in: {places}.")
    return path


def _folders(reading: Reading) -> tuple[Path, ...]:
    """Return where the files are that a statement names: its own folder comes first."""
    own = (reading.open[-1].parent,) if reading.open else ()
    return tuple(dict.fromkeys((*own, *reading.folders)))


def _closes_circle(path: Path, name: str, mark: Mark | None, reading: Reading) -> bool:
    """Say whether a file is being read already; that is wrong if nothing would end the circle."""
    if path not in reading.open:
        return False
    if not reading.conditional:
        circle = (*reading.open[reading.open.index(path) :], path)
        reading.refuse(
            f"'{name}' includes itself without end: " + " → ".join(map(_short, circle)),
            mark or NOWHERE,
            "Take one of them out of the circle, or give one a when.",
        )
    return True


def _short(path: Path) -> str:
    """Return the name of a task file, with its role's if it is in one."""
    return "/".join(path.parts[-3:]) if path.parent.name == "tasks" else path.name


def _mapping(path: Path, schema_name: str, reading: Reading) -> Mapping[str, Any]:
    """Return the variables of a file that need not exist."""
    return (read_data(path, schema_name, reading) if path.is_file() else None) or NOTHING


def _handlers_file(path: Path, reading: Reading) -> tuple[Statement, ...]:
    if not path.is_file():
        return ()
    inside = replace(reading, open=(*reading.open, path))
    return handlers(read_data(path, "handlers", reading), inside)
