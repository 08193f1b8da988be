"""The inventory: places are read strictly, opened when they are needed, and closed together."""

import subprocess
import sys

import pytest

from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.inventory import Inventory, Place


def test_a_place_of_nothing_is_this_machine() -> None:
    """A child process, and no configuration."""
    inventory = Inventory({"controller": {}})

    assert inventory.connection("controller").run(Command(("echo", "here"))).stdout == b"here\n"
    inventory.close()


def test_a_place_is_entered_through_another() -> None:
    """The words of every place on the way come before the command's own."""
    inventory = Inventory(
        {
            "controller": {},
            "host": {"through": "controller", "enter": ["env", "HOST=1"]},
            "box": Place(through="host", enter=("env", "BOX=2")),
        }
    )

    done = inventory.connection("box").run(Command(("sh", "-c", "echo $HOST $BOX")))

    assert done.stdout == b"1 2\n"
    inventory.close()


def test_a_connection_is_kept() -> None:
    """The plays of a run share it."""
    inventory = Inventory({"controller": {}})

    assert inventory.connection("controller") is inventory.connection("controller")


def test_a_place_may_have_many_hosts() -> None:
    """Each has its own name and connection."""
    inventory = Inventory({"host": [{"name": "a"}, {"name": "b", "enter": ["env", "X=b"]}]})

    assert inventory.hosts("host") == ("a", "b")
    done = inventory.connection("host", "b").run(Command(("printenv", "X")))
    assert done.stdout == b"b\n"
    with pytest.raises(PlaybookError, match="more than one host"):
        inventory.connection("host")
    inventory.close()


def test_a_place_can_be_opened_ahead() -> None:
    """In the background; its first command finds it open."""
    inventory = Inventory({"controller": {}})

    inventory.prepare("controller")

    assert inventory.connection("controller").run(Command(("true",))).rc == 0
    inventory.close()


def test_an_error_of_opening_ahead_is_told_when_the_place_is_used() -> None:
    """Not before, and not by a thread."""
    inventory = Inventory({"box": {"enter": ["no-such-command"]}})

    inventory.prepare("box")

    with pytest.raises(Exception, match="no-such-command cannot be started"):
        inventory.connection("box").run(Command(("true",)))
    inventory.close()


def test_an_unknown_place_names_the_known_ones() -> None:
    """What there is instead."""
    with pytest.raises(PlaybookError, match="no place 'hots'") as caught:
        Inventory({"host": {}, "box": {}}).connection("hots")

    assert caught.value.hint == "Places: box, host."


def test_an_unknown_key_of_a_place_is_refused() -> None:
    """With its name."""
    with pytest.raises(PlaybookError, match="adress"):
        Inventory({"host": {"adress": "x"}})


def test_two_hosts_of_one_name_are_refused() -> None:
    """They could not be told apart."""
    with pytest.raises(PlaybookError, match="same name"):
        Inventory({"host": [{}, {}]})


def test_a_child_process_needs_no_ssh_library() -> None:
    """Paramiko and Fabric are imported when an ssh place is opened, not before."""
    code = (
        "import sys\n"
        "from megaplan_cloud.engine.command import Command\n"
        "from megaplan_cloud.engine.inventory import Inventory\n"
        "inventory = Inventory({'here': {}, 'host': {'address': 'example.invalid'}})\n"
        "inventory.connection('here').run(Command(('true',)))\n"
        "inventory.close()\n"
        "assert not {'paramiko', 'fabric', 'invoke', 'jinja2', 'asyncio'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
