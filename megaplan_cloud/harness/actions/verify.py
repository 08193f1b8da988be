"""Run the command that decides whether the work is good, and keep what everything came to.

- name: Run the project's tests
  verify:
    plan: "{{ plan }}"
  register: verified
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result
from megaplan_cloud.harness import execution, step, task_list, verification
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.kept import Kept, keep_json
from megaplan_cloud.harness.state import State
from megaplan_cloud.harness.verification import Verification

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True
SHOWN = 10


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Give what makes the execution count, for `transition`; fail when the command does."""
    return step.take(arguments, _verified, check=context.check)


def _verified(directory: Path, state: State) -> Mapping[str, Any]:
    found = verification.run(directory, state, task_list.read(directory))
    done = execution.finish(directory, state, found)
    if found is not None and not found.passed:
        raise _not_good(found, directory, state)
    files = [execution.FILE, execution.AUDIT, task_list.FILE, "final.md"]
    if state.level in ("bare", "light"):
        keep_json(directory, "review.json", _no_review(found), phase="execute")
        files.append("review.json")
    warnings = [] if found else ["no command decided whether the work is good"]
    return Kept(
        files=tuple(files),
        history={"cost_usd": done["cost_usd"]},
        payload={
            "files_changed": done["files_changed"],
            "deviations": done["deviations"],
            "warnings": warnings + execution.read_audit(directory)["findings"],
            "verification": done["verification"],
        },
    ).document()


def _not_good(found: Verification, directory: Path, state: State) -> HarnessError:
    ended = "was stopped: its time was over" if found.timed_out else f"exit code {found.rc}"
    told = "\n".join(f"  {line}" for line in found.tail[-SHOWN:])
    return HarnessError(
        "blocked_by_quality",
        f"the work is not good: `{found.command}` gave {ended}\n{told}",
        hint=f"Look at {directory / execution.FILE}, then: megaplan resume --plan {state.name}",
        details={"verification": found.document()},
    )


def _no_review(found: Verification | None) -> dict[str, Any]:
    told = f"`{found.command}` passed." if found else "No command decided."
    return {
        "review_verdict": "approved",
        "summary": f"A plan of this level has no review. {told}",
        "issues": [],
        "rework_items": [],
    }
