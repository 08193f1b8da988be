"""An inventory: the places of a run, how each is reached, and its open connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from megaplan_cloud.engine.channel import Transport
from megaplan_cloud.engine.connection import Connection, FramedConnection
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.nested import NestedTransport
from megaplan_cloud.engine.process import ProcessTransport
from megaplan_cloud.engine.shell import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How a place is reached.

    Nothing set: a child process of ours. `address`: over ssh, with whatever `~/.ssh/config` says
    of it. `through` and `enter`: inside another place, by putting `enter` before the words
    (`attach` instead of it where a terminal is wanted; `one_word` where the rest must be one word).
    `stdin: false` says that what enters cannot take input: each command is then its own process.
    `connect_timeout` and `keep_alive` are in seconds.
    """

    address: str = ""
    user: str = ""
    port: int | None = None
    identity_file: str = ""
    config: str = ""
    through: str = ""
    enter: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()
    one_word: bool = False
    stdin: bool = True
    connect_timeout: float = 15.0
    keep_alive: float = 15.0
    environment: Mapping[str, str] = field(default_factory=dict)


class Inventory:
    """The places of a run; a connection is made when it is first asked for, and kept."""

    def __init__(
        self, places: Mapping[str, Place | Mapping[str, Any]], patience: Patience | None = None
    ) -> None:
        self._places = {name: _place(name, value) for name, value in places.items()}
        self._patience = patience or Patience()
        self._transports: dict[str, Transport] = {}
        self._connections: dict[str, Connection] = {}

    def connection(self, name: str) -> Connection:
        """Return the connection of a place; raises `PlaybookError` for a name that is none."""
        if name not in self._connections:
            self._connections[name] = FramedConnection(self._transport(name), name, self._patience)
        return self._connections[name]

    def close(self) -> None:
        """Close every connection, the innermost first."""
        for connection in reversed(self._connections.values()):
            connection.close()
        for transport in reversed(self._transports.values()):
            transport.close()

    def _transport(self, name: str) -> Transport:
        if name not in self._transports:
            self._transports[name] = self._new_transport(name)
        return self._transports[name]

    def _new_transport(self, name: str) -> Transport:
        place = self._known(name)
        if place.address:
            raise NotImplementedError
        if place.through or place.enter:
            outer = self._transport(place.through) if place.through else ProcessTransport()
            return NestedTransport(outer, place.enter, attach=place.attach, one_word=place.one_word)
        return ProcessTransport()

    def _known(self, name: str) -> Place:
        if name not in self._places:
            known = ", ".join(sorted(self._places)) or "none"
            raise PlaybookError(f"There is no place {name!r}.", hint=f"Places: {known}.")
        return self._places[name]


def _place(name: str, value: Place | Mapping[str, Any]) -> Place:
    if isinstance(value, Place):
        return value
    words: dict[str, Any] = {
        key: tuple(item) if isinstance(item, list) else item for key, item in value.items()
    }
    try:
        return Place(**words)
    except TypeError as error:
        raise PlaybookError(f"The place {name!r} cannot be read: {error}.") from error
