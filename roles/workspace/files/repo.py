"""Clone a repository if it is missing, and print one JSON line that says how the checkout is.

Words: name, url, branch, workspace, root. The exit code is 0 whatever is found: a repository
that cannot be cloned must not keep the box from booting.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 1800


def main(name: str, url: str, branch: str, workspace: str, root: str) -> None:
    """Print what came of one repository."""
    place = Path(workspace)
    result = {"name": name, "url": url, "branch": branch, "workspace": workspace, "reason": ""}
    with alone(place, Path(root)):
        result |= nested(place, Path(root)) or present(place, url) or clone(place, url, branch)
        if result["status"] in ("cloned", "present"):
            result |= ours(place)
    print(json.dumps(result))


@contextmanager
def alone(place: Path, root: Path) -> "Iterator[None]":
    """Wait until nobody else makes this checkout. The lock ends with its owner."""
    locks = root / ".megaplan" / "locks"
    try:
        locks.mkdir(parents=True, exist_ok=True)
        lock = (locks / f"{hashlib.sha256(str(place).encode()).hexdigest()[:16]}.clone").open("w")
    except OSError:  # a volume that cannot be written: the clone says so
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def nested(place: Path, root: Path) -> "dict[str, str]":
    """Return the refusal of a checkout inside another checkout."""
    outer = next((up for up in place.parents if (up / ".git").exists()), None)
    if outer is None or not outer.is_relative_to(root):
        return {}
    return {"status": "nested", "reason": f"{place} lies inside the checkout {outer}"}


def present(place: Path, url: str) -> "dict[str, str]":
    """Return how an existing directory is; nothing when there is none, or an empty one."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return {}
    if not (place / ".git").exists():
        return {"status": "not_a_checkout", "reason": f"{place} is there and is no git checkout"}
    found = git("-C", str(place), "remote", "get-url", "origin").stdout.strip()
    if found != url:
        return {"status": "wrong_remote", "reason": f"{place} is a clone of {found or 'nothing'}"}
    return {"status": "present"}


def clone(place: Path, url: str, branch: str) -> "dict[str, str]":
    """Clone beside the place and move there, so that a half clone never lies in it."""
    partial = place.with_name(f".{place.name}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        done = git("clone", "--quiet", "--branch", branch, "--", url, str(partial))
        if done.returncode == 0:
            partial.rename(place)
            return {"status": "cloned"}
        reason = last_line(done.stderr)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
    shutil.rmtree(partial, ignore_errors=True)
    return {"status": "failed", "reason": reason}


def ours(place: Path) -> "dict[str, object]":
    """Keep `.megaplan/` out of the repository's sight; return where the checkout stands."""
    exclude = place / ".git" / "info" / "exclude"
    known = exclude.read_text(encoding="utf-8").splitlines() if exclude.is_file() else []
    if exclude.parent.parent.is_dir() and "/.megaplan/" not in known:
        exclude.parent.mkdir(exist_ok=True)
        exclude.write_text("\n".join([*known, "/.megaplan/", ""]), encoding="utf-8")
    return {
        "head": git("-C", str(place), "rev-parse", "HEAD").stdout.strip(),
        "checked_out_branch": git(
            "-C", str(place), "rev-parse", "--abbrev-ref", "HEAD"
        ).stdout.strip(),
        "dirty": bool(git("-C", str(place), "status", "--porcelain").stdout.strip()),
    }


def git(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run git, which may neither ask nor wait for ever."""
    quiet = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": os.environ.get(
            "GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=15"
        ),
    }
    try:
        return subprocess.run(
            ["git", *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **quiet},
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", f"git was not done after {TIMEOUT} s")


def last_line(text: str) -> str:
    """Return the line in which git says what is wrong."""
    lines = [line for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    return (fatal or lines or ["git gave no reason"])[0]


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
