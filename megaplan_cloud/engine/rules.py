"""The rules of a run: what holds for every host of it, from its first play to its last."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag

from megaplan_cloud.engine.action import ActionTable
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.connection import Connection
from megaplan_cloud.engine.discretion import Discretion
from megaplan_cloud.engine.event import Listener
from megaplan_cloud.engine.journal import Journal
from megaplan_cloud.engine.playbook import Playbook
from megaplan_cloud.engine.resume import Past
from megaplan_cloud.engine.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time, as a run sees it: `wall` since the epoch, `now` for durations; in seconds."""

    wall: Callable[[], float] = time.time
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a run is played.

    `connect` gives the connection of a place's host, always the same; without a host's name that
    of the place's only one. `cancel` kills what runs at all of them.
    `batch` sends tasks ahead of their turn; without it each waits for the one before. `journal`
    is None when none is kept; `past` is what an earlier run of it did. `stopping` is set when
    the run is to end early. The files at the places that are `near` are those that are here.
    `record` takes the place and each command that is run, or would be in check mode.
    """

    playbook: Playbook
    actions: ActionTable
    connect: Callable[[str, str], Connection]
    cancel: Callable[[], None]
    discretion: Discretion
    selection: Selection
    journal: Journal | None
    past: Past
    tell: Listener
    clock: Clock
    stopping: Flag
    check: bool = False
    diff: bool = False
    batch: bool = True
    near: frozenset[str] = frozenset()
    record: Callable[[str, Command], None] = lambda _place, _command: None

    @property
    def playbook_dir(self) -> Path:
        """Return the folder of the playbook."""
        return self.playbook.path.parent.resolve()
