"""Which agents are ended when they stand still, and which are never touched."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.support.need import need

PROGRAM = house() / "roles" / "image" / "files" / "heartbeat.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs Linux's /proc"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the environment of a tmux server of its own, with agents on its PATH."""
    need("tmux")
    script = 'trap "echo interrupted > $2; exit" INT; while :; do read -r -t 99 x <> "$3"; done'
    place = tmp_path / "bin" / "codex"
    place.parent.mkdir()
    place.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    place.chmod(0o755)
    sockets = Path("/tmp") / f"mpt-{uuid.uuid4().hex[:8]}"
    sockets.mkdir()
    environment = {
        **os.environ,
        "TMUX_TMPDIR": str(sockets),
        "HEARTBEAT_WARN_SECS": "1",
        "HEARTBEAT_STALL_SECS": "2",
    }
    environment.pop("TMUX", None)
    yield environment
    subprocess.run(["tmux", "kill-server"], env=environment, capture_output=True, check=False)
    shutil.rmtree(sockets)


def await_text(file: Path, word: str, seconds: float = 20) -> str:
    """Wait until a file holds a word; return what it holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if file.exists() and word in (text := file.read_text()):
            return text
        time.sleep(0.05)
    raise TimeoutError(f"{file} never held {word!r}")


def test_only_an_agent_of_this_box_that_stands_still_is_ended(
    server: dict[str, str], tmp_path: Path
) -> None:
    """It is warned about and interrupted; one outside the box's tmux server is not seen."""
    mine, other, log = tmp_path / "mine", tmp_path / "other", tmp_path / "heartbeat.log"
    pipes = [tmp_path / "p1", tmp_path / "p2"]
    for pipe in pipes:
        os.mkfifo(pipe)
    codex = str(tmp_path / "bin" / "codex")
    inside = ["tmux", "new-session", "-d", "-s", "chain", codex, "exec", str(mine), str(pipes[0])]
    subprocess.run(inside, env=server, check=True)
    outside = subprocess.Popen([codex, "exec", str(other), str(pipes[1])])
    beat = subprocess.Popen([sys.executable, PROGRAM, log], env=server, stdout=subprocess.DEVNULL)

    try:
        await_text(mine, "interrupted")
        told = await_text(log, "STALL")
    finally:
        beat.terminate()
        beat.wait()
        outside.terminate()
        outside.wait()

    assert "WARN" in told
    assert told.count("STALL") == 1
    assert not other.exists()
