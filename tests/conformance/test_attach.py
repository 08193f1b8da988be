"""A terminal in a box."""

import os
import pty
import select

from tests.conformance.subject import Subject


def test_attach_gives_a_terminal(box: Subject) -> None:
    """What is typed arrives, what the box shows is seen, and leaving it ends the command."""
    ours, theirs = pty.openpty()
    box.operator.run("exec", "tmux new-session -d -s kit")
    attached = box.types("attach", "--session", "kit", stdin=theirs, stdout=theirs, stderr=theirs)

    shown_until(ours, b"[kit]")
    os.write(ours, b"echo $((6 * 7))-$(tty | cut -c 1-5)\r")
    shown_until(ours, b"42-/dev/")
    os.write(ours, b"\x02d")

    assert attached.wait(timeout=30) == 0
    box.operator.run("exec", "tmux kill-session -t =kit")


def test_attach_without_a_terminal_is_refused(box: Subject) -> None:
    """Whoever pipes is told what to use instead."""
    said = box.operator.run("attach", code=2).json

    assert said["error"] == "invalid_args"
    assert "invoke logs" in said["hint"]


def test_a_session_that_is_not_there_is_named(box: Subject) -> None:
    """With those that are."""
    ours, theirs = pty.openpty()
    attached = box.types(
        "attach", "--session", "nosuch", stdin=theirs, stdout=theirs, stderr=theirs
    )

    shown = shown_until(ours, b"no session 'nosuch'")

    assert attached.wait(timeout=30) == 1
    assert b"Traceback" not in shown


def shown_until(terminal: int, text: bytes) -> bytes:
    """Return what the terminal showed until `text` stood there."""
    shown = b""
    while text not in shown:
        assert select.select([terminal], [], [], 60)[0], shown
        shown += os.read(terminal, 65536)
    return shown
