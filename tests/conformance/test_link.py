"""A link that breaks, and an operator who goes away: nothing is called done that is not proven."""

import secrets
import signal
import subprocess
import threading

import pytest

from megaplan_cloud.engine.command import Command
from tests.conformance.subject import Subject
from tests.conformance.test_exec import running
from tests.support.processes import wait_until


def test_a_link_that_is_cut_leaves_a_command_unproven(box: Subject) -> None:
    """Exit code 4 and the word for it; the next command finds the box as it was."""
    if box.relay is None:
        pytest.skip("there is no link to cut")
    mark = f"32{secrets.randbelow(10**6):06}"
    typed = box.types(
        "exec", "--json", f"sleep {mark}", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_until(lambda: running(box, mark), 60)

    box.relay.cut()
    stdout, stderr = typed.communicate(timeout=60)

    assert typed.returncode == 4
    assert b'"error": "unproven"' in stdout
    assert b"Traceback" not in stderr
    assert box.operator.run("exec", "echo on").stdout == "on\n"
    if running(box, mark):
        kill(box, mark)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_an_operator_goes_away(box: Subject, number: signal.Signals) -> None:
    """Ctrl-C ends what was begun; whoever is killed cannot, but the box goes on either way."""
    mark = f"33{secrets.randbelow(10**6):06}"
    typed = box.types("exec", f"sleep {mark}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: running(box, mark), 60)

    typed.send_signal(number)
    code = typed.wait(timeout=60)

    assert code == (130 if number is signal.SIGINT else -signal.SIGKILL)
    if number is signal.SIGKILL and running(box, mark):
        kill(box, mark)
    wait_until(lambda: not running(box, mark), 60)
    assert box.operator.run("exec", "echo on").stdout == "on\n"


def test_what_is_killed_in_the_middle_is_not_done(box: Subject) -> None:
    """A command that somebody in the box kills has ended badly, and says so."""
    mark = f"34{secrets.randbelow(10**6):06}"
    murder = threading.Timer(1, lambda: kill(box, mark))

    with box.connected() as connection:
        murder.start()
        done = connection.run(Command(("sleep", mark)))

    assert done.rc == 128 + signal.SIGKILL


def kill(box: Subject, mark: str) -> None:
    """Kill a `sleep` of so many seconds in the box, once it is there."""
    find = f'ps -A -o pid= -o args= | awk \'$2 == "sleep" && $3 == "{mark}" {{print $1}}\''
    wait_until(lambda: running(box, mark), 30)
    with box.connected() as connection:
        connection.run(Command(("sh", "-c", f"kill -9 $({find})")))
