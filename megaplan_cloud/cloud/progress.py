"""Progress: a chain followed while it runs, live on a terminal and line by line elsewhere."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import Event, Listener, OutputCame

# What a plan is between two phases, for a moment: the phase before is still the news.
BETWEEN = frozenset(
    {"initialized", "prepped", "planned", "critiqued", "gated", "finalized", "executed", "reviewed"}
)


@dataclass(slots=True)
class Progress:
    """What is known of a chain while it is followed. `last` is the newest snapshot."""

    labels: Sequence[str]
    clock: Callable[[], float] = monotonic
    last: dict[str, Any] = field(default_factory=dict)
    begun: float = field(init=False)
    turned: float = field(init=False)
    at: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        self.begun = self.turned = self.clock()

    def take(self, line: str) -> bool:
        """Take a snapshot in; say whether the chain is at another milestone or phase now."""
        try:
            seen = json.loads(line)
        except ValueError:
            return False
        if not isinstance(seen, dict) or "runner" not in seen:
            return False
        self.last = seen
        place = (self.milestone, self.phase)
        if place == self.at:
            return False
        self.at, self.turned = place, self.clock()
        return True

    @property
    def state(self) -> Mapping[str, Any]:
        """Return the chain's state, empty before it is written."""
        return dict(self.last.get("state") or {})

    @property
    def done(self) -> int:
        """Return how many milestones are left behind."""
        return len(self.state.get("completed") or [])

    @property
    def milestone(self) -> str:
        """Return the label of the milestone at work; nothing before and after them all."""
        index = int(self.state.get("current_milestone_index", -1))
        return self.labels[index] if 0 <= index < len(self.labels) else ""

    @property
    def phase(self) -> str:
        """Return the phase at work or, until the next begins, the last; else the plan's state."""
        plan = dict(self.last.get("plan") or {})
        step = dict(plan.get("active_step") or {})
        if self.labels and self.done >= len(self.labels):
            return "done"
        state = str(plan.get("state") or "")
        if state in BETWEEN:
            milestone, phase = self.at
            state = phase if milestone == self.milestone else ""
        return str(step.get("step") or state)

    @property
    def log_line(self) -> str:
        """Return the last line of the chain's log."""
        tail = dict(self.last.get("log") or {}).get("tail") or []
        return str(tail[-1]) if tail else ""

    def line(self) -> str:
        """Return where the chain is, in one line."""
        place = f"{self.milestone or '-'} ({self.done} of {len(self.labels)} done)"
        parts = [
            place,
            self.phase or "starting",
            f"{self.clock() - self.begun:.0f} s",
            self.log_line,
        ]
        return " · ".join(part for part in parts if part)


@contextmanager
def following(voice: Voice, progress: Progress) -> Iterator[Listener]:
    """Give a listener that shows the chain while it is followed."""
    voice.told = False
    terminal = voice.stderr.isatty() and voice.environment.get("TERM") != "dumb"
    if not terminal:
        yield _plain(voice, progress)
        return
    from megaplan_cloud.cloud.live_chain import live_chain  # rich is loaded for people only

    with live_chain(voice, progress) as listener:
        yield listener


def _plain(voice: Voice, progress: Progress) -> Listener:
    """Return a listener that writes a line for each milestone and phase."""

    def listen(event: Event) -> None:
        if isinstance(event, OutputCame) and progress.take(event.line):
            voice.say(progress.line())

    return listen
