"""End agents of this box that have come to a standstill; says what it does, in a log.

Words: the log. An agent is a `codex exec` or a `claude -p` that descends from this box's own tmux
server: whoever else works on the machine is never touched. It stands still when neither it nor
anything it has started has read, written or computed; then it is warned about, and later
interrupted once in each such while, so that whoever waits for it hears of a failure.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WARN = float(os.environ.get("HEARTBEAT_WARN_SECS", "600"))
STALL = float(os.environ.get("HEARTBEAT_STALL_SECS", "1200"))
KILL = os.environ.get("HEARTBEAT_KILL_ON_STALL", "1") != "0"
EVERY = min(60.0, STALL / 4)
LARGEST = 1_000_000
AGENTS = {"codex": "exec", "claude": "-p"}


def main(log: str) -> None:
    """Look for ever."""
    seen: dict[int, tuple[int, float]] = {}
    warned: set[int] = set()
    while True:
        seen = look(Path(log), seen, warned)
        time.sleep(EVERY)


def look(
    log: Path, seen: "dict[int, tuple[int, float]]", warned: "set[int]"
) -> "dict[int, tuple[int, float]]":
    """Look once; return how much each agent has done, and since when it is that much."""
    children, now, found = tree(), time.monotonic(), {}
    for pid in agents(children):
        work = sum(done(one) for one in {pid, *descendants(pid, children)})
        before, since = seen.get(pid, (-1, now))
        found[pid] = (work, since if work == before else now)
        still = now - found[pid][1]
        if still == 0:
            warned.discard(pid)
        if still >= STALL:
            say(log, f"STALL {pid}: nothing for {still:.0f} s{': interrupted' if KILL else ''}")
            if KILL:
                interrupt(pid)
            found[pid] = (work, now)
        elif still >= WARN and pid not in warned:
            warned.add(pid)
            say(log, f"WARN {pid}: nothing for {still:.0f} s")
    return found


def agents(children: "dict[int, list[int]]") -> "list[int]":
    """Return the agents that descend from the panes of this box's tmux server."""
    words = ["tmux", "list-panes", "-a", "-F", "#{pane_pid}"]
    asked = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
    panes = [int(line) for line in asked.stdout.split()]
    mine = {one for pane in panes for one in (pane, *descendants(pane, children))}
    return sorted(pid for pid in mine if is_agent(pid))


def is_agent(pid: int) -> bool:
    """Say whether a process is an agent at work: it, or the script that an interpreter runs."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    for at, word in enumerate(words[:2]):
        if (verb := AGENTS.get(Path(word).name)) and verb in words[at + 1 :]:
            return True
    return False


def done(pid: int) -> int:
    """Return a number that grows when a process reads, writes or computes."""
    try:
        io = Path(f"/proc/{pid}/io").read_text(encoding="ascii").split()
        spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    # A process that only waits still computes a little: whole seconds count, ticks do not.
    seconds = (int(spent[11]) + int(spent[12])) // os.sysconf("SC_CLK_TCK")
    return int(io[1]) + int(io[3]) + seconds


def tree() -> "dict[int, list[int]]":
    """Return the children of every process."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            found.setdefault(parent, []).append(int(entry.name))
    return found


def descendants(pid: int, children: "dict[int, list[int]]") -> "set[int]":
    """Return all that descends from a process."""
    found: set[int] = set()
    edge = list(children.get(pid, []))
    while edge:
        one = edge.pop()
        if one not in found:
            found.add(one)
            edge += children.get(one, [])
    return found


def interrupt(pid: int) -> None:
    """Interrupt a process that may be gone by now."""
    try:
        os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        return


def say(log: Path, line: str) -> None:
    """Add a line to the log; a log that is too long begins anew."""
    if log.exists() and log.stat().st_size > LARGEST:
        log.replace(log.with_suffix(".old"))
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
    print(f"[heartbeat] {line}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
