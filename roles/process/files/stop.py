"""End every process of a box, and print one JSON line with those that were ended.

Words: the box's directory, the directory of its tmux server's socket. A process belongs to the
box when it descends from its tmux server, or was born with the box's `MEGAPLAN_BOX`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 5.0


def main(box: str, run_dir: str) -> None:
    """Ask the processes to end, make those end that do not, and say who they were."""
    spared = ancestors(os.getpid())
    doomed = members(box) - spared
    names = {pid: name for pid, (_, name) in table().items()}
    tell(doomed, signal.SIGTERM)
    subprocess.run(
        ["tmux", "kill-server"],
        capture_output=True,
        check=False,
        timeout=10,
        env={**os.environ, "TMUX_TMPDIR": run_dir},
    )
    deadline = time.monotonic() + PATIENCE
    while (left := (members(box) - spared)) and time.monotonic() < deadline:
        time.sleep(0.05)
    tell(left, signal.SIGKILL)
    print(json.dumps({"ended": sorted(names.get(pid, "?") for pid in doomed)}))


def members(box: str) -> "set[int]":
    """Return the processes of the box, and all that descend from them."""
    born = {pid for pid in table() if box in environment(pid)}
    return born | descendants(born)


def environment(pid: int) -> "list[str]":
    """Return the boxes that a process was born in: none, or one."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except FileNotFoundError:
        words = asked(pid) if not Path("/proc/self").exists() else []
    except OSError:
        words = []
    return [word.partition("=")[2] for word in words if word.startswith("MEGAPLAN_BOX=")]


def asked(pid: int) -> "list[str]":
    """Return the environment of a process where there is no /proc, as on macOS."""
    done = subprocess.run(
        ["ps", "-E", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        timeout=5,
    )
    return done.stdout.split(" ")


def table() -> "dict[int, tuple[int, str]]":
    """Return the parent and the name of every process of this user."""
    done = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,uid=,comm="],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    rows = [line.split(None, 3) for line in done.stdout.splitlines()]
    mine = str(os.getuid())
    return {int(pid): (int(parent), name) for pid, parent, uid, name in rows if uid == mine}


def descendants(roots: "set[int]") -> "set[int]":
    """Return all that descend from some processes."""
    parents = {pid: parent for pid, (parent, _) in table().items()}
    found: set[int] = set()
    edge = set(roots)
    while edge:
        edge = {pid for pid, parent in parents.items() if parent in edge} - found
        found |= edge
    return found


def ancestors(pid: int) -> "set[int]":
    """Return a process and all that it descends from: those who run this program."""
    parents = {child: parent for child, (parent, _) in table().items()}
    found = {pid}
    while (pid := parents.get(pid, 0)) > 1:
        found.add(pid)
    return found


def tell(pids: "set[int]", number: int) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    main(*sys.argv[1:])
