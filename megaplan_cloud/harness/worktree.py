"""A milestone's worktree: its branch, checked out beside the operator's own checkout."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.harness.git import Git, GitError

REMOTE = "origin"
FAILED = "git_branch_failed"
WORKTREES = ".megaplan/worktrees"


@dataclass(frozen=True, slots=True)
class Worktree:
    """Where a milestone's work happens. `start` is the commit that its branch began at."""

    path: Path
    branch: str
    start: str

    @property
    def git(self) -> Git:
        """Return Git in this worktree."""
        return Git(self.path)

    def head(self) -> str:
        """Return the commit that is checked out. Raises when another branch is."""
        present = self.git.ask("symbolic-ref", "--quiet", "--short", "HEAD").stdout.strip()
        head = self.git.commit("HEAD")
        if present != self.branch or head is None:
            raise GitError(
                FAILED,
                f"{self.path} is on {present or 'no branch'}, not on {self.branch}",
                hint=f"An agent has left its branch. Run `git -C {self.path} switch {self.branch}` "
                "and start the chain again.",
            )
        return head


def place(root: Path, branch: str) -> Path:
    """Return the folder of a branch's worktree; branches nest in folders as they do in Git."""
    return root / WORKTREES / branch


def refuse_foreign(root: Path, branch: str, start: str) -> None:
    """Raise when a local branch of this name holds commits that `start` does not."""
    git = Git(root)
    local = git.commit(f"refs/heads/{branch}")
    if local is not None and not git.contains(local, start):
        raise GitError(
            FAILED,
            f"there is a local branch {branch} ({local[:9]}) that this chain did not make",
            hint=f"Rename it (git branch --move {branch} {branch}-mine), or give the milestone "
            "another branch.",
        )


def prepare(root: Path, branch: str, start: str, *, finished: bool) -> Worktree:
    """Return the worktree of `branch`, making what is missing of it; a new branch is at `start`.

    `finished` says that it was whole before: then a folder that is not is left alone and refused,
    because it may hold work. Otherwise it is what a killed run began, and is made anew.
    """
    tree = Worktree(place(root, branch), branch, start)
    if _whole(tree):
        return tree
    git = Git(root)
    _clear(git, tree.path, keep=finished)
    local = git.commit(f"refs/heads/{branch}")
    begin = (str(tree.path), branch) if local else ("-b", branch, str(tree.path), start)
    git.text(
        *("worktree", "add", "--quiet", *(() if local else ("--no-track",)), *begin),
        error=FAILED,
        hint=f"If {branch} is checked out somewhere else, switch that checkout to another branch.",
    )
    if local and git.contains(local, start):
        tree.git.text("merge", "--ff-only", "--quiet", start, error=FAILED)
    return tree


def remove(root: Path, tree: Worktree) -> bool:
    """Remove a worktree in which nothing is uncommitted; tell whether it is gone."""
    if not tree.path.exists():
        return True
    answer = Git(root).ask("worktree", "remove", str(tree.path))
    if answer.rc == 0:
        _remove_empty(tree.path.parent, root / WORKTREES)
    return answer.rc == 0


def set_aside(tree: Worktree, name: str) -> str | None:
    """Keep what is uncommitted under `refs/megaplan/<name>` and clean it away; None if nothing is.

    Work of a failed try must neither be lost nor be the ground of the next one.
    """
    if not tree.git.text("status", "--porcelain", "--untracked-files=all"):
        return None
    index = Path(tree.git.text("rev-parse", "--absolute-git-dir")) / "megaplan-index"
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        tree.git.text("read-tree", "HEAD", env=env, error=FAILED)
        tree.git.text("add", "--all", ".", env=env, error=FAILED)
        content = tree.git.text("write-tree", env=env, error=FAILED)
    finally:
        index.unlink(missing_ok=True)
    kept = tree.git.text(
        *tree.git.identity(), "commit-tree", content, "-p", "HEAD", "-m", f"Set aside: {name}"
    )
    reference = _free(tree.git, f"refs/megaplan/{name}")
    tree.git.text("update-ref", reference, kept, error=FAILED)
    tree.git.text("reset", "--hard", "--quiet", "HEAD", error=FAILED)
    tree.git.text("clean", "-d", "--force", "--quiet", error=FAILED)
    return reference


def safe(name: str) -> str:
    """Return a name that may be part of a Git reference."""
    return "/".join(
        re.sub(r"[^A-Za-z0-9_-]+", "-", part).strip("-") or "-" for part in name.split("/")
    )


def _free(git: Git, reference: str) -> str:
    """Return the reference, or one like it that nothing is kept under yet."""
    names = (reference, *(f"{reference}-{number}" for number in range(2, 1000)))
    return next(name for name in names if git.commit(name) is None)


def _whole(tree: Worktree) -> bool:
    """Tell whether the worktree was made to its end: Git knows it and its branch is out."""
    if not (tree.path / ".git").is_file():
        return False
    top = tree.git.ask("rev-parse", "--show-toplevel").stdout.removesuffix("\n")
    if not top or Path(top).resolve() != tree.path.resolve() or tree.git.commit("HEAD") is None:
        return False
    locked = Path(tree.git.text("rev-parse", "--absolute-git-dir")) / "locked"
    # `worktree add` locks what it has not finished; a person's lock says another reason.
    return not (locked.exists() and locked.read_text(encoding="utf-8").strip() == "initializing")


def _clear(git: Git, path: Path, *, keep: bool) -> None:
    """Make room for a worktree: remove what a killed `worktree add` left there."""
    if keep and path.exists() and any(path.iterdir()):
        raise GitError(
            FAILED,
            f"{path} is no longer a worktree of {git.directory}",
            hint=f"Look at what it holds, move it away, and start the chain again: mv {path} …",
        )
    git.ask("worktree", "unlock", str(path))
    git.ask("worktree", "remove", "--force", str(path))
    if path.exists():
        shutil.rmtree(path)
    git.text("worktree", "prune", error=FAILED)
    path.parent.mkdir(parents=True, exist_ok=True)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
