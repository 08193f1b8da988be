"""Ctrl-C ends a run at once, leaves nothing running, and says what was done."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from megaplan_cloud.engine.journal import read_journal
from tests.support.playing import Theatre

PLAYER = """
import json, sys
from pathlib import Path
from megaplan_cloud.engine.play import play

report = play(Path(sys.argv[1]), journal=Path(sys.argv[2]), places=json.loads(sys.argv[3]))
print(json.dumps(report.as_json()))
sys.exit(report.exit_code)
"""


def wait_for(path: Path, lines: int = 1) -> None:
    """Wait until a file has so many lines."""
    deadline = time.monotonic() + 20
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [1, 3])
def test_ctrl_c_kills_what_runs_and_reports_what_ran(tmp_path: Path, hosts: int) -> None:
    """Exit code 130; the task at work is unproven, those before it are done; then --resume."""
    theatre = Theatre(tmp_path)
    theatre.write(
        """
        - name: Sleep
          hosts: box
          tasks:
            - name: Go first
              command: ["true"]
            - name: Stop here
              shell: "echo $$ >> pids; sleep 60"
            - name: Never get here
              command: ["true"]
        """
    )
    names = [{"name": f"box-{number}"} for number in range(hosts)]
    places = {"box": names if hosts > 1 else {}}
    player = subprocess.Popen(
        [sys.executable, "-c", PLAYER, theatre.playbook, tmp_path / "journal", json.dumps(places)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(tmp_path / "pids", hosts)

    player.send_signal(signal.SIGINT)
    out, _ = player.communicate(timeout=20)

    assert player.returncode == 130
    report = json.loads(out)
    assert report["interrupted"] is True
    found = {(task["name"], task["status"]) for task in report["plays"][0]["tasks"]}
    assert found == {("Go first", "changed"), ("Stop here", "unproven")}
    assert read_journal(tmp_path / "journal")[-1]["interrupted"] is True
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not Path(f"/proc/{pid}").exists()
