"""The variables of a playbook: which names it can define, and which are read in vain."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import role as roles
from megaplan_cloud.engine import schema
from megaplan_cloud.engine.errors import EngineError, TemplateError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.names import read_by
from megaplan_cloud.engine.playbook import Play, Playbook, RoleUse
from megaplan_cloud.engine.reader import MAGIC, Reading, read_role, read_tasks
from megaplan_cloud.engine.role import Role
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.statement import (
    Block,
    ImportTasks,
    IncludeRole,
    IncludeTasks,
    Keywords,
    Statement,
    Task,
    every,
    is_open,
)
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.template import UndefinedVariable
from megaplan_cloud.house import house

IN_A_ROLE = ("role_name", "role_path")
ALWAYS = MAGIC - {"item", *IN_A_ROLE}
AFTER_A_FAILURE = ("ansible_failed_task", "ansible_failed_result")
GUARDED = re.compile(r"\b([A-Za-z_]\w*)(?:\.\w+|\[[^]]*\])* is (?:not )?(?:un)?defined")


@dataclass(frozen=True, slots=True)
class View:
    """What a statement can see: names, and folders of templates.

    `perhaps` gives the names that files could define which are known only when the play runs.
    """

    names: frozenset[str]
    folders: tuple[Path, ...]
    perhaps: Callable[[], frozenset[str]]

    def and_(self, *more: Iterable[str]) -> "View":
        """Return the view with more names."""
        added = frozenset(name for names in more for name in names)
        return self if added <= self.names else replace(self, names=self.names | added)


def check(playbook: Playbook, known: Collection[str], reading: Reading) -> Iterator[EngineError]:
    """Yield what the templates of a playbook get wrong: their syntax, and undefined variables.

    A name counts as defined when something could define it before the template is read: `known`
    (settings, `--set`), the engine, `vars` around the text, a role's defaults and variables, and
    whatever any play registers or sets as a fact.
    """
    candidates = Candidates(reading)
    statements = (found for play in playbook.plays for found in play.statements())
    registered = frozenset(facts(statements))
    for play in playbook.plays:
        view = View(
            frozenset(known) | ALWAYS | registered,
            (playbook.path.parent / "templates", playbook.path.parent, house() / "templates"),
            partial(candidates.of, _open_ended(play)),
        )
        yield from _check_play(play, view)


def check_role(role: Role, known: Collection[str], reading: Reading) -> Iterator[EngineError]:
    """Yield what the templates of a role get wrong that no playbook names; `known` as above."""
    own = [*every(role.tasks), *every(role.handlers)]
    candidates = Candidates(reading)
    view = View(
        frozenset(known) | ALWAYS | frozenset(facts(own)),
        (house() / "templates",),
        partial(candidates.of, list(filter(is_open, own))),
    )
    yield from _check_role(role, view, candidates.of_folder(role.path / "tasks"))


class Candidates:
    """The names that files define which a template may choose while the play runs."""

    def __init__(self, reading: Reading) -> None:
        self.reading = replace(reading, problems=[], open=())

    def of(self, open_ended: Iterable[Any]) -> frozenset[str]:
        """Return the names of every role, or of every task file of a folder, that may be meant."""
        names: set[str] = set()
        for found in open_ended:
            if isinstance(found, IncludeTasks):
                # `parts/{{ verb }}.yml` can only be in `parts`.
                inside, _, _ = found.file.partition("{{")[0].rpartition("/")
                for folder in found.folders:
                    names |= self.of_folder(folder / inside)
            else:
                names |= self.of_roles
        return frozenset(names)

    def of_folder(self, folder: Path) -> frozenset[str]:
        """Return what the task files of a folder register and set."""
        reading = replace(self.reading, folders=(folder,))
        files = sorted(folder.glob("*.yml"))
        return frozenset(
            facts(every(found for file in files for found in read_tasks(file, reading)))
        )

    @cached_property
    def of_roles(self) -> frozenset[str]:
        """Return what all roles of the search path define."""
        names: set[str] = set()
        for name in roles.names(self.reading.search):
            path = roles.find(name, self.reading.search)
            names |= self.of_folder(path / "tasks")
            for file in sorted((path / "tasks").glob("*.yml"))[:1]:
                role = read_role(name, self.reading, tasks_from=file.stem)
                names |= {*role.defaults, *role.vars} if role else set()
        return frozenset(names)


def _check_play(play: Play, view: View) -> Iterator[EngineError]:
    of_roles = [
        names for use in play.roles if use.role for names in (use.role.defaults, use.role.vars)
    ]
    view = view.and_(play.vars, *of_roles)
    yield from _check_values([*play.vars.values(), play.environment, play.become], view)
    for use in play.roles:
        yield from _check_role_use(use, view)
    for statements in (play.pre_tasks, play.tasks, play.post_tasks, play.handlers):
        yield from _check_statements(statements, view)


def _check_role_use(use: RoleUse, view: View) -> Iterator[EngineError]:
    view = view.and_(use.keywords.vars)
    yield from _check_keywords(use.keywords, view)
    yield from _check_values([use.name, use.tasks_from], view)
    if use.role:
        yield from _check_role(use.role, view.and_(_guarded(use.keywords)))


def _check_role(
    role: Role, view: View, beside: frozenset[str] = frozenset()
) -> Iterator[EngineError]:
    """Yield what is wrong in a role; `beside` is what its other task files register.

    Its variables are rendered when they are read, and may be read only after those.
    """
    view = view.and_(role.defaults, role.vars, IN_A_ROLE)
    view = replace(view, folders=(role.path / "templates", role.path, *view.folders))
    yield from _check_values([*role.defaults.values(), *role.vars.values()], view.and_(beside))
    yield from _check_statements(role.tasks, view)
    yield from _check_statements(role.handlers, view)


def _check_statements(statements: Iterable[Statement], view: View) -> Iterator[EngineError]:
    for statement in statements:
        yield from _check_statement(statement, view)


def _check_statement(statement: Statement, view: View) -> Iterator[EngineError]:
    view = view.and_(statement.keywords.vars, _guarded(statement.keywords))
    if not isinstance(statement, Block | ImportTasks) and statement.loop:
        yield from _check_values([statement.loop.items], view)
        view = view.and_(statement.loop.names)
        yield from _check_values([statement.loop.label, statement.loop.pause], view)
    yield from _check_keywords(statement.keywords, view)
    match statement:
        case Task():
            yield from _check_task(statement, view)
        case Block():
            yield from _check_statements(statement.block, view)
            view = view.and_(AFTER_A_FAILURE)
            yield from _check_statements((*statement.rescue, *statement.always), view)
        case ImportTasks():
            yield from _check_statements(statement.tasks, view)
        case IncludeTasks():
            yield from _check_values([statement.file], view)
            yield from _check_statements(statement.tasks or (), view)
        case IncludeRole():
            yield from _check_values([statement.role, statement.tasks_from], view)
            if statement.loaded:
                yield from _check_role(statement.loaded, view)


def _check_keywords(keywords: Keywords, view: View) -> Iterator[EngineError]:
    values = (getattr(keywords, name) for name in KEYWORDS_WITH_VALUES)
    yield from _check_values([*values, *keywords.vars.values()], view)
    yield from _check_conditions(keywords.when, view)


KEYWORDS_WITH_VALUES = sorted(set(Keywords.__dataclass_fields__) - {"when", "vars"})


def _check_task(task: Task, view: View) -> Iterator[EngineError]:
    expressions = _expressions(task.action)
    arguments = task.arguments
    if expressions and isinstance(arguments, dict):
        for name in expressions & arguments.keys():
            yield from _check_conditions(_listed(arguments[name]), view)
        arguments = [value for name, value in arguments.items() if name not in expressions]
    yield from _check_values([arguments, task.retries, task.delay], view)
    for conditions in (task.until, task.changed_when, task.failed_when):
        yield from _check_conditions(conditions or (), view)
    if task.action == "template":
        yield from _check_template_file(task.arguments, view)


def _check_template_file(arguments: Any, view: View) -> Iterator[EngineError]:
    """Check the template that a task renders, if its name is known already."""
    src = arguments["src"]
    if not isinstance(src, Text) or "{{" in src:
        return
    path = next((path for folder in view.folders if (path := folder / src).is_file()), None)
    if path is None:
        there = [file.name for folder in view.folders[::2] for file in folder.glob("*.j2")]
        places = ", ".join(str(folder) for folder in view.folders)
        hint = f"{did_you_mean(src, there)}Looked in: {places}."
        yield TemplateError(f"there is no template '{src}'", mark=src.mark, hint=hint)
        return
    yield from _check_text(_text_of(path), view, expression=False, place=_place_in_file)


def check_syntax(template: Path) -> Iterator[EngineError]:
    """Yield what keeps a template file from being read at all."""
    view = View(frozenset(), (), frozenset)
    for error in _check_text(_text_of(template), view, expression=False):
        if not isinstance(error, UndefinedVariable):
            yield error


def _text_of(path: Path) -> Text:
    return Text(path.read_text(encoding="utf-8", errors="replace"), Mark(str(path), 1, 1))


def _check_values(values: Iterable[Any], view: View) -> Iterator[EngineError]:
    for value in values:
        match value:
            case Text():
                yield from _check_text(value, view, expression=False)
            case dict():
                yield from _check_values(value.values(), view)
            case list() | tuple():
                yield from _check_values(value, view)


def _check_conditions(conditions: Iterable[Any], view: View) -> Iterator[EngineError]:
    for condition in conditions:
        if isinstance(condition, Text):
            yield from _check_text(condition, view, expression=True)


def _check_text(
    text: Text,
    view: View,
    *,
    expression: bool,
    place: Callable[[str, Text], Mark] = lambda _name, text: text.mark,
) -> Iterator[EngineError]:
    try:
        missing = read_by(text, expression=expression) - view.names
    except TemplateError as error:
        yield error
        return
    if not missing:
        return
    for name in sorted(missing - view.perhaps()):
        yield _undefined(name, place(name, text), view)


def _undefined(name: str, mark: Mark, view: View) -> UndefinedVariable:
    if name == "item":
        return UndefinedVariable("'item' is not defined: there is no loop here", mark=mark)
    near = did_you_mean(name, view.names | view.perhaps()).strip()
    hint = near or "Define it in vars, in a role's defaults, in cloud.yaml, or with --set."
    return UndefinedVariable(f"the variable '{name}' is not defined", mark=mark, hint=hint)


def _place_in_file(name: str, text: Text) -> Mark:
    """Return where a template file first uses a name."""
    found = re.search(rf"\b{name}\b", text)
    before = text[: found.start()] if found else ""
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Mark(text.mark.file, before.count("\n") + 1, column)


def _guarded(keywords: Keywords) -> set[str]:
    """Return the names that a statement's own conditions ask about."""
    texts = (text for text in keywords.when if isinstance(text, str))
    return {found[1] for text in texts for found in GUARDED.finditer(text)}


def facts(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield the names that tasks register or set as facts."""
    for statement in statements:
        if isinstance(statement, Task):
            if statement.register:
                yield statement.register
            if statement.action == "set_fact" and isinstance(statement.arguments, Mapping):
                yield from statement.arguments


def _open_ended(play: Play) -> list[Any]:
    """Return the roles and includes of a play that are known only when it runs."""
    uses = [use for use in play.roles if use.role is None]
    return [*uses, *filter(is_open, play.statements())]


@cache
def _expressions(action: str) -> frozenset[str]:
    """Return the arguments of an action that are expressions, not templates."""
    try:
        properties = schema.document(f"actions/{action}").get("properties", {})
    except OSError:
        return frozenset()
    return frozenset(
        name
        for name, part in properties.items()
        if isinstance(part, dict) and "x-expression" in part
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
