"""The promises of `git`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.actions.conftest import Run, names

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Test"), ("EMAIL", "test@example.org"))
}


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, without the settings of this machine, and return what it prints."""
    environment = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(
        ["git", "-C", str(folder), *words],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def commit(folder: Path, text: str) -> str:
    """Commit a file with this text and return the commit's name."""
    (folder / "file").write_text(text)
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Give a repository with two commits on `main`, a tag on the first, and a branch."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "one")
    git(folder, "tag", "--annotate", "--message", "first", "v1")
    commit(folder, "two")
    git(folder, "branch", "work/it", "v1")
    return folder


def test_a_checkout_is_made_once_and_follows_its_branch(
    run: Run, origin: Path, tmp_path: Path
) -> None:
    """It is cloned, then the same, then moved by what was pushed."""
    dest = tmp_path / "deep/odd name"
    task = {"repo": str(origin), "dest": str(dest), "version": "main"}

    rehearsed = run("git", task, check=True)
    assert not dest.exists()
    first, second = run("git", task), run("git", task)
    three = commit(origin, "three")
    checked = run("git", task, check=True)
    third = run("git", task)

    assert (first.msg, first.changed, second.changed, third.changed) == ("", True, False, True)
    assert first.values["before"] is None
    assert rehearsed.values["after"] == first.values["after"] == second.values["before"]
    assert (checked.changed, checked.values["after"]) == (True, three)
    assert third.values["after"] == git(dest, "rev-parse", "main") == three
    assert git(dest, "rev-parse", "--abbrev-ref", "HEAD") == "main"


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("version", ["HEAD", "main", "work/it", "v1", "sha"])
def test_a_version_is_a_branch_a_tag_or_a_commit(
    run: Run, origin: Path, tmp_path: Path, version: str, depth: int | None
) -> None:
    """Each is checked out, with or without its history, and then the same."""
    expected = git(origin, "rev-parse", "HEAD" if version in ("HEAD", "main") else "v1^{commit}")
    task = {
        "repo": f"file://{origin}",
        "dest": str(tmp_path / "dest"),
        "version": expected if version == "sha" else version,
        "depth": depth,
    }

    first, second = run("git", task), run("git", task)

    assert not first.failed, first.msg
    assert first.values["after"] == expected == git(tmp_path / "dest", "rev-parse", "HEAD")
    assert not second.changed, second.values
    assert not run("git", task, check=True).changed


def test_a_checkout_moves_between_versions(run: Run, origin: Path, tmp_path: Path) -> None:
    """From a commit's short name to a tag, to a branch and back."""
    dest = tmp_path / "dest"
    short = git(origin, "rev-parse", "--short", "HEAD")
    for version in ("main", "v1", "work/it", short, "main"):
        result = run("git", {"repo": str(origin), "dest": str(dest), "version": version})
        assert not result.failed, result.msg
        assert result.values["after"] == git(origin, "rev-parse", f"{version}^{{commit}}")


def test_local_changes_are_kept_unless_forced(run: Run, origin: Path, tmp_path: Path) -> None:
    """Work that is not committed is never thrown away in silence; new files never."""
    dest = tmp_path / "dest"
    task = {"repo": str(origin), "dest": str(dest)}
    run("git", task)
    (dest / "file").write_text("mine")
    (dest / "new").write_text("mine")

    refused = run("git", task)
    assert refused.failed
    assert refused.msg == f"Local modifications exist in the destination: {dest} (force=no)."
    assert (dest / "file").read_text() == "mine"
    forced = run("git", task | {"force": True})

    assert forced.changed
    assert (dest / "file").read_text() == "two"
    assert (dest / "new").read_text() == "mine"


def test_another_address_is_taken_over(run: Run, origin: Path, tmp_path: Path) -> None:
    """A moved repository is followed, and told."""
    dest = tmp_path / "dest"
    run("git", {"repo": str(origin), "dest": str(dest)})
    moved = origin.rename(tmp_path / "moved")

    result = run("git", {"repo": str(moved), "dest": str(dest)})

    assert not result.failed, result.msg
    assert result.changed
    assert result.values["remote_url_changed"]
    assert git(dest, "config", "remote.origin.url") == str(moved)


def test_without_update_what_is_there_is_enough(run: Run, origin: Path, tmp_path: Path) -> None:
    """`update: false` does not even ask the remote."""
    task = {"repo": str(origin), "dest": str(tmp_path / "dest"), "update": False}
    first = run("git", task)
    commit(origin, "three")

    second = run("git", task)

    assert not second.changed
    assert second.values["after"] == first.values["after"]


def test_without_clone_nothing_is_made(run: Run, origin: Path, tmp_path: Path) -> None:
    """`clone: false` only says what the remote has."""
    task = {"repo": str(origin), "dest": str(tmp_path / "dest"), "clone": False}

    result = run("git", task)

    assert result.values["after"] == git(origin, "rev-parse", "HEAD")
    assert not (tmp_path / "dest").exists()


def test_a_bare_repository_is_kept_up_to_date(run: Run, origin: Path, tmp_path: Path) -> None:
    """`bare: true` fetches the branches themselves."""
    task = {"repo": str(origin), "dest": str(tmp_path / "dest.git"), "bare": True}
    run("git", task)
    three = commit(origin, "three")

    result = run("git", task)

    assert not result.failed, result.msg
    assert (result.changed, result.values["after"]) == (True, three)
    assert not run("git", task).changed


@pytest.mark.parametrize("check", [True, False])
def test_a_repository_that_is_not_there_fails_with_gits_reason(
    run: Run, tmp_path: Path, *, check: bool
) -> None:
    """Nothing is asked, and git's own words are told."""
    task = {"repo": str(tmp_path / "nowhere"), "dest": str(tmp_path / "dest")}

    result = run("git", task, check=check)

    assert result.failed
    assert "nowhere" in result.msg


def test_a_version_that_is_not_there_fails(run: Run, origin: Path, tmp_path: Path) -> None:
    """The message names the version and the repository."""
    task = {"repo": str(origin), "dest": str(tmp_path / "dest"), "version": "no-such"}

    result = run("git", task)

    assert result.failed
    assert "no-such" in result.msg


def test_a_folder_with_something_else_is_left_alone(run: Run, origin: Path, tmp_path: Path) -> None:
    """Files of somebody else are never mixed with a checkout."""
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest/precious").write_text("x")

    result = run("git", {"repo": str(origin), "dest": str(tmp_path / "dest")})

    assert result.failed
    assert names(tmp_path / "dest") == ["precious"]
