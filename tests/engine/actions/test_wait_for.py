"""The promises of `wait_for`."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from megaplan_cloud.engine.errors import PlaybookError
from tests.engine.actions.conftest import Run

FAST = {"timeout": 5, "sleep": 0.05}


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Give a server that listens on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_an_open_port_is_seen(run: Run, server: socket.socket) -> None:
    """It returns at once, and says how long it took."""
    result = run("wait_for", {"port": server.getsockname()[1], **FAST})

    assert not result.failed, result.msg
    assert not result.changed
    assert result.values["elapsed"] <= 1


def test_a_closed_port_is_waited_for_in_vain(run: Run, server: socket.socket) -> None:
    """When the time is over, the message says for what; or what the task wants said."""
    port = server.getsockname()[1]
    server.close()
    task = {"port": port, "timeout": 0}

    assert run("wait_for", task).msg == f"Timeout when waiting for 127.0.0.1:{port}"
    assert run("wait_for", task | {"msg": "Start the server."}).msg == "Start the server."
    assert not run("wait_for", task | {"state": "stopped"}).failed


def test_a_file_may_come_later(run: Run, tmp_path: Path) -> None:
    """What is not there yet is looked for again."""
    path = tmp_path / "late"
    timer = threading.Timer(0.3, path.touch)
    timer.start()

    result = run("wait_for", {"path": str(path), **FAST})
    timer.join()

    assert not result.failed
    assert run("wait_for", {"path": str(path), "state": "absent", "timeout": 0}).msg == (
        f"Timeout when waiting for {path} to be absent."
    )


def test_a_text_in_a_file_gives_its_groups(run: Run, tmp_path: Path) -> None:
    """What the pattern caught can be used."""
    log = tmp_path / "log"
    log.write_text("starting\nready in 12 s\n")
    task = {"path": str(log), "search_regex": r"^ready in (?P<seconds>\d+)"}

    result = run("wait_for", task | FAST)
    late = run("wait_for", task | {"search_regex": "never", "timeout": 0})

    assert result.values["match_groups"] == ["12"]
    assert result.values["match_groupdict"] == {"seconds": "12"}
    assert late.msg == f"Timeout when waiting for search string never in {log}"


def test_nothing_is_waited_for_in_check_mode(run: Run) -> None:
    """What would come cannot come in a rehearsal."""
    result = run("wait_for", {"port": 1}, check=True)

    assert result.skipped
    assert result.unknown


@pytest.mark.parametrize("pattern", ["(", r"\bword\b"])
def test_a_pattern_that_cannot_be_searched_for_is_told(run: Run, pattern: str) -> None:
    """Before anything is waited for."""
    with pytest.raises(PlaybookError):
        run("wait_for", {"path": "/tmp/x", "search_regex": pattern})
