"""Framed exec: what is run in a box comes back whole, and proven."""

import hashlib
import secrets

from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.frame import Frame
from tests.conformance.subject import Subject
from tests.support.processes import wait_until

FIVE_MEGABYTES = 5 * 1024 * 1024


def test_every_exit_code_comes_back(box: Subject) -> None:
    """From 0 to 255, each as it is."""
    frames = [Frame(Command(("sh", "-c", f"exit {code}")), stops=False) for code in range(256)]

    with box.connected() as connection:
        answers = [done.rc for done in connection.send(frames) if done]

    assert answers == [*range(256)]


def test_the_two_outputs_stay_apart(box: Subject) -> None:
    """In the engine, through `invoke exec`, and in its document."""
    both = "echo out; echo err >&2; exit 7"

    with box.connected() as connection:
        done = connection.run(Command(("sh", "-c", both)))
    typed = box.operator.run("exec", both, code=7)
    document = box.operator.run("exec", "--json", both, code=7).json

    assert (done.rc, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    assert (typed.stdout, typed.stderr) == ("out\n", "err\n")
    assert (document["rc"], document["stdout"], document["stderr"]) == (7, "out", "err")


def test_five_megabytes_of_input_arrive_unharmed(box: Subject) -> None:
    """And as much comes back."""
    data = secrets.token_bytes(FIVE_MEGABYTES)

    with box.connected() as connection:
        done = connection.run(Command(("cat",), stdin=data))

    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_every_byte_survives_in_a_word(box: Subject) -> None:
    """Whatever shells are between, a word is the same word in the box."""
    word = bytes(range(1, 256)).decode(errors="surrogateescape")
    awkward = ("", " ", "a b", "$HOME", "`id`", "'", '"', "\\", "!!", "*", "--", "#", "\n", "é")

    with box.connected() as connection:
        whole = connection.run(Command(("printf", "%s", word)))
        each = connection.run(Command(("printf", "%s\\0", *awkward)))

    assert whole.stdout == bytes(range(1, 256))
    assert each.stdout.decode().split("\0")[:-1] == [*awkward]


def test_a_large_output_is_streamed(box: Subject) -> None:
    """`invoke exec` hands on what a command prints, to its last line."""
    printed = box.operator.run("exec", "seq 1 50000").stdout

    assert printed == "".join(f"{number}\n" for number in range(1, 50001))


def test_a_command_that_is_killed_is_told(box: Subject) -> None:
    """It has ended, by signal 9, and the connection goes on."""
    with box.connected() as connection:
        killed = connection.run(Command(("sh", "-c", "kill -9 $$")))
        after = connection.run(Command(("echo", "on")))

    assert (killed.rc, after.stdout) == (137, b"on\n")


def test_a_timeout_ends_all_that_was_started(box: Subject) -> None:
    """A command that is given up leaves no process in the box."""
    mark = f"31{secrets.randbelow(10**6):06}"
    tree = f"sh -c 'sleep {mark} & sleep {mark}; :' & sleep {mark}; wait"

    with box.connected() as connection:
        done = connection.run(Command(("sh", "-c", tree), timeout=1))
        wait_until(lambda: not running(box, mark), 15)

    assert done.timed_out


def running(box: Subject, mark: str) -> bool:
    """Return whether a `sleep` of so many seconds runs in the box."""
    look = f"ps -A -o args= 2>/dev/null | grep -c '^sleep {mark}'"
    with box.connected() as connection:
        return connection.run(Command(("sh", "-c", look))).stdout.strip() != b"0"
