"""A chain's runner killed with -9, wherever it is: started again, it ends in the same chain."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.support.chains import git
from tests.support.quickstart import BRANCHES, Quickstart, make_quickstart

SEED = int(os.environ.get("KILL_SEED", "20260105"))
MOMENTS = 10
PATIENCE = 150.0


@dataclass(frozen=True)
class Box:
    """A clone of the quickstart's repository with its chain."""

    quickstart: Quickstart
    project: Path

    @property
    def remote(self) -> Path:
        """Return the repository that the chain pushes to."""
        return self.quickstart.remote

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start the runner in a process group of its own."""
        spec = str(self.project / "chain.yaml")
        with log.open("ab") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "megaplan_cloud.harness.command", "chain", "--spec", spec],
                cwd=self.project,
                env=os.environ | {"PYTHONPATH": str(house())},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def finish(self, log: Path) -> int:
        """Run the chain to its end and return the exit code."""
        return self.start(log).wait(timeout=PATIENCE)


def make_box(folder: Path) -> Box:
    """Make the repository, with an agent that does not stop to think, and clone it."""
    quickstart, project = make_quickstart(folder), folder / "project"
    git(folder, "clone", "--quiet", str(quickstart.remote), str(project))
    shutil.copytree(quickstart.example / "ideas", project / "ideas")
    shutil.copy(quickstart.spec, project)
    return Box(quickstart, project)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], float]:
    """Return the history of a run that nobody killed, and how long it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    box = make_box(folder)
    began = time.monotonic()
    assert box.finish(folder / "log") == 0, (folder / "log").read_text(encoding="utf-8")
    return box.quickstart.history(), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_runner_started_again_ends_in_the_same_chain(
    moment: int, undisturbed: tuple[dict[str, list[str]], float], tmp_path: Path
) -> None:
    """Each milestone's commits are there once, with the same subjects and trees."""
    history, duration = undisturbed
    share = (moment + random.Random(SEED + moment).random()) / MOMENTS  # noqa: S311
    box, log = make_box(tmp_path), tmp_path / "log"

    runner = box.start(log)
    # Alone, as the kernel kills what takes too much memory: its agent and its git live on.
    killed = kill_after(runner, share * duration, alone=moment % 2 == 1)
    code = box.finish(log)

    told = f"seed {SEED}, at {share:.0%} of {duration:.1f} s, killed: {killed}"
    print(told)  # noqa: T201
    assert code == 0, f"{told}\n{log.read_text(encoding='utf-8')}"
    assert box.quickstart.history() == history, told
    assert_settled(box)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_runner_killed_again_and_again_ends_in_the_same_chain(
    undisturbed: tuple[dict[str, list[str]], float], tmp_path: Path
) -> None:
    """Ten kills in one chain cost time and nothing else."""
    history, duration = undisturbed
    chance = random.Random(SEED)  # noqa: S311
    box, log = make_box(tmp_path), tmp_path / "log"

    for _ in range(MOMENTS):
        kill_after(box.start(log), chance.uniform(0.1, 0.5) * duration, alone=False)
    code = box.finish(log)

    assert code == 0, log.read_text(encoding="utf-8")
    assert box.quickstart.history() == history, f"seed {SEED}"
    assert_settled(box)


def kill_after(runner: subprocess.Popen[bytes], seconds: float, *, alone: bool) -> bool:
    """Kill the runner, or its whole process group, after a time; False if it ended before."""
    try:
        runner.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        if alone:
            runner.kill()
        else:
            os.killpg(runner.pid, signal.SIGKILL)
        runner.wait(timeout=PATIENCE)
        return True
    return False


def assert_settled(box: Box) -> None:
    """Hold that the chain is complete, clean and pushed, and that no worktree is left."""
    files = list((box.project / ".megaplan/plans/.chains").glob("*.json"))
    state = json.loads(next(path for path in files if "lock" not in path.name).read_text())
    assert [each["label"] for each in state["completed"]] == ["m1", "m2", "m3"]
    assert state["last_pushed_commit"] == git(box.remote, "rev-parse", BRANCHES[-1])
    assert git(box.project, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert git(box.project, "status", "--porcelain", "--untracked-files=no") == ""
