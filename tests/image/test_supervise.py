"""What starts again, when, and when no more."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from megaplan_cloud.house import house

PROGRAM = house() / "roles" / "box" / "files" / "supervise.py"
# A thousand minutes go by in a minute and a half: delays of a minute are 6 milliseconds.
FAST = "10000"


def supervised(folder: Path, script: str, speed: str = FAST) -> subprocess.CompletedProcess[str]:
    """Supervise a script of the shell that appends to `runs`."""
    return subprocess.run(
        [sys.executable, PROGRAM, "count.json", "log", "sh", "-c", f"echo run >> runs; {script}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "MEGAPLAN_RETRY_SPEED": speed},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def runs(folder: Path) -> int:
    """Return how often the script ran."""
    return len((folder / "runs").read_text().splitlines())


@pytest.mark.parametrize("code", [0, 2, 3, 130])
def test_an_end_is_an_end(tmp_path: Path, code: int) -> None:
    """Done, wrong input, waiting for a person, interrupted: nothing is started again."""
    done = supervised(tmp_path, f"exit {code}")

    assert (done.returncode, runs(tmp_path)) == (code, 1)
    assert not (tmp_path / "count.json").exists()


def test_a_failure_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    """Five of a kind in a row are enough; a reboot does not begin anew, removing the count does."""
    first = supervised(tmp_path, "echo broken; exit 1")
    rebooted = supervised(tmp_path, "exit 0")
    (tmp_path / "count.json").unlink()
    anew = supervised(tmp_path, "exit 0")

    assert (first.returncode, rebooted.returncode, anew.returncode) == (75, 75, 0)
    assert runs(tmp_path) == 6
    assert "given up after exit code 1, error, 5 in a row" in first.stdout
    assert (tmp_path / "log").read_text() == "broken\n" * 5


def test_a_quota_has_a_patience_of_its_own(tmp_path: Path) -> None:
    """Four tries more, each half an hour later; what the log says decides."""
    done = supervised(tmp_path, "echo 'Error: insufficient_quota' >&2; exit 1")

    assert (done.returncode, runs(tmp_path)) == (75, 5)
    assert "quota, 1 in a row: again in 0 s" in done.stdout
    assert json.loads((tmp_path / "count.json").read_text())["class"] == "quota"


def test_success_after_a_failure_forgets_it(tmp_path: Path) -> None:
    """The count begins anew with the next run."""
    done = supervised(tmp_path, "[ -f second ] || { touch second; exit 1; }")

    assert (done.returncode, runs(tmp_path)) == (0, 2)
    assert not (tmp_path / "count.json").exists()


def test_a_delay_outlives_a_reboot(tmp_path: Path) -> None:
    """Killed while it waits and started again, it still waits until the same moment."""
    until = time.time() + 1.5
    count = {"class": "error", "streak": 1, "used": {"error": 1}, "not_before": until}
    (tmp_path / "count.json").write_text(json.dumps(count))

    supervised(tmp_path, "exit 0")

    assert time.time() >= until
