"""What this machine may lack: each lack has its own message, and nothing is touched."""

from pathlib import Path

import pytest

from tests.support.operator import Operator

NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."
DENIED = "permission denied while trying to connect to the Docker daemon socket"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Give an operator with a cloud.yaml and an empty home."""
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    person = Operator(home, folder)
    person.settle("provider: local\nrepo: {url: https://example.org/app.git}\n")
    return person


def path_with(folder: Path, **scripts: str) -> str:
    """Return a PATH with the everyday commands, and with these scripts in the place of others."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    everyday = {path.name: path for place in ("/usr/bin", "/bin") for path in Path(place).iterdir()}
    for name, path in everyday.items():
        if not name.startswith("docker"):
            (bin_folder / name).symlink_to(path)
    for name, script in scripts.items():
        place = bin_folder / name.replace("_", "-")
        place.unlink(missing_ok=True)
        place.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        place.chmod(0o755)
    return str(bin_folder)


def refusal(operator: Operator, path: str) -> tuple[str, str, str]:
    """Return the code, the message and the hint with which a deploy is refused."""
    said = operator.run("deploy", code=1, PATH=path).json
    assert not (operator.home / ".megaplan" / "cloud" / "megaplan-cloud").exists()
    return said["error"], said["message"], said["hint"]


def test_docker_is_not_installed(operator: Operator, tmp_path: Path) -> None:
    """The message says what is missing and where to get it."""
    error, message, hint = refusal(operator, path_with(tmp_path))

    assert (error, message) == ("provider_unavailable", "Missing required CLI 'docker'.")
    assert "docs.docker.com/get-docker" in hint


def test_the_daemon_does_not_run(operator: Operator, tmp_path: Path) -> None:
    """Docker is there and does not answer: start it."""
    path = path_with(tmp_path, docker=f"echo '{NO_DAEMON}' >&2; exit 1")

    error, message, hint = refusal(operator, path)

    assert error == "provider_unavailable"
    assert message == f"Docker does not answer: {NO_DAEMON}"
    assert hint.startswith("Start it")


def test_docker_denies_us(operator: Operator, tmp_path: Path) -> None:
    """The user is not in Docker's group: say how to get there."""
    path = path_with(tmp_path, docker=f"echo '{DENIED}' >&2; exit 1")

    error, message, hint = refusal(operator, path)

    assert error == "provider_unavailable"
    assert message.startswith("This user may not talk to Docker")
    assert "usermod" in hint


def test_there_is_no_compose(operator: Operator, tmp_path: Path) -> None:
    """Neither the new one nor the old one: where to get it."""
    path = path_with(tmp_path, docker='case "$1" in compose) exit 1 ;; version) echo 1 ;; esac')

    error, message, hint = refusal(operator, path)

    assert error == "provider_unavailable"
    assert message == "Neither `docker compose` nor `docker-compose` is here."
    assert "compose/install" in hint


def test_the_disk_is_full(operator: Operator, tmp_path: Path) -> None:
    """A build that ends for want of room says so, and how to see what takes it."""
    docker = """case "$1 $2" in
    "compose version") ;;
    "version --format") echo 28 ;;
    "image inspect") exit 1 ;;
    build*) echo 'write /var/lib/docker/x: no space left on device' >&2; exit 1 ;;
    esac"""

    said = operator.run("deploy", code=1, PATH=path_with(tmp_path, docker=docker)).json

    assert said["error"] == "image_build_failed"
    assert said["message"].startswith("The disk is full: write /var/lib/docker/x: no space left")
    assert "docker system df" in said["hint"]
