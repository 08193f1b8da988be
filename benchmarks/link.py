"""A link: where the client's commands run, and the address at which they find the server.

Without a delay it is this machine's loopback. With one it is two network namespaces of our own,
joined by TUN devices that hold every packet, so that a real TCP is at work at both ends.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

NAMESPACES = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Link:
    """Two ends: the words that enter each, and the server's address. `rtt` is in milliseconds."""

    rtt: int
    address: str = "127.0.0.1"
    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()


def why_no_delay() -> str:
    """Return why there can be no link with a delay here; nothing if there can."""
    if os.geteuid() != 0:
        return "needs root"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    missing = [word for word in ("ip", "nsenter") if not shutil.which(word)]
    return f"needs {missing[0]}" if missing else ""


@contextmanager
def linked(rtt: int, number: int) -> Iterator[Link]:
    """Give a link with a round trip of `rtt` milliseconds; `number` sets it apart from others."""
    if not rtt:
        yield Link(0)
        return
    with ExitStack() as closing:
        ends = [f"mcb{os.getpid() % 10000}{side}{number}" for side in "nf"]
        addresses = [f"10.213.{number}.{last}" for last in (1, 2)]
        for end in ends:
            _ip("netns", "add", end)
            closing.callback(_ip, "netns", "delete", end)
        closing.enter_context(_pumping(rtt / 2000, *ends))
        for end, own, other in zip(ends, addresses, reversed(addresses), strict=True):
            _ip("link", "set", end, "netns", end)
            _ip("-n", end, "address", "add", own, "peer", other, "dev", end)
            _ip("-n", end, "link", "set", end, "mtu", "1500", "up")
            _ip("-n", end, "link", "set", "lo", "up")
        near, far = (("nsenter", f"--net={NAMESPACES / end}") for end in ends)
        yield Link(rtt, addresses[1], near, far)


@contextmanager
def _pumping(delay: float, *devices: str) -> Iterator[None]:
    words = [sys.executable, "-m", "benchmarks.pump", str(delay), *devices]
    pump = subprocess.Popen(words, stdout=subprocess.PIPE)
    try:
        if not pump.stdout or pump.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no TUN devices {' and '.join(devices)} can be made")
        # Late packets would be counted as somebody's slowness.
        os.setpriority(os.PRIO_PROCESS, pump.pid, -15)
        yield
    finally:
        pump.kill()
        pump.wait()
        if pump.stdout:
            pump.stdout.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=20)
