"""A process and all that descends from it: found, and ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

GRACE = 3.0


def end_tree(pid: int, *, grace: float = GRACE, reap: Callable[[], object] = lambda: None) -> None:
    """End the process group `pid` and all that descends from it: asked first, then forced.

    `reap` collects the leader's end where it is our child: until then it counts as alive.
    """
    family = _descendants(pid)
    _signal(pid, family, signal.SIGTERM)
    deadline = time.monotonic() + grace
    reap()
    while _alive(pid, family) and time.monotonic() < deadline:
        time.sleep(0.02)
        reap()
    _signal(pid, family | _descendants(pid), signal.SIGKILL)


def _descendants(pid: int) -> set[int]:
    """Return the processes that descend from `pid`, whatever group they chose."""
    pairs = [(child, parent) for child, parent, _group, _state in _processes()]
    family = {pid}
    while grown := {child for child, parent in pairs if parent in family} - family:
        family |= grown
    return family - {pid}


def _signal(pid: int, family: set[int], number: signal.Signals) -> None:
    for send, target in ((os.killpg, pid), *((os.kill, each) for each in family)):
        try:
            send(target, number)
        except (ProcessLookupError, PermissionError):
            continue


def _alive(pid: int, family: set[int]) -> bool:
    """Return whether any of them still runs; one that only waits to be collected does not."""
    return any(
        (child in family or group == pid) and not state.startswith("Z")
        for child, _parent, group, state in _processes()
    )


def _processes() -> Iterator[tuple[int, int, int, str]]:
    """Yield every process: its number, its parent's, its group's, and its state's letters."""
    words = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="]
    listed = subprocess.run(words, capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        pid, parent, group, state = line.split()
        yield int(pid), int(parent), int(group), state
