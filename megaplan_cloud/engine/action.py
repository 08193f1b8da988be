"""An action: what one task does, and where the language finds the actions it knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

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
    """

    def __call__(self, context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
        """Do the task, or say which command does it."""
