"""A box on a Docker host behind SSH: a real sshd, a real engine, and what can go wrong there."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.conformance.subject import Subject
from tests.conformance.subjects import ssh
from tests.support.boxes import docker
from tests.support.operator import git
from tests.support.sshd import Sshd, free_port, sshd

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """Give the provider with a Docker host that works."""
    with ssh(tmp_path_factory.mktemp("ssh")) as made:
        yield made


@pytest.fixture
def box(subject: Subject) -> Subject:
    """Give it with its box up."""
    subject.operator.run("deploy")
    subject.keep()
    return subject


def container(box: Subject) -> str:
    """Return the name of the box's container."""
    return str(box.settings["ssh.container"])


def number(box: Subject) -> str:
    """Return the number of the box's container: another one after a replacement."""
    return docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", container(box))


def test_a_deploy_of_a_box_that_is_up_to_date_takes_five_turns(box: Subject) -> None:
    """No rebuild, no restart; and beyond what opening the connections costs, five turns."""
    assert box.relay
    before = number(box)
    with box.connected("host") as host, box.connected() as inside:
        box.relay.reset()
        host.open()
        inside.open()
        opening = box.relay.turns

    box.relay.reset()
    said = box.operator.run("deploy").json
    turns = box.relay.turns

    assert (said["no_op"], said["image_rebuild"]) == (True, "not_triggered")
    assert number(box) == before
    assert turns <= opening + 5


def test_a_port_that_is_taken_leaves_the_old_box_running(box: Subject) -> None:
    """The old container runs again, nothing of the new one is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = box.cloud_yaml.replace(
            f"port: {box.settings['resources.port']}}}", f"port: {port}}}"
        )
        with box.settled(text):
            said = box.operator.run("deploy", code=1).json

    assert (said["error"], str(port) in said["message"]) == ("port_taken", True)
    assert "runs again" in said["hint"]
    assert box.operator.run("exec", "echo on").stdout == "on\n"
    assert box.operator.run("deploy").json["image_rebuild"] == "not_triggered"
    assert box.operator.run("deploy").json["changed"] == []


def test_an_image_that_cannot_be_built_touches_nothing(box: Subject) -> None:
    """The reason is the last line of the build; the container goes on as it is."""
    before = number(box)

    with box.settled(box.cloud_yaml + "toolchains: [{name: bad, install: 'RUN exit 42'}]\n"):
        said = box.operator.run("deploy", code=1).json

    assert said["error"] == "image_build_failed"
    assert "non-zero code: 42" in said["message"]
    assert number(box) == before


def test_a_container_that_ends_at_boot_is_rolled_back(box: Subject) -> None:
    """The one before runs again, with its image and its volume."""
    box.operator.run("exec", "echo work > kept")
    spoil = "toolchains: [{name: bad, install: 'RUN ln -sf /bin/false /usr/bin/tini'}]\n"

    with box.settled(box.cloud_yaml + spoil):
        said = box.operator.run("deploy", code=1).json

    assert said["error"] == "box_unhealthy"
    assert "ended with exit code 1" in said["message"]
    assert box.operator.run("exec", "cat kept").stdout == "work\n"
    assert docker("ps", "--all", "--quiet", "--filter", f"name={container(box)}.before") == ""


def test_a_deploy_that_was_killed_is_repaired_by_the_next(box: Subject) -> None:
    """Wherever it was: the container that waits under its other name comes back."""
    name = container(box)
    docker("rename", name, f"{name}.before")
    docker("stop", f"{name}.before")

    said = box.operator.run("deploy").json
    again = box.operator.run("deploy").json

    assert (said["success"], again["no_op"]) == (True, True)
    assert docker("ps", "--all", "--quiet", "--filter", f"name={name}.before") == ""


def test_a_volume_that_is_gone_is_not_replaced_in_silence(box: Subject) -> None:
    """The volume that this machine knows has to come back, or to be forgotten by name."""
    docker("rm", "--force", container(box))
    docker("volume", "rm", box.settings["resources.volume"])

    said = box.operator.run("deploy", code=1).json
    box.operator.run("destroy", "--yes")
    anew = box.operator.run("deploy").json

    assert said["error"] == "volume_lost"
    assert anew["success"] is True


def test_secrets_stay_outside_the_image_and_the_context(box: Subject) -> None:
    """In a file for its owner only, which the container sees; kept when this machine has none."""
    place = Path(box.settings["ssh.remote_dir"])
    with box.settled(box.cloud_yaml + "secrets: [MY_TOKEN]\n"):
        given = box.operator.run("deploy", MY_TOKEN="it's a $ecret")
        kept = box.operator.run("deploy").json
        seen = box.operator.run("exec", 'test "$MY_TOKEN" = "it\'s a \\$ecret" && echo same').stdout

    file = place / "secrets" / ".env"
    inspected = docker("inspect", container(box)) + docker(
        "history", "--no-trunc", json.loads(docker("inspect", container(box)))[0]["Image"]
    )
    assert given.json["secrets"] == [{"name": "MY_TOKEN", "status": "set"}]
    assert (kept["secrets"], kept["no_op"]) == ([{"name": "MY_TOKEN", "status": "kept"}], True)
    assert seen == "same\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "$ecret" not in inspected + given.stdout + given.stderr
    found = ["grep", "--recursive", "--files-with-matches", "ecret", str(place / "context")]
    assert "it's a" not in subprocess.run(found, capture_output=True, text=True, check=False).stdout


DENIED = "#!/bin/sh\necho 'permission denied while trying to connect' >&2\nexit 1\n"
STOPPED = "#!/bin/sh\necho 'Is the docker daemon running?' >&2\nexit 1\n"
TOOLS = ("sh", "mkdir", "rm", "cat", "head", "wc", "dd", "setsid", "sleep", "id", "ls", "dirname")


@pytest.mark.parametrize(
    ("program", "words"),
    [("", "no Docker"), (DENIED, "may not talk to Docker"), (STOPPED, "Is the docker daemon")],
    ids=["no docker", "no permission", "not running"],
)
def test_a_host_without_docker_is_told(
    subject: Subject, tmp_path: Path, program: str, words: str
) -> None:
    """Each with the command that helps, and nothing is touched."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(str(shutil.which(name)))
    if program:
        (folder / "docker").write_text(program)
        (folder / "docker").chmod(0o755)
    login = f'PATH={folder}; export PATH; exec sh -c "$SSH_ORIGINAL_COMMAND"'

    with sshd(tmp_path / "sshd", login=login) as server, subject.settled(behind(subject, server)):
        said = subject.operator.run("deploy", code=1).json

    assert said["error"] == "provider_unavailable"
    assert words in said["message"]
    assert "`" in said["hint"] or "https://" in said["hint"]


def behind(subject: Subject, server: Sshd) -> str:
    """Return the cloud.yaml of the same box behind another server."""
    text = subject.cloud_yaml.replace(
        f"port: {subject.settings['ssh.port']}", f"port: {server.port}"
    )
    return text.replace(
        str(subject.settings["ssh.identity_file"]), str(server.folder / "client_key")
    )


def test_a_host_that_does_not_answer_is_told(subject: Subject) -> None:
    """Unreachable, by address; nothing is known to have happened."""
    port = free_port()
    text = subject.cloud_yaml.replace(f"port: {subject.settings['ssh.port']}", f"port: {port}")

    with subject.settled(text):
        said = subject.operator.run("deploy", code=4).json

    assert said["error"] == "unreachable"
    assert str(port) in said["message"]
    assert said["hint"]


def test_a_host_key_that_changed_is_refused(subject: Subject, tmp_path: Path) -> None:
    """Nothing is sent, and the command that forgets the old key is told."""
    with sshd(tmp_path / "sshd") as server, subject.settled(behind(subject, server)):
        subject.operator.run("status", code=None)
        server.change_host_key()
        said = subject.operator.run("deploy", code=4).json

    assert said["error"] == "unreachable"
    assert "Nothing was sent" in said["message"]
    assert "ssh-keygen" in said["hint"]


def test_a_second_box_on_the_host_needs_names_of_its_own(box: Subject) -> None:
    """Another cloud.yaml with the same container is refused with what to set."""
    with box.somebody_else() as other:
        said = other.run("deploy", code=1).json

    assert said["error"] == "foreign_box"
    assert "ssh.container" in said["hint"]


def test_the_quickstart_is_the_same_there(box: Subject, tmp_path: Path) -> None:
    """Three milestones, each on its branch, and the program that they make, as on this machine."""
    examples = house() / "examples"
    served = box.operator.folder.parent / "git"
    words = [sys.executable, str(examples / "quickstart/prepare.py"), str(served / "receipts.git")]
    subprocess.run(words, check=True, capture_output=True)
    app = str(box.settings["repo.url"])
    box.operator.run("destroy", "--yes")

    with box.settled(box.cloud_yaml.replace(app, app.replace("app.git", "receipts.git"))):
        box.operator.run("deploy")
        chain = ["chain", "--spec", str(examples / "quickstart/chain.yaml"), "--wait"]
        done = box.operator.run(*chain)
        status = box.operator.run("status", "--chain").json
        box.operator.run("destroy", "--yes")

    heads = git(served / "receipts.git", "branch", "--list", "quickstart/*", "--format=%(refname)")
    log = git(served / "receipts.git", "log", "--format=%s", "main..quickstart/m3-command")
    assert done.code == 0
    assert status["summary"]["completed"] == ["m1", "m2", "m3"]
    assert len(heads.splitlines()) == 3
    assert log.splitlines() == [
        "m3: Print the summary from the command line",
        "m2: Summarise a receipt by category",
        "m1: Work out the VAT of a receipt",
    ]
