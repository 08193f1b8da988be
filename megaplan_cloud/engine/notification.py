"""A notification: a task that changed something asks for a handler, by its name or its topic."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.statement import (
    Block,
    ImportTasks,
    IncludeRole,
    IncludeTasks,
    Statement,
    Task,
    every,
)
from megaplan_cloud.engine.suggestion import did_you_mean, suggestion

if TYPE_CHECKING:
    from megaplan_cloud.engine.playbook import Play


def check(play: "Play") -> Iterator[PlaybookError]:
    """Yield what is wrong between the tasks of a play and its handlers.

    A notified handler must exist, and a handler of the play must be notified by something.
    Where a role, a file or a name is known only when the play runs, nothing is said.
    """
    statements = list(every(_statements(play)))
    if _open_ended(play, statements):
        return
    known = [*every(play.handlers), *_handlers_of_roles(play, statements)]
    names = {name for handler in known for name in _names(handler)}
    notified = [name for task in _tasks(statements) for name in task.notify]
    for name in notified:
        if name not in names and "{{" not in name:
            yield PlaybookError(
                f"there is no handler '{name}'",
                mark=name.mark,
                hint=f"{did_you_mean(name, names)}Handlers stand in the play or in its roles.",
            )
    if not any("{{" in name for name in notified):
        meant = {str(name) for name in notified} | {suggestion(name, names) for name in notified}
        yield from _never_notified(_unfold(play.handlers), meant)


def _statements(play: "Play") -> Iterator[Statement]:
    yield from play.pre_tasks
    for use in play.roles:
        if use.role:
            yield from use.role.tasks
            yield from use.role.handlers
    yield from play.tasks
    yield from play.post_tasks
    yield from play.handlers


def _tasks(statements: Iterable[Statement]) -> list[Task]:
    return [statement for statement in statements if isinstance(statement, Task)]


def _open_ended(play: "Play", statements: Iterable[Statement]) -> bool:
    """Say whether some of a play's tasks or handlers are known only when it runs."""
    return any(use.role is None for use in play.roles) or any(
        (isinstance(statement, IncludeTasks) and statement.tasks is None)
        or (isinstance(statement, IncludeRole) and statement.loaded is None)
        for statement in statements
    )


def _handlers_of_roles(play: "Play", statements: Iterable[Statement]) -> Iterator[Statement]:
    roles = [use.role for use in play.roles if use.role]
    roles += [
        found.loaded for found in statements if isinstance(found, IncludeRole) and found.loaded
    ]
    for role in roles:
        yield from every(role.handlers)


def _unfold(handlers: Iterable[Statement]) -> Iterator[Task]:
    """Yield the handlers of a list: blocks and imports are opened, includes are not."""
    for handler in handlers:
        match handler:
            case Task():
                yield handler
            case Block():
                yield from _unfold(handler.block)
            case ImportTasks():
                yield from _unfold(handler.tasks)


def _names(handler: Statement) -> Iterator[str]:
    yield handler.keywords.name
    yield from handler.listen if isinstance(handler, Task) else ()


def _never_notified(handlers: Iterable[Task], notified: set[str]) -> Iterator[PlaybookError]:
    for handler in handlers:
        names = set(_names(handler)) - {""}
        if names and notified.isdisjoint(names) and "{{" not in handler.keywords.name:
            yield PlaybookError(
                f"nothing notifies the handler '{handler.name}'",
                mark=handler.mark,
                hint="Name it in the notify of a task, or remove it.",
            )
