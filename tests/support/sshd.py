"""A throwaway sshd on a free port of this machine, with keys and configuration of its own."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.engine.inventory import Place
from tests.support.need import lacking

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel ERROR
MaxStartups 100
"""


@dataclass
class Sshd:
    """A running server; `folder` holds its files and the client's."""

    folder: Path
    port: int
    extra: str
    process: subprocess.Popen[bytes]

    def place(self, *, port: int | None = None, keep_alive: float = 15.0) -> Place:
        """Return how to reach it, at another port through a relay."""
        return Place(
            address="127.0.0.1",
            port=port or self.port,
            identity_file=str(self.folder / "client_key"),
            config=str(self.folder / "ssh_config"),
            connect_timeout=5,
            keep_alive=keep_alive,
        )

    def known_hosts(self) -> Path:
        """Return the file where the client keeps the keys of servers."""
        return self.folder / "known_hosts"

    def change_host_key(self) -> None:
        """Give the server another identity, and start it again with it."""
        self.stop()
        (self.folder / "host_key").unlink()
        _keygen(self.folder / "host_key")
        self.process = _start(self.folder, self.port)

    def sessions(self) -> list[int]:
        """Return the processes that serve connections."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in children.read_text(encoding="ascii").split()]

    def kill_sessions(self) -> None:
        """Kill what serves connections, at once and without a word."""
        for pid in self.sessions():
            for child in _children(pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server and every connection."""
        self.kill_sessions()
        self.process.kill()
        self.process.wait()


@contextmanager
def sshd(folder: Path, extra: str = "", login: str = "") -> Iterator[Sshd]:
    """Give a running server. `login` is a shell command that gets what the client asked for.

    It stands for the user's login shell and its files: `bash -c "$SSH_ORIGINAL_COMMAND"`.
    """
    program = _program()
    folder.mkdir(parents=True, exist_ok=True)
    _keygen(folder / "host_key")
    _keygen(folder / "client_key")
    shutil.copy(folder / "client_key.pub", folder / "authorized_keys")
    (folder / "ssh_config").write_text(
        f"Host *\n  UserKnownHostsFile {folder}/known_hosts\n  IdentitiesOnly yes\n",
        encoding="utf-8",
    )
    if login:
        script = folder / "login"
        script.write_text(f"#!/bin/sh\n{login}\n", encoding="utf-8")
        script.chmod(0o755)
        extra += f"\nForceCommand {shlex.quote(str(script))}"
    port = free_port()
    text = CONFIG.format(port=port, folder=folder) + extra + "\n"
    (folder / "sshd_config").write_text(text, encoding="utf-8")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = Sshd(folder, port, extra, _start(folder, port, program))
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _program() -> str:
    found = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found:
        lacking("needs sshd (package openssh-server)")
    return str(found)


def _keygen(file: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True, timeout=30
    )


def _start(folder: Path, port: int, program: str | None = None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [program or _program(), "-D", "-e", "-f", folder / "sshd_config"],
        stdin=subprocess.DEVNULL,
        stderr=(folder / "log").open("ab"),
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        os.sched_yield()
    raise RuntimeError((folder / "log").read_text(encoding="utf-8"))


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [int(word) for word in words] + [
            deep for word in words for deep in _children(int(word))
        ]
    return []
