"""What Git does for a chain, and what is not believed of it."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from megaplan_cloud.harness.commit import changes, claimed_paths, commit, committed
from megaplan_cloud.harness.git import Git, GitError, toplevel, tracked
from megaplan_cloud.harness.push import push, remote_head
from megaplan_cloud.harness.start import merged
from megaplan_cloud.harness.worktree import Worktree, prepare, remove, set_aside
from tests.support.chains import World, build, git, spec_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a project with a remote."""
    return build(tmp_path, spec_of("m1"), ("m1",))


@pytest.fixture
def tree(world: World) -> Worktree:
    """Return a worktree of the project on a branch of its own."""
    start = git(world.project, "rev-parse", "main")
    return prepare(world.project, "epic/m1", start, finished=False)


def shim(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Put a `git` on the PATH that does `body`; `real` runs Git."""
    folder.mkdir()
    real = shutil.which("git")
    script = f"#!/bin/sh\nreal() {{ '{real}' \"$@\"; }}\nhere='{folder}'\n{body}\n"
    (folder / "git").write_text(script, encoding="utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_what_git_says_is_in_the_error(world: World) -> None:
    """The words, the directory, the exit code and Git's own sentence."""
    with pytest.raises(GitError) as refused:
        Git(world.project).text("switch", "nowhere", error="git_branch_failed")

    assert refused.value.error == "git_branch_failed"
    assert f"git switch nowhere in {world.project} failed (exit 128)" in refused.value.what
    assert "invalid reference: nowhere" in refused.value.what


def test_a_git_that_does_not_answer_is_stopped(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it has left a child behind that keeps its output open."""
    shim(tmp_path / "shim", monkeypatch, "sleep 60 & exec sleep 60")
    began = time.monotonic()

    with pytest.raises(GitError, match=r"took over 0\.3 s"):
        Git(world.project, timeout=0.3).text("status")

    assert time.monotonic() - began < 10


def test_an_outer_git_does_not_lead_us_astray(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook that started us exports GIT_DIR and others; ours is the directory we name."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))

    assert toplevel(world.project) == world.project


def test_a_lock_left_by_a_killed_git_is_removed(world: World) -> None:
    """Nobody holds it any more; the command is done."""
    held = world.project / ".git/index.lock"
    held.touch()
    os.utime(held, (0, 0))

    Git(world.project).text("add", "README.md")

    assert not held.exists()


def test_a_lock_that_somebody_holds_is_waited_for(world: World) -> None:
    """The operator's own git finishes first."""
    held = world.project / ".git/index.lock"
    held.touch()
    threading.Timer(0.4, held.unlink).start()

    Git(world.project).text("add", "README.md")

    assert not held.exists()


def test_an_answer_that_is_neither_yes_nor_no_is_an_error(world: World) -> None:
    """A broken repository must not look like one without the file."""
    (world.project / ".git/index").write_bytes(b"garbage")

    with pytest.raises(GitError):
        tracked(world.project / "README.md")


def test_tracked_is_what_the_index_has(world: World, tmp_path: Path) -> None:
    """Also for files that are gone, and for folders without Git."""
    (world.project / "README.md").unlink()

    assert tracked(world.project / "README.md")
    assert not tracked(world.project / "new/other.txt")
    assert not tracked(tmp_path / "README.md")


def test_a_push_that_failed_and_landed_counts(
    tree: Worktree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remote is asked, not the exit code."""
    shim(
        tmp_path / "shim",
        monkeypatch,
        'real "$@"; rc=$?; for word; do [ "$word" = push ] && exit 128; done; exit $rc',
    )
    said: list[str] = []

    pushed = push(Git(tree.path, sleep=lambda _: None), tree.branch, tree.start, said.append)

    assert pushed
    assert remote_head(tree.git, tree.branch) == tree.start


def test_a_push_that_says_ok_and_did_nothing_does_not_count(
    tree: Worktree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 0 is no proof; three tries, then a clear end."""
    body = 'for word; do [ "$word" = push ] && { echo >> "$here/tries"; exit 0; }; done; real "$@"'
    folder = shim(tmp_path / "shim", monkeypatch, body)

    with pytest.raises(GitError, match="does not show it") as refused:
        push(Git(tree.path, sleep=lambda _: None), tree.branch, tree.start, lambda _: None)

    assert refused.value.error == "git_push_failed"
    assert len((folder / "tries").read_text().splitlines()) == 3


def test_a_push_that_failed_once_is_tried_again(
    tree: Worktree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a pause that grows."""
    body = (
        'for word; do [ "$word" = push ] && [ ! -e "$here/once" ] && '
        '{ touch "$here/once"; exit 128; }; done; real "$@"'
    )
    shim(tmp_path / "shim", monkeypatch, body)
    pauses: list[float] = []

    assert push(Git(tree.path, sleep=pauses.append), tree.branch, tree.start, lambda _: None)
    assert pauses == [2.0]


def test_a_pushed_commit_is_not_pushed_again(tree: Worktree) -> None:
    """The second time there is nothing to do."""
    assert push(tree.git, tree.branch, tree.start, lambda _: None)
    assert not push(tree.git, tree.branch, tree.start, lambda _: None)


def test_a_half_made_worktree_is_made_anew(world: World, tree: Worktree) -> None:
    """As a killed `git worktree add` leaves it: locked, and without its files."""
    admin = Path(tree.git.text("rev-parse", "--absolute-git-dir"))
    (admin / "locked").write_text("initializing", encoding="utf-8")
    (admin / "HEAD").write_text("", encoding="utf-8")

    again = prepare(world.project, tree.branch, tree.start, finished=False)

    assert again.head() == tree.start
    assert (again.path / "README.md").exists()


def test_a_worktree_that_may_hold_work_is_never_removed(world: World, tree: Worktree) -> None:
    """It was whole once: whatever happened to it, a person looks first."""
    (tree.path / "work.txt").write_text("work", encoding="utf-8")
    (tree.path / ".git").unlink()

    with pytest.raises(GitError, match="no longer a worktree"):
        prepare(world.project, tree.branch, tree.start, finished=True)

    assert (tree.path / "work.txt").exists()


def test_a_worktree_with_dirt_is_not_removed(world: World, tree: Worktree) -> None:
    """Clean ones go, together with the folders that held them."""
    (tree.path / "work.txt").write_text("work", encoding="utf-8")

    assert not remove(world.project, tree)
    (tree.path / "work.txt").unlink()
    assert remove(world.project, tree)
    assert not (world.project / ".megaplan/worktrees/epic").exists()


def test_work_set_aside_can_be_had_back(tree: Worktree) -> None:
    """Changed, new and removed files are all in the commit under the reference."""
    (tree.path / "README.md").unlink()
    (tree.path / "new.txt").write_text("new", encoding="utf-8")

    reference = set_aside(tree, "tries/m1/1")

    assert reference == "refs/megaplan/tries/m1/1"
    assert git(tree.path, "ls-tree", "--name-only", reference).split() == ["new.txt"]
    assert git(tree.path, "status", "--porcelain") == ""
    assert set_aside(tree, "tries/m1/2") is None


def test_a_commit_holds_its_paths_and_nothing_that_was_staged(tree: Worktree) -> None:
    """Odd names, removed files, and what an agent staged beside them."""
    odd = "a b*[x]\"'\n.txt"
    for name in (odd, "staged.txt", ":(top)magic"):
        (tree.path / name).write_text(name, encoding="utf-8")
    (tree.path / "README.md").unlink()
    git(tree.path, "add", "staged.txt")

    found = changes(tree, [odd, "README.md", ":(top)magic", "missing.txt"])
    commit(tree, found.claimed, "Odd", "p/execute/1")

    listed = git(tree.path, "ls-tree", "-z", "--name-only", "HEAD").split("\0")
    assert sorted(filter(None, listed)) == sorted([odd, ":(top)magic"])
    assert found.unclaimed == ("staged.txt",)
    assert committed(tree, "p/execute/1")
    assert not committed(tree, "p/execute/2")


def test_a_claimed_folder_is_no_claim_of_its_files(tree: Worktree) -> None:
    """`.` or `src` would sweep in everything."""
    (tree.path / "src").mkdir()
    (tree.path / "src/x.txt").write_text("x", encoding="utf-8")

    assert changes(tree, [".", "src", "src/"]).claimed == ()
    assert changes(tree, [str(tree.path / "src/x.txt")]).claimed == ("src/x.txt",)


def test_claims_are_read_wherever_executions_keep_them(tmp_path: Path) -> None:
    """Tasks, their updates, and the answers of batches."""
    (tmp_path / "finalize.json").write_text('{"tasks": [{"files_changed": ["a"]}, 3]}')
    (tmp_path / "execution.json").write_text('{"files_changed": ["b", 7, ""]}')
    (tmp_path / "execution_batch_1.json").write_text(
        '{"answer": {"files_changed": ["c"], "task_updates": [{"files_changed": ["d"]}]}}'
    )

    assert claimed_paths(tmp_path) == {"a", "b", "c", "d"}


def test_unreadable_claims_commit_nothing(tmp_path: Path) -> None:
    """What is claimed is not known, so nothing is."""
    (tmp_path / "finalize.json").write_text("{")

    with pytest.raises(GitError) as refused:
        claimed_paths(tmp_path)

    assert refused.value.error == "git_commit_failed"


def test_a_branch_left_by_an_agent_is_told(tree: Worktree) -> None:
    """A commit on another branch would be lost to the chain."""
    git(tree.path, "switch", "--quiet", "--create", "elsewhere")

    with pytest.raises(GitError, match="is on elsewhere, not on epic/m1"):
        tree.head()


def test_merged_means_that_the_base_has_the_work(world: World) -> None:
    """By a merge, by a squash, and not by a part of it."""
    project = world.project
    git(project, "switch", "--quiet", "--create", "work")
    for name in ("one", "two"):
        (project / name).write_text(name, encoding="utf-8")
        git(project, "add", name)
        git(project, "commit", "--quiet", "--message", name)
    git(project, "switch", "--quiet", "main")

    asked = Git(project)
    assert not merged(asked, "work", "main")
    git(project, "cherry-pick", "work~1")
    assert not merged(asked, "work", "main")
    git(project, "reset", "--quiet", "--hard", "HEAD~1")
    git(project, "merge", "--squash", "work")
    git(project, "commit", "--quiet", "--message", "Squashed")
    assert merged(asked, "work", "main")
