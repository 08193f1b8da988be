"""The shell at the far side: what goes in comes out, in every shell, and only once."""

import os
import secrets
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.command import Command, Completed, Program
from megaplan_cloud.engine.connection import Frame, FramedConnection
from megaplan_cloud.engine.errors import Unproven
from megaplan_cloud.engine.frame import BOOTSTRAP, encode, hello, new_name
from megaplan_cloud.engine.secret import Secret
from megaplan_cloud.engine.shell import Patience
from tests.support.processes import alive, wait_until
from tests.support.shells import SHELLS, shell_transport

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
BYTES_OF_A_WORD = st.binary(max_size=60).map(
    lambda data: data.replace(b"\0", b"\xff").decode("utf-8", "surrogateescape")
)
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=SHELLS)
def connection(request: pytest.FixtureRequest) -> Iterator[FramedConnection]:
    """Give a connection to a shell of each kind."""
    opened = FramedConnection(shell_transport(request.param), request.param)
    yield opened
    opened.close()


def run(connection: FramedConnection, *words: str, **options: object) -> Completed:
    """Run words, with fields of `Command` by name."""
    return connection.run(Command(words, **options))  # type: ignore[arg-type]


@MANY
@given(words=st.lists(WORDS | BYTES_OF_A_WORD, max_size=4))
def test_every_byte_of_argv_arrives(connection: FramedConnection, words: list[str]) -> None:
    """Whatever a word holds, the program gets exactly that word."""
    completed = run(connection, "printf", "%s\\0", "", *words)

    assert completed.stdout == b"".join(
        word.encode("utf-8", "surrogateescape") + b"\0" for word in ("", *words)
    )


@MANY
@given(value=WORDS | BYTES_OF_A_WORD)
def test_every_byte_of_a_variable_arrives(connection: FramedConnection, value: str) -> None:
    """Whatever the environment holds, the program reads exactly that."""
    completed = run(connection, "printenv", "VALUE", env={"VALUE": value})

    assert completed.stdout == value.encode("utf-8", "surrogateescape") + b"\n"


@MANY
@given(data=st.binary(max_size=20_000))
def test_every_byte_of_stdin_and_stdout_arrives(connection: FramedConnection, data: bytes) -> None:
    """NUL, newlines and invalid UTF-8 are bytes like others."""
    assert run(connection, "cat", stdin=data).stdout == data


@MANY
@given(data=st.binary(max_size=2_000))
def test_stdout_and_stderr_are_kept_apart(connection: FramedConnection, data: bytes) -> None:
    """Neither holds a byte of the other."""
    completed = run(connection, "sh", "-c", "tee /dev/stderr; echo more >&2", stdin=data)

    assert (completed.stdout, completed.stderr) == (data, data + b"more\n")


def test_a_line_of_ten_megabytes_arrives(connection: FramedConnection) -> None:
    """Neither way has a limit on the length of a line."""
    data = b"x" * 10_000_000

    assert run(connection, "cat", stdin=data).stdout == data


def test_input_that_nobody_reads_is_not_taken_for_the_next_frame(
    connection: FramedConnection,
) -> None:
    """A program that ignores its stdin leaves nothing behind."""
    frames = [Frame(Command(("true",), stdin=b"rm -rf /\n" * 9000)), Frame(Command(("echo", "b")))]

    assert [done.stdout for done in connection.send(frames) if done] == [b"", b"b\n"]


@pytest.mark.slow
def test_every_exit_code_is_told(connection: FramedConnection) -> None:
    """0 to 255, as the program said it."""
    frames = [Frame(Command(("sh", "-c", f"exit {rc}")), stops=False) for rc in range(256)]

    assert [done.rc for done in connection.send(frames) if done] == list(range(256))


def test_a_program_that_a_signal_ends_has_128_and_its_number(connection: FramedConnection) -> None:
    """And what the shell has to say of it is kept out of the program's stderr."""
    completed = run(connection, "sh", "-c", "kill -TERM $$")

    assert (completed.rc, completed.stderr) == (128 + signal.SIGTERM, b"")


def test_a_missing_program_is_told_by_127(connection: FramedConnection) -> None:
    """That it is not there is an answer of the place, not an error of the link."""
    completed = run(connection, "no-such-program")

    assert completed.rc == 127
    assert b"no-such-program" in completed.stderr


def test_a_command_runs_in_its_directory(connection: FramedConnection, tmp_path: Path) -> None:
    """And the next one does not."""
    folder = tmp_path / "a b'c"
    folder.mkdir()

    assert run(connection, "pwd", cwd=str(folder)).stdout == f"{folder}\n".encode()
    assert run(connection, "pwd").stdout != f"{folder}\n".encode()


def test_a_missing_directory_fails_the_command(connection: FramedConnection) -> None:
    """Nothing is run anywhere else instead."""
    completed = run(connection, "echo", "ran", cwd="/no/such")

    assert completed.rc != 0
    assert completed.stdout == b""
    assert b"/no/such" in completed.stderr


def test_variables_last_for_one_command(connection: FramedConnection) -> None:
    """Commands cannot see what others were given."""
    run(connection, "true", env={"ONCE": "1"})

    assert run(connection, "printenv", "ONCE").rc == 1


def test_no_program_inherits_what_the_helper_uses(connection: FramedConnection) -> None:
    """The helper leaves no variable and no open file to what it runs."""
    names = run(connection, "env").stdout.decode().splitlines()
    files = run(connection, "sh", "-c", "ls /proc/$$/fd").stdout.split()

    assert not [name for name in names if name.startswith(("nonce", "code", "seq", "dir="))]
    assert set(files) <= {b"0", b"1", b"2", b"3"}


def test_ctrl_c_still_works_in_what_is_started(connection: FramedConnection) -> None:
    """A background job of sh ignores SIGINT for ever; what we run does not."""
    ignored = run(connection, "grep", "SigIgn", "/proc/self/status").stdout.split()[1]

    assert int(ignored, 16) & (1 << (signal.SIGINT - 1)) == 0


def test_a_program_is_taught_once_and_gets_words_and_input(connection: FramedConnection) -> None:
    """It runs in a shell of its own: what it sets, and `exit`, end with it."""
    program = Program("greet", 'value=1; printf "%s|" "$@"; cat; cd /; exit 4')
    command = Command(("a", "b c'", ""), program=program, stdin=b"in")

    first, second = connection.run(command), connection.run(command)

    assert (first.rc, first.stdout) == (second.rc, second.stdout) == (4, b"a|b c'||in")


def test_programs_of_the_same_name_are_not_mixed_up(connection: FramedConnection) -> None:
    """The text decides, not the name."""
    texts = [Program("same", f"echo {word}") for word in ("one", "two", "one")]

    outputs = [connection.run(Command((), program=program)).stdout for program in texts]

    assert outputs == [b"one\n", b"two\n", b"one\n"]


def test_a_failure_stops_later_groups_but_not_its_own(connection: FramedConnection) -> None:
    """The items of a loop do not stop each other; what comes after them never begins."""
    words = [("true", 0), ("false", 1), ("true", 1), ("true", 2), ("true", 2)]

    answers = list(connection.send([Frame(Command((word,)), group) for word, group in words]))

    assert [done and done.rc for done in answers] == [0, 1, 0, None, None]


def test_a_failure_that_is_ignored_stops_nothing(connection: FramedConnection) -> None:
    """`ignore_errors` is decided at the far side too."""
    frames = [Frame(Command(("false",)), 0, stops=False), Frame(Command(("true",)), 1)]

    assert [done and done.rc for done in connection.send(frames)] == [1, 0]


def test_a_batch_does_not_remember_the_one_before(connection: FramedConnection) -> None:
    """A failure stops its own batch only."""
    list(connection.send([Frame(Command(("false",)), 0)]))

    assert [done and done.rc for done in connection.send([Frame(Command(("true",)), 1)])] == [0]


def test_a_timeout_kills_the_whole_tree(connection: FramedConnection) -> None:
    """Children in the background and children whose parent is gone die as well."""
    tag = f"{7_000_000 + secrets.randbelow(900_000)}"
    script = f"(sleep {tag}1 &); sleep {tag}2 | sleep {tag}3"

    completed = run(connection, "sh", "-c", script, timeout=0.3)

    assert completed.timed_out
    assert completed.rc == 137
    wait_until(lambda: not alive(f"sleep {tag}"))


def test_the_tree_of_a_program_is_killed_too(connection: FramedConnection) -> None:
    """A program is a function of the helper, and still can be ended."""
    tag = f"{7_000_000 + secrets.randbelow(900_000)}"

    completed = run(connection, program=Program("p", f"sleep {tag} & sleep {tag}"), timeout=0.3)

    assert completed.timed_out
    wait_until(lambda: not alive(f"sleep {tag}"))


def test_a_command_after_a_timeout_runs_as_if_nothing_were(connection: FramedConnection) -> None:
    """The shell outlives what it kills."""
    run(connection, "sleep", "60", timeout=0.1)

    assert run(connection, "echo", "still here", timeout=5).stdout == b"still here\n"


def test_a_command_that_ends_in_time_is_not_called_late(connection: FramedConnection) -> None:
    """And its timer is gone."""
    tag = 70_000 + secrets.randbelow(9_000)

    completed = run(connection, "sh", "-c", "exit 137", timeout=tag)

    assert not completed.timed_out
    wait_until(lambda: not alive(f"sleep {tag}"))


def test_a_daemon_left_behind_holds_nothing_up(connection: FramedConnection) -> None:
    """The command has ended when its own process has; what the daemon says later is not sent."""
    script = "(for i in 1 2 3 4 5; do echo noise; sleep 0.1; done) & echo done"

    began = time.monotonic()
    completed = run(connection, "sh", "-c", script)

    assert b"done\n" in completed.stdout
    assert time.monotonic() - began < 5
    assert run(connection, "echo", "next").stdout == b"next\n"


def test_no_word_of_any_process_holds_a_secret(
    connection: FramedConnection, tmp_path: Path
) -> None:
    """`ps` at the place shows nothing: values travel over stdin."""
    secret = Secret(f"s3cret{secrets.token_hex(8)}")
    look = (
        'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" >words;'
        'printf "%s\\n" "$NEEDLE" | grep -c -F -f - words'
    )

    completed = run(connection, "sh", "-c", look, env={"NEEDLE": secret}, cwd=str(tmp_path))

    assert completed.stdout == b"0\n"


def test_become_passes_variables_and_input_without_words(
    connection: FramedConnection, tmp_path: Path
) -> None:
    """`sudo` clears the environment and closes files: all reaches it through stdin."""
    fake = tmp_path / "bin"
    fake.mkdir()
    write_program(fake / "id", "echo 1000")
    write_program(
        fake / "sudo",
        f'printf "%s " "$@" >>{tmp_path}/words; shift 2; exec env -i PATH="$PATH" "$@"',
    )
    path = f"{fake}:{os.environ['PATH']}"
    helper = FramedConnection(connection._transport, "with a sudo")
    os.environ["PATH"], before = path, os.environ["PATH"]
    try:
        command = Command(
            ("sh", "-c", 'cat; echo "$TOKEN"; exit 3'),
            stdin=b"in\0\n",
            env={"TOKEN": Secret("it's")},
            become=True,
        )
        completed = helper.run(command)
        program = helper.run(Command(("w",), program=Program("p", 'echo "$1"; cat'), become=True))
    finally:
        os.environ["PATH"] = before
        helper.close()

    assert (completed.rc, completed.stdout) == (3, b"in\0\nit's\n")
    assert program.stdout == b"w\n"
    assert "it's" not in (tmp_path / "words").read_text(encoding="utf-8")
    assert (tmp_path / "words").read_text(encoding="utf-8").startswith("-n -- sh -c ")


def test_what_commands_say_is_kept_where_nobody_else_looks(connection: FramedConnection) -> None:
    """The helper's directory is 0700, and gone when the connection is closed."""
    name = run(connection, "sh", "-c", "tr '\\0' '\\n' </proc/$PPID/cmdline").stdout.split()[-1]
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / name.decode()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    connection.close()
    wait_until(lambda: not folder.exists())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_frame_that_comes_twice_is_run_once(shell: str, tmp_path: Path) -> None:
    """Its number was seen, so a copy is read over."""
    count = tmp_path / "count"
    frame = encode("n0", 1, 1, Frame(Command(("sh", "-c", f"cat >>{count}"), stdin=b"ran\n")))
    other = encode("n0", 2, 1, Frame(Command(("echo", "end"))))

    said = speak(shell, frame + frame + other)

    assert count.read_text(encoding="utf-8") == "ran\n"
    assert b"n0 sizes 2 4 0\nend\nn0 end 2 0 0" in said


@pytest.mark.parametrize("shell", SHELLS)
def test_a_gap_or_garbage_ends_the_helper(shell: str, tmp_path: Path) -> None:
    """After bytes that cannot be right, nothing more is run."""
    count = tmp_path / "count"
    command = Command(("sh", "-c", f"echo ran >>{count}"), stdin=b"input")
    good = encode("n0", 1, 1, Frame(command))
    for bad in (
        encode("n0", 2, 1, Frame(command)),
        encode("n1", 1, 1, Frame(command)),
        b"garbage\n" + good,
        good[:-9] + good[-8:],
        good[:20] + good[19:],
        good.replace(b"echo", b"eecho"),
        good.replace(b"input", b"inputinput"),
        good.replace(b"input", b""),
        good[:-1],
    ):
        assert b"n0 end" not in speak(shell, bad), bad

    assert not count.exists()


def test_an_answer_that_never_comes_is_unproven(tmp_path: Path) -> None:
    """When the far side does not even answer after a timeout, this side's deadline ends it."""
    transport = shell_transport("sh")
    here = FramedConnection(transport, "here", Patience(opening=20, grace=1))
    began = time.monotonic()

    with pytest.raises(Unproven, match="no answer came in time"):
        here.run(Command(("sh", "-c", "kill -STOP $PPID; sleep 60"), timeout=0.3))

    assert time.monotonic() - began < 15
    here.close()


def speak(shell: str, data: bytes) -> bytes:
    """Return what a helper answers to `data`, sent in one write."""
    channel = shell_transport(shell).open((*BOOTSTRAP, new_name()))
    channel.feed([hello("n0", "serve") + data], last=True)
    said = b""
    while (block := channel.read(10)).data:
        said += b"" if block.is_error else block.data
    channel.close()
    return said


def write_program(path: Path, text: str) -> None:
    """Make an executable shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_shellcheck_finds_nothing() -> None:
    """What runs at the far side is plain POSIX sh."""
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck")
    folder = Path(__file__).parents[2] / "megaplan_cloud/engine"

    for name in ("shell.sh", "transfer.sh"):
        subprocess.run(["shellcheck", "--shell=sh", folder / name], check=True)
