"""Streaming: the output of a box, passed on as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import Event, Listener, OutputCame

# playbooks/exec.yml puts it before each line that the command wrote to its stderr.
STDERR = "\001"


@dataclass(slots=True)
class Passing:
    """Passes each line to where it belongs; with `--json` it keeps them for the document."""

    voice: Voice
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
        elif event.line.startswith(STDERR):
            self.voice.say(event.line.removeprefix(STDERR))
        else:
            self.voice.pass_on(f"{event.line}\n")
