"""Streaming: the output of a box, passed on as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import Event, Listener, OutputCame


@dataclass(slots=True)
class Passing:
    """Passes each line to where it belongs; with `--json` it keeps them for the document.

    `apart` sends what came from a stderr to ours, else all of it goes to stdout.
    """

    voice: Voice
    apart: bool = False
    lines: list[str] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Give the listener."""
        self.voice.told = False
        yield self._listen

    def _listen(self, event: Event) -> None:
        if not isinstance(event, OutputCame):
            return
        if self.voice.wants_json:
            self.lines.append(self.voice.redact(event.line))
        elif event.is_error and self.apart:
            self.voice.say(event.line)
        else:
            self.voice.pass_on(f"{event.line}\n")
