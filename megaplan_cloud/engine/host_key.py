"""Host keys: known ones must match, new ones are accepted once and recorded, as ssh can do."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.hostkeys import HostKeyEntry

from megaplan_cloud.engine.errors import ConnectionFailed

SYSTEM = Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The files of known host keys, the first of which learns new ones unless `strict`."""

    files: tuple[Path, ...]
    strict: bool = False

    @classmethod
    def of(cls, ssh_config: Mapping[str, str]) -> "HostKeys":
        """Return what `UserKnownHostsFile` and `StrictHostKeyChecking` of a host say."""
        named = ssh_config.get("userknownhostsfile", "~/.ssh/known_hosts")
        names = ("/dev/null" if name == "none" else name for name in shlex.split(named))
        files = tuple(Path(name).expanduser() for name in names)
        return cls(files, ssh_config.get("stricthostkeychecking", "").lower() == "yes")

    def apply(self, client: paramiko.SSHClient) -> None:
        """Make `client` check the key of its server against these files."""
        for file in (*self.files, SYSTEM):
            if file.is_file():
                client.load_system_host_keys(str(file))
        client.set_missing_host_key_policy(
            paramiko.RejectPolicy() if self.strict else RecordNewKey(self.files[0])
        )

    def changed(
        self, host: str, port: int, error: paramiko.BadHostKeyException
    ) -> ConnectionFailed:
        """Return the error that a changed key is, with the command that forgets the old one."""
        name = host if int(port) == paramiko.config.SSH_PORT else f"[{host}]:{port}"
        file = next((file for file in self.files if _knows(file, name)), SYSTEM)
        got = error.key.fingerprint
        return ConnectionFailed(
            f"The host key of {name} is not the one in {file}; it now shows {got}. "
            "Nothing was sent.",
            hint="Someone may be listening in. If the host was made anew, forget its old key: "
            f"`ssh-keygen -f {shlex.quote(str(file))} -R {shlex.quote(name)}`",
        )


class RecordNewKey(paramiko.MissingHostKeyPolicy):
    """Accepts a host that was never seen, and records its key so that it must be the same next."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - paramiko's signature
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Append the key to the file; made with mode 0600 if it is not there."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = HostKeyEntry([hostname], key).to_line() or ""
        # One small append: connections made at the same time do not mix their lines.
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def _knows(file: Path, name: str) -> bool:
    return file.is_file() and paramiko.HostKeys(str(file)).lookup(name) is not None
