"""A pump: carries packets between two TUN devices, and holds each for half a round trip."""

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque
from contextlib import suppress

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET = 1 << 16


def main() -> None:
    """Make the devices that the words name, say so, and carry packets until we are ended."""
    delay, near, far = float(sys.argv[1]), device(sys.argv[2]), device(sys.argv[3])
    print("ready", flush=True)
    pump(near, far, delay)


def device(name: str) -> int:
    """Return the open end of a new TUN device."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def pump(near: int, far: int, delay: float) -> None:
    """Carry packets both ways; as all wait equally long, they leave in the order they came."""
    waiting: deque[tuple[float, int, bytes]] = deque()
    other = {near: far, far: near}
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for source in select.select([near, far], [], [], left)[0]:
            waiting.append((time.monotonic() + delay, other[source], os.read(source, PACKET)))
        while waiting and waiting[0][0] <= time.monotonic():
            _, target, packet = waiting.popleft()
            with suppress(OSError):  # as a cable does with an end that is not up
                os.write(target, packet)


if __name__ == "__main__":
    main()
