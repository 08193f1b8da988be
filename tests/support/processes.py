"""The processes of this machine, as a test looks at them."""

import time
from collections.abc import Callable
from pathlib import Path


def alive(words: str) -> list[str]:
    """Return the command lines of living processes that contain `words`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            state = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if line.startswith(words) and state != "Z":
            found.append(line)
    return found


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Return as soon as `holds` does; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
