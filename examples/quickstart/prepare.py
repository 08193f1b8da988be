"""Make the bare git repository that the quickstart's chain works on.

    python3 examples/quickstart/prepare.py FOLDER.git [--with FOLDER]

It holds the small project in `project/` and, under `.megaplan/`, the scripted agent and the
profile that asks it. `--with` adds work that the agent knows: one folder for each idea. Made
twice from the same files it is the same to the last commit; one that is there is left as it is.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Fixed, so that the same files give the same commits.
WHEN = "2026-01-05T09:00:00+00:00"
WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Quickstart"), ("EMAIL", "quickstart@localhost"), ("DATE", WHEN))
}


def main() -> int:
    """Make the repository that the command line asks for, and print its path."""
    parser = argparse.ArgumentParser(description="Make the quickstart's git repository.")
    parser.add_argument("target", type=Path, help="the bare repository to make")
    parser.add_argument(
        "--with", dest="work", type=Path, action="append", default=[], help="more work to know"
    )
    arguments = parser.parse_args()
    try:
        made = prepare(arguments.target.resolve(), arguments.work)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or error
        sys.stderr.write(f"prepare.py: {arguments.target}: {said}\n")
        return 1
    sys.stderr.write(f"{'made' if made else 'left as it is'}: {arguments.target}\n")
    sys.stdout.write(f"{arguments.target.resolve()}\n")
    return 0


def prepare(target: Path, work: Sequence[Path] = ()) -> bool:
    """Make the bare repository at `target`; False when it is there already.

    Raises ValueError when something else is there. It appears whole or not at all.
    """
    if target.exists():
        if (target / "HEAD").is_file() and _git(target, "rev-parse", "--verify", "main"):
            return False
        raise ValueError("something else is there; choose another place or remove it")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        tree, bare = Path(folder) / "tree", Path(folder) / "bare.git"
        _git(Path(folder), "init", "--quiet", "--initial-branch=main", str(tree))
        shutil.copytree(HERE / "project", tree, dirs_exist_ok=True, ignore=_no_caches)
        _commit(tree, "Add up receipts")
        agent = tree / ".megaplan"
        shutil.copytree(HERE / "agent", agent / "agent", ignore=_no_caches)
        (agent / "agent" / "profiles.toml").rename(agent / "profiles.toml")
        for each in work:
            shutil.copytree(each, agent / "agent" / "work", dirs_exist_ok=True, ignore=_no_caches)
        _commit(tree, "Let a scripted agent work on receipts")
        _git(Path(folder), "clone", "--quiet", "--bare", "--no-local", str(tree), str(bare))
        _git(bare, "remote", "remove", "origin")
        bare.rename(target)
    return True


_no_caches = shutil.ignore_patterns("__pycache__")


def _commit(tree: Path, subject: str) -> None:
    _git(tree, "add", "--all", "--force", ".")
    _git(tree, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", subject)


def _git(directory: Path, *words: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "core.autocrlf=false", *words]
    return subprocess.run(
        command, cwd=directory, env=plain | WHO, check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
