"""The promises of `tmux`."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from megaplan_cloud.engine.errors import PlaybookError
from tests.engine.actions.conftest import Run, names

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")


@pytest.fixture
def socket() -> Iterator[str]:
    """Give the socket of a tmux server for one test; the server is ended after it."""
    # The path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="mp") as folder:
        path = f"{folder}/s"
        yield path
        subprocess.run(["tmux", "-S", path, "kill-server"], capture_output=True, check=False)


def wait_until(met: Callable[[], bool]) -> None:
    """Return as soon as the condition is met; fail after ten seconds."""
    end = monotonic() + 10
    while not met():
        assert monotonic() < end, "not in time"


def test_a_session_runs_its_command_once(run: Run, socket: str, tmp_path: Path) -> None:
    """The second start finds the first one running and leaves it alone."""
    task = {"session": "chain", "command": ["sleep", "60"], "socket": socket}

    rehearsed = run("tmux", task, check=True)
    first, second = run("tmux", task), run("tmux", task)

    assert rehearsed.changed
    assert (first.changed, first.values["already_running"]) == (True, False), first.msg
    assert (second.changed, second.values["already_running"]) == (False, True)
    assert first.values["pid"] == second.values["pid"]
    os.kill(first.values["pid"], 0)


def test_a_name_is_matched_whole(run: Run, socket: str) -> None:
    """Neither starting nor ending touches the session of a neighbour with a longer name."""
    run("tmux", {"session": "chain-foo", "command": ["sleep", "60"], "socket": socket})

    ended = run("tmux", {"session": "chain", "state": "absent", "socket": socket})
    started = run("tmux", {"session": "chain", "command": ["sleep", "60"], "socket": socket})
    gone = run("tmux", {"session": "chain", "state": "absent", "socket": socket})

    assert not ended.changed
    assert started.changed
    assert gone.changed
    left = run("tmux", {"session": "chain-foo", "state": "absent", "socket": socket}, check=True)
    assert left.changed


def test_output_is_added_to_the_log_and_the_exit_code_kept(
    run: Run, socket: str, tmp_path: Path
) -> None:
    """The log grows, and `<log>.exit` has the code as soon as the command ended."""
    log = tmp_path / "a log"
    log.write_text("before\n")
    words = ["sh", "-c", "echo out; echo err >&2; pwd; exit 7"]
    task = {"session": "s", "command": words, "socket": socket, "chdir": str(tmp_path)}

    result = run("tmux", task | {"log": str(log)})
    exit_file = Path(result.values["exit_file"])
    wait_until(exit_file.exists)

    assert exit_file.read_text() == "7\n"
    wait_until(lambda: log.read_text() == f"before\nout\nerr\n{tmp_path}\n")


def test_words_and_environment_arrive_as_they_are(run: Run, socket: str, tmp_path: Path) -> None:
    """Nothing is quoted twice: every odd word and value reaches the command unchanged."""
    words = ["a b", "'", '"', "$HOME", "`id`", "new\nline", "", "-x", "é", "\\", "%s", "*"]
    environment = {"ODD": 'it\'s "$HOME" \\ `id`\nmore', "SERVER_IS_OLDER": "1"}
    out = tmp_path / "out"
    script = 'printf "%s|" "$@" "$ODD" "$SERVER_IS_OLDER" >"$0.new" && mv "$0.new" "$0"'
    run("tmux", {"session": "older", "command": ["sleep", "60"], "socket": socket})

    run(
        "tmux",
        {"session": "s", "command": ["sh", "-c", script, str(out), *words], "socket": socket},
        environment=environment,
    )
    wait_until(out.exists)

    assert out.read_text() == "|".join([*words, *environment.values(), ""])


def test_no_script_is_left_and_no_value_shows_in_a_process_list(
    run: Run, socket: str, tmp_path: Path
) -> None:
    """The values of the environment are in no command line, and the script is gone."""
    environment = {"TMPDIR": str(tmp_path), "TOKEN": "tok-in-environment"}
    words = ["sh", "-c", 'touch "$TMPDIR/up"; exec sleep 60']

    run("tmux", {"session": "s", "command": words, "socket": socket}, environment=environment)
    wait_until((tmp_path / "up").exists)

    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(b"tok-in-environment" in line for line in lines)
    assert names(tmp_path) == ["up"]


def test_a_folder_that_is_missing_is_told(run: Run, socket: str, tmp_path: Path) -> None:
    """A session that could only die at once is not started."""
    task = {"session": "s", "command": ["true"], "socket": socket, "chdir": str(tmp_path / "no")}

    result = run("tmux", task)

    assert result.failed
    assert result.msg == f"there is no folder {tmp_path}/no to run in"


@pytest.mark.parametrize("name", ["a.b", "a:b", "a b", "", "a;b", "é"])
def test_a_name_that_tmux_would_change_is_refused(run: Run, name: str) -> None:
    """`.` and `:` would become `_`, and two names one."""
    with pytest.raises(PlaybookError, match="cannot be the name of a tmux session"):
        run("tmux", {"session": name, "command": ["true"]})
