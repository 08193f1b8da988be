"""The subjects that this machine can give by itself, one for each provider that CI proves."""

import getpass
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from megaplan_cloud.house import house
from tests.conformance.subject import Spoilt, Subject
from tests.support.boxes import docker, git_server, local_box
from tests.support.boxes import keep_layers as keep_box
from tests.support.compose import compose_environment
from tests.support.containers import DEBIAN, debian_image, need_engine
from tests.support.need import need
from tests.support.operator import Operator, make_repository
from tests.support.relay import TcpRelay
from tests.support.sshd import free_port, sshd

Maker = Callable[[Path], AbstractContextManager[Subject]]


@contextmanager
def described(cloud_yaml: Path, folder: Path) -> Iterator[Subject]:
    """Give the subject that a cloud.yaml describes, in a folder of its own: a box of its own."""
    person = operator(folder)
    person.settle(cloud_yaml.read_text(encoding="utf-8"))
    roles = cloud_yaml.resolve().parent / "roles"
    if roles.is_dir():
        shutil.copytree(roles, person.folder / "roles")
    given = Operator(Path.home(), person.folder, patience=1800)
    yield from _until_destroyed(Subject(provider="", operator=given))


@contextmanager
def process(folder: Path) -> Iterator[Subject]:
    """Give a box on this machine."""
    need("tmux", "git")
    person = operator(folder)
    repository = make_repository(folder / "app.git", {"README.md": "An app.\n"})
    place = folder / "box"
    person.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: {place}}}\n")

    def left() -> list[str]:
        return [str(place)] if place.exists() else []

    yield from _until_destroyed(Subject(provider="process", operator=person, left=left))


@contextmanager
def local(folder: Path, compose: str) -> Iterator[Subject]:
    """Give a box in a container on this machine, kept by `compose`."""
    need_engine()
    with (
        patch.dict(os.environ, compose_environment(compose, folder)),
        local_box(folder) as box,
        git_server(folder) as address,
    ):
        make_repository(folder / "app.git", {"README.md": "An app.\n"})
        box.settle(f"{address}/app.git")
        nobody = Spoilt(
            cloud_yaml=person_text(box.operator), environment={"DOCKER_HOST": "tcp://127.0.0.1:1"}
        )
        left = box.leftovers
        yield from _until_destroyed(
            Subject(
                provider="local",
                operator=box.operator,
                left=lambda: [*left(), *([str(box.volume)] if box.volume.exists() else [])],
                keep=lambda: keep_box(box),
                spoilt=nobody,
            )
        )


@contextmanager
def ssh(folder: Path) -> Iterator[Subject]:
    """Give a box on a Docker host behind an sshd of this machine, with a relay between."""
    debian_image()
    person = operator(folder)
    make_repository(folder / "git" / "app.git", {"README.md": "An app.\n"})
    name, place = f"mpt-{uuid.uuid4().hex[:8]}", folder / "host"
    with (
        sshd(folder / "sshd") as server,
        TcpRelay(server.port) as relay,
        git_server(folder / "git") as address,
    ):
        (person.home / ".ssh").mkdir()
        shutil.copy(server.folder / "ssh_config", person.home / ".ssh" / "config")
        text = SSH.format(
            url=f"{address}/app.git",
            user=getpass.getuser(),
            port=relay.port,
            key=server.folder / "client_key",
            name=name,
            place=place,
            base=DEBIAN,
            health=free_port(),
        )
        person.settle(text)
        wrong = server.folder / "wrong_key"
        keygen(wrong)
        subject = Subject(
            provider="ssh",
            operator=person,
            relay=relay,
            spoilt=Spoilt(cloud_yaml=text.replace(str(server.folder / "client_key"), str(wrong))),
        )
        label = f"cloud.megaplan.box={subject.settings['box.name']}"
        subject = replace(
            subject,
            left=lambda: [*labelled(label), *([str(place)] if place.exists() else [])],
            keep=lambda: keep_layers(label),
        )
        yield from _until_destroyed(subject)


SSH = """\
provider: ssh
repo: {{url: '{url}'}}
ssh:
  host: 127.0.0.1
  user: {user}
  port: {port}
  identity_file: {key}
  container: {name}
  remote_dir: {place}
image: {{base: '{base}', agents: []}}
resources: {{volume: {name}, port: {health}}}
"""
WARM = "megaplan-test/kit:1"


@contextmanager
def written(folder: Path) -> Iterator[Subject]:
    """Give a box of the provider that docs/writing-a-provider.md writes, word by word."""
    debian_image()
    need("docker")
    person = operator(folder)
    make_repository(folder / "git" / "app.git", {"README.md": "An app.\n"})
    for name, text in files_of(house() / "docs" / "writing-a-provider.md"):
        (person.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (person.folder / name).write_text(text, encoding="utf-8")
    text = (person.folder / "cloud.yaml").read_text(encoding="utf-8")
    with git_server(folder / "git") as address:
        person.settle(
            text.replace("https://github.com/org/app.git", f"'{address}/app.git'")
            + f"plain: {{container: mpt-{uuid.uuid4().hex[:8]}}}\n"
            + f"image: {{base: '{DEBIAN}', agents: []}}\nresources: {{port: {free_port()}}}\n"
        )
        nobody = Spoilt(
            cloud_yaml=person_text(person), environment={"DOCKER_HOST": "tcp://127.0.0.1:1"}
        )
        subject = Subject(provider="plain", operator=person, spoilt=nobody)
        label = f"cloud.megaplan.box={subject.settings['box.name']}"
        place = Path(subject.settings["box.deploy_dir"])
        yield from _until_destroyed(
            replace(
                subject,
                left=lambda: [*labelled(label), *([str(place)] if place.exists() else [])],
                keep=lambda: keep_layers(label),
            )
        )


def files_of(page: Path) -> list[tuple[str, str]]:
    """Return the files that a page of the docs has written out: their names and texts."""
    found = re.findall(
        r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    return [(name, text) for name, text in found]


def person_text(person: Operator) -> str:
    """Return the text of somebody's cloud.yaml."""
    return (person.folder / "cloud.yaml").read_text(encoding="utf-8")


SUBJECTS: dict[str, Maker] = {
    "process": process,
    "local": partial(local, compose="docker compose"),
    "local-old": partial(local, compose="docker-compose"),
    "ssh": ssh,
    "plain": written,
}


def labelled(label: str) -> list[str]:
    """Return the containers, the volumes and the images of Docker that have a label."""
    wanted = f"label={label}"
    names = [
        *docker("ps", "--all", "--quiet", "--filter", wanted).split(),
        *docker("volume", "ls", "--quiet", "--filter", wanted).split(),
        *docker("image", "ls", "--filter", wanted, "--format", "{{.Repository}}:{{.Tag}}").split(),
    ]
    return [name for name in names if not name.startswith("megaplan-test/")]


def keep_layers(label: str) -> None:
    """Keep the layers of a box's image under a name of the tests, lest each test makes them.

    The image that keeps them has another label: the box's own is looked for by a destroy.
    """
    for image in docker("image", "ls", "--quiet", "--filter", f"label={label}").split()[:1]:
        subprocess.run(
            ["docker", "build", "--quiet", f"--tag={WARM}", "-"],
            input=f"FROM {image}\nLABEL cloud.megaplan.box=kit\n".encode(),
            capture_output=True,
            check=True,
            timeout=60,
        )


def keygen(file: Path) -> None:
    """Make a key that no server knows."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
    subprocess.run(words, check=True, timeout=30)


def operator(folder: Path, patience: float = 600) -> Operator:
    """Return somebody with an empty home and an empty folder."""
    home, work = folder / "home", folder / "work"
    home.mkdir(parents=True)
    work.mkdir()
    return Operator(home, work, patience)


def _until_destroyed(subject: Subject) -> Iterator[Subject]:
    """Yield the subject, and destroy whatever box is left."""
    try:
        yield subject
    finally:
        subject.operator.run("destroy", "--yes", code=None)
