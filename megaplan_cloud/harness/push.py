"""Putting a milestone's branch on the remote, believed only when the remote shows it."""

from collections.abc import Callable

from megaplan_cloud.harness.git import Git, GitError
from megaplan_cloud.harness.worktree import REMOTE

FAILED = "git_push_failed"
TRIES = 3
PAUSE = 2.0  # seconds before the second try; doubled before each further one


def remote_head(git: Git, branch: str, error: str = FAILED) -> str | None:
    """Return the commit that `branch` has on the remote now, or None when it is not there."""
    listed = git.text("ls-remote", "--heads", REMOTE, f"refs/heads/{branch}", error=error)
    return next((line.split()[0] for line in listed.splitlines()), None)


def push(git: Git, branch: str, commit: str, log: Callable[[str], None]) -> bool:
    """Bring the remote's `branch` to `commit`; False when it was there already.

    Nothing is forced: commits of somebody else are never replaced. A push that failed, timed out
    or was cut counts as done when the remote shows the commit, and as nothing until it does.
    """
    pause = PAUSE
    for left in reversed(range(TRIES)):
        try:
            present = remote_head(git, branch)
            if present == commit:
                return left < TRIES - 1
            if present is not None:
                _refuse_overwriting(git, branch, present, commit)
            words = ("push", "--quiet", "--no-verify", REMOTE, f"{commit}:refs/heads/{branch}")
            git.text(*words, error=FAILED)
            if remote_head(git, branch) == commit:
                return True
            problem = GitError(FAILED, f"{REMOTE} took the push of {branch}, but does not show it")
        except GitError as error:
            if error.error != FAILED:
                raise
            problem = error
        if left:
            log(f"the push of {branch} did not arrive; trying again in {pause:g} s")
            git.sleep(pause)
            pause *= 2
    raise GitError(
        FAILED,
        problem.what,
        hint="The commit is safe in the milestone's worktree. Look at the remote and its "
        "credentials, then start the chain again: it goes on from here.",
    ) from problem


def _refuse_overwriting(git: Git, branch: str, present: str, commit: str) -> None:
    if git.commit(present) is None:
        git.ask("fetch", "--quiet", "--no-tags", REMOTE, f"refs/heads/{branch}")
    if not git.contains(present, commit):
        raise GitError(
            "git_push_rejected",
            f"{branch} on {REMOTE} is at {present[:9]}, which this milestone's work does not "
            "contain: somebody else has pushed to it",
            hint=f"Bring both together in the worktree ({git.directory}), or move the other work "
            "to a branch of its own; then start the chain again. Nothing is ever forced.",
        )
