"""Connections into a container that has nothing but busybox: no bash, no Python, no ps of GNU."""

import secrets
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.connection import Connection
from megaplan_cloud.engine.errors import ConnectionFailed, Unproven
from megaplan_cloud.engine.inventory import Inventory
from megaplan_cloud.engine.shell import Patience
from tests.engine.test_connection import interrupt_when
from tests.support.containers import busybox_image, container
from tests.support.processes import alive, wait_until

pytestmark = pytest.mark.slow
PATIENCE = Patience(opening=20, grace=10)


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    """Give the name of a running container."""
    with container(busybox_image()) as running:
        yield running


def inventory(name: str) -> Inventory:
    """Return the places of a box in a container of this machine."""
    enter = ["docker", "exec", "--interactive", name]
    return Inventory({"host": {}, "box": {"through": "host", "enter": enter}}, PATIENCE)


@pytest.fixture
def box(name: str) -> Iterator[Connection]:
    """Give a connection into the container."""
    places = inventory(name)
    yield places.connection("box")
    places.close()


def test_every_byte_goes_in_and_out(box: Connection) -> None:
    """Words, variables, input and output."""
    word = "".join(map(chr, range(1, 256)))
    command = Command(
        ("sh", "-c", 'cat; printf %s "$1$VALUE"; echo bad >&2; exit 200', "sh", word),
        stdin=bytes(range(256)) * 1000,
        env={"VALUE": "it's"},
    )

    done = box.run(command)

    assert done.rc == 200
    assert done.stdout == bytes(range(256)) * 1000 + f"{word}it's".encode()
    assert done.stderr == b"bad\n"


def test_files_and_directories_go_in_and_out(box: Connection, tmp_path: Path) -> None:
    """With the tar and the sha256sum of busybox."""
    source = tmp_path / "source"
    (source / "sub dir").mkdir(parents=True)
    (source / "sub dir" / "large").write_bytes(secrets.token_bytes(5_000_000))
    (source / "empty").mkdir()
    (source / "link").symlink_to("empty")

    first = box.sync(source, "/srv/target")
    (source / "sub dir" / "small").write_text("x", encoding="utf-8")
    second = box.sync(source, "/srv/target")
    got = box.get("/srv/target/sub dir/large", tmp_path / "back")

    assert (first.rc, second.rc, got.rc) == (0, 0, 0)
    assert second.stdout == b"+ ./sub dir/small\n"
    assert (tmp_path / "back").read_bytes() == (source / "sub dir" / "large").read_bytes()


def test_a_timeout_kills_inside_the_container(box: Connection) -> None:
    """Killing `docker exec` would not: the process is no child of it."""
    tag = f"{6_000_000 + secrets.randbelow(900_000)}"

    done = box.run(Command(("sh", "-c", f"(sleep {tag}1 &); sleep {tag}2"), timeout=0.3))

    assert done.timed_out
    wait_until(lambda: not alive(f"sleep {tag}"))


def test_ctrl_c_kills_inside_the_container(box: Connection) -> None:
    """And the connection can be used again."""
    tag = f"{6_000_000 + secrets.randbelow(900_000)}"
    box.run(Command(("true",)))
    threading.Thread(target=interrupt_when, args=(f"sleep {tag}2",)).start()

    with pytest.raises(KeyboardInterrupt):
        box.run(Command(("sh", "-c", f"(sleep {tag}1 &); sleep {tag}2")))

    wait_until(lambda: not alive(f"sleep {tag}"))
    assert box.run(Command(("echo", "usable"))).stdout == b"usable\n"


def test_a_container_that_dies_leaves_the_command_unproven() -> None:
    """Not failed, not done; and then it cannot be entered any more."""
    with container(busybox_image()) as name:
        places = inventory(name)
        box = places.connection("box")
        box.run(Command(("true",)))
        kill = ["docker", "kill", name]
        thread = threading.Thread(target=kill_when, args=("sleep 4567890", kill))
        thread.start()

        with pytest.raises(Unproven):
            box.run(Command(("sleep", "4567890")))

        thread.join()
        with pytest.raises(ConnectionFailed, match="is not running"):
            box.run(Command(("true",)))
        places.close()


def test_a_container_that_is_missing_is_told() -> None:
    """In the words of Docker."""
    busybox_image()

    with pytest.raises(ConnectionFailed, match="No such container"):
        inventory("no-such-box").connection("box").run(Command(("true",)))


def kill_when(words: str, command: list[str]) -> None:
    """Run a command once a process with these words runs."""
    wait_until(lambda: bool(alive(words)))
    subprocess.run(command, check=True, capture_output=True)
