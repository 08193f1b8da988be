"""Look at a chain in its box: its runner, its state, its plan, its log. It changes nothing.

Words: a verb and a JSON object with root, session, workspace, spec, log, exit, digest, seconds.
`probe` says who has the session; `look` is one snapshot; `verify` waits until the chain advances,
ends or dies; `follow` writes a line for each change until the runner has ended. All is JSON.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

TAIL_BYTES = 20_000
TAIL_LINES = 20
BEAT = 15.0
PAUSE = 0.3


def main(verb: str, words: str) -> None:
    """Do what the verb says."""
    chain = json.loads(words)
    verbs = {"probe": probe, "look": look, "verify": verify}
    if verb == "follow":
        follow(chain)
    else:
        print(json.dumps(verbs[verb](chain)))


def probe(chain: "dict[str, str]") -> "dict[str, object]":
    """Return who has the session and the workspace, and how much room there is."""
    markers = Path(chain["root"], ".megaplan", "cloud-sessions")
    marker = document(markers / f"{chain['session']}.json")
    busy = ""
    for file in sorted(markers.glob("*.json")) if markers.is_dir() else []:
        other = document(file)
        same_place = other.get("workspace") == chain["workspace"]
        if same_place and file.stem != chain["session"] and runner(file.stem) == "alive":
            busy = file.stem
    disk = os.statvfs(chain["root"])
    return {
        "runner": runner(chain["session"]),
        "marker": marker,
        "busy": busy,
        "ready": document(Path(chain["run"], "ready.json")) != {},
        "free_bytes": disk.f_bavail * disk.f_frsize,
        # Some file systems count no inodes.
        "free_inodes": disk.f_favail if disk.f_files else None,
    }


def look(chain: "dict[str, str]") -> "dict[str, object]":
    """Return one snapshot of the chain."""
    path, state, problem = chain_state(Path(chain["spec"]))
    spec_dir = Path(chain["spec"]).parent
    return {
        "at": now(),
        "runner": runner(chain["session"]),
        "exit": document(Path(chain["exit"])) or None,
        "result": brief(document(Path(chain["result"]))),
        "workspace_present": Path(chain["workspace"]).is_dir(),
        "spec_present": Path(chain["spec"]).is_file(),
        "state_path": str(path),
        "state": state,
        "state_problem": problem,
        "plan": plan(spec_dir, (state or {}).get("current_plan_name")),
        "log": log(Path(chain["log"])),
    }


def verify(chain: "dict[str, str]") -> "dict[str, object]":
    """Return how the launch went: `advanced`, `finished`, `died` or `silent`, and a snapshot."""
    deadline = time.monotonic() + float(chain["seconds"])
    while True:
        seen = look(chain)
        status = launched(seen, moved=moved(chain, seen))
        if status or time.monotonic() > deadline:
            return {"status": status or "silent", "likely_cause": cause(status, seen), **seen}
        time.sleep(PAUSE)


def moved(chain: "dict[str, str]", seen: "dict[str, object]") -> bool:
    """Say whether the launch wrote anything since its session was marked, just before it."""
    marker = Path(chain["root"], ".megaplan", "cloud-sessions", f"{chain['session']}.json")
    return any(changed_at(file) >= changed_at(marker) for file in traces(chain, seen))


def traces(chain: "dict[str, str]", seen: "dict[str, object]") -> "list[Path]":
    """Return the files that a launch writes: those of the chain and its plan, or of any plan."""
    plans = Path(chain["spec"]).parent / ".megaplan" / "plans"
    if chain.get("kind") == "plan":
        return [*plans.glob("*/state.json")]
    plan = plans / str((seen["plan"] or {}).get("name"))
    return [Path(str(seen["state_path"])), plan / "state.json", plan / "events.ndjson"]


def changed_at(path: Path) -> int:
    """Return when a file changed, in nanoseconds; 0 when there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def launched(seen: "dict[str, object]", *, moved: bool) -> str:
    """Return what a snapshot says of a launch; nothing while it says too little.

    A chain that a milestone has stopped was launched; one that ended without a word was not.
    """
    if seen["runner"] == "dead":
        ended, said = seen["exit"] or {}, seen["result"] or {}
        finished = ended.get("rc") in (0, 3)
        return "finished" if finished else "stopped" if said.get("status") else "died"
    return "advanced" if seen["runner"] == "alive" and moved else ""


def cause(status: str, seen: "dict[str, object]") -> str:
    """Return the likely cause of a launch that went wrong."""
    if status == "died":
        ended, said = seen["exit"] or {}, seen["result"] or {}
        if said.get("message"):
            return str(said["message"])
        return (
            f"the driver ended with exit code {ended['rc']}"
            if ended
            else (
                "the driver is gone and left no exit code: it was killed, or could not be started"
            )
        )
    return "" if status else "the driver lives and has written no chain state yet"


def follow(chain: "dict[str, str]") -> None:
    """Write a snapshot whenever something changed, and at least every few seconds."""
    last, spoke = "", 0.0
    while True:
        seen = look(chain)
        seen["end"] = seen["runner"] == "dead"
        told = json.dumps({key: value for key, value in seen.items() if key != "at"})
        if told != last or time.monotonic() - spoke > BEAT:
            print(json.dumps(seen), flush=True)
            last, spoke = told, time.monotonic()
        if seen["end"]:
            return
        time.sleep(PAUSE)


def runner(session: str) -> str:
    """Return alive, dead or unknown: only tmux's own word counts as death."""
    try:
        done = subprocess.run(
            ["tmux", "has-session", "-t", f"={session}"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    if done.returncode == 0:
        return "alive"
    gone = ("can't find session", "no server running", "No such file or directory")
    return "dead" if any(word in done.stderr for word in gone) else "unknown"


def chain_state(spec: Path) -> "tuple[Path, dict[str, object] | None, str]":
    """Return where the state is, what it says, and why it cannot be read. Absent is no problem."""
    resolved = spec.resolve()
    digest = hashlib.sha1(str(resolved).encode(), usedforsecurity=False).hexdigest()[:12]
    path = resolved.parent / ".megaplan" / "plans" / ".chains" / f"{resolved.stem}-{digest}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return path, None, ""
    except (OSError, ValueError) as error:
        return path, None, f"{path} cannot be read: {error}"
    return (path, found, "") if isinstance(found, dict) else (path, None, f"{path} is no object")


def plan(spec_dir: Path, name: "str | None") -> "dict[str, object] | None":
    """Return the state and the active step of the plan that the chain drives now."""
    if not name:
        return None
    folder = spec_dir / ".megaplan" / "plans" / str(name)
    found = document(folder / "state.json")
    step = found.get("active_step")
    return {
        "name": name,
        "state": found.get("current_state"),
        "iteration": found.get("iteration"),
        "active_step": step if isinstance(step, dict) else None,
        "latest_failure": found.get("latest_failure"),
    }


def log(path: Path) -> "dict[str, object]":
    """Return the size, the time and the last lines of the chain's log."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL_BYTES))
            text = stream.read().decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()][-TAIL_LINES:]
        return {"path": str(path), "size": size, "mtime": int(path.stat().st_mtime), "tail": lines}
    except OSError as error:
        return {"path": str(path), "status": "unavailable", "reason": error.strerror, "tail": []}


def brief(result: "dict[str, object]") -> "dict[str, object] | None":
    """Return what matters of the document that the driver left."""
    keys = ("success", "status", "reason", "error", "message", "hint")
    return {key: result[key] for key in keys if key in result} or None


def document(path: Path) -> "dict[str, object]":
    """Return the JSON object in a file; an empty one when there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def now() -> str:
    """Return the time, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    main(*sys.argv[1:])
