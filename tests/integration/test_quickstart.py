"""The examples, run as a newcomer runs them: the real harness, the scripted agent, real git."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.support.chains import git, megaplan

EXAMPLES = house() / "examples"
pytestmark = pytest.mark.slow


def clone(folder: Path, example: str, *words: str) -> Path:
    """Make the example's repository and return a clone of it with the chain in it."""
    remote, project = folder / "remote.git", folder / "project"
    prepare = [sys.executable, str(EXAMPLES / "quickstart/prepare.py"), str(remote), *words]
    subprocess.run(prepare, check=True, capture_output=True)
    git(folder, "clone", "--quiet", str(remote), str(project))
    shutil.copytree(EXAMPLES / example / "ideas", project / "ideas")
    shutil.copy(EXAMPLES / example / "chain.yaml", project)
    return project


def test_the_quickstart_finishes_and_its_log_reads_like_work(tmp_path: Path) -> None:
    """Three milestones, one commit each, on the remote; the program does what the ideas ask."""
    project = clone(tmp_path, "quickstart")

    done = megaplan("chain", "--spec", "chain.yaml", cwd=project)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "done"
    log = git(tmp_path / "remote.git", "log", "--format=%s", "main..quickstart/m3-command")
    assert log.splitlines() == [
        "m3: Print the summary from the command line",
        "m2: Summarise a receipt by category",
        "m1: Work out the VAT of a receipt",
    ]
    said = [line for line in done.stderr.splitlines() if line.startswith("[chain] m2:")]
    assert said[0] == "[chain] m2: 2 of 3: Summarise a receipt by category"
    assert "from quickstart/m1-vat" in said[1]
    assert said[-1] == "[chain] m2: done"
    git(tmp_path, "clone", "--quiet", "--branch", "quickstart/m3-command", "remote.git", "result")
    shown = subprocess.run(
        [sys.executable, "-m", "receipts", "--by-category", "tests/data/market.txt"],
        cwd=tmp_path / "result",
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    readme = (tmp_path / "result/README.md").read_text(encoding="utf-8")
    assert all(f"    {line}" in readme for line in shown.splitlines())


def test_the_broken_quickstart_says_which_why_and_what_now(tmp_path: Path) -> None:
    """In the exit code, in the document, in the status and in the log."""
    work = str(EXAMPLES / "quickstart-broken/work")
    project = clone(tmp_path, "quickstart-broken", "--with", work)

    done = megaplan("chain", "--spec", "chain.yaml", cwd=project)
    status = megaplan("chain", "status", "--spec", "chain.yaml", cwd=project)

    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["status"], document["failure"]["label"]) == ("stopped", "m2")
    assert document["failure"]["phase"] == "execute"
    assert "1285 != 1280" in document["failure"]["reason"]
    assert "worktrees/broken/m2-cash" in document["failure"]["what_now"]
    assert "[chain] m2: failed in execute (blocked_by_quality): the work is not good" in done.stderr
    assert "  - [failed] m2 (index 1)" in status.stderr
    assert "  - [pending] m3 (index 2)" in status.stderr
    assert json.loads(status.stdout)["summary"]["completed"] == ["m1"]
    heads = git(
        tmp_path / "remote.git", "branch", "--list", "broken/*", "--format=%(refname:short)"
    )
    assert heads.splitlines() == ["broken/m1-vat"]


def test_the_repository_is_the_same_each_time_and_is_not_made_twice(tmp_path: Path) -> None:
    """Same files, same commits; what is there is left alone; anything else is refused."""
    prepare = [sys.executable, str(EXAMPLES / "quickstart/prepare.py")]
    (tmp_path / "other").mkdir()

    for name in ("a.git", "b.git", "a.git"):
        subprocess.run([*prepare, str(tmp_path / name)], check=True, capture_output=True)
    refused = subprocess.run([*prepare, str(tmp_path / "other")], check=False, capture_output=True)

    heads = {git(tmp_path / name, "rev-parse", "main") for name in ("a.git", "b.git")}
    assert len(heads) == 1
    assert (refused.returncode, list((tmp_path / "other").iterdir())) == (1, [])
