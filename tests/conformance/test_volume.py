"""The volume of a box: it outlives the box, and is never taken for another."""

from tests.conformance.subject import OTHERWISE, Subject


def test_a_second_deploy_changes_nothing(box: Subject) -> None:
    """What runs in the box goes on running."""
    box.operator.run("exec", "tmux new-session -d -s kit 'sleep 1000'")

    again = box.operator.run("deploy").json
    sessions = box.operator.run("exec", "tmux list-sessions -F '#{session_name}'").stdout.split()
    box.operator.run("exec", "tmux kill-session -t =kit")

    assert (again["no_op"], again["changed"]) == (True, [])
    assert again["verdict"] == "deploy: no-op (nothing changed)"
    assert "kit" in sessions


def test_the_volume_survives_another_deploy(box: Subject) -> None:
    """Also one that puts another container in the place of the first."""
    box.operator.run("exec", "echo work > kept")
    first = box.operator.run("deploy").json["volume"]["id"]

    with box.settled(box.cloud_yaml + OTHERWISE):
        second = box.operator.run("deploy").json
        kept = box.operator.run("exec", "cat kept").stdout

    assert kept == "work\n"
    assert second["volume"]["id"] == first


def test_the_volume_survives_down_and_up(box: Subject) -> None:
    """A second `down` has nothing to do, and a deploy brings the same volume back."""
    box.operator.run("exec", "echo work > kept")
    before = box.operator.run("deploy").json["volume"]["id"]

    down = box.operator.run("down").json
    again = box.operator.run("down").json
    up = box.operator.run("deploy").json
    kept = box.operator.run("exec", "cat kept").stdout

    assert (down["no_op"], again["no_op"]) == (False, True)
    assert up["volume"]["id"] == before
    assert kept == "work\n"


def test_somebody_elses_box_is_left_alone(box: Subject) -> None:
    """The same cloud.yaml in another folder is another box, which may not touch ours."""
    with box.somebody_else() as other:
        said = {
            command: other.run(*command.split(), code=None)
            for command in ("deploy", "exec true", "down", "destroy --yes")
        }

    # Where a box is found by what it is, not by a name, the other one simply is not there.
    entered = said.pop("exec true")
    assert entered.code in (1, 4), entered
    codes = {command: done.code for command, done in said.items()}
    assert set(codes.values()) == {1}, codes
    errors = {done.json["error"] for done in (*said.values(), entered)}
    assert errors <= {"foreign_volume", "foreign_box", "unreachable"}, errors
    assert box.operator.run("exec", "echo on").stdout == "on\n"
    assert box.operator.run("deploy").json["no_op"] is True
