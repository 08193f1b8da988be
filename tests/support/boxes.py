"""Boxes in containers for the tests, and repositories that containers can reach."""

import ipaddress
import json
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.containers import DEBIAN, debian_image
from tests.support.need import need
from tests.support.operator import Operator

# A first build installs the packages of the image; later ones find them in Docker's cache.
PATIENCE = 600
WARM = "megaplan-test/box:1"


@dataclass(frozen=True)
class LocalBox:
    """A box of `provider: local` and the operator to whom it belongs."""

    operator: Operator
    project: str
    port: int

    @property
    def deploy_dir(self) -> Path:
        """Return where the deploy keeps what it renders."""
        return self.operator.home / ".megaplan" / "cloud" / self.project

    @property
    def volume(self) -> Path:
        """Return the volume, as this machine sees it."""
        return self.operator.home / ".megaplan" / "volumes" / self.project / "workspace"

    def settle(self, url: str, more: str = "", *, port: int = 0, project: str = "") -> None:
        """Write the cloud.yaml; `more` are further lines of it."""
        self.operator.settle(
            f"provider: local\nrepo: {{url: '{url}'}}\n"
            f"image: {{base: '{DEBIAN}', agents: []}}\n"
            f"local: {{compose_project: {project or self.project}}}\n"
            f"resources: {{port: {port or self.port}}}\n{more}"
        )

    def containers(self, *options: str) -> list[str]:
        """Return the containers of the project, each by its number."""
        label = f"label=com.docker.compose.project={self.project}"
        return docker("ps", "--quiet", "--no-trunc", "--filter", label, *options).split()

    def leftovers(self) -> list[str]:
        """Return what Docker still has of the project."""
        label = f"label=com.docker.compose.project={self.project}"
        return [
            *self.containers("--all"),
            *docker("network", "ls", "--quiet", "--filter", label).split(),
            *docker("volume", "ls", "--quiet", "--filter", label).split(),
            *self.images(),
        ]

    def images(self) -> list[str]:
        """Return the names of the images of the project."""
        name = f"megaplan-cloud-{self.project}"
        return docker("image", "ls", name, "--format", "{{.Repository}}:{{.Tag}}").split()

    def inspected(self) -> dict[str, Any]:
        """Return what Docker says of the one container that runs."""
        [container] = self.containers()
        [found] = json.loads(docker("inspect", container))
        return dict(found)


def docker(*words: str) -> str:
    """Run docker; return what it prints."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


@contextmanager
def local_box(folder: Path) -> Iterator[LocalBox]:
    """Give an operator with an empty home and a project of a name that nobody has."""
    debian_image()
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    box = LocalBox(Operator(home, work, PATIENCE), f"mpt-{uuid.uuid4().hex[:8]}", free_port())
    try:
        yield box
    finally:
        keep_layers(box)
        box.operator.run("destroy", "--yes", code=None)
        # Where the test made its destroy be refused.
        for container in box.containers("--all"):
            docker("rm", "--force", "--volumes", container)
        for image in box.images():
            docker("image", "rm", image)


def keep_layers(box: LocalBox) -> None:
    """Keep the layers of an image under a name and a label of the tests.

    Otherwise destroying the box would empty Docker's cache, and each test fill it anew.
    """
    before = docker("image", "ls", "--quiet", WARM).split()
    for image in box.images()[:1]:
        subprocess.run(
            ["docker", "build", "--quiet", f"--tag={WARM}", "-"],
            input=f"FROM {image}\nLABEL cloud.megaplan.box=test\n".encode(),
            capture_output=True,
            check=True,
            timeout=60,
        )
    for image in set(before) - set(docker("image", "ls", "--quiet", WARM).split()):
        # Another test may have built on it meanwhile.
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)


def free_port() -> int:
    """Return a port of this machine that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def git_server(folder: Path) -> Iterator[str]:
    """Serve the bare repositories of a folder to containers, pushes too; give the address."""
    need("git")
    bridge = bridge_address()
    with socket.create_server((bridge, 0)) as server:
        port = server.getsockname()[1]
    words = ["--reuseaddr", "--export-all", "--enable=receive-pack", f"--base-path={folder}"]
    daemon = subprocess.Popen(
        ["git", "daemon", *words, f"--listen={bridge}", f"--port={port}", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(bridge, port)
        yield f"git://{bridge}:{port}"
    finally:
        daemon.terminate()
        daemon.wait()


def bridge_address() -> str:
    """Return the address of this machine on Docker's own bridge."""
    [bridge] = json.loads(docker("network", "inspect", "bridge"))
    subnet = ipaddress.ip_network(bridge["IPAM"]["Config"][0]["Subnet"])
    return str(next(subnet.hosts()))


def await_port(host: str, port: int, seconds: float = 10) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {host}:{port}")
