"""Connections over a real sshd: the errors of real networks, and what a run really sends."""

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.connection import Connection, Frame
from megaplan_cloud.engine.errors import ConnectionFailed, Unproven
from megaplan_cloud.engine.inventory import Described, Inventory, Place
from megaplan_cloud.engine.shell import Patience
from tests.engine.test_connection import interrupt_when
from tests.support.processes import alive, wait_until
from tests.support.relay import TcpRelay
from tests.support.sshd import Sshd, free_port, sshd

pytestmark = pytest.mark.slow
SHORT = Patience(opening=20, grace=10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Give a server that every test may use as it is."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def host(server: Sshd) -> Iterator[Connection]:
    """Give a connection to it."""
    inventory = Inventory({"host": server.place()}, SHORT)
    yield inventory.connection("host")
    inventory.close()


def failure(place: Place) -> ConnectionFailed:
    """Return the error that a place cannot be reached with."""
    inventory = Inventory({"host": place}, SHORT)
    began = time.monotonic()
    with pytest.raises(ConnectionFailed) as caught:
        inventory.connection("host").run(Command(("true",)))
    assert time.monotonic() - began < 20
    inventory.close()
    return caught.value


def test_commands_run_over_ssh(host: Connection) -> None:
    """Every byte, as over a child process."""
    command = Command(
        ("sh", "-c", 'cat; printf %s "$1$VALUE"; exit 7', "sh", "a'b\n"),
        stdin=bytes(range(256)) * 100,
        env={"VALUE": "\xff'"},
    )

    done = host.run(command)

    assert (done.rc, done.stdout) == (7, bytes(range(256)) * 100 + "a'b\n\xff'".encode())


def test_a_new_host_is_recorded_and_a_changed_one_refused(tmp_path: Path) -> None:
    """Accepted once, in a file of mode 0600; the error of a changed key has the way out."""
    with sshd(tmp_path / "sshd") as server:
        inventory = Inventory({"host": server.place()}, SHORT)
        inventory.connection("host").run(Command(("true",)))
        inventory.close()
        known = server.known_hosts()
        assert known.stat().st_mode & 0o777 == 0o600
        assert known.read_text(encoding="utf-8").startswith(f"[127.0.0.1]:{server.port} ssh-")
        server.change_host_key()

        error = failure(server.place())

    assert f"is not the one in {known}" in error.what
    assert f"ssh-keygen -f {known} -R '[127.0.0.1]:{server.port}'" in error.hint


def test_a_strict_client_does_not_accept_a_new_host(tmp_path: Path) -> None:
    """`StrictHostKeyChecking yes` of the ssh configuration is honoured."""
    with sshd(tmp_path / "sshd") as server:
        config = server.folder / "ssh_config"
        config.write_text(
            config.read_text(encoding="utf-8") + "  StrictHostKeyChecking yes\n", encoding="utf-8"
        )

        error = failure(server.place())

    assert "not found in known_hosts" in error.what
    assert not server.known_hosts().exists()


def test_a_key_that_is_not_accepted_is_told(tmp_path: Path) -> None:
    """With the command that shows it by hand."""
    with sshd(tmp_path / "sshd") as server:
        (server.folder / "authorized_keys").write_text("", encoding="utf-8")

        error = failure(server.place())

    assert "does not accept any key of ours" in error.what
    assert f"ssh -p {server.port}" in error.hint


def test_a_name_that_nobody_knows_is_told() -> None:
    """DNS says no; so do we."""
    error = failure(Place(address="no-such-host.invalid", user="me"))

    assert "'no-such-host.invalid' of an ssh host cannot be resolved" in error.what


def test_a_port_that_nobody_listens_on_is_told() -> None:
    """The host is there, sshd is not."""
    error = failure(Place(address="127.0.0.1", port=free_port()))

    assert "cannot be reached: Connection refused" in error.what


@pytest.mark.parametrize("banner", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 9999])
def test_a_peer_that_is_no_sshd_is_told(banner: bytes) -> None:
    """It answers garbage, or nothing at all; nothing hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept = []

        def answer() -> None:
            peer, _ = listener.accept()
            kept.append(peer)
            peer.sendall(banner)

        threading.Thread(target=answer, daemon=True).start()
        place = Place(address="127.0.0.1", port=listener.getsockname()[1], connect_timeout=1)

        error = failure(place)

    assert "No ssh session on 127.0.0.1" in error.what


def test_a_server_that_allows_one_session_gets_a_second_connection(tmp_path: Path) -> None:
    """Nested places, streams and Ctrl-C need a channel besides the shell's own."""
    with sshd(tmp_path / "sshd", "MaxSessions 1") as server:
        places: dict[str, Described] = {
            "host": server.place(),
            "box": {"through": "host", "enter": ["env", "BOX=1"]},
        }
        inventory = Inventory(places, SHORT)
        output: list[bytes] = []

        outer = inventory.connection("host").run(Command(("echo", "host")))
        inner = inventory.connection("box").run(Command(("printenv", "BOX")))
        inventory.connection("host").stream(Command(("echo", "streamed")), output.append)
        inventory.close()

    assert (outer.stdout, inner.stdout, b"".join(output)) == (b"host\n", b"1\n", b"streamed\n")


def test_sshd_that_dies_leaves_the_command_unproven(tmp_path: Path) -> None:
    """And the connection opens anew for the next."""
    with sshd(tmp_path / "sshd") as server:
        inventory = Inventory({"host": server.place()}, SHORT)
        host = inventory.connection("host")
        host.run(Command(("true",)))
        killer = threading.Thread(target=kill_when, args=(server, "sleep 98765"))
        killer.start()

        with pytest.raises(Unproven, match="the link broke"):
            host.run(Command(("sleep", "98765")))

        killer.join()
        assert host.run(Command(("echo", "again"))).stdout == b"again\n"
        inventory.close()


def test_a_link_that_is_silent_is_given_up(server: Sshd) -> None:
    """Nothing is closed, nothing comes: after the missed signs of life it counts as broken."""
    with TcpRelay(server.port) as relay:
        inventory = Inventory({"host": server.place(port=relay.port, keep_alive=0.3)}, SHORT)
        host = inventory.connection("host")
        host.run(Command(("true",)))
        threading.Thread(target=stall_when, args=(relay, "sleep 87654"), daemon=True).start()
        began = time.monotonic()

        with pytest.raises(Unproven, match="the link broke"):
            host.run(Command(("sleep", "87654")))

        assert time.monotonic() - began < 10
        relay.heal()
        inventory.close()
    wait_until(lambda: bool(end("sleep 87654")))


def test_a_quiet_command_is_not_given_up(server: Sshd) -> None:
    """The link gives signs of life while a command says nothing."""
    inventory = Inventory({"host": server.place(keep_alive=0.1)}, SHORT)

    assert inventory.connection("host").run(Command(("sleep", "1"))).rc == 0
    inventory.close()


@pytest.mark.parametrize("after", [0, 40, 100, 200, 300, 500, 800])
def test_a_link_cut_anywhere_proves_nothing_false(server: Sshd, tmp_path: Path, after: int) -> None:
    """What is proven was run once; what is not was run once at most."""
    count = tmp_path / "count"
    frames = [
        Frame(Command(("sh", "-c", f"echo {number} >>{count}; sleep 0.02")), number)
        for number in range(6)
    ]
    answers: list[Completed | None] = []
    with TcpRelay(server.port) as relay:
        inventory = Inventory({"host": server.place(port=relay.port)}, SHORT)
        host = inventory.connection("host")
        host.run(Command(("true",)))
        relay.cut_after(after)

        with pytest.raises(Unproven):
            answers.extend(host.send(frames))

        inventory.close()
    ran = count.read_text(encoding="utf-8").split() if count.exists() else []
    assert len(ran) == len(set(ran))


@pytest.mark.parametrize("through", ["host", "box"])
def test_ctrl_c_leaves_no_process_on_the_host(server: Sshd, through: str) -> None:
    """Nor in a place inside of it."""
    tag = f"{9_000_000 + secrets.randbelow(900_000)}"
    places: dict[str, Described] = {
        "host": server.place(),
        "box": {"through": "host", "enter": ["env", "BOX=1"]},
    }
    inventory = Inventory(places, SHORT)
    connection = inventory.connection(through)
    connection.run(Command(("true",)))
    threading.Thread(target=interrupt_when, args=(f"sleep {tag}2",)).start()

    with pytest.raises(KeyboardInterrupt):
        connection.run(Command(("sh", "-c", f"(sleep {tag}1 &); sleep {tag}2")))

    # A process that was killed may take a moment to be gone.
    wait_until(lambda: not alive(f"sleep {tag}"))
    assert connection.run(Command(("echo", "usable"))).stdout == b"usable\n"
    inventory.close()


LOGINS = {
    "bash": 'SHLVL=0 exec bash -c "$SSH_ORIGINAL_COMMAND"',
    "dash": 'exec dash -c "$SSH_ORIGINAL_COMMAND"',
    "busybox": 'exec busybox sh -c "$SSH_ORIGINAL_COMMAND"',
    "noisy": 'echo "Message of the day"; printf half; exec sh -c "$SSH_ORIGINAL_COMMAND"',
}


@pytest.mark.parametrize("login", LOGINS)
def test_any_login_shell_will_do(tmp_path: Path, login: str) -> None:
    """The helper is an sh of its own, whatever starts it."""
    with sshd(tmp_path / "sshd", login=LOGINS[login]) as server:
        inventory = Inventory({"host": server.place()}, SHORT)

        done = inventory.connection("host").run(Command(("printf", "%s", "a'b\\c$d")))

        inventory.close()
    assert done.stdout == b"a'b\\c$d"


def test_a_slow_login_file_is_paid_once(tmp_path: Path) -> None:
    """A `.bashrc` that prints and sleeps 150 ms is read when the shell opens, not per command."""
    home = tmp_path / "home"
    home.mkdir()
    log = tmp_path / "log"
    (home / ".bashrc").write_text(f"echo read >>{log}; echo hello; sleep 0.15\n", encoding="utf-8")
    login = f'HOME={home} SHLVL=0 exec bash -c "$SSH_ORIGINAL_COMMAND"'
    with sshd(tmp_path / "sshd", login=login) as server:
        inventory = Inventory({"host": server.place()}, SHORT)
        host = inventory.connection("host")

        outputs = [host.run(Command(("echo", str(number)))).stdout for number in range(20)]

        inventory.close()
    assert outputs == [b"%d\n" % number for number in range(20)]
    if log.exists():  # only a bash that was built to read it for sshd does
        assert log.read_text(encoding="utf-8") == "read\n"


def workload(folder: Path, tasks: int) -> list[Frame]:
    """Return what W1 of the benchmarks sends: small files, commands, looks."""
    content = b"key = value\n" * 25
    frames = [
        Frame(Command(("sh", "-c", f"mkdir -p {folder}; cat >{folder}/{n}"), stdin=content), n)
        for n in range(tasks // 4)
    ]
    frames += [Frame(Command(("stat", str(folder))), 1000 + n) for n in range(tasks - len(frames))]
    return frames


@pytest.mark.parametrize("tasks", [20, 40, 80])
def test_a_cold_run_takes_thirteen_turns_however_many_tasks(
    server: Sshd, tmp_path: Path, tasks: int
) -> None:
    """Counted: connecting, opening the shell, and one turn for the whole batch."""
    with TcpRelay(server.port, delay=0.02) as relay:
        inventory = Inventory({"host": server.place(port=relay.port)}, SHORT)

        done = list(inventory.connection("host").send(workload(tmp_path / "w1", tasks)))

        turns, sent = relay.turns, relay.sent
        inventory.close()
    assert all(completed and completed.rc == 0 for completed in done)
    assert turns <= 13
    assert sent <= 40_000


def test_a_command_on_an_open_connection_is_one_turn(server: Sshd) -> None:
    """A barrier costs one more turn, and nothing else does."""
    with TcpRelay(server.port, delay=0.02) as relay:
        inventory = Inventory({"host": server.place(port=relay.port)}, SHORT)
        host = inventory.connection("host")
        host.run(Command(("true",)))
        relay.reset()

        for _ in range(5):
            host.run(Command(("true",)))

        turns = relay.turns
        inventory.close()
    assert turns == 5


def test_hosts_are_opened_ahead_of_their_first_command(server: Sshd) -> None:
    """The handshake runs while something else is done, and the first command waits for it."""
    before = set(server.sessions())
    inventory = Inventory({"host": server.place()}, SHORT)

    inventory.prepare("host")
    wait_until(lambda: bool(set(server.sessions()) - before))

    assert inventory.connection("host").run(Command(("true",))).rc == 0
    assert len(set(server.sessions()) - before) == 1
    inventory.close()


def test_a_host_is_reached_through_a_jump_host(tmp_path: Path, server: Sshd) -> None:
    """`ProxyJump` and aliases of the ssh configuration; the keys of both hops are checked."""
    with sshd(tmp_path / "inner") as inner:
        known = tmp_path / "known_hosts"
        common = f"  UserKnownHostsFile {known}\n  IdentitiesOnly yes\n"
        (tmp_path / "config").write_text(
            f"Host jump\n  HostName 127.0.0.1\n  Port {server.port}\n"
            f"  IdentityFile {server.folder}/client_key\n{common}"
            f"Host target\n  HostName 127.0.0.1\n  Port {inner.port}\n  ProxyJump jump\n"
            f"  IdentityFile {inner.folder}/client_key\n{common}",
            encoding="utf-8",
        )
        place = Place(address="target", config=str(tmp_path / "config"))
        inventory = Inventory({"host": place}, SHORT)

        done = inventory.connection("host").run(Command(("sh", "-c", "echo $SSH_CONNECTION")))

        inventory.close()
    assert done.stdout.split()[-1] == str(inner.port).encode()
    assert len(known.read_text(encoding="utf-8").splitlines()) == 2


def test_files_and_directories_travel_over_ssh(host: Connection, tmp_path: Path) -> None:
    """Large ones too, each on a channel of its own."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "large").write_bytes(secrets.token_bytes(3_000_000))
    (source / "small").write_bytes(b"x")

    put = host.put(source / "large", str(tmp_path / "there"), mode="0600")
    got = host.get(str(tmp_path / "there"), tmp_path / "back")
    synced = host.sync(source, str(tmp_path / "target"))

    assert (put.rc, got.rc, synced.rc) == (0, 0, 0)
    assert (tmp_path / "back").read_bytes() == (source / "large").read_bytes()
    assert (tmp_path / "target" / "large").read_bytes() == (source / "large").read_bytes()


def kill_when(server: Sshd, words: str) -> None:
    """Kill the server's sessions once a process with these words runs."""
    wait_until(lambda: bool(alive(words)))
    server.kill_sessions()


def stall_when(relay: TcpRelay, words: str) -> None:
    """Let the relay fall silent once a process with these words runs."""
    wait_until(lambda: bool(alive(words)))
    relay.stall()


def end(words: str) -> bool:
    """Kill what a broken link left running; return whether nothing is left."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if line.startswith(words):
                os.kill(int(folder.name), signal.SIGKILL)
    return not alive(words)
