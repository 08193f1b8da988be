"""The demo's path, its runner killed with -9 again and again: `invoke chain` ends in one chain."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.operator import PROGRAM, Operator
from tests.support.quickstart import Quickstart, make_quickstart

SEED = int(os.environ.get("KILL_SEED", "20261120"))
KILLS = 5
SHARE = 0.22  # of an undisturbed chain, at most, until the next kill
PATIENCE = 60.0

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, list[str]], float]:
    """Return the history of a chain that nobody killed, and how long it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    person, quickstart = deployed(folder)
    try:
        began = time.monotonic()
        person.run("chain", "--spec", str(quickstart.spec), "--wait")
        return quickstart.history(), time.monotonic() - began
    finally:
        person.run("destroy", "--yes", code=None)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["runner", "tmux"])
def test_a_killed_chain_started_again_ends_in_the_same_chain(
    victim: str,
    operator: Operator,
    undisturbed: tuple[dict[str, list[str]], float],
    tmp_path: Path,
) -> None:
    """Whether the pane's processes or tmux itself are killed, each commit is there once."""
    history, duration = undisturbed
    chance = random.Random(f"{SEED} {victim}")  # noqa: S311
    quickstart = make_quickstart(tmp_path)
    settle(operator, quickstart)
    operator.run("deploy")
    kill = {"runner": kill_runner, "tmux": kill_tmux}[victim]

    moments = [chance.uniform(0, SHARE) * duration for _ in range(KILLS)]
    told = [begun_and_killed(operator, quickstart, moment, kill) for moment in moments]
    print(f"seed {SEED}, {victim}: {told}")  # noqa: T201
    said = operator.run("chain", "--spec", str(quickstart.spec), "--wait")

    assert said.json["effective_status"] == "complete", told
    assert said.json["summary"]["completed"] == ["m1", "m2", "m3"]
    assert quickstart.history() == history, told


@pytest.mark.timeout(200)
def test_a_chain_goes_on_after_its_box_went_down(
    operator: Operator, undisturbed: tuple[dict[str, list[str]], float], tmp_path: Path
) -> None:
    """`down` in the middle, `deploy` and the same `invoke chain`: each commit is there once."""
    quickstart = make_quickstart(tmp_path)
    settle(operator, quickstart)
    operator.run("deploy")

    operator.run("chain", "--spec", str(quickstart.spec))
    operator.run("down")
    left = operator.run("status", "--chain").json["runner"]["status"]
    refused = operator.run("chain", "--spec", str(quickstart.spec), code=1).json["error"]
    operator.run("deploy")
    said = operator.run("chain", "--spec", str(quickstart.spec), "--wait").json

    assert (left, refused) == ("dead", "box_not_ready")
    assert said["effective_status"] == "complete"
    assert quickstart.history() == undisturbed[0]


def deployed(folder: Path) -> tuple[Operator, Quickstart]:
    """Return somebody who has a box for the quickstart."""
    quickstart = make_quickstart(folder)
    person = Operator(folder / "home", folder / "work")
    person.home.mkdir()
    person.folder.mkdir()
    settle(person, quickstart)
    person.run("deploy")
    return person, quickstart


def settle(person: Operator, quickstart: Quickstart) -> None:
    """Write cloud.yaml as the demo does: `invoke init`, then the address."""
    person.run("init")
    file = person.folder / "cloud.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    mine = f"  url: {quickstart.remote}"
    person.settle("\n".join(mine if line.startswith("  url: ") else line for line in lines))


def begun_and_killed(
    person: Operator, quickstart: Quickstart, moment: float, kill: Callable[[Path], bool]
) -> str:
    """Type `invoke chain`, and kill when `moment` seconds have passed since the session stood."""
    words = [sys.executable, "-c", PROGRAM, "chain", "--spec", str(quickstart.spec)]
    typed = subprocess.Popen(
        words,
        cwd=person.folder,
        env=person.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    box, ended = person.box, time.monotonic() + PATIENCE
    while not panes(box) and typed.poll() is None and time.monotonic() < ended:
        time.sleep(0.02)
    due = time.monotonic() + moment
    while panes(box) and time.monotonic() < due:
        time.sleep(0.02)
    killed = kill(box)
    out, err = typed.communicate(timeout=PATIENCE)
    # A runner that dies while it is being verified was not started, and that is said.
    assert typed.returncode in (0, 1), err
    word = json.loads(out).get("error", "started")
    assert word in ("started", "launch_failed", "runner_unknown"), err
    return f"{moment:.1f} s, {word}, {'killed' if killed else 'it had ended'}"


def kill_runner(box: Path) -> bool:
    """Kill the process group of the chain's pane; say whether there was one."""
    groups = panes(box)
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    return bool(groups)


def kill_tmux(box: Path) -> bool:
    """Kill the chain's pane and the tmux server of the box."""
    server = tmux(box, "display-message", "-p", "#{pid}")
    killed = kill_runner(box)
    for pid in server:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return killed


def panes(box: Path) -> list[int]:
    """Return the first process of each pane of the chain's session."""
    rows = tmux_lines(box, "list-panes", "-a", "-F", "#{session_name} #{pane_pid}")
    return [int(row.split()[1]) for row in rows if row.startswith("megaplan-chain")]


def tmux(box: Path, *words: str) -> list[int]:
    """Return the numbers that the box's tmux answers with."""
    return [int(row) for row in tmux_lines(box, *words) if row.isdigit()]


def tmux_lines(box: Path, *words: str) -> list[str]:
    """Return the lines that the box's tmux answers with; none when it has no server."""
    done = subprocess.run(
        ["tmux", *words],
        env=os.environ | {"TMUX_TMPDIR": str(run_dir(box))},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def run_dir(box: Path) -> Path:
    """Return where the socket of a box's tmux is: in the box, or under /tmp when that is long."""
    return box / "run" if len(str(box)) < 72 else Path("/tmp", f"megaplan-{box.name}")
