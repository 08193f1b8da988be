"""A site: a link with a throwaway sshd at its end, and the files that every client needs."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.link import Link

SERVER = """
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel ERROR
MaxStartups 200
MaxSessions 200
Subsystem sftp internal-sftp
SetEnv HOME={home}
"""
CLIENT = """
Host {names}
  HostName {address}
  Port {port}
  User {user}
  IdentityFile {folder}/client_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking accept-new
  LogLevel ERROR
"""
PORT = 2222
TREE = Path(__file__).resolve().parent.parent
HOSTS = tuple(f"h{number:02}" for number in range(1, 41))


@dataclass(frozen=True, slots=True)
class Site:
    """Forty names for one server, `folder` with the keys and `config` of its clients."""

    link: Link
    folder: Path
    port: int
    env: Mapping[str, str]

    @property
    def config(self) -> Path:
        """Return the ssh configuration in which every host stands."""
        return self.folder / "ssh_config"

    def ssh(self, host: str = HOSTS[0]) -> tuple[str, ...]:
        """Return the words that run a command at a host with OpenSSH."""
        return (*self.link.near, "ssh", "-F", str(self.config), host)

    def python(self, *words: str) -> tuple[str, ...]:
        """Return the words that run one of our environment's programs at the near end."""
        return (*self.link.near, sys.executable, *words)


@contextmanager
def site(link: Link, folder: Path, login: str = "") -> Iterator[Site]:
    """Give a site whose user has an empty home, or one with `login` as its `.bashrc`."""
    home, client = folder / "home", folder / "client"
    for each in (home, client):
        each.mkdir(parents=True)
    if login:
        (home / ".bashrc").write_text(login, encoding="utf-8")
    for key in ("host_key", "client_key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(words, check=True, timeout=30)
    shutil.copy(folder / "client_key.pub", folder / "authorized_keys")
    port = PORT if link.far else _free_port()
    names = {"folder": folder, "address": link.address, "port": port, "home": home}
    (folder / "sshd_config").write_text(SERVER.format(**names), encoding="utf-8")
    user = os.environ.get("USER") or "root"
    names |= {"names": " ".join(HOSTS), "user": user}
    (folder / "ssh_config").write_text(CLIENT.format(**names), encoding="utf-8")
    with _serving(link, folder, port):
        yield Site(link, folder, port, _environment(client))


def _environment(home: Path) -> dict[str, str]:
    """Return the variables of every client: a home of its own, and byte code kept as always."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "USER") if key in os.environ}
    ansible = {"ANSIBLE_PIPELINING": "1", "ANSIBLE_HOST_KEY_CHECKING": "0", "ANSIBLE_FORKS": "20"}
    # This very tree is measured, whatever is installed.
    return {"LANG": "C.UTF-8", **kept, **ansible, "HOME": str(home), "PYTHONPATH": str(TREE)}


@contextmanager
def _serving(link: Link, folder: Path, port: int) -> Iterator[None]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    words = [*link.far, str(program), "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log, cwd="/")
    try:
        _await(link, port, server)
        yield
    finally:
        server.terminate()
        server.wait()


def _await(link: Link, port: int, server: subprocess.Popen[bytes]) -> None:
    test = f"import socket; socket.create_connection(('{link.address}', {port}), 2)"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(subprocess.CalledProcessError):
            words = [*link.near, sys.executable, "-c", test]
            subprocess.run(words, check=True, stderr=subprocess.DEVNULL, timeout=20)
            return
    raise RuntimeError(f"no sshd listens on {link.address}:{port}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
