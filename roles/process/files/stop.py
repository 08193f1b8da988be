"""End every process of a box, and print one JSON line with those that were ended.

Words: the box's directory, the directory of its tmux server's socket. A process belongs to the
box when it was born with the box's `MEGAPLAN_BOX`, or descends from one that was.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 5.0


def main(box: str, run_dir: str) -> None:
    """Ask the processes to end, make those end that do not, and say who they were."""
    doomed = members(box)
    tell(doomed, signal.SIGTERM)
    end_server(run_dir)
    deadline = time.monotonic() + PATIENCE
    while (left := members(box)) and time.monotonic() < deadline:
        time.sleep(0.05)
    tell(left, signal.SIGKILL)
    print(json.dumps({"ended": sorted(doomed.values())}))


def end_server(run_dir: str) -> None:
    """Ask tmux to end; where tmux itself is gone its server is ended like every other process."""
    if shutil.which("tmux") is None:
        return
    subprocess.run(
        ["tmux", "kill-server"],
        capture_output=True,
        check=False,
        timeout=10,
        env={**os.environ, "TMUX_TMPDIR": run_dir},
    )


def members(box: str) -> "dict[int, str]":
    """Return the processes of the box by number, but for those that we came through.

    The connection that runs this program was born in the box too, and must outlive it.
    """
    parents, names = table()
    elders = ancestors(os.getpid(), parents)
    born = {pid for pid in parents if box in environment(pid)}
    spared = elders | descendants(born & elders, parents)
    return {pid: names[pid] for pid in (born | descendants(born, parents)) - spared}


def table() -> "tuple[dict[int, int], dict[int, str]]":
    """Return the parent and the name of every process of this user, but for our own helper."""
    done = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,uid=,comm="],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    rows = [line.split(None, 3) for line in done.stdout.splitlines()]
    mine, here = str(os.getuid()), str(os.getpid())
    kept = [row for row in rows if row[2] == mine and row[1] != here]
    return {int(row[0]): int(row[1]) for row in kept}, {int(row[0]): row[3] for row in kept}


def environment(pid: int) -> "list[str]":
    """Return the boxes that a process was born in: none, or one."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except FileNotFoundError:
        words = [] if Path("/proc/self").exists() else asked(pid)
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


def descendants(roots: "set[int]", parents: "dict[int, int]") -> "set[int]":
    """Return all that descend from some processes."""
    found: set[int] = set()
    edge = set(roots)
    while edge:
        edge = {pid for pid, parent in parents.items() if parent in edge} - found
        found |= edge
    return found


def ancestors(pid: int, parents: "dict[int, int]") -> "set[int]":
    """Return a process and all that it descends from."""
    found = {pid}
    while (pid := parents.get(pid, 0)) > 1:
        found.add(pid)
    return found


def tell(pids: "dict[int, str]", number: int) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
