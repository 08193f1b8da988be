"""Reading and changing a plan's state: one writer at a time, and never a half-written file."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from megaplan_cloud.harness import clock, lock
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.state import State, from_document
from megaplan_cloud.harness.write import write_json

STATE = "state.json"
# Held for one read-change-write; `.plan.lock` is held for a whole phase.
STATE_LOCK = ".state.lock"
PLAN_LOCK = ".plan.lock"


def read(directory: Path) -> State:
    """Return the state of the plan in `directory`.

    A state that cannot be read is refused with `unreadable_state` and a copy of it is kept: a
    plan is never silently begun anew.
    """
    path = directory / STATE
    try:
        return from_document(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise HarnessError("missing_plan", f"{path} is not there") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def update(
    directory: Path, change: Callable[[State], State], *, revision: int | None = None
) -> State:
    """Write what `change` makes of the state as it is now, and return it.

    With `revision` the state must still be that one, else `revision_conflict`. What `change`
    raises is raised, and nothing is written.
    """
    with lock.waited(directory / STATE_LOCK):
        current = read(directory)
        if revision is not None and current.revision != revision:
            raise HarnessError(
                "revision_conflict",
                f"{current.name} was changed by another command meanwhile "
                f"(revision {current.revision}, not {revision})",
                hint=f"Look again: megaplan status --plan {current.name}",
            )
        changed = replace(change(current), revision=current.revision + 1)
        write_json(directory / STATE, changed.document())
        return changed


def _unreadable(path: Path, error: Exception) -> HarnessError:
    kept = path.with_name(f"state.unreadable-{clock.now().strftime('%Y%m%d-%H%M%S')}.json")
    try:
        shutil.copyfile(path, kept)
    except OSError:
        kept = path
    return HarnessError(
        "unreadable_state",
        f"{path} cannot be read: {error}",
        hint=f"A copy is kept in {kept}. Repair {path.name}, or abandon the plan's folder.",
        details={"path": str(path), "kept": str(kept)},
    )
