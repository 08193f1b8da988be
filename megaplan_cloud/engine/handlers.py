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
    """The handlers that one host knows in a play, and which of them are to run.

    A notification is a name until the handlers are run: then the last list that has the name
    counts, a play's before its roles' and an included role's before all. The value of a
    notification is empty, or what it depends on in check mode.
    """

    lists: list[list[Handler]] = field(default_factory=list)
    notified: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> Iterator[Handler]:
        """Yield every handler in the order they are defined and run."""
        return (handler for handlers in self.lists for handler in handlers)

    def add(self, statements: Sequence[Statement], around: Surroundings) -> None:
        """Make the handlers of a role or a play known, after those that are."""
        self.lists.append(list(unfold(statements, around)))

    def notify(self, name: str, depends_on: str = "") -> None:
        """Remember to run the handlers called `name` or listening to it; PlaybookError if none."""
        if not any(self.meant(name)):
            words = [word for each in self.known for word in (each.name, *each.task.listen)]
            raise PlaybookError(
                f"There is no handler '{name}'.",
                mark=getattr(name, "mark", None),
                hint=f"{did_you_mean(name, words)}Handlers stand in the play or in its roles.",
            )
        keep_surest(self.notified, name, depends_on)

    def doubt(self, name: str, depends_on: str) -> None:
        """Remember that check mode cannot know whether the handlers of a name would run."""
        if any(self.meant(name)):
            keep_surest(self.notified, name, depends_on)

    def meant(self, name: str) -> Iterator[Handler]:
        """Yield the handler of that name, then those that listen to it: one for each name."""
        searched = [handler for handlers in reversed(self.lists) for handler in handlers]
        yield from [handler for handler in searched if name in handler.names][:1]
        listening = (handler for handler in reversed(searched) if name in handler.task.listen)
        yield from {handler.name: handler for handler in listening}.values()

    def take(self) -> Iterator[tuple[Handler, str]]:
        """Yield each notified handler once, in the order they are defined; forget it before.

        What a handler notifies is run as well if it stands later, else at the next turn.
        """
        for handler in list(self.known):
            self.resolve()
            if handler.around.address in self.waiting:
                yield handler, self.waiting.pop(handler.around.address)
        self.resolve()

    def resolve(self) -> None:
        """Turn the names notified so far into the handlers they mean."""
        for name, depends_on in self.notified.items():
            for handler in self.meant(name):
                keep_surest(self.waiting, handler.around.address, depends_on)
        self.notified.clear()


def keep_surest(notifications: dict[str, str], key: str, depends_on: str) -> None:
    """Add a notification; one that depends on nothing is not made doubtful by another."""
    if notifications.get(key) != "":
        notifications[key] = depends_on


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
