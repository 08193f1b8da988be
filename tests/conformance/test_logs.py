"""The log of a box: shown, and followed across a restart."""

import os
import select
import signal
import subprocess
import time

from tests.conformance.subject import Subject


def test_the_log_is_shown(box: Subject) -> None:
    """`--no-follow` shows what the boot said, and ends."""
    shown = box.operator.run("logs", "--no-follow").stdout

    assert shown.strip()


def test_a_log_is_followed_across_a_restart(box: Subject) -> None:
    """Whoever follows sees the box go down and come back, without typing anything again."""
    following = box.types("logs", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    before = read_on(following, b"", 60)

    box.operator.run("down")
    box.operator.run("deploy")
    after = read_on(following, before, 60)
    following.send_signal(signal.SIGINT)

    assert following.wait(timeout=60) == 130
    assert len(after) > len(before)


def read_on(following: "subprocess.Popen[bytes]", already: bytes, seconds: float) -> bytes:
    """Return what was read, once a whole line more has come and then nothing for a moment."""
    assert following.stdout
    deadline = time.monotonic() + seconds
    read, quiet = already, 1.0
    while time.monotonic() < deadline:
        if select.select([following.stdout], [], [], quiet)[0]:
            if not (data := os.read(following.stdout.fileno(), 65536)):
                break
            read += data
        elif len(read) > len(already) and read.endswith(b"\n"):
            return read
    raise AssertionError(f"no more of the log came; so far: {read[-500:]!r}")
