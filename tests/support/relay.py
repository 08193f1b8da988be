"""A relay between us and the far side: it counts turns and bytes, and does harm where it is told.

`FaultyTransport` stands between a connection and its channels, and sees the frames themselves;
`TcpRelay` stands between ssh and sshd, and sees what a real link carries.
"""

import socket
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Literal, Self

from megaplan_cloud.engine.channel import Block, Channel, Transport

Harm = Literal["cut", "stall", "truncate", "duplicate", "garble"]
Side = Literal["sent", "answered"]
HELLO = b" hello "


@dataclass(frozen=True)
class Fault:
    """What is done to which stream, `at` so many bytes after the hello; `span` bytes are hit."""

    harm: Harm
    side: Side
    at: int
    span: int = 0


@dataclass
class Record:
    """The bytes that went each way after the hello, as they were before any harm."""

    sent: bytes = b""
    answered: bytes = b""


class FaultyTransport:
    """Harms the first channel that it opens, and leaves the others alone."""

    def __init__(self, transport: Transport, fault: Fault | None = None) -> None:
        self.record = Record()
        self.opened = 0
        self._transport = transport
        self._fault = fault

    def open(self, words: Sequence[str]) -> Channel:
        """Open a channel of the transport below."""
        channel = self._transport.open(words)
        self.opened += 1
        if self.opened > 1:
            return channel
        return _FaultyChannel(channel, self._fault, self.record)

    def attach(self, words: Sequence[str]) -> int:
        """Do what the transport below does."""
        return self._transport.attach(words)

    def close(self) -> None:
        """Close the transport below."""
        self._transport.close()


class _FaultyChannel:
    def __init__(self, channel: Channel, fault: Fault | None, record: Record) -> None:
        self._channel = channel
        self._fault = fault
        self._record = record
        self._feeds = 0
        self._before = b""
        self._hello = False
        self._deaf = False
        self._ended = False

    def feed(self, blocks: Iterable[bytes], *, last: bool = False) -> None:
        self._feeds += 1
        data = b"".join(blocks)
        # What is fed first is the helper's own text.
        if self._feeds > 1:
            start = len(self._record.sent)
            self._record.sent += data
            data, last = self._harmed("sent", start, data, last=last)
        if not self._deaf or data or last:
            self._channel.feed([data], last=last)

    def read(self, timeout: float | None) -> Block:
        if self._ended:
            return Block(b"")
        if self._deaf and self._fault and self._fault.side == "answered":
            _wait(timeout)
        block = self._channel.read(timeout)
        if block.is_error or not block.data:
            return block
        data = block.data
        if not self._hello:
            self._before += data
            at = self._before.find(HELLO)
            end = self._before.find(b"\n", at) + 1 if at >= 0 else 0
            if not end:
                return self.read(timeout)
            self._hello = True
            data = self._before[end:]
            return Block(self._before[:end] + self._passed(data))
        passed = self._passed(data)
        if passed or self._ended:
            return Block(passed)
        return self.read(timeout)

    def _passed(self, data: bytes) -> bytes:
        start = len(self._record.answered)
        self._record.answered += data
        harmed, self._ended = self._harmed("answered", start, data, last=False)
        return harmed

    def _harmed(self, side: Side, start: int, data: bytes, *, last: bool) -> tuple[bytes, bool]:
        fault = self._fault
        if fault is None or fault.side != side:
            return data, last
        if self._deaf:
            return b"", False
        at = fault.at - start
        if at < 0 or at > len(data):
            return data, last
        self._deaf = fault.harm in ("cut", "stall")
        return _harm(fault, at, data), last or fault.harm == "cut"

    def ending(self) -> int | None:
        return self._channel.ending()

    def close(self) -> None:
        self._channel.close()


def _harm(fault: Fault, at: int, data: bytes) -> bytes:
    match fault.harm:
        case "cut" | "stall":
            return data[:at]
        case "truncate":
            return data[:at] + data[at + fault.span :]
        case "duplicate":
            return data[: at + fault.span] + data[at:]
        case "garble":
            return data[:at] + b"\xff\0garbage\n" + data[at:]


def _wait(timeout: float | None) -> None:
    """Wait as a channel does that nothing comes from."""
    threading.Event().wait(timeout)
    raise TimeoutError


@dataclass
class Link:
    """One connection through a relay."""

    client: socket.socket
    server: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)


class TcpRelay:
    """Passes a port of this machine on to another; `port` is its own."""

    def __init__(self, target: int, *, delay: float = 0.0) -> None:
        self.turns = 0
        self.sent = 0
        self.received = 0
        self.ended = 0
        self._target = target
        self._delay = delay
        self._flowing = threading.Event()
        self._flowing.set()
        self._toward_server = False
        self._links: list[Link] = []
        self._cut_after: int | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def reset(self) -> None:
        """Count from zero."""
        self.turns = self.sent = self.received = 0
        self._toward_server = False

    def cut(self) -> None:
        """Break every connection that is open."""
        self._flowing.set()
        links, self._links = self._links, []
        for link in links:
            for end in (link.client, link.server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def cut_after(self, received: int) -> None:
        """Break the connections once so many more bytes have come back from the server."""
        self._cut_after = self.received + received

    def stall(self) -> None:
        """Pass nothing on any more, and close nothing: as a network does that lost its way."""
        self._flowing.clear()

    def heal(self) -> None:
        """Pass everything on again."""
        self._flowing.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                link = Link(client, server)
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._links.append(link)
                for pump in ((link, client, server, True), (link, server, client, False)):
                    threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(
        self,
        link: Link,
        source: socket.socket,
        target: socket.socket,
        to_server: bool,  # noqa: FBT001
    ) -> None:
        waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        passing = (link, waiting, source, target, to_server)
        threading.Thread(target=self._pass_on, args=passing, daemon=True).start()
        with suppress(OSError, ValueError):
            while data := source.recv(1 << 16):
                # What we send is counted when we send it: what comes back later did not cause it.
                if to_server:
                    self._counted(link, data, to_server=True)
                waiting.put((time.monotonic() + self._delay, data))
        self.ended += to_server
        waiting.put((time.monotonic(), b""))

    def _pass_on(
        self,
        link: Link,
        waiting: "SimpleQueue[tuple[float, bytes]]",
        source: socket.socket,
        target: socket.socket,
        to_server: bool,  # noqa: FBT001
    ) -> None:
        with suppress(OSError, ValueError):
            while True:
                due, data = waiting.get()
                if not data:
                    break
                time.sleep(max(0.0, due - time.monotonic()))
                self._flowing.wait()
                if not to_server:
                    self._counted(link, data, to_server=False)
                target.sendall(data)
                if self._cut_after is not None and self.received >= self._cut_after:
                    self._cut_after = None
                    self.cut()
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _counted(self, link: Link, data: bytes, *, to_server: bool) -> None:
        with link.lock:
            self._count(len(data), to_server=to_server)

    def _count(self, size: int, *, to_server: bool) -> None:
        if to_server:
            self.sent += size
            # A turn begins when we speak again after having listened.
            self.turns += not self._toward_server
        else:
            self.received += size
        self._toward_server = to_server
