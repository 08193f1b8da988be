"""A journal: the events of a run as JSON lines, written before the next thing happens."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.errors import EngineError, PlaybookError

Record = Mapping[str, Any]


class JournalError(EngineError):
    """The journal cannot be written: going on would do things that nobody could resume."""

    exit_code = 1
    code = "journal_lost"


@dataclass(frozen=True, slots=True)
class Journal:
    """An open journal file. One run at a time holds it; every line is one redacted record.

    A record is in the file (not in a buffer of ours) when `write` returns, so `kill -9` loses
    none; `sync` returns when the records also survive a power cut.
    """

    path: Path
    descriptor: int
    redact: Callable[[Any], Any]
    now: Callable[[], float]

    def write(self, event: str, **fields: Any) -> None:
        """Append one record with the time (seconds since the epoch); JournalError if it cannot."""
        record = {"event": event, "at": round(self.now(), 3)} | self.redact(fields)
        line = json.dumps(record, ensure_ascii=True, default=str).encode() + b"\n"
        with telling(self.path):
            written = os.write(self.descriptor, line)
        if written != len(line):
            raise JournalError(
                f"The disk of {self.path} is full.", hint="Make room, then --resume."
            )

    def sync(self) -> None:
        """Return when every record written so far is on the disk."""
        with telling(self.path):
            os.fsync(self.descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.descriptor)


def open_journal(
    path: Path, redact: Callable[[Any], Any], now: Callable[[], float], *, keep: bool
) -> Journal:
    """Return the journal at `path`, readable by its owner only; `keep` appends to an old one.

    PlaybookError when another run holds it, JournalError when it cannot be written.
    """
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise PlaybookError(
            f"Another run is writing the journal {path}.",
            hint="Wait for it to end, or stop it first.",
        ) from None
    os.fchmod(descriptor, 0o600)
    os.ftruncate(descriptor, whole_length(path.read_bytes()) if keep else 0)
    return Journal(path, descriptor, redact, now)


def read_journal(path: Path) -> list[Record]:
    """Return the whole records of a journal; a last line torn by a crash is left out.

    PlaybookError when there is no journal, or a line in its middle is not a record.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PlaybookError(
            f"There is no journal at {path}, so there is nothing to resume.",
            hint="Run without --resume first.",
        ) from None
    lines = content[: whole_length(content)].splitlines()
    return [parse_record(path, number, line) for number, line in enumerate(lines, start=1)]


def whole_length(content: bytes) -> int:
    """Return how many bytes of a journal are whole lines."""
    return content.rfind(b"\n") + 1


def parse_record(path: Path, number: int, line: bytes) -> Record:
    """Return one line's record."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or "event" not in record:
        raise PlaybookError(
            f"{path}:{number}: this line of the journal is not a record.",
            hint="The file was changed by something else; run without --resume.",
        )
    return record


def fingerprint(text: str) -> str:
    """Return the hash by which the journal knows a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what the system says of a journal's file into an error for a person."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"The journal {path} cannot be written: {error.strerror}.",
            hint="Make room, or choose another place for it, then run again with --resume.",
        ) from error
