"""Whether a state belongs to this chain: the same spec so far, the same project, its base."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.harness.chain_spec import SEED, ChainSpec
from megaplan_cloud.harness.chain_state import ChainState
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.git import Git
from megaplan_cloud.harness.idea import Idea

FRESH = "To leave that progress behind and begin anew, start the chain with --fresh."


def reconcile(
    spec: ChainSpec, ideas: Mapping[str, Idea], state: ChainState, *, stopped: bool
) -> tuple[dict[str, Any], str]:
    """Return what to change in the state so that it fits the spec as it is now, and why.

    What is done and what is being driven must stand in the spec as it was; whatever is pending
    may be edited, added or removed. A milestone that has stopped may be edited too: it
    begins again with a new plan. Anything else is refused with `chain_spec_changed`.
    """
    problems = [*_moved(spec, state), *_edited(spec, state)]
    redo = _redo(spec, ideas, state)
    if redo and not stopped:
        problems.append(redo)
    if problems:
        raise HarnessError(
            "chain_spec_changed",
            f"{spec.path} no longer describes the chain that was begun: " + "; ".join(problems),
            hint=f"Undo that edit to go on. {FRESH}",
            details={"problems": problems},
        )
    changes: dict[str, Any] = {"spec_sha256": spec.sha256, "base_branch": spec.base_branch}
    if redo:
        return changes | {"current_plan_name": None}, f"{redo}: it begins again with a new plan"
    edited = state.spec_sha256 not in (None, spec.sha256)
    return changes, f"{spec.path.name} was edited; what is done stays done" if edited else ""


def refuse_other_project(state: ChainState, root: Path) -> None:
    """Raise `chain_state_mismatch` when the state is of another checkout or another repository."""
    if state.project_dir is not None and Path(state.project_dir) != root:
        raise HarnessError(
            "chain_state_mismatch",
            f"this chain was begun in {state.project_dir}, not in {root}",
            hint=f"Start it with --project-dir {state.project_dir}. {FRESH}",
        )
    if state.base_commit is not None and Git(root).commit(state.base_commit) is None:
        raise HarnessError(
            "chain_state_mismatch",
            f"this chain began at {state.base_commit[:9]}, a commit that {root} does not have: its "
            "state is of another repository",
            hint=FRESH,
        )


def _moved(spec: ChainSpec, state: ChainState) -> list[str]:
    """Return what was changed about the order of the milestones that are done."""
    passed = [label for label in state.passed() if label != SEED]
    present = [each.label for each in spec.milestones]
    index = max(state.current_milestone_index, 0)
    if passed != present[: len(passed)] or index != len(passed):
        begins = ", ".join(present[: max(len(passed), 1)]) or "nothing"
        has = ", ".join(passed) or "nothing"
        return [f"{has} is behind us at position {index}, and the spec begins with {begins}"]
    return []


def _edited(spec: ChainSpec, state: ChainState) -> list[str]:
    """Return what was changed about milestones that are done, and about the base."""
    problems = []
    if state.base_branch not in (None, spec.base_branch) and state.milestones:
        problems.append(f"base_branch was {state.base_branch}")
    for label in state.passed():
        position = spec.position(label)
        kept = state.of(label).get("digest")
        if position >= 0 and kept not in (None, spec.milestones[position].digest):
            problems.append(f"{label} is done, and its settings were changed")
    return problems


def _redo(spec: ChainSpec, ideas: Mapping[str, Idea], state: ChainState) -> str:
    """Return what was changed about the milestone that is being driven; nothing if nothing was."""
    index = max(state.current_milestone_index, 0)
    if state.current_plan_name is None or index >= len(spec.milestones):
        return ""
    milestone = spec.milestones[index]
    driven = [
        name
        for name, kept in state.milestones.items()
        if kept.get("plan") == state.current_plan_name
    ]
    if driven and driven[-1] != milestone.label:
        return f"{driven[-1]} is being driven, and it no longer stands at its place"
    kept = state.of(milestone.label)
    if kept.get("digest") not in (None, milestone.digest):
        return f"{milestone.label} is being driven, and its settings were changed"
    if kept.get("idea_sha256") not in (None, ideas[milestone.label].sha256):
        return f"{milestone.label} is being driven, and its idea was changed"
    return ""
