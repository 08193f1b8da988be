"""Connections: every fault of the link has its error, and nothing is run twice or left behind."""

import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.connection import Connection, Frame, FramedConnection
from megaplan_cloud.engine.errors import ConnectionFailed, EngineError, PlaybookError, Unproven
from megaplan_cloud.engine.nested import NestedTransport
from megaplan_cloud.engine.process import ProcessTransport
from megaplan_cloud.engine.secret import Secret
from megaplan_cloud.engine.shell import Patience
from megaplan_cloud.engine.single import SingleConnection
from tests.support.processes import alive, wait_until
from tests.support.relay import Fault, FaultyTransport, Harm, Side

SHORT = Patience(opening=10, grace=10)
NONCE = re.compile(rb"[0-9a-f]{32}")


@pytest.fixture
def here(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FramedConnection]:
    """Give a connection to a child process; a helper that is killed leaves its directory here."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("helper")))
    connection = FramedConnection(ProcessTransport(), "here")
    yield connection
    connection.close()


def entered(*enter: str, patience: Patience = SHORT) -> FramedConnection:
    """Return a connection to a place that is entered by a command."""
    return FramedConnection(NestedTransport(ProcessTransport(), enter), "box", patience)


def test_a_connection_is_what_everything_above_sees() -> None:
    """Both kinds keep the whole protocol."""
    kinds: list[Connection] = [
        FramedConnection(ProcessTransport(), "a"),
        SingleConnection(ProcessTransport(), "b"),
    ]

    assert len(kinds) == 2


def test_login_files_may_print_and_are_read_once(tmp_path: Path) -> None:
    """What they print is skipped, and however many commands follow, they run once."""
    read = tmp_path / "read"
    login = f'echo "Welcome!"; printf half; echo >>{read}; exec "$@"'
    box = entered("sh", "-c", login, "login")

    outputs = [box.run(Command(("echo", str(number)))).stdout for number in range(5)]

    assert outputs == [b"0\n", b"1\n", b"2\n", b"3\n", b"4\n"]
    assert read.read_text() == "\n"
    box.close()


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    """The helper keeps output in a private directory, and says where it tried."""
    (tmp_path / "mkdir").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tmp_path / "mkdir").chmod(0o755)

    with pytest.raises(ConnectionFailed, match="no directory can be made in /no/such"):
        entered("env", f"PATH={tmp_path}:{os.environ['PATH']}", "TMPDIR=/no/such").run(
            Command(("true",))
        )


def test_a_command_to_enter_with_that_is_missing_is_named() -> None:
    """What is missing, and what to do."""
    with pytest.raises(ConnectionFailed, match="no-such-docker cannot be started") as caught:
        entered("no-such-docker", "exec").run(Command(("true",)))

    assert "PATH" in caught.value.hint


def test_a_place_that_cannot_be_entered_says_why() -> None:
    """The entering command's own words are in the error, and its exit code."""
    script = "echo 'No such container: box' >&2; exit 1"

    with pytest.raises(ConnectionFailed, match=r"exit code 1.*\nNo such container: box"):
        entered("sh", "-c", script).run(Command(("true",)))


@pytest.mark.parametrize(
    "login",
    ["exit 0", "cat >/dev/null", 'read -r line; exec "$@"', "exec yes", "echo '# hello'; sleep 9"],
)
def test_a_helper_that_does_not_start_fails_within_its_deadline(login: str) -> None:
    """Login files that eat the input or end the shell: nothing was run, nothing hangs."""
    began = time.monotonic()

    with pytest.raises(ConnectionFailed, match="did not say hello"):
        entered("sh", "-c", login, "login", patience=Patience(opening=0.5, grace=0.5)).run(
            Command(("true",))
        )

    assert time.monotonic() - began < 8


def test_a_place_that_is_not_there_may_say_so_itself() -> None:
    """What enters a place and ends with 69 has told what is wrong, and what now."""
    login = "printf 'The box is not running.\\nStart it.\\n' >&2; exit 69"

    with pytest.raises(ConnectionFailed) as caught:
        entered("sh", "-c", login, "login").run(Command(("true",)))

    assert (caught.value.what, caught.value.hint) == ("The box is not running.", "Start it.")


def test_garbage_after_the_hello_is_unproven(tmp_path: Path) -> None:
    """A peer that talks in between proves nothing."""
    count = tmp_path / "count"
    transport = FaultyTransport(ProcessTransport(), Fault("garble", "answered", 5))
    connection = FramedConnection(transport, "here", SHORT)

    with pytest.raises(Unproven, match="garbage came") as caught:
        connection.run(Command(("sh", "-c", f"echo x >>{count}")))

    assert "before you repeat it" in caught.value.hint


def batch(count: Path) -> list[Frame]:
    """Return three frames, of which each leaves its number behind."""
    return [
        Frame(
            Command(
                ("sh", "-c", f"echo {number} >>{count}; cat; echo error >&2"),
                stdin=b"input %d\n" % number,
                timeout=1,
            ),
            group=number,
        )
        for number in range(3)
    ]


def clean_record(tmp_path: Path) -> tuple[bytes, bytes]:
    """Return what goes each way when nothing is harmed."""
    transport = FaultyTransport(ProcessTransport())
    connection = FramedConnection(transport, "here", SHORT)
    answers = list(connection.send(batch(tmp_path / "clean")))
    connection.close()
    assert [done and done.rc for done in answers] == [0, 0, 0]
    return transport.record.sent, transport.record.answered


def boundaries(stream: bytes) -> list[int]:
    """Return where lines begin and end, the very end included, and a place inside each."""
    ends = [match.end() for match in re.finditer(rb"\n", stream)]
    edges = [0, *ends]
    inside = [(start + end) // 2 for start, end in zip(edges, ends, strict=False)]
    return sorted({*edges, *inside})


def survived(transport: FaultyTransport, count: Path) -> list[Completed | EngineError | None]:
    """Return the answers, and the error that ended them."""
    connection = FramedConnection(transport, "here", Patience(opening=1.5, grace=0.5))
    answers: list[Completed | EngineError | None] = []
    began = time.monotonic()
    try:
        answers += connection.send(batch(count))
    except (ConnectionFailed, Unproven) as error:
        answers.append(error)
    assert time.monotonic() - began < 10
    connection.close()
    return answers


@pytest.mark.slow
@pytest.mark.parametrize("side", ["sent", "answered"])
@pytest.mark.parametrize("harm", ["cut", "stall", "truncate", "duplicate", "garble"])
def test_harm_at_any_boundary_proves_nothing_false(tmp_path: Path, harm: Harm, side: Side) -> None:
    """No false success, nothing run twice, no hang: wherever the link breaks, and however."""
    sent, answered = clean_record(tmp_path)
    stream = sent if side == "sent" else answered
    places = boundaries(stream)
    if harm == "stall":
        places = places[::3]
    errors = 0
    for number, at in enumerate(places):
        count = tmp_path / f"count-{harm}-{number}"
        span = (places[number + 1] if number + 1 < len(places) else len(stream)) - at
        fault = Fault(harm, side, at, span or 1)

        answers = survived(FaultyTransport(ProcessTransport(), fault), count)

        ran = count.read_text(encoding="utf-8").split() if count.exists() else []
        assert len(ran) == len(set(ran)), (fault, ran)
        errors += isinstance(answers[-1], EngineError)
        for index, answer in enumerate(answers):
            if isinstance(answer, Completed):
                assert str(index) in ran, fault
                assert answer.stdout == b"input %d\n" % index, fault
            elif answer is None:
                assert str(index) not in ran, fault
    assert errors > 0


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_a_whole_frame_that_comes_twice_is_run_once(tmp_path: Path, frame: int) -> None:
    """A copy between frames changes nothing at all."""
    sent, _ = clean_record(tmp_path)
    nonce = NONCE.search(sent)
    assert nonce is not None
    starts = [match.start() for match in re.finditer(nonce[0] + rb" \d+ frame", sent)]
    ends = [*starts[1:], len(sent)]
    fault = Fault("duplicate", "sent", starts[frame], ends[frame] - starts[frame])
    count = tmp_path / "count"

    answers = survived(FaultyTransport(ProcessTransport(), fault), count)

    assert [isinstance(answer, Completed) and answer.rc for answer in answers] == [0, 0, 0]
    assert count.read_text(encoding="utf-8") == "0\n1\n2\n"


def test_a_connection_opens_anew_after_its_link_broke(here: FramedConnection) -> None:
    """A shell that ended while nothing was asked of it costs nothing but its opening."""
    pid = int(here.run(Command(("sh", "-c", "echo $PPID"))).stdout)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}/cwd").exists())

    assert here.run(Command(("echo", "again"))).stdout == b"again\n"


def test_a_helper_that_dies_leaves_its_command_unproven(here: FramedConnection) -> None:
    """It may or may not have run to its end."""
    with pytest.raises(Unproven, match="the link broke"):
        here.run(Command(("sh", "-c", "kill -KILL $PPID; sleep 1")))

    assert here.run(Command(("true",))).rc == 0


@pytest.mark.parametrize("through", ["run", "stream"])
def test_ctrl_c_leaves_no_process_behind(here: FramedConnection, through: str) -> None:
    """It is raised again when all that ran there is dead."""
    tag = f"{8_000_000 + secrets.randbelow(900_000)}"
    command = Command(("sh", "-c", f"(sleep {tag}1 &); sleep {tag}2 | sleep {tag}3"))
    here.run(Command(("true",)))
    interrupter = threading.Thread(target=interrupt_when, args=(f"sleep {tag}3",))
    interrupter.start()

    with pytest.raises(KeyboardInterrupt):
        here.run(command) if through == "run" else here.stream(command, lambda _: None)

    interrupter.join()
    # A process that was killed may take a moment to be gone.
    wait_until(lambda: not alive(f"sleep {tag}"))
    assert here.run(Command(("echo", "usable"))).stdout == b"usable\n"


def test_closing_from_another_thread_ends_what_runs(here: FramedConnection) -> None:
    """So that the hosts that are played side by side can be stopped together."""
    tag = f"{8_000_000 + secrets.randbelow(900_000)}"
    ended: list[object] = []

    def work() -> None:
        try:
            ended.append(here.run(Command(("sleep", tag))))
        except Unproven as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: bool(alive(f"sleep {tag}")))

    here.close()

    thread.join(timeout=10)
    assert isinstance(ended[0], Unproven)
    wait_until(lambda: not alive(f"sleep {tag}"))


def test_a_batch_that_nobody_wants_any_more_is_ended(
    here: FramedConnection, tmp_path: Path
) -> None:
    """Who stops asking for answers stops the rest of the batch."""
    late = tmp_path / "late"
    frames = [
        Frame(Command(("true",))),
        Frame(Command(("sleep", "0.5"))),
        Frame(Command(("touch", str(late)))),
    ]
    for _ in here.send(frames):
        break

    assert here.run(Command(("true",))).rc == 0
    assert not late.exists()


def test_an_empty_batch_asks_nothing(here: FramedConnection) -> None:
    """And opens nothing."""
    assert list(here.send([])) == []


def test_a_stream_hands_on_output_as_it_comes(here: FramedConnection) -> None:
    """A line is there before the next is written, and the exit code after the last."""
    seen: list[tuple[float, bytes]] = []

    rc = here.stream(
        Command(("sh", "-c", "echo one; sleep 0.3; echo two; exit 5")),
        lambda data: seen.append((time.monotonic(), data)),
    )

    assert rc == 5
    assert [data for _, data in seen] == [b"one\n", b"two\n"]
    assert seen[1][0] - seen[0][0] > 0.2


def test_a_stream_has_stdin_and_keeps_errors_apart(here: FramedConnection) -> None:
    """As a command that is run does."""
    output: list[bytes] = []
    errors: list[bytes] = []
    command = Command(("sh", "-c", "cat; echo bad >&2"), stdin=bytes(range(256)))

    rc = here.stream(command, output.append, errors.append)

    assert (rc, b"".join(output), b"".join(errors)) == (0, bytes(range(256)), b"bad\n")


def test_a_stream_that_ends_without_its_mark_is_unproven(here: FramedConnection) -> None:
    """The end of the bytes is not the end of the command."""
    with pytest.raises(Unproven, match="the link broke"):
        here.stream(Command(("sh", "-c", "echo some; kill -KILL $PPID")), lambda _: None)


def test_a_stream_of_much_output_needs_little_memory(here: FramedConnection) -> None:
    """It is handed on in large blocks, and none is kept."""
    sizes: list[int] = []

    rc = here.stream(
        Command(("head", "-c", "50000000", "/dev/zero")), lambda data: sizes.append(len(data))
    )

    assert (rc, sum(sizes)) == (0, 50_000_000)
    assert sum(sizes) / len(sizes) > 8_000
    assert max(sizes) <= 1 << 18


def test_commands_may_run_while_a_stream_is_read(here: FramedConnection) -> None:
    """A stream has a channel of its own."""
    seen: list[bytes] = []

    here.stream(
        Command(("echo", "a")),
        lambda data: seen.extend((data, here.run(Command(("echo", "b"))).stdout)),
    )

    assert seen == [b"a\n", b"b\n"]


def test_a_terminal_is_not_given_with_a_secret(here: FramedConnection) -> None:
    """There, variables are words of a process."""
    with pytest.raises(PlaybookError, match="secret in a command line"):
        here.attach(Command(("true",), env={"TOKEN": Secret("hunter2")}))


def single(*enter: str) -> SingleConnection:
    """Return a connection to a place without stdin that takes one word."""
    transport = NestedTransport(ProcessTransport(), enter, one_word=True)
    return SingleConnection(transport, "relay", SHORT)


RELAY = ("sh", "-c", 'echo "banner"; exec sh -c "$1" </dev/null', "relay")


def test_a_place_without_stdin_runs_the_same_commands() -> None:
    """Input, variables, exit codes and errors, in one word each."""
    command = Command(
        ("sh", "-c", "cat; echo $A; echo e >&2; exit 3"),
        stdin=bytes(range(256)),
        env={"A": "it's"},
    )

    done = single(*RELAY).run(command)

    assert (done.rc, done.stdout, done.stderr) == (3, bytes(range(256)) + b"it's\n", b"e\n")


def test_a_place_without_stdin_keeps_timeouts_and_batches() -> None:
    """A timeout kills there, a failure stops what comes after it."""
    frames = [
        Frame(Command(("sleep", "60"), timeout=0.2), 0, stops=False),
        Frame(Command(("false",)), 1),
        Frame(Command(("true",)), 1),
        Frame(Command(("true",)), 2),
    ]

    answers = list(single(*RELAY).send(frames))

    assert [done and (done.rc, done.timed_out) for done in answers] == [
        (137, True),
        (1, False),
        (0, False),
        None,
    ]


@pytest.mark.parametrize(
    "lie", ['echo \'{"status": "starting"}\'', 'sh -c "$1" | head -c 60', "true", "exit 1"]
)
def test_an_exec_that_lies_is_unproven(lie: str) -> None:
    """Exit code 0 without the marks is no success."""
    with pytest.raises(Unproven):
        single("sh", "-c", lie, "liar").run(Command(("echo", "done")))


def interrupt_when(words: str) -> None:
    """Send Ctrl-C to this process once a process with these words runs."""
    wait_until(lambda: bool(alive(words)))
    os.kill(os.getpid(), signal.SIGINT)
