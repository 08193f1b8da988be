"""The journal of a plan: one JSON line per event, in `events.ndjson`."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import clock, lock

JOURNAL = "events.ndjson"
SEQUENCE_LOCK = ".events.seq"
BEGUN = ".events.init_ts"
TAIL = 64 * 1024


def append(directory: Path, kind: str, phase: str | None, payload: Mapping[str, Any]) -> None:
    """Add an event to the journal of the plan in `directory` (schemas/event.schema.json).

    Numbers run on from the last whole line, so a writer killed in the middle of a line costs
    that line and no other.
    """
    with lock.waited(directory / SEQUENCE_LOCK):
        moment = clock.now()
        line = {
            "seq": _next_number(directory),
            "ts_utc": clock.stamp(moment),
            "ts_rel_init_s": _since_begun(directory, moment),
            "kind": kind,
            "phase": phase,
            "payload": dict(payload),
        }
        path = directory / JOURNAL
        torn = path.exists() and not _ends_with_newline(path)
        with path.open("ab") as file:
            text = json.dumps(line, ensure_ascii=False) + "\n"
            file.write((b"\n" if torn else b"") + text.encode())


def tail(directory: Path, size: int = TAIL) -> list[dict[str, Any]]:
    """Return the events in the last `size` bytes of the journal; torn lines are left out."""
    try:
        with (directory / JOURNAL).open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            begin = max(0, end - size)
            file.seek(begin)
            lines = file.read(size).split(b"\n")
    except FileNotFoundError:
        return []
    return [event for line in lines[1 if begin else 0 :] if (event := _event(line))]


def _next_number(directory: Path) -> int:
    size = TAIL
    while not (found := tail(directory, size)):
        path = directory / JOURNAL
        if not path.exists() or path.stat().st_size <= size:
            return 0
        size *= 4
    return int(found[-1]["seq"]) + 1


def _since_begun(directory: Path, moment: datetime) -> float:
    path = directory / BEGUN
    try:
        begun = datetime.fromisoformat(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        path.write_text(clock.stamp(moment), encoding="ascii")
        return 0.0
    return round((moment - begun).total_seconds(), 6)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("seq"), int) else None
