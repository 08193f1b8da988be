"""A connection: the one way in which everything above runs commands and moves files at a place."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Protocol

from megaplan_cloud.engine import transfer
from megaplan_cloud.engine.channel import Transport, read_to_end
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.errand import Errand, OnBlock
from megaplan_cloud.engine.errors import ConnectionFailed, EngineError, Unproven
from megaplan_cloud.engine.frame import (
    BOOTSTRAP,
    Frame,
    cancel,
    hello,
    new_name,
    refuse_secrets,
    script,
)
from megaplan_cloud.engine.shell import Patience, Shell

__all__ = ["Connection", "Frame", "FramedConnection", "OnBlock"]


class Connection(Protocol):
    """A place that can be worked at. It opens when it is first used, and is not thread-safe.

    All raise `ConnectionFailed` when the place cannot be reached (nothing was run there), and
    `Unproven` when the link breaks before an end mark (it may or may not have run).
    Ctrl-C kills what runs at the place, closes the connection, and is raised again.
    """

    def open(self) -> None:
        """Open now, ahead of the first command, which would do it otherwise."""

    def prepare(self) -> None:
        """Begin to open in the background, where that takes long; the first use tells an error."""

    def run(self, command: Command) -> Completed:
        """Run one command and return what came of it."""

    def send(self, batch: Sequence[Frame]) -> Iterator[Completed | None]:
        """Send all frames at once; give one answer per frame, in order, as each is proven.

        None stands for a frame that never began because an earlier one failed.
        """

    def put(
        self,
        source: Path | bytes,
        target: str,
        *,
        mode: str = "0644",
        owner: str | None = None,
        become: bool = False,
    ) -> Completed:
        """Make the file `target` of `source`: verified by sha256, then renamed into place."""

    def get(self, source: str, target: Path, *, become: bool = False) -> Completed:
        """Fetch the file `source`: verified by sha256, then renamed into place."""

    def sync(
        self, source: Path, target: str, *, check: bool = False, become: bool = False
    ) -> Completed:
        """Make the directory `target` equal to `source`; stdout has one line per changed path."""

    def stream(
        self,
        command: Command,
        on_output: OnBlock,
        on_error: OnBlock | None = None,
    ) -> int:
        """Run `command` on a channel of its own, hand on what it prints, return its exit code."""

    def attach(self, command: Command) -> int:
        """Give this terminal to `command`, raw and unredacted; return its exit code."""

    def cancel(self) -> None:
        """Kill what runs at the place now. Alone of all, it may be called by another thread."""

    def close(self) -> None:
        """Kill what still runs and close; the connection may be used again, and opens anew."""


class FramedConnection:
    """A connection that keeps one shell at a place, and opens a channel more where it must."""

    def __init__(self, transport: Transport, place: str, patience: Patience | None = None) -> None:
        self._transport = transport
        self._place = place
        self._patience = patience or Patience()
        self._shell: Shell | None = None
        self._busy: Shell | Errand | None = None
        self._opening: Thread | None = None

    def open(self) -> None:
        """Open the shell now; otherwise the first command does it."""
        self._opened()

    def prepare(self) -> None:
        """Open the shell in the background; the first command waits for it, and tells an error."""
        if self._shell is None and self._opening is None:
            self._opening = Thread(target=self._try_to_open, name="connection-opening", daemon=True)
            self._opening.start()

    def _try_to_open(self) -> None:
        with suppress(EngineError):
            self._new_shell()

    def _await_opening(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.join()

    def _opened(self) -> Shell:
        self._await_opening()
        if self._shell is not None and self._shell.alive():
            return self._shell
        self.close()
        return self._new_shell()

    def _new_shell(self) -> Shell:
        name = new_name()
        channel = self._transport.open((*BOOTSTRAP, name))
        shell = Shell(name, channel, self._place, self._patience)
        try:
            shell.open()
        except (ConnectionFailed, KeyboardInterrupt):
            shell.close()
            raise
        self._shell = shell
        return shell

    def run(self, command: Command) -> Completed:
        """Run one command and return what came of it."""
        [completed] = self.send([Frame(command)])
        if completed is None:
            raise Unproven(f"{self._place} refused a command that nothing stopped.")
        return completed

    def send(self, batch: Sequence[Frame]) -> Iterator[Completed | None]:
        """Send all frames at once; give one answer per frame, in order, as each is proven."""
        if not batch:
            return
        self._busy = shell = self._opened()
        try:
            yield from shell.send(batch)
        finally:
            # An answer is missing: the link broke, Ctrl-C came, or nobody wants to hear the rest.
            if shell.waiting:
                self.close()
            self._busy = None

    def put(
        self,
        source: Path | bytes,
        target: str,
        *,
        mode: str = "0644",
        owner: str | None = None,
        become: bool = False,
    ) -> Completed:
        """Make the file `target` of `source`: verified by sha256, then renamed into place."""
        return transfer.put(self, source, target, mode=mode, owner=owner, become=become)

    def get(self, source: str, target: Path, *, become: bool = False) -> Completed:
        """Fetch the file `source`: verified by sha256, then renamed into place."""
        return transfer.get(self, source, target, become=become)

    def sync(
        self, source: Path, target: str, *, check: bool = False, become: bool = False
    ) -> Completed:
        """Make the directory `target` equal to `source`; stdout has one line per changed path."""
        return transfer.sync(self, source, target, check=check, become=become)

    def stream(self, command: Command, on_output: OnBlock, on_error: OnBlock | None = None) -> int:
        """Run `command` on a channel of its own, hand on what it prints, return its exit code."""
        return self._errand(command, on_output, on_error or on_output, ())

    def errand(
        self, command: Command, on_output: OnBlock, source: Iterable[bytes] = ()
    ) -> Completed:
        """Run `command` on a channel of its own, with `source` after its stdin."""
        errors: list[bytes] = []
        began = self._patience.clock()
        rc = self._errand(command, on_output, errors.append, source)
        return Completed(rc, b"", b"".join(errors), self._patience.clock() - began)

    def _errand(
        self, command: Command, on_output: OnBlock, on_error: OnBlock, source: Iterable[bytes]
    ) -> int:
        name = new_name()
        channel = self._transport.open((*BOOTSTRAP, name))
        errand = Errand(name, channel, self._place, self._patience, secrets.token_hex(16))
        before, self._busy = self._busy, errand
        ended = False
        try:
            rc = errand.run(command, on_output, on_error, source)
            ended = True
        finally:
            self._busy = before
            if not ended:
                self._cancel(errand)
            channel.close()
        return rc

    def attach(self, command: Command) -> int:
        """Give this terminal to `command`, raw and unredacted; return its exit code."""
        return attach(self._transport, command)

    def cancel(self) -> None:
        """Kill what runs at the place now; the thread that waits for it hears that it ended."""
        if (busy := self._busy) is not None:
            self._cancel(busy)

    def close(self) -> None:
        """Kill what still runs and close; the connection may be used again, and opens anew."""
        self._await_opening()
        busy, self._busy = self._busy, None
        shell, self._shell = self._shell, None
        if busy is not None:
            self._cancel(busy)
        if shell is not None:
            shell.close()

    def _cancel(self, helper: Shell | Errand) -> None:
        """Kill what a helper runs, through a channel of its own; give up after a while.

        Behind a broken link nothing is looked for: the helper ends when it answers.
        """
        if helper.pid is None or helper.broken:
            return
        with suppress(ConnectionFailed, TimeoutError):
            channel = self._transport.open((*BOOTSTRAP, new_name()))
            mode = cancel(helper.name, helper.pid)
            channel.feed([hello(secrets.token_hex(16), mode)], last=True)
            read_to_end(channel, self._patience.grace)


def attach(transport: Transport, command: Command) -> int:
    """Give this terminal to `command` at the end of `transport`; return its exit code."""
    refuse_secrets(command, "A program on this terminal")
    text = script(command, whole=True).decode("utf-8", "surrogateescape")
    return transport.attach(("sh", "-c", text))
