"""A turn: one task at one host, with the parts of which it consists when it has a loop."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.command import Completed
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.frame import Frame, script
from megaplan_cloud.engine.inheritance import inherit
from megaplan_cloud.engine.outcome import Outcome
from megaplan_cloud.engine.result import Result, Status
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.statement import Keywords, Statement, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a statement stands: its variables, what it inherits, and its address in the run.

    `address` is the same in every run of the same playbook: `1/tasks/3/0` is the first statement
    of the fourth task of the second play. `folders` hold its files and templates.
    """

    scope: Scope
    keywords: Keywords
    address: str
    folders: tuple[Path, ...]
    role: str = ""
    depth: int = 0

    def inside(self, keywords: Keywords, *, included: bool = False) -> "Surroundings":
        """Return the surroundings of what stands inside a statement that says `keywords`.

        The vars of an include win over registered names, those of blocks and tasks do not.
        """
        layer = "parameters" if included else "task"
        return replace(
            self,
            scope=self.scope.child(**{layer: keywords.vars}) if keywords.vars else self.scope,
            keywords=inherit(self.keywords, keywords),
        )

    def at(self, step: object) -> "Surroundings":
        """Return the surroundings one step further down."""
        return replace(self, address=f"{self.address}/{step}")


@dataclass(slots=True, kw_only=True)
class Turn:
    """A task's turn at a host, until its last part has an outcome.

    `forgiven` (`ignore_errors`) and `rescued` (a rescue stands around it) say what a failure
    means; `size` is how many parts there are, `pause` the seconds between them; `number` orders
    the turns of a host. `opens` is there for an include: it reads what is included; `holds` are
    the statements in it and itself, as far as they are known before.
    """

    task: Task
    name: str
    around: Surroundings
    number: int
    rescued: bool = False
    looped: bool = False
    size: int = 1
    pause: float = 0.0
    forgiven: bool = False
    no_log: bool = False
    notified: set[str] = field(default_factory=set)
    opens: Callable[["Part"], Outcome] | None = None
    holds: tuple[Statement, ...] = ()
    parts: list["Part"] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Return where the task stands in the run."""
        return self.around.address

    @property
    def stops(self) -> bool:
        """Return whether a failing command of this turn keeps later turns from beginning."""
        return not self.forgiven and self.task.failed_when != (False,)

    @property
    def complete(self) -> bool:
        """Return whether every part has its outcome."""
        return len(self.parts) == self.size and all(part.outcome for part in self.parts)


@dataclass(frozen=True, slots=True)
class Sendable:
    """A step that can be sent ahead, its command dressed for the task; see `Frame` for the rest."""

    context: Context
    frame: Frame
    read: Callable[[Completed], Result]


def sendable(part: "Part", context: Context, step: Step) -> Sendable:
    """Return a part's step, ready to be sent; PlaybookError for a command that cannot be."""
    command = context.dress(step.command)
    script(command, whole=True)
    return Sendable(context, Frame(command, part.turn.number, part.turn.stops), step.read)


@dataclass(slots=True, kw_only=True)
class Part:
    """A turn of a task without a loop, or one item of a loop.

    `work` is what is to be done once that is known, or an outcome where nothing is; `label` what
    a report calls the item; `judged` says that the task's own conditions were asked already.
    """

    turn: Turn
    scope: Scope
    index: int = 0
    item: Any = None
    label: str | None = None
    work: Sendable | Outcome | None = None
    judged: bool = False
    outcome: Outcome | None = None


class Stopped(Exception):
    """A host's play cannot go on: a task failed, or the host was lost."""

    def __init__(self, turn: Turn, outcome: Outcome) -> None:
        super().__init__(turn.name)
        self.turn = turn
        self.outcome = outcome

    @property
    def lost(self) -> bool:
        """Return whether the host cannot be reached or trusted, so that no rescue helps."""
        return self.outcome.status in (Status.UNREACHABLE, Status.UNPROVEN)


class Interrupted(Exception):
    """The run was told to end before its end."""
