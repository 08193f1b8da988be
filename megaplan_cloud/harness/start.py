"""Where a milestone starts: the base branch, or the one before while it is not merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from megaplan_cloud.harness.chain_run import Run
from megaplan_cloud.harness.git import Git, GitError
from megaplan_cloud.harness.push import remote_head
from megaplan_cloud.harness.worktree import FAILED, REMOTE

REFRESH_FAILED = "git_refresh_failed"


@dataclass(frozen=True, slots=True)
class Start:
    """The commit that a branch begins at, and how a person would name it."""

    commit: str
    told: str


def has_remote(git: Git) -> bool:
    """Tell whether the repository has the remote that chains push to."""
    return REMOTE in git.text("remote").splitlines()


def refresh(git: Git, base: str) -> None:
    """Fetch the base branch; nothing is checked out or merged."""
    reference = f"+refs/heads/{base}:refs/remotes/{REMOTE}/{base}"
    git.text(
        *("fetch", "--quiet", "--no-tags", REMOTE, reference),
        error=REFRESH_FAILED,
        hint=f"Look at the remote and its credentials, and at base_branch ({base}). To go on with "
        "what was fetched before, start the chain with --no-git-refresh.",
    )


def base_of(git: Git, base: str) -> Start:
    """Return the base branch as the remote had it last, or the local one where there is none."""
    for name, told in (
        (f"refs/remotes/{REMOTE}/{base}", f"{REMOTE}/{base}"),
        (f"refs/heads/{base}", base),
    ):
        found = git.commit(name)
        if found is not None:
            return Start(found, told)
    raise GitError(
        REFRESH_FAILED,
        f"there is no branch {base} in {git.directory}, neither on {REMOTE} nor here",
        hint="Set base_branch to a branch that exists.",
    )


def start_of(run: Run, branch: str) -> Start:
    """Return where the branch of the next milestone begins.

    Milestones are stacked: as long as the one before is not merged into the base, the next one
    begins at its last commit. A branch that the remote has already is gone on with, if it holds
    that commit.
    """
    git = Git(run.root)
    remote = has_remote(git)
    if remote and run.refreshes:
        refresh(git, run.spec.base_branch)
    start = base_of(git, run.spec.base_branch)
    before = next((each for each in reversed(run.file.state.completed) if _stackable(each)), None)
    if before is not None and not merged(git, before["head"], start.commit):
        start = Start(before["head"], before["branch"])
    there = remote_head(git, branch, FAILED) if remote and run.pushes else None
    return _existing(git, branch, there, start) if there else start


def merged(git: Git, commit: str, base: str) -> bool:
    """Tell whether everything that `commit` brings is in `base`, also when it was squashed."""
    if git.contains(commit, base):
        return True
    joined = git.ask("merge-tree", "--write-tree", base, commit)
    tree = git.text("rev-parse", f"{base}^{{tree}}")
    return joined.rc == 0 and joined.stdout.splitlines()[:1] == [tree]


def _stackable(entry: Mapping[str, Any]) -> bool:
    return entry.get("status") == "done" and bool(entry.get("head"))


def _existing(git: Git, branch: str, there: str, start: Start) -> Start:
    """Return where to go on with a branch that the remote has already."""
    if git.commit(there) is None:
        git.text("fetch", "--quiet", "--no-tags", REMOTE, f"refs/heads/{branch}", error=FAILED)
    if git.contains(there, start.commit):
        return start
    if git.contains(start.commit, there):
        return Start(there, f"{REMOTE}/{branch}")
    raise GitError(
        FAILED,
        f"{REMOTE} has a branch {branch} ({there[:9]}) that does not contain {start.told} "
        f"({start.commit[:9]})",
        hint=f"It is from an earlier run. Remove it (git push {REMOTE} --delete {branch}), or give "
        "the milestone another branch.",
    )
