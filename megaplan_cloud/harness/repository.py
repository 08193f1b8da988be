"""What changed in a project's folder, as Git sees it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.harness.git import Git, toplevel

OURS = ".megaplan/"
# A larger file is not read through for every batch: its size and time tell enough.
LARGE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a checkout stood: its commit, and a digest of each path that differed from it."""

    head: str
    dirty: Mapping[str, str]


def snapshot(project: Path) -> Snapshot | None:
    """Return how the project stands now; None when it is in no git checkout."""
    if toplevel(project) is None:
        return None
    return Snapshot(
        head=Git(project).commit("HEAD") or "",
        dirty={path: _digest(project / path) for path in _status(project)},
    )


def changed_since(project: Path, before: Snapshot) -> list[str]:
    """Return the paths, from the project's folder, that are not as `before` had them."""
    now = snapshot(project)
    if now is None:
        return []
    committed = _committed(project, before.head, now.head)
    touched = {
        path
        for path in {*now.dirty, *before.dirty}
        if now.dirty.get(path, "") != before.dirty.get(path, "")
    }
    return sorted(path for path in touched | committed if not path.startswith(OURS))


def inside(project: Path, claimed: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the claimed paths as seen from the project's folder, and those that leave it."""
    kept: list[str] = []
    strange: list[str] = []
    top = project.resolve()
    for path in claimed:
        # The parent is resolved, not the path itself: a link is a file of its own to Git.
        whole = (top / path).parent.resolve() / Path(path).name
        if Path(path).name in ("", "..") or not whole.is_relative_to(top):
            strange.append(path)
        elif (relative := whole.relative_to(top).as_posix()) not in kept:
            kept.append(relative)
    return kept, strange


def _status(project: Path) -> list[str]:
    words = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", ".")
    entries = Git(project).text(*words).split("\0")
    return [_from_project(project, entry[3:]) for entry in entries if len(entry) > 3]  # noqa: PLR2004


def _committed(project: Path, before: str, now: str) -> set[str]:
    if not before or before == now:
        return set()
    words = ("diff", "--name-only", "--no-renames", "-z", "--relative", before, now)
    return {path for path in Git(project).text(*words).split("\0") if path}


def _from_project(project: Path, path: str) -> str:
    """Return a path of `git status`, which counts from the top, as seen from the project."""
    top = toplevel(project) or project
    prefix = project.resolve().relative_to(top.resolve()).as_posix()
    return path if prefix == "." else path.removeprefix(f"{prefix}/")


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link:{path.readlink()}"
    try:
        about = path.stat()
        if about.st_size > LARGE:
            return f"large:{about.st_size}:{about.st_mtime_ns}"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "gone"
