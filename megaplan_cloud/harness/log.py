"""The lines people read while plans run: on stderr, and in `.megaplan/logs/latest.log`."""

import sys
from pathlib import Path

from megaplan_cloud.harness import clock

KEEP = 4 * 1024 * 1024


def say(root: Path, line: str) -> None:
    """Tell a line on stderr and keep it in the log; the log never stops the work."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    path = root / ".megaplan" / "logs" / "latest.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > KEEP:
            path.replace(path.with_name("previous.log"))
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{clock.now().isoformat(timespec='seconds')} {line}\n")
    except OSError as error:
        sys.stderr.write(f"[log] {path}: {error.strerror}\n")
