"""Chains in a box on this machine: staged, started, verified, followed, and what can go wrong."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator import PROGRAM, Operator, git, make_repository

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"

# A harness that does what MODE says: live on, end well, or refuse with its document.
FAKE = """#!/usr/bin/env python3
import json, hashlib, os, pathlib, sys, time
words = sys.argv[1:]
spec = pathlib.Path(words[words.index("--spec") + 1]).resolve()
digest = hashlib.sha1(str(spec).encode()).hexdigest()[:12]
state = spec.parent / ".megaplan/plans/.chains" / f"{spec.stem}-{digest}.json"
if words[:2] == ["chain", "status"]:
    sys.exit(1)
mode = pathlib.Path(__file__).with_name("mode").read_text().strip()
print("[chain] begins", file=sys.stderr, flush=True)
if mode == "refuse":
    print(json.dumps({"success": False, "error": "agent_deps_missing", "message": "no codex here",
                      "hint": "Install codex."}))
    sys.exit(1)
if mode == "silent":
    time.sleep(600)
state.parent.mkdir(parents=True, exist_ok=True)
state.write_text(json.dumps({"current_milestone_index": 0, "completed": []}))
if mode == "wait":
    print(json.dumps({"success": True, "status": "awaiting_human", "reason": "a person"}))
    sys.exit(3)
time.sleep(600)
"""


@pytest.fixture
def chain(operator: Operator, repository: Path) -> Path:
    """Give the spec of a chain of two; the box is deployed with the fake harness."""
    folder = operator.folder / "chain"
    (folder / "ideas").mkdir(parents=True)
    for name in ("one", "two"):
        (folder / "ideas" / f"{name}.md").write_text(f"# Idea {name}\n")
    (folder / "chain.yaml").write_text(
        "milestones:\n  - {label: m1, idea: ideas/one.md}\n  - {label: m2, idea: ideas/two.md}\n"
    )
    (operator.folder / "harness").mkdir()
    harness = operator.folder / "harness" / "megaplan"
    harness.write_text(FAKE)
    harness.chmod(0o755)
    behave(operator, "live")
    operator.settle(f"repo: {{url: {repository}}}\nmegaplan: {{launcher: {harness}}}\n")
    operator.run("deploy")
    return folder / "chain.yaml"


def behave(operator: Operator, mode: str) -> None:
    """Tell the fake harness what to do."""
    (operator.folder / "harness" / "mode").write_text(mode)


def marker(operator: Operator) -> dict[str, Any]:
    """Return what the operator's machine remembers of the last chain."""
    markers = operator.home / ".megaplan" / "cloud" / "markers"
    found = json.loads(next(markers.glob("*/last_chain.json")).read_text())
    assert isinstance(found, dict)
    return found


def test_a_chain_is_started_and_said_to_run(operator: Operator, chain: Path) -> None:
    """Provenance, markers here and there, files where the spec expects them, status running."""
    said = operator.run("chain", "--spec", str(chain)).json
    status = operator.run("status", "--chain")

    here = marker(operator)
    there = json.loads(Path(said["launch"]["session_marker"]).read_text())
    checkout = Path(said["repo"]["workspace"])
    assert said["event"] == "cloud_chain_launched"
    assert said["tmux"]["status"] == "started"
    assert said["verification"]["status"] == "ok"
    assert said["uploaded_idea_count"] == 2
    assert here["remote_spec"] == there["remote_spec"] == said["remote_spec"]
    assert here["identity_digest"] == there["identity_digest"]
    assert (checkout / "ideas" / "one.md").read_text() == "# Idea one\n"
    assert "base_branch: main" in (checkout / "chain.yaml").read_text()
    assert git(checkout, "status", "--porcelain") == ""
    assert status.json["effective_status"] == "running"
    assert status.json["runner"]["status"] == "alive"
    assert "Current milestone: m1 (index 0)" in status.stderr
    assert "[chain] begins" in operator.run("logs", "--chain", "--no-follow").stdout


def test_a_running_chain_is_not_disturbed(operator: Operator, chain: Path) -> None:
    """The second time it is said to run already, and nothing is uploaded."""
    first = operator.run("chain", "--spec", str(chain)).json
    started = marker(operator)["started_at"]
    (chain.parent / "ideas" / "one.md").write_text("# Another idea\n")

    second = operator.run("chain", "--spec", str(chain)).json

    idea = Path(first["repo"]["workspace"], "ideas", "one.md")
    assert second["tmux"] == {"session": first["tmux"]["session"], "status": "already_running"}
    assert second["uploaded_idea_count"] == 0
    assert idea.read_text() == "# Idea one\n"
    assert marker(operator)["started_at"] == started


def test_a_chain_that_two_people_start_at_once_has_one_runner(
    operator: Operator, chain: Path
) -> None:
    """Nobody's files or checkout are spoilt, and nobody is told of a failure."""
    typed = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "chain", "--spec", str(chain)],
            cwd=operator.folder,
            env=operator.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [each.communicate(timeout=90) for each in typed]

    launched = [json.loads(out) for out, _ in said]
    assert [each["success"] for each in launched] == [True] * 3, said
    assert sorted(each["tmux"]["status"] for each in launched) == [
        "already_running",
        "already_running",
        "started",
    ]


def test_two_chains_run_side_by_side(operator: Operator, chain: Path) -> None:
    """Each chain has a session and a checkout of its own."""
    other = chain.with_name("other.yaml")
    other.write_text(chain.read_text())

    one = operator.run("chain", "--spec", str(chain)).json
    two = operator.run("chain", "--spec", str(other)).json

    sessions = operator.run("exec", "tmux list-sessions -F '#{session_name}'").stdout.split()
    assert one["repo"]["workspace"] != two["repo"]["workspace"]
    assert {one["tmux"]["session"], two["tmux"]["session"]} <= set(sessions)


def test_another_chain_in_the_same_session_is_refused(operator: Operator, chain: Path) -> None:
    """A collision is found before anything is uploaded."""
    with (operator.folder / "cloud.yaml").open("a") as file:
        file.write("chain_session: shared\n")
    operator.run("chain", "--spec", str(chain))
    other = chain.with_name("other.yaml")
    other.write_text(chain.read_text())
    before = sorted((operator.box / "workspace").rglob("*"))

    said = operator.run("chain", "--spec", str(other), code=1).json

    assert said["error"] == "chain_session_collision"
    assert sorted((operator.box / "workspace").rglob("*")) == before


def test_another_chain_in_the_same_checkout_is_refused(operator: Operator, chain: Path) -> None:
    """Two chains cannot share a checkout, whatever their sessions are called."""
    text = (
        (operator.folder / "cloud.yaml")
        .read_text()
        .replace("repo: {", "repo: {workspace: /workspace/app, ")
    )
    operator.settle(text)
    operator.run("chain", "--spec", str(chain))
    other = chain.with_name("other.yaml")
    other.write_text(chain.read_text())

    said = operator.run("chain", "--spec", str(other), code=1).json

    assert said["error"] == "chain_session_collision"
    assert "two chains cannot share a checkout" in said["message"]


def test_a_session_whose_name_only_begins_the_same_is_another(
    operator: Operator, chain: Path
) -> None:
    """A name is matched whole: tmux matches names by their beginning unless it is told not to."""
    with (operator.folder / "cloud.yaml").open("a") as file:
        file.write("chain_session: slot\n")
    operator.run("exec", "tmux new-session -d -s slot-first 'sleep 600'")

    said = operator.run("chain", "--spec", str(chain)).json

    assert said["tmux"] == {"session": "slot", "status": "started"}


def test_a_runner_that_ends_at_once_was_not_started(operator: Operator, chain: Path) -> None:
    """The harness's own reason is the message, its hint is the hint, the log's tail is there."""
    behave(operator, "refuse")

    said = operator.run("chain", "--spec", str(chain), code=1).json

    assert said["error"] == "launch_failed"
    assert "no codex here" in said["message"]
    assert said["hint"] == "Install codex."
    assert said["details"]["log_tail"] == ["[chain] begins"]


def test_a_chain_that_waits_for_a_person_exits_with_3(operator: Operator, chain: Path) -> None:
    """Waiting is neither done nor failed."""
    behave(operator, "wait")

    said = operator.run("chain", "--spec", str(chain), "--wait", code=None)

    assert said.code == 3


def test_a_killed_runner_is_told_and_started_again(operator: Operator, chain: Path) -> None:
    """A dead runner is never called running, and the same command goes on."""
    operator.run("chain", "--spec", str(chain))
    mine = f"pgrep -f 'chain start --spec {operator.box}/'"
    runner = operator.run("exec", mine).stdout.split()
    assert runner != []
    for pid in runner:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    wait_for(lambda: operator.run("status", "--chain").json["runner"]["status"] == "dead")

    status = operator.run("status", "--chain").json
    again = operator.run("chain", "--spec", str(chain)).json

    assert status["effective_status"] == "stale_bookkeeping"
    assert "invoke chain" in status["next"]
    assert again["tmux"]["status"] == "started"


def test_a_missing_idea_touches_nothing(operator: Operator, chain: Path) -> None:
    """Every path that was tried is named, and the box is as it was."""
    (chain.parent / "ideas" / "two.md").unlink()

    said = operator.run("chain", "--spec", str(chain), code=2).json

    assert said["error"] == "missing_idea_file"
    assert str(chain.parent / "ideas" / "two.md") in said["message"]
    assert said["details"]["at"] == f"{chain}:3:23"
    assert names(operator.box / "workspace") == [".megaplan", "app"]


def test_a_rehearsal_of_a_chain_changes_nothing(operator: Operator, chain: Path) -> None:
    """`--check` clones, uploads and starts nothing."""
    said = operator.run("chain", "--spec", str(chain), "--check").json

    assert said["check"] is True
    assert names(operator.box / "workspace") == [".megaplan", "app"]
    assert not list((operator.home / ".megaplan/cloud/markers").glob("*/last_chain.json"))


def test_following_ends_with_ctrl_c_and_the_chain_goes_on(operator: Operator, chain: Path) -> None:
    """The interruption is the operator's, not the chain's."""
    follower = subprocess.Popen(
        ["python3", "-c", PROGRAM, "chain", "--spec", str(chain), "--wait"],
        cwd=operator.folder,
        env=operator.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert follower.stderr is not None
    for line in follower.stderr:
        if line.startswith("m1 (0 of 2 done)"):
            break
    follower.send_signal(signal.SIGINT)
    out, _ = follower.communicate(timeout=60)

    assert follower.returncode == 130
    assert json.loads(out)["error"] == "interrupted"
    assert operator.run("status", "--chain").json["effective_status"] == "running"


def test_committed_chain_state_is_found_before_launch_and_fixed(
    operator: Operator, tmp_path: Path
) -> None:
    """Poison in the repository is refused by name; the fixup removes it here and on a branch."""
    repository = make_repository(
        tmp_path / "poisoned.git",
        {"README.md": "An app.\n", "chain_state.json": '{"current_milestone_index": 1}\n'},
    )
    spec = operator.folder / "chain.yaml"
    spec.write_text("milestones:\n  - {label: m1, idea: idea.md}\n")
    (operator.folder / "idea.md").write_text("# Idea\n")
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")

    refused = operator.run("chain", "--spec", str(spec), code=1).json
    found = operator.run("doctor", code=1).json
    fixed = operator.run("doctor", "--fix", "stale-chain-state").json
    after = operator.run("doctor").json

    assert refused["error"] == "poisoned_chain_state"
    assert "invoke doctor --fix stale-chain-state" in refused["hint"]
    stale = next(each for each in found["gotchas"] if each["id"] == "stale-chain-state")
    assert stale["evidence"] == ["chain_state.json", "chain_state.json"]
    assert fixed["branch"] == "megaplan/remove-chain-state"
    assert after["success"] is True
    listed = git(repository, "ls-tree", "--name-only", "megaplan/remove-chain-state").split()
    assert "chain_state.json" not in listed
    assert "chain_state.json" in git(repository, "show", "megaplan/remove-chain-state:.gitignore")
    assert "chain_state.json" in git(repository, "ls-tree", "--name-only", "main").split()
    again = operator.run("chain", "--spec", str(spec), code=None)
    assert again.json.get("error") != "poisoned_chain_state"


def test_the_quickstart_runs_to_its_end(operator: Operator) -> None:
    """The main job: three milestones, each on its branch, by the real harness."""
    repository = operator.folder / "receipts.git"
    prepare = EXAMPLES / "quickstart" / "prepare.py"
    subprocess.run(["python3", str(prepare), str(repository)], check=True, capture_output=True)
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")

    said = operator.run("chain", "--spec", str(EXAMPLES / "quickstart" / "chain.yaml"), "--wait")

    branches = git(repository, "branch", "--format=%(refname:short)").split()
    assert said.json["effective_status"] == "complete"
    assert said.json["summary"]["completed"] == ["m1", "m2", "m3"]
    assert {"quickstart/m1-vat", "quickstart/m2-summary", "quickstart/m3-command"} <= set(branches)
    assert "m2 (1 of 3 done)" in said.stderr


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(entry.name for entry in folder.iterdir())


def wait_for(condition: Any, seconds: float = 30) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
