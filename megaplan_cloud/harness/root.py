"""The root of a project: the folder whose `.megaplan` holds the plans."""

from pathlib import Path

from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.write import write_text


def find_root(start: Path) -> Path:
    """Return the nearest folder, `start` and upwards, with plans or a repository; else `start`.

    Raises InputError when `start` is no folder.
    """
    start = start.resolve()
    if not start.is_dir():
        raise InputError(
            "invalid_project_dir",
            f"{start} is not a folder",
            hint="Give an existing folder with --project-dir.",
        )
    for folder in (start, *start.parents):
        if (folder / ".megaplan" / "plans").is_dir() or (folder / ".git").exists():
            return folder
    return start


def prepare_root(root: Path) -> Path:
    """Make `root`'s `.megaplan/plans` ready, kept out of git by a file of its own; return it."""
    ours = root / ".megaplan"
    plans = ours / "plans"
    try:
        plans.mkdir(parents=True, exist_ok=True)
        if not (ours / ".gitignore").exists():
            write_text(ours / ".gitignore", "*\n")
    except OSError as error:
        raise InputError(
            "invalid_project_dir",
            f"cannot write {error.filename or ours}: {error.strerror}",
            hint="Free some space, or make the folder writable, and run the command again.",
        ) from error
    return plans
