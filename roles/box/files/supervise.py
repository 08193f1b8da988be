"""Run what the box starts by itself, and start it again when that is safe, but not for ever.

Words: the file that keeps the count, the log, and the command. Exit codes 0 (done), 2 (wrong
input), 3 (waiting for a person) and 130 (interrupted) are an end. Anything else is a failure of a
class: `quota` when the log says so, else `error`. Each class has its delays; when they are used
up, or one class has failed five times in a row, it stops. The count is on the volume: a reboot
neither forgets it nor shortens a delay. Removing the file begins anew.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ENDS = (0, 2, 3, 130)
DELAYS = {"quota": (1800.0,) * 4, "error": (60.0, 120.0, 240.0, 480.0, 960.0)}
IN_A_ROW = 5
GIVEN_UP = 75
QUOTA = ("quota_exceeded", "insufficient_quota", "rate_limit", "credit balance is too low")
TAIL = 20_000


def main(count: str, log: str, *command: str) -> int:
    """Run the command until it has come to an end, or is given up; return the exit code."""
    file, speed = Path(count), float(os.environ.get("MEGAPLAN_RETRY_SPEED", "1"))
    while True:
        known = read(file)
        if known.get("given_up"):
            print(f"[supervise] given up after {known['reason']}; remove {file} to begin anew")
            return GIVEN_UP
        wait_until(float(known.get("not_before", 0)))
        begun = Path(log).stat().st_size if Path(log).exists() else 0
        rc = run(command, log)
        if rc in ENDS:
            file.unlink(missing_ok=True)
            return rc
        keep(file, told := after(known, failure(log, begun), rc, speed))
        print(f"[supervise] {told['reason']}", flush=True)


def after(known: "dict[str, object]", kind: str, rc: int, speed: float) -> "dict[str, object]":
    """Return the count after one more failure: when to try again, or that it is given up."""
    streak = int(str(known.get("streak", 0))) + 1 if known.get("class") == kind else 1
    used = dict(known.get("used") or {})  # type: ignore[call-overload]
    used[kind] = int(used.get(kind, 0)) + 1
    over = streak >= IN_A_ROW or used[kind] > len(DELAYS[kind])
    delay = 0.0 if over else DELAYS[kind][used[kind] - 1] / speed
    what = f"exit code {rc}, {kind}, {streak} in a row"
    return {
        "class": kind,
        "streak": streak,
        "used": used,
        "given_up": over,
        "not_before": time.time() + delay,
        "reason": what if over else f"{what}: again in {delay:.0f} s",
    }


def failure(log: str, begun: int) -> str:
    """Return the class of a failure, by what the run has written to its log."""
    try:
        with Path(log).open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(begun, size - TAIL))
            text = stream.read().decode(errors="replace").lower()
    except OSError:
        return "error"
    return "quota" if any(word in text for word in QUOTA) else "error"


def run(command: "tuple[str, ...]", log: str) -> int:
    """Run the command, what it says to our output and to the log; return its exit code."""
    with Path(log).open("ab") as kept:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        assert child.stdout is not None  # noqa: S101 - asked for above
        while block := child.stdout.read1(65536):  # type: ignore[attr-defined]
            kept.write(block)
            kept.flush()
            sys.stdout.buffer.write(block)
            sys.stdout.flush()
        code = child.wait()
    return code if code >= 0 else 128 - code


def wait_until(moment: float) -> None:
    """Wait until a moment of the clock on the wall, which goes on while the box is down."""
    while (left := moment - time.time()) > 0:
        time.sleep(min(left, 30))


def read(file: Path) -> "dict[str, object]":
    """Return the count that was kept; nothing when there is none that can be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(file: Path, count: "dict[str, object]") -> None:
    """Write the count in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(count) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
