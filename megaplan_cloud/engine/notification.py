"""A notification: a task that changed something asks for a handler, by its name or its topic."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.role import Role
from megaplan_cloud.engine.statement import (
    Block,
    ImportTasks,
    IncludeRole,
    Statement,
    Task,
    every,
    is_open,
)
from megaplan_cloud.engine.suggestion import did_you_mean, suggestion

if TYPE_CHECKING:
    from megaplan_cloud.engine.playbook import Play


def check(play: "Play") -> Iterator[PlaybookError]:
    """Yield what is wrong between the tasks of a play and its handlers.

    A notified handler must exist, and a handler of the play must be notified by something.
    Where a role, a file or a name is known only when the play runs, nothing is said.
    """
    statements = list(play.statements())
    if any(use.role is None for use in play.roles) or any(map(is_open, statements)):
        return
    names = {*_names(play.handlers), *_names_of_roles(play, statements)}
    notified = [name for found in statements for name in found.keywords.notify or ()]
    if any("{{" in name for name in (*names, *notified)):
        return
    yield from _unknown(notified, names)
    meant = {suggestion(name, names) or str(name) for name in notified}
    yield from _never_notified(play.handlers, meant)


def _names(handlers: Iterable[Statement]) -> Iterator[str]:
    """Yield what handlers answer to."""
    for handler in every(handlers):
        yield handler.keywords.name
        yield from handler.listen if isinstance(handler, Task) else ()


def _names_of_roles(play: "Play", statements: Iterable[Statement]) -> Iterator[str]:
    """Yield what the handlers of roles answer to: their names with the role's before them, too."""
    for role in _roles(play, statements):
        for name in _names(role.handlers):
            yield from (name, f"{role.name} : {name}")


def _roles(play: "Play", statements: Iterable[Statement]) -> Iterator[Role]:
    yield from (use.role for use in play.roles if use.role)
    for found in statements:
        if isinstance(found, IncludeRole) and found.loaded:
            yield found.loaded


def _unknown(notified: Iterable[str], names: set[str]) -> Iterator[PlaybookError]:
    for name in notified:
        if name not in names:
            yield PlaybookError(
                f"there is no handler '{name}'",
                mark=getattr(name, "mark", None),
                hint=f"{did_you_mean(name, names)}Handlers stand in the play or in its roles.",
            )


def _never_notified(handlers: Iterable[Statement], notified: set[str]) -> Iterator[PlaybookError]:
    for handler in _unfold(handlers):
        names = {handler.keywords.name, *handler.listen} - {""}
        if names and notified.isdisjoint(names):
            yield PlaybookError(
                f"nothing notifies the handler '{handler.name}'",
                mark=handler.mark,
                hint="Name it in the notify of a task, or remove it.",
            )


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
