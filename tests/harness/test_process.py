"""What running a program for a plan promises."""

import os
import time
from pathlib import Path

import pytest

from megaplan_cloud.harness import process
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.process import Ended, Errand

AWAY = """
import os, time
os.setsid()
with open("away", "w") as file:
    file.write(str(os.getpid()))
time.sleep(60)
"""


def run(folder: Path, script: str, *, timeout: float = 20.0, stdin: str = "") -> Ended:
    """Run a shell script as a program of a plan in `folder`."""
    errand = Errand(
        argv=["sh", "-c", script],
        cwd=folder,
        environment=process.environment(GIVEN="yes"),
        timeout=timeout,
        logs=folder / "calls",
        name="test",
        stdin=stdin,
    )
    return process.run(errand, home=folder)


@pytest.mark.parametrize("rc", [0, 1, 7, 127, 255])
def test_the_exit_code_is_the_programs_own(tmp_path: Path, rc: int) -> None:
    """Also those that a shell has a meaning for."""
    assert run(tmp_path, f"exit {rc}").rc == rc


def test_what_it_reads_and_writes_passes_whole(tmp_path: Path) -> None:
    """A long input, output and errors apart, bytes that are no UTF-8 marked."""
    text = "ä\n" * 100_000

    ended = run(tmp_path, r"cat; printf '\377' >&2", stdin=text)

    assert (ended.stdout, ended.stderr, ended.stopped) == (text, "\ufffd", "")


def test_it_knows_only_what_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of the caller and sessions of other agents are not passed on."""
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    monkeypatch.setenv("CODEX_THREAD_ID", "1")

    names = {line.partition("=")[0] for line in run(tmp_path, "env").stdout.splitlines()}

    assert {"GIVEN", "PATH"} <= names
    assert not {"SECRET_TOKEN", "CODEX_THREAD_ID"} & names


def test_a_killed_program_has_the_signals_number(tmp_path: Path) -> None:
    """128 and the number, as shells tell it."""
    assert run(tmp_path, "kill -9 $$").rc == 137


def test_a_deadline_ends_the_whole_tree(tmp_path: Path) -> None:
    """Children in the background, in sessions of their own, and those that ignore TERM."""
    (tmp_path / "away.py").write_text(AWAY, encoding="utf-8")
    script = """
    trap '' TERM
    sh -c 'echo $$ >inner; exec sleep 60' &
    python3 away.py &
    echo early
    sleep 60
    """
    begun = time.monotonic()

    ended = run(tmp_path, script, timeout=1.0)

    assert (ended.stopped, ended.stdout) == ("timeout", "early\n")
    assert time.monotonic() - begun < 15
    assert not there(int((tmp_path / "away").read_text("ascii")))
    assert not there(int((tmp_path / "inner").read_text("ascii")))


def test_what_it_leaves_behind_is_ended(tmp_path: Path) -> None:
    """A server in the background does not outlive the phase."""
    run(tmp_path, "sleep 60 & echo $! >left")

    assert not there(int((tmp_path / "left").read_text("ascii")))


def test_an_endless_output_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk is not filled by an agent that goes mad."""
    monkeypatch.setattr(process, "LARGEST_OUTPUT", 1000)

    ended = run(tmp_path, "while :; do echo more; done")

    assert ended.stopped == "output"
    assert len(ended.stdout) == 1000


@pytest.mark.parametrize("name", ["no-such-program", "./no-such-program", "/dev/null"])
def test_a_program_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    """Before anything is started."""
    errand = Errand(
        argv=[name],
        cwd=tmp_path,
        environment=process.environment(),
        timeout=1,
        logs=tmp_path / "calls",
        name="test",
    )

    with pytest.raises(HarnessError, match="not there") as caught:
        process.run(errand, home=tmp_path)

    assert caught.value.error == "agent_not_found"


def there(pid: int) -> bool:
    """Return whether a process runs, once it had time to end."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        if Path(f"/proc/{pid}/stat").exists():
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
            if state == "Z":
                return False
        time.sleep(0.02)
    return True
