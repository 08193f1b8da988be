"""Channels over ssh: Fabric connects as `~/.ssh/config` says, and the link is watched."""

import logging
import select
import shlex
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread, Timer

import fabric
import paramiko

from megaplan_cloud.engine.channel import BLOCK, Block, Feeder
from megaplan_cloud.engine.errors import ConnectionFailed
from megaplan_cloud.engine.host_key import HostKeys
from megaplan_cloud.engine.terminal import join_terminal

# Without a handler, paramiko's errors would be printed beside ours.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAddress:
    """Who and where; what is left empty is taken from the ssh configuration.

    `config` is an ssh configuration file to use instead of the user's. `keep_alive` is how many
    seconds pass between two signs of life, of which `misses` may be missed.
    """

    host: str
    user: str = ""
    port: int | None = None
    identity_file: str = ""
    config: str = ""
    connect_timeout: float = 15.0
    keep_alive: float = 15.0
    misses: int = 3


class SshTransport:
    """Opens channels over one ssh connection, and over a second where a server allows one each."""

    def __init__(self, address: SshAddress) -> None:
        self._address = address
        self._connections: list[fabric.Connection] = []
        self._stop = Event()
        self._lock = Lock()

    def open(self, words: Sequence[str]) -> "SshChannel":
        """Run `words` there. `exec` spares the login shell, in whatever language it speaks."""
        session = self._session()
        try:
            session.exec_command(f"exec {shlex.join(words)}")
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise _refused(self._address, error) from error
        return SshChannel(session)

    def attach(self, words: Sequence[str]) -> int:
        """Give this terminal to `words` there, through a pty; return the exit code."""
        session = self._session()
        try:
            return join_terminal(session, f"exec {shlex.join(words)}")
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise _refused(self._address, error) from error
        finally:
            session.close()

    def close(self) -> None:
        """Close the connection; the next channel opens it anew."""
        self._stop.set()
        connections, self._connections = self._connections, []
        for connection in connections:
            with suppress(EOFError, OSError):
                _wake(connection)
                connection.close()

    def _session(self) -> paramiko.Channel:
        with self._lock:
            for connection in tuple(self._connections):
                try:
                    return self._channel(connection)
                except paramiko.ChannelException:
                    continue  # the server allows no more sessions on this one
                except (paramiko.SSHException, EOFError, OSError):
                    self._connections.remove(connection)
            connection = self._connect()
            self._connections.append(connection)
            try:
                return self._channel(connection)
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise _refused(self._address, error) from error

    def _channel(self, connection: fabric.Connection) -> paramiko.Channel:
        return _transport(connection).open_session(timeout=self._address.connect_timeout)

    def _connect(self) -> fabric.Connection:
        self._stop.clear()
        connection = _described(self._address)
        _open(connection, self._address)
        transport = _transport(connection)
        watch = (transport, self._stop, self._address.keep_alive, self._address.misses)
        Thread(target=keep_alive, args=watch, name="ssh-keep-alive", daemon=True).start()
        return connection


class SshChannel:
    """A channel to one program over ssh."""

    def __init__(self, session: paramiko.Channel) -> None:
        self._session = session
        self._poll = select.poll()
        self._poll.register(session.fileno(), select.POLLIN)
        self._feeder = Feeder(self)

    def feed(self, blocks: Iterable[bytes], *, last: bool = False) -> None:
        """Send `blocks` in the background, in order; with `last`, end the program's stdin then."""
        self._feeder.feed(blocks, last=last)

    def write(self, data: bytes) -> None:
        """Write all of `data` to the program's stdin."""
        self._session.sendall(data)

    def finish(self) -> None:
        """End the program's stdin."""
        self._session.shutdown_write()

    def read(self, timeout: float | None) -> Block:
        """Return what comes next; raises TimeoutError when nothing does for `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            # Errors explain what the output's end means, so they are read before it.
            if self._session.recv_stderr_ready():
                return Block(self._session.recv_stderr(BLOCK), is_error=True)
            if self._session.recv_ready() or self._session.closed or self._session.eof_received:
                return Block(self._session.recv(BLOCK))
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            if not self._poll.poll(left):
                raise TimeoutError

    def ending(self) -> int | None:
        """Return the program's exit code, None if the server did not say."""
        self._session.status_event.wait(1)
        code = self._session.exit_status if self._session.exit_status_ready() else -1
        return code if code >= 0 else None

    def close(self) -> None:
        """Close the channel; the program reads the end of its input."""
        self._feeder.stop()
        with suppress(EOFError, OSError):  # there may be nobody left to tell
            self._session.close()


def keep_alive(transport: paramiko.Transport, stop: Event, interval: float, misses: int) -> None:
    """Ask for a sign of life every `interval` seconds; close a link that gives none in time.

    Paramiko's own keep-alive sends, but never counts what comes back.
    """
    while not stop.wait(interval) and transport.is_active():
        alarm = Timer(interval * misses, transport.close)
        alarm.daemon = True
        alarm.start()
        # Returns with any answer, also with "no such request", or when the link is closed.
        with suppress(paramiko.SSHException, EOFError, OSError):
            transport.global_request("keepalive@openssh.com", wait=True)
        alarm.cancel()


def _described(address: SshAddress) -> fabric.Connection:
    config = fabric.Config(runtime_ssh_path=address.config or None)
    options: dict[str, object] = {
        "timeout": address.connect_timeout,
        "banner_timeout": address.connect_timeout,
        "auth_timeout": address.connect_timeout,
        "channel_timeout": address.connect_timeout,
    }
    if address.identity_file:
        options["key_filename"] = [str(Path(address.identity_file).expanduser())]
        options["look_for_keys"] = False
    connection = fabric.Connection(
        address.host,
        user=address.user or None,
        port=address.port,
        config=config,
        connect_kwargs=options,
    )
    if connection.ssh_config.get("identitiesonly", "no").lower() == "yes":
        connection.connect_kwargs["allow_agent"] = False
    return connection


def _open(connection: fabric.Connection, address: SshAddress) -> None:
    """Connect, the gateways before it first; host keys are checked on every hop."""
    keys = HostKeys.of(connection.ssh_config)
    keys.apply(connection.client)
    # A fixed timeout is given to `connect` by us, and Fabric refuses to be told twice.
    connection.connect_timeout = None
    if isinstance(connection.gateway, fabric.Connection):
        _open(connection.gateway, address)
    elif connection.gateway is None:
        connection.connect_kwargs["sock"] = _socket(connection, address)
    try:
        connection.open()
    except paramiko.BadHostKeyException as error:
        raise keys.changed(connection.host, connection.port, error) from error
    except paramiko.AuthenticationException as error:
        raise _not_accepted(connection, error) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _refused(address, error) from error


def _socket(connection: fabric.Connection, address: SshAddress) -> socket.socket:
    where = f"{connection.host}:{connection.port}"
    try:
        link = socket.create_connection(
            (connection.host, int(connection.port)), address.connect_timeout
        )
    except socket.gaierror as error:
        raise ConnectionFailed(
            f"The name {connection.host!r} of an ssh host cannot be resolved: {error.strerror}.",
            hint="Check its spelling in cloud.yaml and ~/.ssh/config, and this machine's network.",
        ) from error
    except TimeoutError as error:
        raise ConnectionFailed(
            f"{where} does not answer within {address.connect_timeout:g} s.",
            hint="Check that the host is up and that no firewall is between.",
        ) from error
    except OSError as error:
        raise ConnectionFailed(
            f"{where} cannot be reached: {error.strerror}.",
            hint="Check the address and port, and that sshd runs there.",
        ) from error
    # Without it every small write waits for the far side to acknowledge the one before.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return PromptSocket(fileno=link.detach())


class PromptSocket(socket.socket):
    """A socket that acknowledges at once what comes.

    Until a session runs, sshd waits for that before each small write, as paramiko would without
    TCP_NODELAY. Linux forgets the option when it likes, so it is set anew.
    """

    def recv(self, *arguments: int) -> bytes:
        """Return the next bytes, acknowledged."""
        data = super().recv(*arguments)
        if QUICK_ACK is not None:
            self.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
        return data


def _transport(connection: fabric.Connection) -> paramiko.Transport:
    transport: paramiko.Transport | None = connection.transport
    if transport is None:
        raise ConnectionFailed(f"{connection.host} is not connected.")
    return transport


def _wake(connection: fabric.Connection) -> None:
    """Let Paramiko's thread see that the end has come: it looks only every 100 ms by itself."""
    link = connection.transport.sock if connection.transport else None
    if isinstance(link, socket.socket):
        link.shutdown(socket.SHUT_RDWR)


def _not_accepted(
    connection: fabric.Connection, error: paramiko.AuthenticationException
) -> ConnectionFailed:
    who = f"{connection.user}@{connection.host}"
    return ConnectionFailed(
        f"{who} does not accept any key of ours: {error}",
        hint=f"Try `ssh -p {connection.port} {who} true`. A key with a passphrase needs ssh-agent; "
        "an agent with many keys needs `identity_file`.",
    )


def _refused(address: SshAddress, error: Exception) -> ConnectionFailed:
    return ConnectionFailed(
        f"No ssh session on {address.host}: {str(error) or type(error).__name__}.",
        hint=f"Try `ssh {address.host} true`, and look into the log of sshd there.",
    )
