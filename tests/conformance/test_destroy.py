"""Destroying a box: it asks, and then nothing is left."""

import pytest

from megaplan_cloud.cloud.commands.destroy import volume
from tests.conformance.subject import Subject


def test_destroy_asks_first(box: Subject) -> None:
    """Another answer than the volume's name touches nothing; with nobody to ask it is refused."""
    name = volume(box.settings)

    refused = box.operator.run("destroy", stdin="yes\n", code=1)
    nobody = box.operator.run("destroy", code=2)

    assert refused.json["error"] == "not_confirmed"
    assert name in refused.stderr
    assert nobody.json["error"] == "invalid_args"
    assert box.operator.run("exec", "echo on").stdout == "on\n"


def test_destroy_leaves_nothing(box: Subject) -> None:
    """A second one has nothing to do, and a deploy begins anew with another volume."""
    before = box.operator.run("deploy").json["volume"]["id"]
    name = volume(box.settings)

    first = box.operator.run("destroy", stdin=f"{name}\n").json
    left = box.left() if box.left else []
    second = box.operator.run("destroy", "--yes").json
    anew = box.operator.run("deploy").json["volume"]["id"]

    assert (first["success"], second["success"]) == (True, True)
    assert left == []
    if "resources.volume" in box.settings.written or box.provider == "process":
        assert anew != before


def test_a_box_that_is_not_there_is_a_clear_error(box: Subject) -> None:
    """Commands say that there is no box, and what to do; `down` has nothing to do."""
    box.operator.run("destroy", "--yes")

    run = box.operator.run("exec", "true", code=None)
    down = box.operator.run("down", code=None)

    assert run.code in (1, 4)
    assert "invoke deploy" in run.json["message"] + run.json["hint"]
    assert down.code == 1 or down.json["no_op"]
    assert "Traceback" not in run.stderr + down.stderr


def test_a_rehearsal_makes_nothing(box: Subject) -> None:
    """`deploy --check` before there is a box says what it would do, and leaves no trace."""
    box.operator.run("destroy", "--yes")
    if box.left is None:
        pytest.skip("there is no list of what is left at this provider")

    said = box.operator.run("deploy", "--check").json

    assert (said["check"], said["no_op"]) == (True, False)
    assert box.left() == []
