"""Handlers: tasks that run once at the end of a section, when something that changed asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.statement import Block, ImportTasks, Statement, Task
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.template import render
from megaplan_cloud.engine.turn import Surroundings


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler with its place in the play."""

    task: Task
    around: Surroundings

    @property
    def name(self) -> str:
        """Return the name by which tasks notify it, rendered where that can be done."""
        try:
            return str(render(self.task.name, self.around.scope))
        except EngineError:
            return self.task.name

    @property
    def names(self) -> tuple[str, str]:
        """Return the names it answers to: its own, and its own after its role's."""
        return (self.name, f"{self.around.role} : {self.name}")


@dataclass(slots=True)
class Handlers:
    """The handlers that one host knows in a play, and which of them were notified.

    A notification's value is empty, or what it depends on in check mode. Where a name is used
    twice, the play's handler counts before a role's.
    """

    lists: list[list[Handler]] = field(default_factory=list)
    notified: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> Iterator[Handler]:
        """Yield every handler in the order they are defined and run: roles' first."""
        return (handler for handlers in self.lists for handler in handlers)

    def add(self, statements: Sequence[Statement], around: Surroundings) -> None:
        """Make the handlers of a role or a play known; a role that is known already stays."""
        addresses = {handler.around.address for handler in self.known}
        handlers = list(unfold(statements, around))
        if not addresses & {handler.around.address for handler in handlers}:
            self.lists.append(handlers)

    def notify(self, name: str, depends_on: str = "") -> None:
        """Remember to run the handlers called `name` or listening to it; PlaybookError if none."""
        addresses = [handler.around.address for handler in self.meant(name)]
        if not addresses:
            words = [
                word for handler in self.known for word in (handler.name, *handler.task.listen)
            ]
            raise PlaybookError(
                f"There is no handler '{name}'.",
                mark=getattr(name, "mark", None),
                hint=f"{did_you_mean(name, words)}Handlers stand in the play or in its roles.",
            )
        for address in addresses:
            if self.notified.get(address) != "":
                self.notified[address] = depends_on

    def meant(self, name: str) -> Iterator[Handler]:
        """Yield the handler of that name, then those that listen to it: one for each name."""
        searched = [handler for handlers in reversed(self.lists) for handler in handlers]
        yield from [handler for handler in searched if name in handler.names][:1]
        listening = (handler for handler in reversed(searched) if name in handler.task.listen)
        yield from {handler.name: handler for handler in listening}.values()

    def take(self) -> Iterator[tuple[Handler, str]]:
        """Yield each notified handler once, in the order they are defined; forget it before."""
        for handler in list(self.known):
            if handler.around.address in self.notified:
                yield handler, self.notified.pop(handler.around.address)


def unfold(statements: Sequence[Statement], around: Surroundings) -> Iterator[Handler]:
    """Yield the tasks of a list of handlers with their surroundings, blocks and imports opened."""
    for index, statement in enumerate(statements):
        here = around.at(index)
        match statement:
            case Task():
                yield Handler(statement, here)
            case Block():
                yield from unfold(statement.block, here.inside(statement.keywords))
            case ImportTasks():
                yield from unfold(statement.tasks, here.inside(statement.keywords))
            case _:
                raise PlaybookError(
                    "A handler cannot be an include.",
                    mark=statement.mark,
                    hint="Use import_tasks, or include the tasks from a task of the play.",
                )
