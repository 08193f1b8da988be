"""A transport that is made when its first channel is opened: what it needs may load slowly."""

from collections.abc import Callable, Sequence
from threading import Lock

from megaplan_cloud.engine.channel import Channel, Transport


class LateTransport:
    """Stands for a transport that `make` gives, in the thread that needs it first."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        self._make = make
        self._made: Transport | None = None
        self._lock = Lock()

    def open(self, words: Sequence[str]) -> Channel:
        """Open a channel of the transport."""
        return self._transport().open(words)

    def attach(self, words: Sequence[str]) -> int:
        """Give this terminal to a program at the end of the transport."""
        return self._transport().attach(words)

    def close(self) -> None:
        """Close the transport, if there ever was one."""
        with self._lock:
            if self._made is not None:
                self._made.close()

    def _transport(self) -> Transport:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
