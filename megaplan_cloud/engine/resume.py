"""Resuming: what an earlier run of a journal did, so that it need not be done again."""

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.journal import Record, read_journal
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.result import Status

DONE = frozenset({Status.OK, Status.CHANGED, Status.SKIPPED, Status.RESCUED, Status.IGNORED})
LOOKS_ONLY = frozenset({"query", "stat", "slurp", "set_fact", "debug", "assert"})


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal of an earlier run says of each task and loop item that it did.

    The keys are host, address and the item's index (-1 for a whole task).
    """

    records: Mapping[tuple[str, str, int], Record] = field(default_factory=dict)

    def done(self, host: str, address: str, index: int = -1) -> Record | None:
        """Return the record of a task or item that need not be done again."""
        record = self.records.get((host, address, index))
        return record if record and record["status"] in DONE else None


def read_past(path: Path, playbook: Path) -> Past:
    """Return what the journal at `path` says; PlaybookError when it is not one of `playbook`."""
    journal = read_journal(path)
    begun = next((record for record in journal if record["event"] == "run"), None)
    if begun is None or begun["check"] or begun["playbook"] != str(playbook.resolve()):
        other = "of a rehearsal" if begun and begun["check"] else "of another playbook"
        raise PlaybookError(
            f"The journal {path} is {other if begun else 'empty'}: it cannot be resumed.",
            hint=f"Run {playbook} without --resume.",
        )
    latest = {
        (record["host"], record["address"], record.get("index", -1)): record
        for record in journal
        if record["event"] in ("task", "item")
    }
    return Past(latest)


def check_unchanged(record: Record, fingerprint: str, mark: Mark) -> None:
    """Raise PlaybookError, with the difference, when a done task's text is another one now."""
    if record["fingerprint"] == fingerprint:
        return
    now = statement_text(mark)
    difference = difflib.unified_diff(
        record["text"].splitlines(), now.splitlines(), "as it was done", "as it is now", lineterm=""
    )
    raise PlaybookError(
        f"The task '{record['name']}' was done already, and its text has changed since.",
        mark=mark,
        hint="\n".join([*difference, "Undo the change, or run from the start without --resume."]),
    )


def must_run_again(record: Record, action: str, mark: Mark) -> bool:
    """Return whether a done task has to be done again, because the journal keeps no secrets.

    PlaybookError when its result is needed and doing it twice could do harm.
    """
    if not record.get("secret"):
        return False
    if action in LOOKS_ONLY:
        return True
    raise PlaybookError(
        f"The result of '{record['name']}' at {record['host']} held a secret, "
        "which a journal never keeps.",
        mark=mark,
        hint="So the run cannot be resumed after it. Run from the start, or from a later task "
        "with --start-at-task.",
    )


def statement_text(mark: Mark) -> str:
    """Return the text of the statement that begins at `mark`, as it stands in its file now."""
    try:
        lines = file_lines(mark.file, Path(mark.file).stat().st_mtime_ns)[mark.line - 1 :]
    except (OSError, UnicodeDecodeError):
        return ""
    margin = mark.column - 1
    own = itertools.takewhile(lambda line: not line.strip() or not line[:margin].strip(), lines[1:])
    return "\n".join(line[margin:] for line in (*lines[:1], *own)).rstrip()


@lru_cache(maxsize=64)
def file_lines(file: str, _changed_at: int) -> Sequence[str]:
    """Return the lines of a playbook's file, read once for each time it is changed."""
    return tuple(Path(file).read_text(encoding="utf-8").splitlines())
