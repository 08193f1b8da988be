"""Channels to places inside another place: a container of a host, a jail, another user."""

import shlex
from collections.abc import Sequence

from megaplan_cloud.engine.channel import Channel, Transport


class NestedTransport:
    """Opens channels through another transport, by putting `enter` before the words.

    `enter` for a terminal may differ (`docker exec` wants `--tty` then): that is `attach`.
    `one_word` is for commands that hand a single word to a shell of the place, as `ssh` does.
    """

    def __init__(
        self,
        outer: Transport,
        enter: Sequence[str],
        *,
        attach: Sequence[str] = (),
        one_word: bool = False,
    ) -> None:
        self._outer = outer
        self._enter = tuple(enter)
        self._attach = tuple(attach) or self._enter
        self._one_word = one_word

    def open(self, words: Sequence[str]) -> Channel:
        """Open a channel of the outer place with `enter` and `words`."""
        return self._outer.open((*self._enter, *self._inside(words)))

    def attach(self, words: Sequence[str]) -> int:
        """Give this terminal to `words` inside; return the exit code."""
        return self._outer.attach((*self._attach, *self._inside(words)))

    def close(self) -> None:
        """Do nothing: the outer place is closed by whom it belongs to."""

    def _inside(self, words: Sequence[str]) -> tuple[str, ...]:
        return (shlex.join(words),) if self._one_word else tuple(words)
