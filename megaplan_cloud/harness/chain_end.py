"""How a run of a chain ends, and how a milestone is left behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from megaplan_cloud.harness import clock, milestone, worktree
from megaplan_cloud.harness.chain_run import Run
from megaplan_cloud.harness.chain_spec import Milestone

EXIT_CODES: Mapping[str, int] = {
    "done": 0,
    "paused": 0,
    "stopped": 1,
    "awaiting_pr_merge": 3,
    "awaiting_human": 3,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: a key of EXIT_CODES and one true sentence.

    `failure` says which milestone and phase, why, and what now, when something is wrong.
    """

    status: str
    reason: str
    failure: Mapping[str, Any] | None = None

    @property
    def exit_code(self) -> int:
        """Return what `megaplan chain` exits with."""
        return EXIT_CODES[self.status]


def complete(run: Run, each: Milestone, status: str, *, pr_state: str | None = None) -> None:
    """Write down in one step that a milestone is left behind and the next one is current."""
    state = run.file.state
    kept = state.of(each.label)
    entry = {
        "label": each.label,
        "index": state.current_milestone_index,
        "plan": state.current_plan_name,
        "status": status,
        "pr_number": state.pr_number,
        "pr_state": pr_state,
        "branch": each.branch,
        "head": kept.get("head") or kept.get("start"),
        "completed_at": clock.stamp(),
    }
    run.file.update(
        completed=(*state.completed, entry),
        current_milestone_index=state.current_milestone_index + 1,
        current_plan_name=None,
        last_state=status,
        pr_number=None,
        pr_state=None,
        failure=None,
    )
    run.log("done" if status == "done" else f"left behind, {status}")
    tree = milestone.tree_of(run, each)
    if tree is not None and not worktree.remove(run.root, tree):
        run.log(f"its worktree stays, because something in it is uncommitted: {tree.path}")
