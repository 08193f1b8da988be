"""Locks between processes, which end with the process that holds them."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.write import write_json

PATIENCE = 30.0
# Somebody who only asks whether the lock is held has it for an instant.
INSTANT = 0.25


@contextmanager
def held(path: Path, *, purpose: str) -> Iterator[None]:
    """Hold the lock at `path`, or refuse at once with `plan_locked` naming who holds it.

    The kernel frees it when the holder dies, however it dies; the file stays and means nothing.
    Who holds it stands in `<path>.holder.json`, which is worth reading only while it is held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        if not _wait(file, INSTANT):
            raise _locked(path, purpose)
        write_json(holder_file(path), _holder(purpose))
        yield


@contextmanager
def waited(path: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock at `path`, waiting for the short work of others up to `patience` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        if not _wait(file, patience):
            raise HarnessError("plan_locked", f"{path} stayed locked for {patience:.0f} s")
        yield


def is_held(path: Path) -> bool:
    """Return whether somebody holds the lock at `path` now."""
    try:
        with path.open("r") as file:
            return not _try(file)
    except FileNotFoundError:
        return False


def holder(path: Path) -> Mapping[str, Any] | None:
    """Return who holds the lock at `path` (pid, host, since, purpose), or None if nobody does."""
    if not is_held(path):
        return None
    try:
        found = json.loads(holder_file(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def holder_file(path: Path) -> Path:
    """Return the side file that says who took the lock at `path`."""
    return path.with_name(f"{path.name}.holder.json")


def _wait(file: TextIO, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not _try(file):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _try(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(purpose: str) -> dict[str, Any]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "purpose": purpose}


def _locked(path: Path, purpose: str) -> HarnessError:
    who = holder(path) or {}
    told = (
        f"{who['purpose']} (pid {who['pid']} on {who['host']}, since {who['since']})"
        if {"purpose", "pid", "host", "since"} <= who.keys()
        else "another command"
    )
    return HarnessError(
        "plan_locked",
        f"{purpose} cannot start: {told} is at work on {path.parent.name}",
        hint="Wait for it, or end that process; the lock ends with it.",
        details={"holder": dict(who), "lock": str(path)},
    )
