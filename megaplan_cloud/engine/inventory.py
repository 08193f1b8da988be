"""An inventory: the places of a run, how each is reached, and its open connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from megaplan_cloud.engine.channel import Transport
from megaplan_cloud.engine.connection import Connection, FramedConnection
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.nested import NestedTransport
from megaplan_cloud.engine.process import ProcessTransport
from megaplan_cloud.engine.shell import Patience
from megaplan_cloud.engine.single import SingleConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How one host of a place is reached.

    Nothing set: a child process of ours. `address`: over ssh, with whatever `~/.ssh/config` says
    of it. `through` and `enter`: inside another place, by putting `enter` before the words
    (`attach` instead of it where a terminal is wanted; `one_word` where the rest must be one word).
    `stdin: false` says that what enters cannot take input: each command is then its own process.
    `connect_timeout` and `keep_alive` are in seconds; `name` is what reports call it.
    """

    name: str = ""
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

    def host(self, place: str) -> str:
        """Return the name of this host of the place called `place`."""
        return self.name or self.address or place


Described = Place | Mapping[str, Any]


class Inventory:
    """The places of a run; a connection is made when it is first asked for, and kept."""

    def __init__(
        self,
        places: Mapping[str, Described | Sequence[Described]],
        patience: Patience | None = None,
    ) -> None:
        self._places = {name: _hosts(name, value) for name, value in places.items()}
        self._patience = patience or Patience()
        self._transports: dict[tuple[str, str], Transport] = {}
        self._connections: dict[tuple[str, str], Connection] = {}
        self._lock = Lock()

    def hosts(self, place: str) -> tuple[str, ...]:
        """Return the names of the hosts of a place; `PlaybookError` when there is no such place."""
        if place not in self._places:
            known = ", ".join(sorted(self._places)) or "none"
            raise PlaybookError(f"There is no place {place!r}.", hint=f"Places: {known}.")
        return tuple(self._places[place])

    def connection(self, place: str, host: str = "") -> Connection:
        """Return the connection of a host, always the same; `host` may be left out if it is one."""
        key = self._key(place, host)
        with self._lock:
            return self._made(key)

    def prepare(self, place: str, host: str = "") -> None:
        """Connect in the background over ssh; an error is told when it is used, not before.

        Other places open at once, and may not be there before a play has made them. What ssh needs
        is loaded in the foreground: beside other work that takes three times as long.
        """
        if self._places[place][self._key(place, host)[1]].address:
            self.connection(place, host).prepare()

    def cancel(self) -> None:
        """Kill what runs at every place, for the threads that wait for it."""
        for connection in list(self._connections.values()):
            connection.cancel()

    def close(self) -> None:
        """Close every connection, the innermost first."""
        for connection in reversed(self._connections.values()):
            connection.close()
        for transport in reversed(self._transports.values()):
            transport.close()

    def _made(self, key: tuple[str, str]) -> Connection:
        if key not in self._connections:
            kind = FramedConnection if self._places[key[0]][key[1]].stdin else SingleConnection
            self._connections[key] = kind(self._transport(key), key[1], self._patience)
        return self._connections[key]

    def _transport(self, key: tuple[str, str]) -> Transport:
        if key not in self._transports:
            self._transports[key] = self._new_transport(self._places[key[0]][key[1]])
        return self._transports[key]

    def _new_transport(self, place: Place) -> Transport:
        if place.address:
            return _ssh(place)
        outer: Transport = ProcessTransport()
        if place.through:
            outer = self._transport(self._key(place.through, ""))
        if not place.enter:
            return outer
        return NestedTransport(outer, place.enter, attach=place.attach, one_word=place.one_word)

    def _key(self, place: str, host: str) -> tuple[str, str]:
        hosts = self.hosts(place)
        if host in hosts or (not host and len(hosts) == 1):
            return place, host or hosts[0]
        what = f"has no host {host!r}" if host else "has more than one host"
        raise PlaybookError(f"The place {place!r} {what}.", hint=f"Its hosts: {', '.join(hosts)}.")


def _ssh(place: Place) -> Transport:
    # Paramiko takes a tenth of a second to import: only who needs ssh waits for it.
    from megaplan_cloud.engine.ssh import SshAddress, SshTransport

    return SshTransport(
        SshAddress(
            host=place.address,
            user=place.user,
            port=place.port,
            identity_file=place.identity_file,
            config=place.config,
            connect_timeout=place.connect_timeout,
            keep_alive=place.keep_alive,
        )
    )


def _hosts(name: str, value: Described | Sequence[Described]) -> dict[str, Place]:
    several = [value] if isinstance(value, Place | Mapping) else list(value)
    places = [_place(name, one) for one in several]
    hosts = {place.host(name): place for place in places}
    if len(hosts) != len(places):
        raise PlaybookError(
            f"Two hosts of the place {name!r} have the same name.",
            hint="Give each a `name` of its own.",
        )
    return hosts


def _place(name: str, value: Described) -> Place:
    if isinstance(value, Place):
        return value
    words: dict[str, Any] = {
        key: tuple(item) if isinstance(item, list) else item for key, item in value.items()
    }
    try:
        return Place(**words)
    except TypeError as error:
        raise PlaybookError(f"The place {name!r} cannot be read: {error}.") from error
