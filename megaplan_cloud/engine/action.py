"""An action: what one task does, and where the language finds the actions it knows."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Protocol, cast

from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


@dataclass(frozen=True, slots=True)
class Step:
    """One command and how to read what came of it: an action that needs a single round trip.

    A step can be sent ahead of its turn together with its neighbours, so `read` may use nothing
    but the completed command. A command that exits non-zero stops the steps sent after it.
    """

    command: Command
    read: Callable[[Completed], Result]


class Action(Protocol):
    """What a task does: arguments in, a `Result` or a `Step` out.

    An action that returns a `Step`, or a `Result` computed from its arguments alone, runs nothing
    itself. One that must run several commands, or has an effect here, sets `barrier = True` on
    its module: it is called when everything before it is done, and may use `context.run`.
    `barrier` may also be a function of the arguments, for an action that seldom needs it.
    `expressions` on its module names the arguments that reach it as they are written.
    """

    def __call__(self, context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
        """Do the task, or say which command does it."""


@dataclass(frozen=True, slots=True)
class ActionTable:
    """The actions a playbook may use: the module of each, imported when it is first asked for."""

    modules: Mapping[str, str]

    def __contains__(self, name: object) -> bool:
        """Say whether a task may use the action `name`."""
        return name in self.modules

    def __iter__(self) -> Iterator[str]:
        """Give the names, in the order in which their packages were named."""
        return iter(self.modules)

    def __len__(self) -> int:
        """Count the actions."""
        return len(self.modules)

    def action(self, name: str) -> Action:
        """Return the function that does `name`; KeyError if there is none."""
        return cast("Action", import_module(self.modules[name]).action)

    def barrier(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Say whether everything before a task must be done before `name` is called with these."""
        barrier = getattr(import_module(self.modules[name]), "barrier", False)
        return bool(barrier(arguments)) if callable(barrier) else bool(barrier)

    def expressions(self, name: str) -> frozenset[str]:
        """Return the arguments of `name` that are expressions, which it judges itself."""
        return frozenset(getattr(import_module(self.modules[name]), "expressions", ()))

    def docstring(self, name: str) -> str:
        """Return what the action's module says of itself: a sentence, more, and an example."""
        return import_module(self.modules[name]).__doc__ or ""

    def example(self, name: str) -> str:
        """Return the tasks in YAML with which the docstring of `name` ends."""
        lines = self.docstring(name).splitlines()
        begun = next((at for at, line in enumerate(lines) if line.lstrip().startswith("- ")), 0)
        return dedent("\n".join(lines[begun:])).strip() + "\n"


def find_actions(*packages: str) -> ActionTable:
    """Return every action of the packages named: one for each module that is not private.

    Only the packages themselves are imported, so that asking for the names costs next to nothing.
    """
    modules = {
        module.name: f"{package}.{module.name}"
        for package in packages
        for module in pkgutil.iter_modules(import_module(package).__path__)
        if not module.name.startswith("_")
    }
    return ActionTable(modules)


def named_arguments(value: Any) -> Mapping[str, Any]:
    """Return a task's arguments under their names: a list is its `argv`, a string its `cmd`."""
    match value:
        case Mapping():
            return value
        case str():
            return {"cmd": value}
        case list() | tuple():
            return {"argv": list(value)}
        case _:
            return {}
