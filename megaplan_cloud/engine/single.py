"""A connection to a place that takes no input: each command is a process of its own there."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from megaplan_cloud.engine import transfer
from megaplan_cloud.engine.channel import Transport, read_to_end
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.connection import Frame, OnBlock, attach
from megaplan_cloud.engine.errand import Errand
from megaplan_cloud.engine.errors import ConnectionFailed
from megaplan_cloud.engine.frame import cancel_words, new_name, whole_words
from megaplan_cloud.engine.shell import Patience


class SingleConnection:
    """Runs each command as one word that holds everything; begin and end are proven by marks.

    What such a command may say with exit code 0 and without having run is `Unproven`.
    """

    def __init__(self, transport: Transport, place: str, patience: Patience | None = None) -> None:
        self._transport = transport
        self._place = place
        self._patience = patience or Patience()
        self._busy: Errand | None = None

    def open(self) -> None:
        """Do nothing: there is nothing to be kept open."""

    def prepare(self) -> None:
        """Do nothing, as `open`."""

    def run(self, command: Command) -> Completed:
        """Run one command and return what came of it."""
        output: list[bytes] = []
        completed = self.errand(command, output.append)
        return replace(completed, stdout=b"".join(output))

    def send(self, batch: Sequence[Frame]) -> Iterator[Completed | None]:
        """Run the frames one by one; None for each that an earlier failure keeps from beginning."""
        stopped: int | None = None
        for frame in batch:
            if stopped is not None and frame.group != stopped:
                yield None
                continue
            completed = self.run(frame.command)
            if completed.rc != 0 and frame.stops and stopped is None:
                stopped = frame.group
            yield completed

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
        """Run `command`, hand on what it prints, return its exit code."""
        return self._listen(command, on_output, on_error or on_output).rc

    def errand(
        self, command: Command, on_output: Callable[[bytes], None], source: Iterable[bytes] = ()
    ) -> Completed:
        """Run `command` with `source` after its stdin, as far as both fit into one word."""
        errors: list[bytes] = []
        whole = replace(command, stdin=b"".join((command.stdin, *source)))
        completed = self._listen(whole, on_output, errors.append)
        return replace(completed, stderr=b"".join(errors))

    def attach(self, command: Command) -> int:
        """Give this terminal to `command`, raw and unredacted; return its exit code."""
        return attach(self._transport, command)

    def cancel(self) -> None:
        """Kill what runs at the place now; the thread that waits for it hears that it ended."""
        if (busy := self._busy) is not None:
            self._cancel(busy)

    def close(self) -> None:
        """Do nothing: there is nothing open."""

    def _listen(self, command: Command, on_output: OnBlock, on_error: OnBlock) -> Completed:
        name, nonce = new_name(), secrets.token_hex(16)
        began = self._patience.clock()
        channel = self._transport.open(whole_words(name, nonce, command))
        self._busy = errand = Errand(name, channel, self._place, self._patience, nonce)
        rc = None
        try:
            channel.feed((), last=True)
            rc = errand.listen(command, on_output, on_error)
        finally:
            self._busy = None
            if rc is None:
                self._cancel(errand)
            channel.close()
        return Completed(rc, b"", b"", self._patience.clock() - began, errand.timed_out)

    def _cancel(self, errand: Errand) -> None:
        """Kill what an errand's helper runs, if it can be done."""
        if errand.pid is None or errand.broken:
            return
        with suppress(ConnectionFailed, TimeoutError):
            channel = self._transport.open(cancel_words(errand.name, errand.pid))
            read_to_end(channel, self._patience.grace)
