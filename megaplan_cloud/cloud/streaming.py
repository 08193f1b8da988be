"""Streaming: the output of a box, passed on as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager

from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import Event, Listener, OutputCame


@contextmanager
def passing(voice: Voice) -> Iterator[Listener]:
    """Give a listener that writes each line of output to stdout, redacted, at once.

    With `--json` the lines are kept for the document instead.
    """

    def listen(event: Event) -> None:
        if isinstance(event, OutputCame) and not voice.wants_json:
            voice.pass_on(f"{event.line}\n")

    voice.told = False
    yield listen
