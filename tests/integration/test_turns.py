"""Turns and bytes of whole runs, counted exactly: by a relay between this project and an sshd."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.workload import LEFT_BEHIND, PLAYBOOK
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.inventory import Inventory
from megaplan_cloud.engine.play import play
from tests.support.processes import wait_until
from tests.support.relay import TcpRelay
from tests.support.sshd import Sshd, sshd

pytestmark = pytest.mark.slow
# Long enough that all which is sent without waiting is one turn.
DELAY = 0.03
BARRIER = """
    - name: Ask for a number
      command: echo {number}
      register: number_{number}

    - name: Say the number
      command: echo {{{{ number_{number}.stdout }}}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Give a server that every test uses as it is, and that is known already."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        inventory = Inventory({"host": running.place()})
        inventory.connection("host").run(Command(("true",)))
        inventory.close()
        yield running


def cold(server: Sshd, playbook: Path, target: Path) -> tuple[int, int]:
    """Play a playbook from the first byte on; return its turns, and how many bytes it sent."""
    with TcpRelay(server.port, delay=DELAY) as relay:
        places = {"host": server.place(port=relay.port)}

        report = play(playbook, extra={"target": str(target)}, places=places)

        wait_until(lambda: relay.ended == 1)  # its last words are counted, too
        turns, sent = relay.turns, relay.sent
    assert report.exit_code == 0
    return turns, sent


def warm(server: Sshd, playbook: Path, target: Path) -> int:
    """Play a playbook over a connection that is open; return its turns."""
    with TcpRelay(server.port, delay=DELAY) as relay:
        places = {"host": server.place(port=relay.port)}
        inventory = Inventory(places)
        inventory.connection("host").open()
        relay.reset()

        report = play(
            playbook,
            extra={"target": str(target)},
            places=places,
            connect=lambda place, _: inventory.connection(place),
        )

        turns = relay.turns
        inventory.close()
    assert report.exit_code == 0
    return turns


def written(folder: Path, tasks: str) -> Path:
    """Write W1 with other tasks behind its own, beside its templates."""
    (folder / "templates").symlink_to(PLAYBOOK.parent / "templates")
    playbook = folder / "playbook.yml"
    playbook.write_text(PLAYBOOK.read_text(encoding="utf-8") + tasks, encoding="utf-8")
    return playbook


def tasks_of(playbook: Path) -> str:
    """Return the text of a playbook's tasks, without the last one, which waits for another."""
    text = playbook.read_text(encoding="utf-8").partition("  tasks:\n")[2]
    return text.rpartition("    - name:")[0]


def test_w1_takes_thirteen_turns_and_forty_kilobytes(server: Sshd, tmp_path: Path) -> None:
    """Twenty tasks at a host, cold: connecting, opening, one batch, one barrier, closing."""
    turns, sent = cold(server, PLAYBOOK, tmp_path / "target")

    assert turns <= 13
    assert sent <= 40_000
    assert {file.name for file in (tmp_path / "target").iterdir()} == set(LEFT_BEHIND)


def test_w1_is_one_batch_and_one_barrier(server: Sshd, tmp_path: Path) -> None:
    """Over an open connection: two turns."""
    assert warm(server, PLAYBOOK, tmp_path / "target") == 2


def test_twice_the_tasks_take_no_turn_more(server: Sshd, tmp_path: Path) -> None:
    """What costs a turn is a barrier, never a task."""
    playbook = written(tmp_path, f"\n{tasks_of(PLAYBOOK)}")

    assert warm(server, playbook, tmp_path / "target") == 2


@pytest.mark.parametrize("barriers", [1, 3])
def test_each_barrier_takes_one_turn_more(server: Sshd, tmp_path: Path, barriers: int) -> None:
    """A task whose text has an earlier one's output in it waits for that."""
    playbook = written(tmp_path, "".join(BARRIER.format(number=n) for n in range(barriers)))

    assert warm(server, playbook, tmp_path / "target") == 2 + barriers


def test_one_command_on_an_open_connection_is_one_turn(server: Sshd) -> None:
    """A frame there, an answer back; the second command like the first."""
    with TcpRelay(server.port, delay=DELAY) as relay:
        inventory = Inventory({"host": server.place(port=relay.port)})
        host = inventory.connection("host")
        host.open()
        relay.reset()

        outputs = [host.run(Command(("echo", word))).stdout for word in ("one", "two")]

        turns = relay.turns
        inventory.close()
    assert outputs == [b"one\n", b"two\n"]
    assert turns == 2
