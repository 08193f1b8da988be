"""The beginning of a run: everything that can be wrong is found, then what is true is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import clock, milestone, worktree
from megaplan_cloud.harness import plan as plans
from megaplan_cloud.harness.chain_run import Run
from megaplan_cloud.harness.chain_spec import ChainSpec
from megaplan_cloud.harness.config import plan_config
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.git import Git, toplevel
from megaplan_cloud.harness.start import base_of, has_remote, refresh


def check(spec: ChainSpec, root: Path) -> None:
    """Refuse what would fail later: profiles, levels, agents, branches outside of Git, the seed."""
    for each in spec.milestones:
        config = milestone.configuration(spec, each, {}) | {"project_dir": str(root)}
        try:
            plan_config(root, config)
        except InputError as error:
            raise InputError(
                error.error,
                f"{each.mark}: milestone {each.label}: {error.what}",
                hint=error.hint,
                details=error.details,
            ) from error
    branches = [each for each in spec.milestones if each.branch]
    if branches and toplevel(root) != root.resolve():
        raise InputError(
            "not_a_git_repository",
            f"{branches[0].mark}: milestone {branches[0].label} has a branch, but {root} is not "
            "the top of a Git checkout",
            hint="Name the checkout with --project-dir, or leave `branch` out.",
        )
    if spec.seed_plan is not None:
        plans.find(root, spec.seed_plan)


def in_git(spec: ChainSpec, root: Path) -> bool:
    """Tell whether the chain commits: a milestone has a branch and the project is a checkout."""
    return any(each.branch for each in spec.milestones) and toplevel(root) is not None


def begin(run: Run, changes: Mapping[str, Any], told: str) -> None:
    """Write down what the chain is and where it begins, and say it."""
    state, spec = run.file.state, run.spec
    if in_git(spec, run.root):
        _refuse_dirty_base(run)
    if state.base_commit is None and in_git(spec, run.root):
        git = Git(run.root)
        if run.refreshes and has_remote(git):
            refresh(git, spec.base_branch)
        changes = {**changes, "base_commit": base_of(git, spec.base_branch).commit}
    if state.current_milestone_index < 0 and spec.seed_plan is None:
        changes = {**changes, "current_milestone_index": 0}
    begun = {"project_dir": str(run.root), "started_at": state.started_at or clock.stamp()}
    count, done = len(spec.milestones), len(state.done())
    run.log(f"{spec.path.name}: {count} milestones on {spec.base_branch}, {done} done")
    if told:
        run.log(told)
    if spec.ignored:
        run.log(f"accepted, and without effect here: {', '.join(spec.ignored)}")
    if run.pushes and any(each.branch for each in spec.milestones):
        run.log(f"branches only: {_why_no_pull_requests(Git(run.root))}")
    if "current_plan_name" in changes and (tree := _current_tree(run)):
        _clear(run, tree)
    run.file.update(**changes, **begun)


def _current_tree(run: Run) -> worktree.Worktree | None:
    index = run.file.state.current_milestone_index
    present = run.spec.milestones[index : index + 1] if index >= 0 else ()
    return milestone.tree_of(run, present[0]) if present else None


def _clear(run: Run, tree: worktree.Worktree) -> None:
    if tree.path.exists() and (
        kept := worktree.set_aside(tree, f"edited/{clock.now():%Y%m%d-%H%M%S}")
    ):
        run.log(f"unfinished work is kept as {kept}")


def _refuse_dirty_base(run: Run) -> None:
    if not run.spec.driver.require_clean_base:
        return
    found = Git(run.root).text("status", "--porcelain", "--untracked-files=no")
    if found:
        raise HarnessError(
            "dirty_base",
            f"{run.root} has uncommitted changes, and driver.require_clean_base is set:\n{found}",
            hint="Commit them or put them aside, then start the chain again.",
        )


def _why_no_pull_requests(git: Git) -> str:
    url = git.text("remote", "get-url", "origin")
    return "pull requests are for people to open" if "github.com" in url else "origin is not GitHub"
