"""A commit of a milestone: the paths that its plan claims, and nothing else."""

import json
import os.path
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from megaplan_cloud.harness.git import GitError
from megaplan_cloud.harness.worktree import Worktree

FAILED = "git_commit_failed"
STEP = "Megaplan-Step"
ARTIFACTS = ("finalize.json", "execution.json", "execution_batch_*.json")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is uncommitted in a worktree: the plan's own paths, and those nobody claims."""

    claimed: tuple[str, ...]
    unclaimed: tuple[str, ...]


def claimed_paths(plan: Path) -> set[str]:
    """Return every path that the artifacts in a plan's folder say was changed, as written."""
    files = [file for pattern in ARTIFACTS for file in sorted(plan.glob(pattern))]
    return {path for file in files for path in _claims(_json(file))}


def changes(tree: Worktree, claims: Iterable[str]) -> Changes:
    """Return the uncommitted paths of a worktree, parted by what is claimed.

    Raises GitError `nested_repo_changes_uncommitted` for a claim inside a repository of its own:
    a commit here would not hold it.
    """
    wanted = {path for claim in claims if (path := _inside(tree.path, claim))}
    for path in sorted(wanted):
        _refuse_nested(tree.path, path)
    listed = tree.git.text(
        "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", error=FAILED
    )
    dirty = sorted(entry[3:] for entry in listed.split("\0") if entry)
    return Changes(
        tuple(path for path in dirty if path in wanted),
        tuple(path for path in dirty if path not in wanted),
    )


def committed(tree: Worktree, step: str) -> bool:
    """Tell whether the branch holds the commit of `step` since its start."""
    found = tree.git.text(
        "log", f"--format=%(trailers:key={STEP},valueonly)", f"{tree.start}..HEAD", error=FAILED
    )
    return step in found.splitlines()


def commit(tree: Worktree, paths: Sequence[str], subject: str, step: str) -> str:
    """Commit these paths, whatever else is staged, and return the new commit.

    `step` goes into a trailer by which `committed` knows the commit again. The repository's own
    hooks do not run and nothing is signed: both may wait for a person.
    """
    listed = "\0".join(paths)
    by_list = ("--pathspec-from-file=-", "--pathspec-file-nul")
    tree.git.text("add", "--all", *by_list, stdin=listed, error=FAILED)
    tree.git.text(
        *(*tree.git.identity(), "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--only"),
        *(*by_list, "--cleanup=verbatim", "--message", f"{subject}\n\n{STEP}: {step}"),
        stdin=listed,
        error=FAILED,
    )
    return tree.head()


def _claims(document: Any) -> Iterator[str]:
    """Yield the `files_changed` of an execution, of its task updates and of finalized tasks."""
    if not isinstance(document, Mapping):
        return
    parts = [document]
    if isinstance(answer := document.get("answer"), Mapping):
        parts.append(answer)
    for name in ("tasks", "task_updates"):
        lists = [part[name] for part in parts if isinstance(part.get(name), list)]
        parts += [each for listed in lists for each in listed if isinstance(each, Mapping)]
    for part in parts:
        paths = part.get("files_changed")
        if isinstance(paths, list):
            yield from (path for path in paths if isinstance(path, str) and path.strip())


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GitError(
            FAILED,
            f"{file} cannot be read, so what the plan claims is not known: {error}",
            hint="Nothing was committed. Repair the file, or run the phase again.",
        ) from error


def _inside(top: Path, claim: str) -> str | None:
    """Return a claim as Git lists it, relative to the top; None when it lies outside of it."""
    path = os.path.normpath(top / claim)
    if not Path(path).is_relative_to(top):
        return None
    return str(PurePosixPath(path).relative_to(top))


def _refuse_nested(top: Path, path: str) -> None:
    for folder in PurePosixPath(path).parents:
        if str(folder) != "." and (top / folder / ".git").exists():
            raise GitError(
                "nested_repo_changes_uncommitted",
                f"{path} lies in {folder}, a repository of its own: a commit here cannot hold it",
                hint=f"Commit and push it there (git -C {top / folder} …), then start the chain "
                "again; or list that repository under extra_repos.",
            )
