"""Attaching: this terminal is given to a program elsewhere, and given back as it was."""

import os
import pty
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.support.sshd import sshd

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.inventory import Inventory, Place
place = Place(**{place!r})
script = 'test -t 0 && stty size && echo ready; read -r line; echo "got $line"; exit 9'
sys.exit(Inventory({{"host": place}}).connection("host").attach(Command(("sh", "-c", script))))
"""


def attached(place: dict[str, object]) -> tuple[int, str]:
    """Return the exit code and the screen of a program that attaches and is typed at."""
    keyboard, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (33, 101))
    before = termios.tcgetattr(terminal)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(place=place)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")},
        start_new_session=True,
    )
    screen = read_until(keyboard, b"ready")
    os.write(keyboard, b"hello\r")
    screen += read_until(keyboard, b"got hello")
    rc = process.wait(timeout=20)
    assert termios.tcgetattr(terminal)[3] == before[3]
    os.close(terminal)
    os.close(keyboard)
    return rc, screen.decode()


def read_until(keyboard: int, words: bytes) -> bytes:
    """Return what the screen shows up to `words`."""
    screen = b""
    deadline = time.monotonic() + 20
    while words not in screen:
        assert time.monotonic() < deadline, screen
        screen += os.read(keyboard, 4096)
    return screen


def test_a_terminal_is_given_to_a_child_process() -> None:
    """It is the same terminal, of the same size."""
    rc, screen = attached({})

    assert rc == 9
    assert "33 101" in screen


def test_a_terminal_is_given_to_a_program_over_ssh(tmp_path: Path) -> None:
    """Through a pty there, of the size that this one has."""
    with sshd(tmp_path / "sshd") as server:
        place = server.place()
        rc, screen = attached(
            {
                "address": place.address,
                "port": place.port,
                "identity_file": place.identity_file,
                "config": place.config,
            }
        )

    assert rc == 9
    assert "33 101" in screen
