"""A box in a container on this machine: real Docker, real compose, real tmux and git."""

import hashlib
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.boxes import LocalBox, docker, free_port, git_server, local_box
from tests.support.need import need
from tests.support.operator import PROGRAM, make_repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalBox]:
    """Give a box that is not deployed yet; nothing of it is left afterwards."""
    with local_box(tmp_path) as one:
        yield one


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Give the address of a repository that containers can reach."""
    need("git")
    make_repository(tmp_path / "app.git", {"README.md": "An app.\n"})
    with git_server(tmp_path) as server:
        yield f"{server}/app.git"


def test_a_box_lives_from_deploy_to_destroy(box: LocalBox, url: str) -> None:
    """Deploy, deploy again, down, deploy, another port, destroy: each what it says and no more."""
    run = box.operator.run
    box.settle(url)

    first = run("deploy").json
    container = box.containers()
    again = run("deploy").json
    same = box.containers()
    ran = run("exec", "echo out; echo err >&2; echo work > /workspace/kept; exit 7", code=7)
    log = run("logs", "--no-follow").stdout
    down, twice = run("down").json, run("down").json
    refused = run("exec", "true", code=4).json
    back = run("deploy").json
    kept = run("exec", "cat /workspace/kept").stdout
    box.settle(url, port=free_port())
    moved = run("deploy").json
    run("destroy", "--yes")

    assert (first["no_op"], first["repos"][0]["status"]) == (False, "present")
    assert (again["changed"], again["verdict"]) == ([], "deploy: no-op (nothing changed)")
    assert same == container
    assert (ran.stdout, ran.stderr) == ("out\n", "err\n")
    assert "[boot] boot is over" in log
    assert (down["no_op"], twice["no_op"]) == (False, True)
    assert (refused["message"].split(": ")[1], refused["hint"]) == (
        "The box is not running.",
        "Run `invoke deploy`.",
    )
    assert back["volume"]["id"] == moved["volume"]["id"] == first["volume"]["id"]
    assert kept == "work\n"
    assert moved["health"]["port"] != first["health"]["port"]
    assert box.leftovers() == []
    assert not box.deploy_dir.exists()
    assert not box.volume.exists()


def test_health_is_told_on_this_machine_only(box: LocalBox, url: str) -> None:
    """`/` says OK, `/health` each component; the port is the machine's own, not the network's."""
    box.settle(url)

    box.operator.run("deploy")

    with urllib.request.urlopen(f"http://127.0.0.1:{box.port}/health", timeout=5) as answer:
        state = json.load(answer)
    assert state["status"] == "ready"
    assert {"volume", "boot", "secrets", "git", "agent", "repo:app"} <= set(state["components"])
    [published] = box.inspected()["NetworkSettings"]["Ports"][f"{box.port}/tcp"]
    assert published["HostIp"] == "127.0.0.1"


def test_a_box_boots_by_itself(box: LocalBox, url: str) -> None:
    """After a reboot the box is as a deploy left it, and the next deploy has nothing to do."""
    box.settle(url)
    box.operator.run("deploy")
    [container] = box.containers()

    docker("restart", container)
    again = box.operator.run("deploy").json

    assert again["changed"] == []
    assert box.containers() == [container]
    assert box.operator.run("exec", "tmux list-sessions -F '#{session_name}'").stdout == "agent\n"


def test_a_rehearsal_makes_nothing(box: LocalBox, url: str) -> None:
    """`--check` on a machine without the box leaves no file, image or container."""
    box.settle(url)

    said = box.operator.run("deploy", "--check").json

    assert (said["check"], said["no_op"]) == (True, False)
    assert box.leftovers() == []
    assert not (box.operator.home / ".megaplan").exists()


def test_a_deploy_that_fails_leaves_the_box_as_it_was(box: LocalBox, url: str) -> None:
    """An image that cannot be built, one that does not boot, a taken port: all told apart."""
    run = box.operator.run
    box.settle(url)
    run("deploy")
    run("exec", "echo work > /workspace/kept")
    before = box.inspected()

    box.settle(url, "toolchains: [{name: broken, install: 'RUN echo no compiler >&2; exit 3'}]\n")
    unbuilt = run("deploy", code=1).json
    untouched = box.inspected()
    ends = "RUN printf '#!/bin/sh\\necho cannot begin; exit 7\\n' > /usr/bin/tini"
    box.settle(url, f"toolchains: [{{name: broken, install: {json.dumps(ends)}}}]\n")
    ended = run("deploy", code=1).json
    with socket.create_server(("127.0.0.1", 0)) as server:
        box.settle(url, port=server.getsockname()[1])
        taken = run("deploy", code=1).json
    after = box.inspected()

    assert unbuilt["error"] == "image_build_failed"
    assert untouched["Id"] == before["Id"]
    assert untouched["State"]["StartedAt"] == before["State"]["StartedAt"]
    assert ended["error"] == "box_unhealthy"
    assert "exit code 7" in ended["message"]
    assert "cannot begin" in str(ended["details"]["log_tail"])
    assert "runs again" in ended["hint"]
    assert taken["error"] == "port_taken"
    assert after["Config"]["Image"] == before["Config"]["Image"]
    box.settle(url)
    assert run("deploy").json["volume"]["status"] == "ours"
    assert run("exec", "cat /workspace/kept").stdout == "work\n"


def test_a_first_deploy_that_fails_leaves_no_container(box: LocalBox, url: str) -> None:
    """There is nothing to go back to, so nothing is left."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        box.settle(url, port=server.getsockname()[1])

        taken = box.operator.run("deploy", code=1).json

    assert taken["error"] == "port_taken"
    assert box.containers("--all") == []


def test_a_clone_that_fails_does_not_keep_the_box_from_booting(box: LocalBox, url: str) -> None:
    """The reason stands in the deploy's report and in /health; the next deploy repairs it."""
    missing = url.replace("app.git", "missing.git")
    box.settle(url, f"extra_repos: [{{url: '{missing}', workspace: /workspace/other}}]\n")

    document = box.operator.run("deploy", code=1).json
    [container] = box.containers()
    docker("restart", container)
    again = box.operator.run("deploy", code=1).json

    assert [repo["status"] for repo in document["repos"]] == ["present", "failed"]
    assert document["health"]["status"] == again["health"]["status"] == "degraded"
    assert document["health"]["components"]["repo:missing"]["status"] == "degraded"
    assert box.inspected()["RestartCount"] == 0


def test_two_boxes_do_not_take_each_others_project_or_volume(
    box: LocalBox, url: str, tmp_path: Path
) -> None:
    """A project or a volume that belongs to another cloud.yaml is refused by name."""
    box.settle(url)
    box.operator.run("deploy")
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    with local_box(other_folder) as other:
        other.settle(url, project=box.project)
        project = other.operator.run("deploy", code=1).json
        destroyed = other.operator.run("destroy", "--yes", code=1).json
        other.operator.settle(
            f"provider: local\nrepo: {{url: '{url}'}}\n"
            "image: {base: 'megaplan-test/debian:1', agents: []}\n"
            f"local: {{compose_project: {other.project}, workdir: {box.volume}}}\n"
            f"resources: {{port: {other.port}}}\n"
        )
        volume = other.operator.run("deploy", code=1).json
        kept = other.operator.run("destroy", "--yes", code=1).json

    assert project["error"] == destroyed["error"] == "foreign_box"
    assert volume["error"] == kept["error"] == "foreign_volume"
    assert box.operator.run("exec", "echo alive").stdout == "alive\n"


def test_a_volume_that_is_gone_is_not_replaced_in_silence(box: LocalBox, url: str) -> None:
    """An empty directory in the place of the volume we know is an error."""
    box.settle(url)
    box.operator.run("deploy")
    box.operator.run("down")
    subprocess.run(["rm", "-r", str(box.volume)], check=True)

    said = box.operator.run("deploy", code=1).json

    assert said["error"] == "volume_lost"
    assert "destroy --yes" in said["hint"]


def test_secrets_reach_the_box_and_nothing_else(box: LocalBox, url: str) -> None:
    """Not argv, not the image, not the container's settings, not what is said; only a 0600 file."""
    sentinel = "s3ntinel'\"$(x) \n#end"
    box.settle(url, "secrets: [MY_TOKEN, GITHUB_TOKEN]\n")
    run = box.operator.run

    missing = run("deploy", code=1).json
    given = run("deploy", MY_TOKEN=sentinel, GITHUB_TOKEN="gh-s3ntinel-2")
    kept = run("deploy", MY_TOKEN="")
    [container] = box.containers()
    seen = run("exec", 'printf "%s" "$MY_TOKEN" | sha256sum', "--json").json
    credential = "printf 'protocol=https\\nhost=github.com\\n\\n' | git credential fill | sha256sum"
    asked = run("exec", credential, "--json").json
    said = given.stdout + given.stderr + kept.stdout + kept.stderr
    image = box.inspected()["Config"]["Image"]
    known = docker("inspect", container, image) + docker("logs", container)
    history = docker("history", "--no-trunc", image)

    assert missing["error"] == "missing_secrets"
    assert given.json["secrets"] == [
        {"name": "MY_TOKEN", "status": "set"},
        {"name": "GITHUB_TOKEN", "status": "set"},
    ]
    assert {each["status"] for each in kept.json["secrets"]} == {"kept"}
    assert kept.json["no_op"] is True
    assert seen["stdout"].split()[0] == hashlib.sha256(sentinel.encode()).hexdigest()
    filled = "protocol=https\nhost=github.com\nusername=x-access-token\npassword=gh-s3ntinel-2\n"
    assert asked["stdout"].split()[0] == hashlib.sha256(filled.encode()).hexdigest()
    assert "s3ntinel" not in said + known + history
    file = box.deploy_dir / "secrets" / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    context = [path for path in (box.deploy_dir / "context").rglob("*") if path.is_file()]
    assert [path for path in context if b"s3ntinel" in path.read_bytes()] == []


def test_the_log_is_followed_across_a_restart(box: LocalBox, url: str) -> None:
    """`invoke logs` goes on with the box that comes back."""
    box.settle(url)
    box.operator.run("deploy")
    [container] = box.containers()
    follow = [sys.executable, "-c", PROGRAM, "logs"]
    environment = box.operator.environment
    follower = subprocess.Popen(
        follow, cwd=box.operator.folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert follower.stdout is not None

    seen = [next(line for line in follower.stdout if "boot is over" in line)]
    docker("restart", container)
    seen.append(next(line for line in follower.stdout if "boot is over" in line))
    follower.send_signal(signal.SIGINT)

    assert follower.wait(timeout=20) == 130
    assert seen == ["[boot] boot is over\n"] * 2
